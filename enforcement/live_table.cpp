#include "enforcement/live_table.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "enforcement/publisher.hpp"

namespace guard::enforcement {
namespace {

constexpr Microseconds kLookInterval = std::chrono::milliseconds{20};
constexpr auto kWarnInterval = std::chrono::seconds{60};
constexpr off_t kMaxFileBytes = 1 << 30;

// The whole file in private memory: a mapping would turn a truncation into SIGBUS.
Expected<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return unexpected(path.string() + ": " + std::generic_category().message(errno));
    struct stat status {};
    std::vector<std::uint8_t> bytes;
    if (fstat(file, &status) == 0 && status.st_size <= kMaxFileBytes) bytes.resize(static_cast<std::size_t>(status.st_size));
    std::size_t at = 0;
    while (at < bytes.size()) {
        const ssize_t count = ::read(file, bytes.data() + at, bytes.size() - at);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        at += static_cast<std::size_t>(count);
    }
    ::close(file);
    bytes.resize(at);
    return bytes;
}

Expected<std::shared_ptr<const Table>> read_table(const std::filesystem::path& path, const std::string& id_fingerprint) {
    const auto bytes = read_file(path);
    if (!bytes) return unexpected(bytes.error());
    auto table = Table::from_bytes(*bytes);
    if (!table) return unexpected(path.string() + ": " + table.error());
    if (table->id_fingerprint() != id_fingerprint)
        return unexpected(path.string() + ": IDs are normalised as \"" + table->id_fingerprint() + "\", here as \"" +
                          id_fingerprint + '"');
    return std::make_shared<const Table>(std::move(*table));
}

}  // namespace

LiveTable::LiveTable(std::filesystem::path file, std::string id_fingerprint, Warn warn)
    : file_(std::move(file)),
      id_fingerprint_(std::move(id_fingerprint)),
      warn_(std::move(warn)),
      table_(std::make_shared<const Table>()) {}

std::shared_ptr<const Table> LiveTable::at(Time now) noexcept {
    const std::int64_t time = now.time_since_epoch().count();
    std::int64_t due = next_look_.load(std::memory_order_relaxed);
    // A look that is due much later than an interval from now was set by a clock that has been set back since.
    const bool look = time >= due || due - time > kLookInterval.count();
    if (look && next_look_.compare_exchange_strong(due, time + kLookInterval.count(), std::memory_order_relaxed)) {
        try {
            if (const std::unique_lock lock(refresh_mutex_, std::try_to_lock); lock) refresh(now);
        } catch (...) {
            // Out of memory while reading: the table in use stays, the next look tries again.
        }
    }
    const std::lock_guard lock(table_mutex_);
    return table_;
}

// Called with refresh_mutex_ held.
void LiveTable::refresh(Time now) {
    struct stat status {};
    if (::stat(file_.c_str(), &status) != 0) {
        // A table that vanished does not release anybody: the one in use stays.
        const bool have_one = health() != Health::absent;
        seen_mtime_ns_ = -1;
        report(have_one ? Health::stale : Health::absent,
               file_.string() + ": " + std::generic_category().message(errno), now);
        return;
    }
    const std::int64_t mtime = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (mtime == seen_mtime_ns_ && status.st_ino == seen_inode_ && size == seen_size_) {
        if (health() != Health::good) report(health(), last_reason_, now);
        return;
    }
    seen_mtime_ns_ = mtime;
    seen_inode_ = status.st_ino;
    seen_size_ = size;

    auto table = read_table(file_, id_fingerprint_);
    Health health_now = Health::good;
    std::string reason;
    if (!table) {
        reason = table.error();
        health_now = health() == Health::absent ? Health::absent : Health::stale;
        if (health() == Health::absent) {  // just started: the one before may be sound
            table = read_table(previous_table(file_), id_fingerprint_);
            if (table) health_now = Health::stale;
        }
    }
    if (table) {
        const std::lock_guard lock(table_mutex_);
        table_ = std::move(*table);
    }
    report(health_now, reason, now);
}

void LiveTable::report(Health health, const std::string& reason, Time now) {
    const bool changed = health != health_.load(std::memory_order_relaxed) || reason != last_reason_;
    health_.store(health, std::memory_order_relaxed);
    if (health == Health::good) {
        last_reason_.clear();
        return;
    }
    const bool due = now >= last_warned_ + kWarnInterval || now < last_warned_;
    if (!changed && !due) return;
    last_reason_ = reason;
    last_warned_ = now;
    if (!warn_) return;
    warn_("enforcement table " + reason +
          (health == Health::stale ? "; the one before stays in use" : "; nobody is refused"));
}

}  // namespace guard::enforcement
