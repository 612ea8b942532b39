// Events of an input that has no order, such as a table of sessions: all are taken in, then they come out in the order
// of their times, those of one time in the order of the input. What does not fit into memory lies in sorted runs in a
// file that has no name and is gone with the process. One thread.
#pragma once

#include <cstdint>
#include <queue>
#include <span>
#include <vector>

#include "event/descriptor.hpp"
#include "replay/event_stream.hpp"

namespace guard::replay {

// The file of all inputs of a stream, in $TMPDIR, else in /var/tmp; made when it is needed. Throws ReadError.
class SpillFile {
  public:
    // Where they are from now on.
    [[nodiscard]] std::uint64_t append(std::span<const std::uint8_t> bytes);
    void read(std::uint64_t at, std::span<std::uint8_t> to) const;

  private:
    Descriptor file_;
    std::uint64_t size_ = 0;
};

class RowSorter {
  public:
    // `memory`: bytes of events that are sorted at a time. `file` must outlive the sorter.
    RowSorter(SpillFile& file, std::size_t memory) : file_(file), memory_(memory) {}

    // All that come from an event but its input; of PPPoE: no attempts, no trace.
    void push(const StreamEvent& event);
    // There will be no more. All but little goes to the file: there may be many inputs.
    void finish();
    // The next in order; false: there are no more. After finish().
    [[nodiscard]] bool next(StreamEvent& event);

  private:
    struct Key {
        Time time;
        std::size_t at, length;  // in bytes_
    };
    // A sorted part of the file, from the first byte that is not in `buffer` on; or, of the last, of memory alone.
    struct Run {
        std::uint64_t at = 0, end = 0;
        std::vector<std::uint8_t> buffer;
        std::size_t next = 0;  // in the buffer
        StreamEvent head;
    };
    struct Head {
        Time time;
        std::size_t run;
        friend bool operator<(const Head& a, const Head& b) {  // the greatest is the next
            return a.time != b.time ? b.time < a.time : b.run < a.run;
        }
    };

    // What is in memory, in order.
    [[nodiscard]] std::vector<std::uint8_t> sorted();
    void spill();
    // Reads the next event of the run into its head, and notes it.
    void advance(std::size_t run);

    SpillFile& file_;
    const std::size_t memory_;
    std::vector<std::uint8_t> bytes_;
    std::vector<Key> keys_;
    std::vector<Run> runs_;
    std::priority_queue<Head> heads_;
};

}  // namespace guard::replay
