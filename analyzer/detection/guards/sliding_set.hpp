// How many different IDs did something within a sliding window, and how many usually do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "event/time.hpp"

namespace guard::detection {

class SlidingSet {
  public:
    // What is usual before anything was seen: `nothing`, for what seldom happens at all, or whatever the first windows
    // show.
    enum class Before : std::uint8_t { nothing, unknown };

    SlidingSet(std::chrono::seconds window, Before before)
        : window_(window),
          windows_a_day_(static_cast<double>(kDay / window)),
          first_(before == Before::nothing ? windows_a_day_ : 0) {
        windows_ = first_;
    }

    // `id` did it at `now`; returns how many different ones did within the window.
    std::size_t add(std::uint64_t id, Time now) {
        expire(now);
        auto& last = last_[id];
        if (last == Time{} || now > last) {
            last = now;
            order_.push_back({now, id});
        }
        peak_ = std::max(peak_, last_.size());
        return last_.size();
    }

    // How many did within the window before `now`.
    std::size_t count(Time now) {
        expire(now);
        return last_.size();
    }

    // The mean number per window of the windows that are over, the last day weighing most.
    [[nodiscard]] double usual() const { return usual_; }
    [[nodiscard]] bool idle(Time now) const { return order_.empty() || order_.back().time + kDay < now; }

  private:
    friend struct StateFields;
    struct Entry {
        Time time;
        std::uint64_t id;
    };
    static constexpr auto kDay = std::chrono::hours{24};

    void expire(Time now) {
        while (!order_.empty() && order_.front().time + window_ <= now) {
            const auto entry = last_.find(order_.front().id);
            if (entry != last_.end() && entry->second == order_.front().time) last_.erase(entry);
            order_.pop_front();
        }
        if (window_ends_ == Time{}) window_ends_ = now + window_;
        while (now >= window_ends_) {
            windows_ = std::min(windows_ + 1, windows_a_day_);
            usual_ += (static_cast<double>(peak_) - usual_) / windows_;
            peak_ = now < window_ends_ + window_ ? last_.size() : 0;
            window_ends_ += window_;
            if (now >= window_ends_ + kDay) {  // nothing for a day: start afresh
                usual_ = 0;
                windows_ = first_;
                window_ends_ = now + window_;
            }
        }
    }

    const std::chrono::seconds window_;
    const double windows_a_day_, first_;  // first_: windows that were seen before the first one, all of them empty
    std::unordered_map<std::uint64_t, Time> last_;
    std::deque<Entry> order_;
    std::size_t peak_ = 0;
    double usual_ = 0, windows_ = 0;
    Time window_ends_{};
};

}  // namespace guard::detection
