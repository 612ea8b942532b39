#include "replay/event_sorter.hpp"

#include <algorithm>
#include <utility>

namespace guard::replay {

bool EventSorter::precedes(const Key& a, const Key& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.on_time != b.on_time) return b.on_time;
    return a.number < b.number;
}

void EventSorter::push(StreamEvent& event) {
    const Time time = event.event.time;
    const bool late = time < certain_before();
    const Time earliest = certain_before();
    newest_ = std::max(newest_, time);
    std::uint32_t slot = 0;
    if (free_.empty()) {
        slot = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    slots_[slot] = std::move(event);
    late_ += late ? 1 : 0;
    keys_.push_back({late ? earliest : time, !late, slot, number_++});
}

void EventSorter::settle(bool all) {
    constexpr auto less = precedes;
    const auto at = [this](std::size_t index) { return keys_.begin() + static_cast<std::ptrdiff_t>(index); };
    if (next_ > keys_.size() / 2) {
        keys_.erase(keys_.begin(), at(next_));
        sorted_ -= next_;
        next_ = 0;
    }
    const auto added = at(sorted_);
    if (added != keys_.end()) {
        if (!std::is_sorted(added, keys_.end(), less)) std::sort(added, keys_.end(), less);
        if (added != at(next_) && less(*added, *std::prev(added)))
            std::inplace_merge(std::upper_bound(at(next_), added, *added, less), added, keys_.end(), less);
        sorted_ = keys_.size();
    }
    // What is late waits for nothing: however much of it there is, none is held.
    const auto certain = [&](const Key& key) { return all || !key.on_time || key.time < certain_before(); };
    ready_ = static_cast<std::size_t>(std::partition_point(at(next_), keys_.end(), certain) - keys_.begin());
}

void EventSorter::pop(StreamEvent& event) {
    const std::uint32_t slot = keys_[next_++].slot;
    event = std::move(slots_[slot]);
    free_.push_back(slot);
}

}  // namespace guard::replay
