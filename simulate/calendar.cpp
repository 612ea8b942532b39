#include "simulate/calendar.hpp"

#include <algorithm>

namespace guard::simulate {

Calendar::Calendar(Time start, Time end)
    : start_(start),
      end_(end),
      now_(start),
      first_(static_cast<std::size_t>((end - start) / std::chrono::minutes{1}) + 1, kNobody) {}

void Calendar::add_sleeper() {
    behind_.push_back(kNobody);
    times_.emplace_back();
}

std::size_t Calendar::minute_of(Time time) const {
    return static_cast<std::size_t>((time - start_) / std::chrono::minutes{1});
}

void Calendar::wake(std::uint32_t sleeper, Time time) {
    if (time >= end_) return;
    time = std::max(time, now_);
    const std::size_t minute = minute_of(time);
    if (minute < current_) {
        added_.push({time, sleeper});
        return;
    }
    times_[sleeper] = time;
    behind_[sleeper] = first_[minute];
    first_[minute] = sleeper;
}

bool Calendar::turn() {
    while (current_ < first_.size() && first_[current_] == kNobody) ++current_;
    if (current_ == first_.size()) return false;
    minute_.clear();
    at_ = 0;
    for (std::uint32_t sleeper = first_[current_]; sleeper != kNobody; sleeper = behind_[sleeper])
        minute_.push_back({times_[sleeper], sleeper});
    first_[current_++] = kNobody;
    std::sort(minute_.begin(), minute_.end(), [](const Entry& a, const Entry& b) { return Later{}(b, a); });
    return true;
}

std::optional<Calendar::Entry> Calendar::next() {
    if (at_ == minute_.size() && added_.empty() && !turn()) return std::nullopt;
    Entry entry;
    if (at_ == minute_.size() || (!added_.empty() && Later{}(minute_[at_], added_.top()))) {
        entry = added_.top();
        added_.pop();
    } else {
        entry = minute_[at_++];
    }
    now_ = entry.time;
    return entry;
}

}  // namespace guard::simulate
