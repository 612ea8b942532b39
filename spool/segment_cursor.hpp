// The events of one segment, from an offset on. Used by Reader alone, on its thread. Tells what was never written from
// what is not written yet: while the writer lives, the first place without a whole record is where to wait; afterwards
// such a place is a hole to step over.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "event/descriptor.hpp"
#include "event/login_event.hpp"
#include "spool/reader.hpp"
#include "spool/segment.hpp"

namespace guard::spool {

class SegmentCursor {
  public:
    SegmentCursor(std::uint64_t segment, Descriptor file, SegmentHeader header, std::uint64_t offset)
        : number_(segment), file_(std::move(file)), header_(std::move(header)), offset_(offset), read_to_(offset) {}

    // The next event, or null when there is none now. Looks into the file at most once a `round`, and begins a new
    // round when it found events there: so every cursor is asked after every read, and not for every event.
    [[nodiscard]] const LoginEvent* peek(std::uint64_t& round, ReaderCounters& counters);
    void pop();

    // Nobody will write to it any more and all of it was passed over.
    [[nodiscard]] bool done() const { return done_ && is_empty(); }
    [[nodiscard]] std::uint64_t number() const { return number_; }
    // Behind the last event that was passed over.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    // Looks whether the file is in no directory any more, which is for ever.
    void look_whether_removed();
    // It is, and all that is in it so far was passed over: nobody who starts anew can read on here, nor needs to.
    [[nodiscard]] bool removed_and_read() const { return removed_ && is_empty(); }
    [[nodiscard]] Time created() const { return header_.created; }

  private:
    struct Read {
        LoginEvent event;
        std::uint64_t end = 0;
    };

    [[nodiscard]] bool is_empty() const { return next_ == read_; }
    void fill(ReaderCounters& counters);
    std::size_t decode(std::span<const std::uint8_t> bytes, ReaderCounters& counters);
    void look_whether_complete();
    void skip_lost(std::uint64_t to);
    void leave_hole(bool lost, ReaderCounters& counters);
    [[nodiscard]] std::uint64_t end() const { return header_.sealed_end != 0 ? header_.sealed_end : header_.size; }

    const std::uint64_t number_;
    Descriptor file_;
    SegmentHeader header_;
    std::uint64_t offset_;             // behind the last event that was passed over
    std::uint64_t read_to_;            // behind the last one in events_
    std::vector<Read> events_;         // read; their memory is used again
    std::size_t next_ = 0, read_ = 0;  // those in [next_, read_) are still to be passed over
    std::vector<std::uint8_t> chunk_;
    std::uint64_t asked_in_round_ = 0;
    bool in_hole_ = false, hole_written_ = false;  // before read_to_: no whole record; some of it not zero
    bool complete_ = false;                        // nobody will write to it any more
    bool done_ = false;                            // and all of it was read
    bool removed_ = false;
};

}  // namespace guard::spool
