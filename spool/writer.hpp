// Appends events to a spool directory: one pwrite each into a preallocated segment, from any number of threads. Lives
// in radiusd, one per module instance. Never throws, never waits for a reader; what cannot be written is dropped and
// counted.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "event/login_event.hpp"
#include "spool/segment.hpp"

namespace guard::spool {

struct WriterOptions {
    std::filesystem::path directory;
    std::uint64_t segment_bytes = 16ULL << 20;  // 64 KiB to 1 GiB
    std::uint64_t quota_bytes = 8ULL << 30;     // of all segments in the directory
    std::chrono::seconds retention{48 * 3600};  // older segments are deleted, read or not
    std::string id_fingerprint;                 // IdNormalisation::fingerprint()
};

class Writer {
  public:
    // `warn` gets one line of text per kind of trouble and minute; called from the appending thread.
    using Warn = std::function<void(const std::string&)>;

    // Touches nothing: the first segment is made by open() or by the first append.
    Writer(WriterOptions options, Warn warn);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // Makes the first segment now. False, with a warning given, when the environment does not allow it; the next
    // appends try again, at most once a second.
    bool open(Time now);

    // Appends one event; false when it was dropped, or has no ID of 1 to 253 bytes and was counted as unusable. `now`
    // is arrival time: it paces retries, warnings and retention.
    bool append(const LoginEvent& event, Time now) noexcept;

    // Counts an event the caller dropped itself (no usable ID or address) or whose time it corrected, for the header.
    void count_unusable() noexcept { unusable_.fetch_add(1, std::memory_order_relaxed); }
    void count_clamped() noexcept { clamped_.fetch_add(1, std::memory_order_relaxed); }
    void count_duplicate() noexcept { duplicates_.fetch_add(1, std::memory_order_relaxed); }

    // Since this writer was made.
    [[nodiscard]] Counters counters() const noexcept;

  private:
    struct Reservation {
        std::shared_ptr<Segment> segment;
        std::uint64_t offset = 0;
    };

    enum class Trouble : std::size_t { quota, segment, write };

    Reservation reserve(std::size_t length, Time now);
    void begin_segment(Time now);
    void seal();
    void retire_failed(const std::shared_ptr<Segment>& segment, Time now);
    void warn_once_a_minute(Trouble trouble, Time now, const std::string& text);

    const WriterOptions options_;
    const Warn warn_;
    const std::uint64_t writer_;
    std::mutex mutex_;  // guards the members up to the blank line; never held while an event is written
    std::shared_ptr<Segment> segment_;
    std::uint64_t end_ = 0;  // first free byte of segment_
    Time begun_{};           // when segment_ was
    std::optional<Time> last_failure_;

    std::mutex warn_mutex_;
    std::array<std::optional<Time>, 3> last_warned_;  // by Trouble
    std::atomic<std::uint64_t> appended_{0}, dropped_{0}, unusable_{0}, clamped_{0}, duplicates_{0};
};

}  // namespace guard::spool
