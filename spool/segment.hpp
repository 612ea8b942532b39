// One file of the spool: a header of 4,096 bytes, then records. The writer holds an exclusive flock on the file while
// it may still write to it; the kernel drops that lock when radiusd dies, so a reader can tell a live segment from an
// abandoned one without guessing by time.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
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

// The same while a writer's threads raise them.
struct LiveCounters {
    std::atomic<std::uint64_t> appended{0}, dropped{0}, unusable{0}, clamped{0}, duplicates{0};

    [[nodiscard]] Counters read() const noexcept;
};

struct SegmentHeader {
    std::uint64_t epoch = 0;   // random, new for each segment
    std::uint64_t writer = 0;  // random, new for each Writer: its counters go on from segment to segment
    std::uint64_t size = 0;    // bytes preallocated, header included
    Time created{};
    std::uint64_t sealed_end = 0;  // first byte behind the last record once the writer is done with it; 0 before
    Counters counters;             // of the writer, not more than about a second old while it has something to do
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
// Whether a live writer other than `writer` has a segment in `directory`. One of the same process counts as well.
[[nodiscard]] bool is_shared(const std::filesystem::path& directory, std::uint64_t writer);

// A segment that this process writes. Any thread; set_end() only under the lock of the Writer.
class Segment {
  public:
    // Makes one with a number above all others in `directory`. Throws std::system_error.
    // `header` gives size, created, writer and fingerprint; the epoch is made here.
    static std::shared_ptr<Segment> create(const std::filesystem::path& directory, SegmentHeader header,
                                           std::shared_ptr<const LiveCounters> counters);
    // Seals: the last thread that holds a reservation lets go here.
    ~Segment();
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;

    // True when all of it was written.
    [[nodiscard]] bool write(std::span<const std::uint8_t> bytes, std::uint64_t offset) noexcept;
    // Brings the counters in the header up to date. With an `end`, which only who knows that nobody writes events to it
    // any more may give, it seals as well, for good. Does nothing while another thread is at it.
    void refresh(std::uint64_t end = 0) noexcept;
    // Where it will be sealed.
    void set_end(std::uint64_t end) noexcept { end_ = end; }
    // Whether the file is still in a directory.
    [[nodiscard]] bool has_name() const noexcept;
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

  private:
    Segment(int descriptor, SegmentHeader header, std::shared_ptr<const LiveCounters> counters);
    [[nodiscard]] bool put_header();

    const int descriptor_;
    const std::uint64_t size_, epoch_;
    const std::shared_ptr<const LiveCounters> counters_;
    std::uint64_t end_ = 0;
    // The counters are read and written to the file under this lock, and sealed_end stays: so no older header ever goes
    // over a newer one.
    std::mutex header_mutex_;
    SegmentHeader header_;
};

}  // namespace guard::spool
