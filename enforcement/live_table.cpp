#include "enforcement/live_table.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "enforcement/publisher.hpp"
#include "event/file.hpp"

namespace guard::enforcement {
namespace {

constexpr Microseconds kLookInterval = std::chrono::milliseconds{20};
constexpr auto kWarnInterval = std::chrono::seconds{60};
constexpr std::uint64_t kMaxFileBytes = 1 << 30;  // more than any table takes

Expected<std::shared_ptr<const Table>> read_table(const std::filesystem::path& path,
                                                  const std::string& id_fingerprint) {
    // Into private memory: a mapping would turn a truncation into SIGBUS.
    const auto bytes = read_file(path, kMaxFileBytes);
    auto table = Table::from_bytes(bytes);
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
    // A look that is due much later than an interval from now was set by a clock that has been set back since; one that
    // is due a little later, by a thread that was ahead of this one.
    const bool look = time >= due || due - time > 2 * kLookInterval.count();
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
    // A table that vanished or cannot be read does not release anybody: the one in use stays.
    const Health without = health() == Health::absent ? Health::absent : Health::stale;
    struct stat status {};
    if (::stat(file_.c_str(), &status) != 0) {
        const int error = errno;
        seen_mtime_ns_ = -1;
        report(without == Health::absent && use_previous() ? Health::stale : without,
               file_.string() + ": " + std::generic_category().message(error), now);
        return;
    }
    const std::int64_t mtime = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (mtime == seen_mtime_ns_ && status.st_ino == seen_inode_ && size == seen_size_) {
        if (health() != Health::good) report(health(), last_reason_, now);
        return;
    }
    std::string fault;
    try {
        if (!S_ISREG(status.st_mode)) throw std::system_error(EINVAL, std::generic_category(), file_.string());
        auto table = read_table(file_, id_fingerprint_);
        // Only now: what could not be read at all is tried again at the next look.
        seen_mtime_ns_ = mtime;
        seen_inode_ = status.st_ino;
        seen_size_ = size;
        if (table) {
            use(std::move(*table));
            report(Health::good, {}, now);
            return;
        }
        fault = table.error();
    } catch (const std::system_error& error) {
        fault = error.what();
    }
    report(without == Health::absent && use_previous() ? Health::stale : without, fault, now);
}

void LiveTable::use(std::shared_ptr<const Table> table) {
    const std::lock_guard lock(table_mutex_);
    table_.swap(table);
    // The one before goes with the parameter, when the lock is free again.
}

// The one before the newest: when the newest is of no use and none is in use yet.
bool LiveTable::use_previous() {
    try {
        auto table = read_table(previous_table(file_), id_fingerprint_);
        if (table) use(std::move(*table));
        return table.has_value();
    } catch (const std::system_error&) {
        return false;  // mostly because there never was one
    }
}

void LiveTable::report(Health health, const std::string& reason, Time now) {
    const bool changed = health != health_.load(std::memory_order_relaxed) || reason != last_reason_;
    health_.store(health, std::memory_order_relaxed);
    if (health == Health::good) {
        last_reason_.clear();
        return;
    }
    const bool due = now >= last_warned_ + kWarnInterval || now <= last_warned_ - kWarnInterval;
    if (!changed && !due) return;
    last_reason_ = reason;
    last_warned_ = now;
    if (!warn_) return;
    warn_("enforcement table " + reason +
          (health == Health::stale ? "; the one before stays in use" : "; nobody is refused"));
}

}  // namespace guard::enforcement
