#include "spool/segment.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "event/crc32c.hpp"
#include "event/descriptor.hpp"
#include "event/keyed_hash.hpp"
#include "event/little_endian.hpp"

namespace guard::spool {
namespace {

constexpr std::string_view kMagic = "PGSPOOL1";
constexpr std::size_t kWriterAt = 88;
constexpr std::size_t kFingerprintBytes = 32;  // with the terminating zero
constexpr std::size_t kFingerprintAt = 96;
constexpr std::size_t kHeaderChecksumAt = 128;
constexpr std::string_view kSuffix = ".segment";
constexpr std::size_t kNumberDigits = 16;
constexpr std::uint64_t kMaxNumber = 9'999'999'999'999'999;  // the year 2286

using HeaderBytes = std::array<std::uint8_t, kHeaderChecksumAt + 4>;

HeaderBytes encode(const SegmentHeader& header) {
    HeaderBytes bytes{};
    std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
    put_little_endian(kFormatVersion, bytes.data() + 8);
    put_little_endian(header.epoch, bytes.data() + 16);
    put_little_endian(header.size, bytes.data() + 24);
    put_little_endian(header.created.time_since_epoch().count(), bytes.data() + 32);
    put_little_endian(header.sealed_end, bytes.data() + 40);
    const Counters& counters = header.counters;
    std::size_t at = 48;
    for (const std::uint64_t counter :
         {counters.appended, counters.dropped, counters.unusable, counters.clamped, counters.duplicates}) {
        put_little_endian(counter, bytes.data() + at);
        at += 8;
    }
    std::memcpy(bytes.data() + kFingerprintAt, header.id_fingerprint.data(),
                std::min(header.id_fingerprint.size(), kFingerprintBytes - 1));
    put_little_endian(header.writer, bytes.data() + kWriterAt);
    put_little_endian(crc32c(std::span(bytes).first(kHeaderChecksumAt)), bytes.data() + kHeaderChecksumAt);
    return bytes;
}

Expected<SegmentHeader> decode(const HeaderBytes& bytes) {
    if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) return unexpected("not a spool segment");
    if (const auto version = get_little_endian<std::uint32_t>(bytes.data() + 8); version != kFormatVersion)
        return unexpected("segment format " + std::to_string(version) + ", expected " + std::to_string(kFormatVersion));
    if (get_little_endian<std::uint32_t>(bytes.data() + kHeaderChecksumAt) !=
        crc32c(std::span(bytes).first(kHeaderChecksumAt)))
        return unexpected("segment header damaged");
    SegmentHeader header;
    header.epoch = get_little_endian<std::uint64_t>(bytes.data() + 16);
    header.size = get_little_endian<std::uint64_t>(bytes.data() + 24);
    header.created = Time{Microseconds{get_little_endian<std::int64_t>(bytes.data() + 32)}};
    header.sealed_end = get_little_endian<std::uint64_t>(bytes.data() + 40);
    std::size_t at = 48;
    for (std::uint64_t* counter : {&header.counters.appended, &header.counters.dropped, &header.counters.unusable,
                                   &header.counters.clamped, &header.counters.duplicates}) {
        *counter = get_little_endian<std::uint64_t>(bytes.data() + at);
        at += 8;
    }
    header.writer = get_little_endian<std::uint64_t>(bytes.data() + kWriterAt);
    const auto* text = reinterpret_cast<const char*>(bytes.data() + kFingerprintAt);
    header.id_fingerprint.assign(text, strnlen(text, kFingerprintBytes));
    return header;
}

[[nodiscard]] bool write_all(int descriptor, std::span<const std::uint8_t> bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        const ssize_t written = pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return true;
}

// Names the directory only: a line with a random name in it would be a new one each time.
[[noreturn]] void fail(const char* what, const std::filesystem::path& directory, int error) {
    throw std::system_error(error, std::generic_category(), std::string(what) + " in " + directory.string());
}

int preallocate(int descriptor, std::uint64_t size) {
    int error = EINTR;  // tmpfs gives up at any signal
    while (error == EINTR) error = posix_fallocate(descriptor, 0, static_cast<off_t>(size));
    return error;
}

struct TemporaryName {
    explicit TemporaryName(std::filesystem::path name) : path(std::move(name)) {}
    TemporaryName(const TemporaryName&) = delete;
    TemporaryName& operator=(const TemporaryName&) = delete;
    ~TemporaryName() { ::unlink(path.c_str()); }
    const std::filesystem::path path;
};

}  // namespace

std::string segment_name(std::uint64_t number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%016llu", static_cast<unsigned long long>(number));
    return std::string(text.data()) + std::string(kSuffix);
}

std::optional<std::uint64_t> segment_number(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    if (name.size() != kNumberDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + kNumberDigits, number);
    if (error != std::errc{} || end != name.data() + kNumberDigits) return std::nullopt;
    return number;
}

