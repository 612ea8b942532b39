// Appends events to a spool directory: one pwrite each into a preallocated segment, from any number of threads. Lives
// in radiusd, one per module instance. Never throws, never waits for a reader; what cannot be written is dropped and
// counted. Once a second the thread whose call finds it due looks after the segment: is its file still there, and
// counters into its header.
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
    std::chrono::seconds retention{48 * 3600};  // older segments get no more events and are deleted, read or not
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

    // Counts a message that the caller dropped itself: no usable ID or address, or a repetition. `now` as for append().
    void count_unusable(Time now) noexcept;
    void count_duplicate(Time now) noexcept;
    // Counts an event whose time the caller corrected; append() of it follows.
    void count_clamped() noexcept { counters_->clamped.fetch_add(1, std::memory_order_relaxed); }

    // Since this writer was made.
    [[nodiscard]] Counters counters() const noexcept { return counters_->read(); }

  private:
    struct Reservation {
        std::shared_ptr<Segment> segment;
        std::uint64_t offset = 0;
    };

    enum class Trouble : std::size_t { quota, segment, write, removed };

    bool write(const LoginEvent& event, Time now);
    Reservation reserve(std::size_t length, Time now);
    void begin_segment(Time now);
    void seal();
    void end_failed(const std::shared_ptr<Segment>& segment, Time now);
    void count(std::atomic<std::uint64_t>& counter, Time now) noexcept;
    bool care_is_due(Time now) noexcept;
    void replace_removed(Time now);
    void refresh_header() noexcept;
    void warn_if_shared() const;
    [[nodiscard]] std::string in_spool() const;
    void warn_once_a_minute(Trouble trouble, Time now, const std::string& text);

    const WriterOptions options_;
    const Warn warn_;
    const std::uint64_t writer_;
    std::mutex mutex_;  // guards the members up to the blank line; never held while an event is written
    std::shared_ptr<Segment> segment_;
    std::uint64_t end_ = 0;   // first free byte of segment_
    Time begun_{};            // when segment_ was
    bool ended_ = false;      // segment_ gets no more events, and is kept for its header until there is another
    bool had_first_ = false;  // segment
    std::optional<Time> last_failure_;

    std::mutex warn_mutex_;
    std::array<std::optional<Time>, 4> last_warned_;  // by Trouble
    const std::shared_ptr<LiveCounters> counters_ = std::make_shared<LiveCounters>();
    std::atomic<Time> last_care_{Time{}};
};

}  // namespace guard::spool
