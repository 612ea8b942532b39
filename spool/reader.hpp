// Reads the events of one spool directory in the order of their times, as far as they are there; goes on at a position
// it gave before. Used by the analyzer, from one thread. Never waits, never stops at damage: what cannot be read is
// counted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "event/login_event.hpp"
#include "spool/position.hpp"
#include "spool/segment.hpp"

namespace guard::spool {

struct ReaderCounters {
    std::uint64_t read = 0;
    std::uint64_t torn = 0;            // places where a crash, a failed write or damage left no whole record
    std::uint64_t malformed = 0;       // sound records that are no valid event
    std::uint64_t unreadable = 0;      // segments with a damaged header or of another format version, once abandoned
    std::uint64_t deleted_unread = 0;  // segments that this reader or its position knew, gone before they were read
};

struct WriterState {
    Counters counters;           // summed over the writers
    std::string id_fingerprint;  // of the newest segment, empty when there is none; must be that of the analyzer
};

class SegmentCursor;

class Reader {
  public:
    explicit Reader(std::filesystem::path directory, Position from = {});
    ~Reader();
    Reader(Reader&&) noexcept;

    // The earliest event that can be read now, or null. Valid until the next call of peek() or pop().
    [[nodiscard]] const LoginEvent* peek();
    // Passes over the event peek() returned.
    void pop();
    // From now on nothing is returned that a reader at `limit` has not passed over; none: no limit. An event that
    // peek() returned and nobody passed over is looked for again.
    void stop_at(std::optional<Position> limit);
    // Behind the last event that was passed over.
    [[nodiscard]] Position position() const;

    [[nodiscard]] const ReaderCounters& counters() const { return counters_; }
    // From the headers of the segments that exist now; reads all of them. Of a live writer not more than about a second
    // older than its last call.
    [[nodiscard]] WriterState writers() const;
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  private:
    [[nodiscard]] bool within_limit(const SegmentCursor& cursor) const;
    void look_for_segments();
    bool open_segment(std::uint64_t segment);
    void finish(std::uint64_t segment);

    std::filesystem::path directory_;
    Position position_;
    std::map<std::uint64_t, std::unique_ptr<SegmentCursor>> cursors_;
    std::set<std::uint64_t> waiting_;  // neither done nor open: too many are, or it could not be opened
    SegmentCursor* front_ = nullptr;   // whose event peek() returned
    std::optional<Position> limit_;
    std::uint64_t round_ = 1;  // see SegmentCursor::peek()
    ReaderCounters counters_;
};

}  // namespace guard::spool