std::vector<std::uint64_t> list_segments(const std::filesystem::path& directory) {
    std::error_code ignored;
    return list_segments(directory, ignored);
}

std::vector<std::uint64_t> list_segments(const std::filesystem::path& directory, std::error_code& error) {
    std::vector<std::uint64_t> numbers;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
        if (const auto number = segment_number(it->path())) numbers.push_back(*number);
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

Expected<SegmentHeader> read_header(int descriptor) {
    HeaderBytes bytes{};
    // A writer replaces the header every second: what is half of each is whole a moment later.
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (pread(descriptor, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
            return unexpected("shorter than a segment header");
        if (auto header = decode(bytes)) return header;
    }
    return decode(bytes);
}

bool is_held(int descriptor) {
    if (flock(descriptor, LOCK_SH | LOCK_NB) != 0) return true;
    flock(descriptor, LOCK_UN);
    return false;
}

bool is_shared(const std::filesystem::path& directory, std::uint64_t writer) {
    const auto numbers = list_segments(directory);
    return std::any_of(numbers.begin(), numbers.end(), [&](std::uint64_t segment) {
        const Descriptor file(::open((directory / segment_name(segment)).c_str(), O_RDONLY | O_CLOEXEC));
        const auto header = file ? read_header(file.get()) : unexpected("gone");
        return header && header->writer != writer && is_held(file.get());
    });
}

Counters LiveCounters::read() const noexcept {
    Counters counters;
    counters.appended = appended.load(std::memory_order_relaxed);
    counters.dropped = dropped.load(std::memory_order_relaxed);
    counters.unusable = unusable.load(std::memory_order_relaxed);
    counters.clamped = clamped.load(std::memory_order_relaxed);
    counters.duplicates = duplicates.load(std::memory_order_relaxed);
    return counters;
}

// The file gets its name only when it is complete and locked: a reader never sees a segment that is half made, nor
// takes a fresh one for abandoned. Numbers follow the clock, so that they go on ascending when retention has emptied
// the directory.
std::shared_ptr<Segment> Segment::create(const std::filesystem::path& directory, SegmentHeader header,
                                         std::shared_ptr<const LiveCounters> counters) {
    header.epoch = random_number();
    const TemporaryName temporary(directory / (std::to_string(header.epoch) + std::string(kUnnamedSuffix)));
    const int descriptor = ::open(temporary.path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0640);
    if (descriptor < 0) fail("cannot create a segment", directory, errno);
    std::shared_ptr<Segment> segment(new Segment(descriptor, header, std::move(counters)));  // closes it in any case
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) fail("cannot lock a segment", directory, errno);
    if (fchmod(descriptor, 0640) != 0) fail("cannot set the mode of a segment", directory, errno);
    if (const int error = preallocate(descriptor, header.size); error != 0)
        fail("cannot preallocate a segment", directory, error);
    if (!segment->put_header()) fail("cannot write a segment", directory, errno);

    std::error_code error;
    const auto existing = list_segments(directory, error);
    if (error) fail("cannot look for segments", directory, error.value());
    auto number = static_cast<std::uint64_t>(std::max<std::int64_t>(header.created.time_since_epoch().count(), 1));
    if (!existing.empty()) number = std::max(number, existing.back() + 1);
    for (; number <= kMaxNumber; ++number) {
        if (::link(temporary.path.c_str(), (directory / segment_name(number)).c_str()) == 0) return segment;
        if (errno != EEXIST) fail("cannot name a segment", directory, errno);
    }
    fail("no number is left for a segment", directory, EOVERFLOW);
}

Segment::Segment(int descriptor, SegmentHeader header, std::shared_ptr<const LiveCounters> counters)
    : descriptor_(descriptor),
      size_(header.size),
      epoch_(header.epoch),
      counters_(std::move(counters)),
      header_(std::move(header)) {}

Segment::~Segment() {
    if (end_ != 0) {
        header_.sealed_end = end_;
        static_cast<void>(put_header());
    }
    ::close(descriptor_);
}

bool Segment::put_header() {
    header_.counters = counters_->read();
    if (!write_all(descriptor_, encode(header_), 0)) return false;
    // Give back what was preallocated and not used; if that fails, retention gets it later.
    if (header_.sealed_end != 0) static_cast<void>(ftruncate(descriptor_, static_cast<off_t>(header_.sealed_end)) == 0);
    return true;
}

void Segment::refresh(std::uint64_t end) noexcept {
    const std::unique_lock lock(header_mutex_, std::try_to_lock);
    if (!lock) return;
    if (end != 0) header_.sealed_end = end;
    static_cast<void>(put_header());
}

bool Segment::has_name() const noexcept {
    struct stat status {};
    return fstat(descriptor_, &status) != 0 || status.st_nlink != 0;
}

bool Segment::write(std::span<const std::uint8_t> bytes, std::uint64_t offset) noexcept {
    return write_all(descriptor_, bytes, offset);
}

}  // namespace guard::spool
