#include "analyzer/daemon/control_journal.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "analyzer/daemon/byte_stream.hpp"
#include "event/crc32c.hpp"
#include "event/file.hpp"

namespace guard::daemon {
namespace {

constexpr std::string_view kMagic = "PGCNTRL1";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kHeaderBytes = 32, kFrameBytes = 8;
constexpr std::uint64_t kMaxFile = 256ULL << 20;
constexpr std::string_view kPrefix = "control-", kSuffix = ".journal";

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

bool is_journal(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    return name.size() == kPrefix.size() + 20 + kSuffix.size() && name.starts_with(kPrefix) && name.ends_with(kSuffix);
}

std::vector<std::uint8_t> header(std::uint64_t first, Time now) {
    ByteWriter rest;
    rest.number(first);
    rest.number(now.time_since_epoch().count());
    ByteWriter out;
    out.bytes().assign(kMagic.begin(), kMagic.end());
    out.number(kFormatVersion);
    out.number(crc32c(rest.bytes()));
    out.bytes().insert(out.bytes().end(), rest.bytes().begin(), rest.bytes().end());
    return std::move(out.bytes());
}

// When the file was begun; none when that is no header.
std::optional<Time> begun(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
        return std::nullopt;
    ByteReader in(bytes.subspan(kMagic.size(), kHeaderBytes - kMagic.size()));
    const auto version = in.number<std::uint32_t>();
    const auto checksum = in.number<std::uint32_t>();
    if (version != kFormatVersion || checksum != crc32c(in.rest())) return std::nullopt;
    in.number<std::uint64_t>();  // also in the name
    return Time{Microseconds{in.number<std::int64_t>()}};
}

std::vector<std::uint8_t> body_of(std::uint64_t number, Time now, const Positions& positions,
                                  const ControlInput& input) {
    ByteWriter out;
    out.number(number);
    out.number(now.time_since_epoch().count());
    out.number(static_cast<std::uint32_t>(positions.size()));
    for (const auto& [stream, position] : positions) {
        out.text(stream);
        out.text(position);
    }
    const auto bytes = encode(input);
    out.bytes().insert(out.bytes().end(), bytes.begin(), bytes.end());
    return std::move(out.bytes());
}

std::optional<ControlEntry> entry_of(std::span<const std::uint8_t> body) {
    ByteReader in(body);
    ControlEntry entry;
    entry.number = in.number<std::uint64_t>();
    entry.at = Time{Microseconds{in.number<std::int64_t>()}};
    for (auto count = in.count(8); count > 0; --count) {
        std::string stream = in.text();
        entry.positions[std::move(stream)] = in.text();
    }
    auto input = in.ok() ? decode(in.rest()) : std::nullopt;
    if (!input) return std::nullopt;
    entry.input = std::move(*input);
    return entry;
}

}  // namespace

ControlJournal::ControlJournal(std::filesystem::path state_directory) : directory_(std::move(state_directory)) {
    std::vector<std::filesystem::path> paths;
    for (const auto& file : std::filesystem::directory_iterator(directory_))
        if (is_journal(file.path())) paths.push_back(file.path());
    std::ranges::sort(paths);
    for (const auto& path : paths) read(path);
}

void ControlJournal::read(const std::filesystem::path& path) {
    const auto bytes = read_file(path, kMaxFile);
    std::span<const std::uint8_t> left(bytes);
    const auto time = begun(left);
    // One that cannot be read is deleted with the one before it.
    files_.push_back({path, time ? *time : files_.empty() ? Time{} : files_.back().begun});
    if (!time) {
        ++damaged_;
        return;
    }
    for (left = left.subspan(kHeaderBytes); !left.empty();) {
        const auto size = left.size() < kFrameBytes ? 0U : get_little_endian<std::uint32_t>(left.data());
        const bool whole = size > 0 && size <= left.size() - kFrameBytes;
        auto entry =
            whole && get_little_endian<std::uint32_t>(left.data() + 4) == crc32c(left.subspan(kFrameBytes, size))
                ? entry_of(left.subspan(kFrameBytes, size))
                : std::nullopt;
        if (!entry || entry->number <= last_) {
            ++damaged_;
            return;
        }
        last_ = entry->number;
        entries_.push_back(std::move(*entry));
        left = left.subspan(kFrameBytes + size);
    }
}

bool ControlJournal::wants_new_file(std::chrono::steady_clock::time_point now) const {
    return !file_ || end_ >= kLargest || now >= begun_ + kLongest;
}

void ControlJournal::begin(std::uint64_t number, Time now, std::chrono::steady_clock::time_point steady) {
    sync();
    last_ = std::max(last_, number);
    const auto path = directory_ / fmt::format("{}{:020}{}", kPrefix, last_ + 1, kSuffix);
    // What a process left there that died before its first record was whole is nothing.
    Descriptor file(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    if (!file) fail("cannot create " + path.string());
    std::erase_if(files_, [&](const File& other) { return other.path == path; });
    file_ = std::move(file);
    files_.push_back({path, now});
    begun_ = steady;
    end_ = 0;
    new_name_ = true;
    write(header(last_ + 1, now));
}

std::uint64_t ControlJournal::append(const ControlInput& input, const Positions& positions, Time now) {
    const auto body = body_of(last_ + 1, now, positions, input);
    if (body.size() > kMaxRecord) {
        errno = EFBIG;
        fail("a control input of " + std::to_string(body.size()) + " bytes");
    }
    ByteWriter out;
    out.number(static_cast<std::uint32_t>(body.size()));
    out.number(crc32c(body));
    out.bytes().insert(out.bytes().end(), body.begin(), body.end());
    write(out.bytes());
    return ++last_;
}

// All of it or, as far as anyone who reads will see, nothing.
void ControlJournal::write(std::span<const std::uint8_t> bytes) {
    std::uint64_t at = end_;
    for (auto left = bytes; !left.empty();) {
        const ssize_t count = file_ ? ::pwrite(file_.get(), left.data(), left.size(), static_cast<off_t>(at)) : -1;
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            const int why = count == 0 ? ENOSPC : errno;
            // Behind what is half written nothing would be read.
            if (!file_ || end_ == 0 || ::ftruncate(file_.get(), static_cast<off_t>(end_)) != 0) {
                if (dirty_ && file_) ::fdatasync(file_.get());
                file_ = {};
                dirty_ = false;
            }
            errno = why;
            fail("cannot write " + files_.back().path.string());
        }
        at += static_cast<std::uint64_t>(count);
        left = left.subspan(static_cast<std::size_t>(count));
    }
    end_ = at;
    dirty_ = true;
}

void ControlJournal::sync() {
    if (!dirty_) return;
    if (::fdatasync(file_.get()) != 0) fail("cannot sync " + files_.back().path.string());
    if (new_name_) {
        const Descriptor directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!directory) fail("cannot open " + directory_.string());
        ::fsync(directory.get());  // some file systems cannot
    }
    dirty_ = new_name_ = false;
}

void ControlJournal::keep_term(std::chrono::seconds retention, Time now) {
    // What stands before a file is older than that file.
    const auto young =
        std::find_if(files_.rbegin(), files_.rend(), [&](const File& file) { return file.begun + retention <= now; });
    if (young == files_.rend()) return;
    const auto end = std::prev(young.base());
    for (auto file = files_.begin(); file != end; ++file) {
        std::error_code ignored;
        std::filesystem::remove(file->path, ignored);
    }
    files_.erase(files_.begin(), end);
}

std::uint64_t ControlJournal::bytes() const {
    std::uint64_t total = 0;
    for (const File& file : files_) {
        std::error_code error;
        const auto size = std::filesystem::file_size(file.path, error);
        if (!error) total += size;
    }
    return total;
}

}  // namespace guard::daemon
