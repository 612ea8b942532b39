// Puts the inputs of a stream together by time, opens each when its time has come, and lets each attempt pass once,
// however many lines and logs tell of it. One thread.
#pragma once

#include <memory>
#include <vector>

#include "replay/attempt_ledger.hpp"
#include "replay/held_rejects.hpp"
#include "replay/input.hpp"

namespace guard::replay {

class Merge {
  public:
    // `inputs` as in the options; `options`, `pool` and `counts`, which it keeps up to date, must outlive it.
    Merge(std::vector<std::unique_ptr<Input>> inputs, const StreamOptions& options, unsigned threads, WorkerPool& pool,
          const Stop& stop, std::vector<InputCounts>& counts);

    // Replaces what is in `batch`. False: there are no more, or it was stopped. Throws ReadError; what was found so far
    // is handed out first.
    [[nodiscard]] bool next(Batch& batch);
    [[nodiscard]] const std::vector<std::unique_ptr<Input>>& inputs() const { return inputs_; }

    // The one order of events of equal time, whatever order they came in.
    [[nodiscard]] static bool before(const StreamEvent& a, const StreamEvent& b);

  private:
    // Whether `a` is to be handed out after `b`.
    [[nodiscard]] static bool after(const Input* a, const Input* b);
    void begin(Input& input);
    // Begins whatever may have the next event of all. False: there are no more.
    [[nodiscard]] bool has_next();
    void pop(StreamEvent& event);
    // Appends to `batch`, of whose events `count` are used: what is late alone, else all events of one time.
    void take_next(Batch& batch, std::size_t& count);
    // What an event's input has at the time of the event: its last events but not its first, the reverse, or neither.
    enum class Part : std::uint8_t { end, middle, begin };
    [[nodiscard]] Part part(const StreamEvent& event) const;
    // Of the events from `first` on, all of one time: lines that stand in several logs once.
    void drop_copies(Batch& batch, std::size_t first, std::size_t& count);
    // How often a line counts that stands in the logs of the events at [begin, end) of order_.
    [[nodiscard]] std::size_t times(const Batch& batch, std::size_t begin, std::size_t end) const;
    // Lets pass of the events from `first` on what counts. `held`: they have waited for the server's word.
    void settle(Batch& batch, std::size_t first, std::size_t& count, bool held = false);
    // Appends what has waited long enough at `now`, or all.
    void release(std::optional<Time> now, Batch& batch, std::size_t& count);
    // Moves the rejects of an authentication service, and those of logins that the server then accepted, out.
    void hold_rejects(Batch& batch, std::size_t first, std::size_t& count);
    // Asks the ledger. False: other lines told of it already.
    [[nodiscard]] bool take_attempts(StreamEvent& read);
    [[nodiscard]] bool wanted(const LoginEvent& event) const;
    void ignore(const StreamEvent& read, Ignored why);

    const StreamOptions& options_;
    const unsigned threads_;
    WorkerPool& pool_;
    const Stop& stop_;
    std::vector<InputCounts>& counts_;
    std::optional<std::string> wanted_id_;
    const bool mail_wanted_;
    AttemptLedger ledger_;
    HeldRejects held_;
    StreamEvent taken_;  // of held_, used again and again
    SpillFile spill_;
    std::vector<std::unique_ptr<Input>> inputs_;
    std::vector<Input*> later_;  // not yet begun, the latest first
    std::vector<Input*> begun_;  // with an event waiting: a heap
    std::vector<std::size_t> order_;
    std::vector<bool> dropped_;
    boost::unordered_flat_map<std::uint32_t, std::size_t> in_input_;
    std::exception_ptr failure_;
};

}  // namespace guard::replay
