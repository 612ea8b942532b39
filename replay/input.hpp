// One input of the stream: found out and looked at when the stream is opened, begun when its time has come, then
// handing out its events in order. On the thread that calls the stream; bytes() on any.
#pragma once

#include <atomic>

#include "replay/attempt_ledger.hpp"
#include "replay/event_sorter.hpp"
#include "replay/parsed_input.hpp"
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
    // Opens the file again and reads from its beginning. Throws ReadError.
    void begin(WorkerPool& pool, std::size_t ahead);
    // Reads on until an event is certain to be the next. False: there are no more, or it was stopped.
    bool advance(WorkerPool& pool);

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
    void take(Block& block);
    void take(RawEvent& raw);
    // Asks the ledger. False: other lines told of it already.
    [[nodiscard]] bool take_attempts(RawEvent& raw);
    [[nodiscard]] bool wanted(const LoginEvent& event) const;

    const StreamOptions& options_;
    const Stop& stop_;
    const std::uint32_t index_;
    const Zone zone_;
    std::optional<std::string> wanted_id_;
    std::shared_ptr<const LogParser> parser_;
    std::unique_ptr<ByteSource> source_;  // of what can be read only once
    std::optional<std::uint64_t> size_;
    Time bound_ = Time::min();
    Time newest_{};
    bool starts_give_order_ = false;

    std::shared_ptr<ParsedInput> parsed_;
    std::optional<TimeRepair> repair_;
    const bool mail_wanted_;
    AttemptLedger ledger_;
    EventSorter sorter_;
    InputCounts& counts_;
    std::vector<MalformedLine> faults_;
    std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace guard::replay
