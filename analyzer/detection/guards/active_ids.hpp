// How many IDs were accepted or alive within the last 24 hours, to the hour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "event/time.hpp"

namespace guard::detection {

class ActiveIds {
  public:
    // An ID whose last hour was `last_hour` (0: never) is active at `now`; its new last hour is written back.
    void seen(std::uint32_t& last_hour, Time now) {
        if (now < Time{}) return;  // a clock that is wrong by half a century
        const auto hour =
            static_cast<std::uint32_t>(std::chrono::floor<std::chrono::hours>(now).time_since_epoch().count());
        if (hour <= last_hour) return;
        turn_to(hour);
        if (last_hour + kHours > hour_) --at(last_hour);
        if (hour + kHours > hour_) ++at(hour);
        last_hour = hour;
    }
    [[nodiscard]] std::size_t count() const {
        std::size_t total = 0;
        for (const std::size_t in_hour : hours_) total += in_hour;
        return total;
    }

  private:
    friend struct StateFields;
    static constexpr std::uint32_t kHours = 24;

    std::size_t& at(std::uint32_t hour) { return hours_[hour % kHours]; }
    void turn_to(std::uint32_t hour) {
        if (hour > hour_ + kHours) hour_ = hour - kHours;
        while (hour_ < hour) at(++hour_) = 0;
    }

    std::array<std::size_t, kHours> hours_{};
    std::uint32_t hour_ = 0;
};

}  // namespace guard::detection
