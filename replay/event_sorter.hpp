// Puts the events of one input into the order of their times, by holding each back until nothing earlier can come;
// those of one time stay in the order of the input. For whole blocks at a time; how the input is cut into blocks
// changes nothing. One thread. Memory goes with the number of events in `tolerance`.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "replay/event_stream.hpp"

namespace guard::replay {

class EventSorter {
  public:
    // An event may come after one that is later than it by up to `tolerance`.
    explicit EventSorter(std::chrono::seconds tolerance) : tolerance_(tolerance) {}

    // Moves the event in.
    void push(StreamEvent& event);
    // After some push(): makes what is certain available. `all`: there will be no more.
    void settle(bool all = false);

    [[nodiscard]] bool has_next() const { return next_ < ready_; }
    // The next in order; has_next(). Valid until pop().
    [[nodiscard]] const StreamEvent& front() const { return slots_[keys_[next_].slot]; }
    [[nodiscard]] Time front_key() const { return keys_[next_].time; }
    // It came too late, and front_key() is when it can be handed out at the earliest.
    [[nodiscard]] bool front_is_late() const { return !keys_[next_].on_time; }
    // Moves the next event out.
    void pop(StreamEvent& event);

    [[nodiscard]] std::size_t waiting() const { return keys_.size() - next_; }
    // Events that came too late: they are handed out as soon as they come.
    [[nodiscard]] std::uint64_t late() const { return late_; }

  private:
    struct Key {
        Time time;  // of the event; of a late one, the earliest at which it can still be handed out
        bool on_time;
        std::uint32_t slot;
        std::uint64_t number;
    };
    // Everything earlier has come; the beginning of time as long as nothing has.
    [[nodiscard]] Time certain_before() const { return newest_ == Time::min() ? newest_ : newest_ - tolerance_; }
    [[nodiscard]] static bool precedes(const Key& a, const Key& b);

    const std::chrono::seconds tolerance_;
    Time newest_ = Time::min();
    std::vector<StreamEvent> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<Key> keys_;  // from next_ on: sorted up to sorted_, then as they came
    std::size_t next_ = 0, ready_ = 0, sorted_ = 0;
    std::uint64_t number_ = 0, late_ = 0;
};

}  // namespace guard::replay
