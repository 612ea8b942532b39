// One input of the stream: found out and looked at when the stream is opened, begun when its time has come, then
// handing out its events in order. On the thread that calls the stream; bytes() on any.
#pragma once

#include <atomic>

#include "replay/event_sorter.hpp"
#include "replay/parsed_input.hpp"
#include "replay/row_sorter.hpp"
#include "replay/time_repair.hpp"

namespace guard::replay {

class Input {
  public:
    // Looks at the beginning: its format, and how early its events may be. `options`, `stop` and
    // `counts`, which it keeps up to date, must outlive the input.
    static Expected<std::unique_ptr<Input>> open(std::size_t index, const StreamOptions& options, const Zone& zone,
                                                 Time now, const Stop& stop, InputCounts& counts);

    // No event of it is handed out before this time; what is never known beforehand is the beginning of time.
    [[nodiscard]] Time bound() const { return bound_; }
    [[nodiscard]] const std::string& name() const { return counts_.input; }
    // Where it comes among those that have events of one time: a rotated log before the one that follows it.
    [[nodiscard]] std::size_t rank() const { return rank_; }
    void set_rank(std::size_t rank) { rank_ = rank; }
    // All its events have been handed out.
    [[nodiscard]] bool ended() const { return ended_; }
    void set_ended() { ended_ = true; }
    // Opens the file again and reads from its beginning. `spill` must outlive the input. Throws ReadError.
    void begin(WorkerPool& pool, std::size_t ahead, SpillFile& spill);
    // Reads on until an event is certain to be the next. False: there are no more, or it was stopped.
    bool advance(WorkerPool& pool);
    // When its first event was to be handed out; known once advance() was true.
    [[nodiscard]] std::optional<Time> first_key() const { return first_key_; }

    [[nodiscard]] EventSorter& sorter() { return sorter_; }
    [[nodiscard]] const EventSorter& sorter() const { return sorter_; }
    [[nodiscard]] const std::vector<MalformedLine>& faults() const { return faults_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    // On the disk; none: not a file.
    [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }

  private:
    Input(std::size_t index, const StreamOptions& options, const Zone& zone, const Stop& stop, InputCounts& counts);
    // Of the beginning; `all`: it is the whole input.
    Expected<void> look_at(std::string beginning, bool all, Time newest);
    // The next block, taken in. False: there is none, or it was stopped.
    bool read_block(WorkerPool& pool);
    void take(Block& block);
    void take(RawEvent& raw);
    // Of an input without order: all of it at the first call, then some of it in order. False: nothing is left.
    bool sort_rows(WorkerPool& pool);

    const StreamOptions& options_;
    const Stop& stop_;
    const std::uint32_t index_;
    const Zone zone_;
    std::shared_ptr<const LogParser> parser_;
    std::unique_ptr<ByteSource> source_;  // of what can be read only once
    std::optional<std::uint64_t> size_;
    Time bound_ = Time::min();
    Time newest_{};

    std::shared_ptr<ParsedInput> parsed_;
    std::optional<TimeRepair> repair_;
    EventSorter sorter_;
    std::optional<RowSorter> rows_;  // of an input without order
    std::exception_ptr broke_off_;   // its reading
    std::optional<Time> first_key_;
    std::size_t rank_ = 0;
    bool ended_ = false;
    InputCounts& counts_;
    std::vector<MalformedLine> faults_;
    std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace guard::replay
