// One file of the spool: a header of 4,096 bytes, then records. The writer holds an exclusive flock on the file while
// it may still write to it; the kernel drops that lock when radiusd dies, so a reader can tell a live segment from an
// abandoned one without guessing by time.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "event/expected.hpp"
#include "event/time.hpp"

namespace guard::spool {

inline constexpr std::uint64_t kSegmentHeaderBytes = 4096;
inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::string_view kUnnamedSuffix = ".new";  // of a segment that is being made

struct Counters {
    std::uint64_t appended = 0;    // events written
    std::uint64_t dropped = 0;     // events lost: quota, full disk, error
    std::uint64_t unusable = 0;    // messages with no usable ID
    std::uint64_t clamped = 0;     // event times corrected for clock skew
    std::uint64_t duplicates = 0;  // repeated messages, not written again
};

struct SegmentHeader {
    std::uint64_t epoch = 0;   // random, new for each segment
    std::uint64_t writer = 0;  // random, new for each Writer: its counters go on from segment to segment
    std::uint64_t size = 0;    // bytes preallocated, header included
    Time created{};
    std::uint64_t sealed_end = 0;  // first byte behind the last record once the writer is done with it; 0 before
    Counters counters;             // of the writer, when the segment was begun, and again when it was sealed
    std::string id_fingerprint;
};

// "1772323261169230.segment": the number is the time it was begun, in microseconds since 1970, or the next free one.
[[nodiscard]] std::string segment_name(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> segment_number(const std::filesystem::path& path);
// The numbers of all segments of a directory, ascending. Empty when it cannot be read.
[[nodiscard]] std::vector<std::uint64_t> list_segments(const std::filesystem::path& directory);
// The same, with the reason when the directory could not be read: then "no segment" means nothing.
[[nodiscard]] std::vector<std::uint64_t> list_segments(const std::filesystem::path& directory, std::error_code& error);

[[nodiscard]] Expected<SegmentHeader> read_header(int descriptor);
// Whether a writer may still write to the segment. False once means false for ever.
[[nodiscard]] bool is_held(int descriptor);

// A segment that this process writes.
class Segment {
  public:
    // Makes one with a number above all others in `directory`. Throws std::system_error.
    // `header` gives size, created, writer, counters and fingerprint; the epoch is made here.
    static std::shared_ptr<Segment> create(const std::filesystem::path& directory, SegmentHeader header);
    // Seals: the last thread that holds a reservation lets go here.
    ~Segment();
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;

    // True when all of it was written.
    [[nodiscard]] bool write(std::span<const std::uint8_t> bytes, std::uint64_t offset) noexcept;
    void set_end(std::uint64_t end, const Counters& counters) noexcept;
    [[nodiscard]] std::uint64_t size() const { return header_.size; }
    [[nodiscard]] std::uint64_t epoch() const { return header_.epoch; }

  private:
    Segment(int descriptor, SegmentHeader header) : descriptor_(descriptor), header_(std::move(header)) {}

    const int descriptor_;
    SegmentHeader header_;  // sealed_end and counters are set once, before the last reference goes
};

}  // namespace guard::spool
