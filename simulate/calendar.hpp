// Who is to be woken next: a queue with a bucket for each minute, 12 bytes for each sleeper, and no more than one entry
// of each. Equal times come in the order of the sleepers' numbers, so the order is the same on every machine.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <queue>
#include <vector>

#include "event/time.hpp"

namespace guard::simulate {

class Calendar {
  public:
    struct Entry {
        Time time{};
        std::uint32_t sleeper = 0;
    };

    // Takes nothing at or behind `end`.
    Calendar(Time start, Time end);

    // One more sleeper, who is not asleep yet; their numbers count from 0.
    void add_sleeper();
    // `sleeper` is not in the calendar; a time before the last entry handed out counts as that.
    void wake(std::uint32_t sleeper, Time time);
    // The earliest, which is then out of the calendar; none: all sleep until the end.
    [[nodiscard]] std::optional<Entry> next();
    // Somebody who is woken soon: their memory may be fetched meanwhile.
    [[nodiscard]] std::uint32_t soon() const {
        return at_ + kAhead < minute_.size() ? minute_[at_ + kAhead].sleeper : 0;
    }

  private:
    static constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::size_t kAhead = 12;
    struct Later {
        bool operator()(const Entry& a, const Entry& b) const {
            return a.time != b.time ? a.time > b.time : a.sleeper > b.sleeper;
        }
    };

    [[nodiscard]] std::size_t minute_of(Time time) const;
    // Turns to the next minute in which somebody is woken; false: there is none.
    bool turn();

    const Time start_, end_;
    Time now_;
    std::vector<std::uint32_t> first_;  // of each minute, a list through behind_
    std::vector<std::uint32_t> behind_;
    std::vector<Time> times_;
    std::size_t current_ = 0;    // minutes before it are over
    std::vector<Entry> minute_;  // the current one in order, from at_ on
    std::size_t at_ = 0;
    std::priority_queue<Entry, std::vector<Entry>, Later> added_;  // to the current minute
};

}  // namespace guard::simulate
