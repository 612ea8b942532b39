#include "analyzer/detection/guards/breaker.hpp"

#include <algorithm>
#include <cmath>

namespace guard::detection {
namespace {

constexpr auto kHour = std::chrono::hours{1};
constexpr auto kDay = std::chrono::hours{24};
constexpr auto kPoolWindow = std::chrono::minutes{10};

std::size_t share(double part, std::size_t active_ids) {
    return static_cast<std::size_t>(std::floor(part * static_cast<double>(active_ids)));
}

}  // namespace

std::size_t Breaker::hourly_limit(std::size_t active_ids) const {
    const std::size_t by_share = std::max<std::size_t>(3, share(settings_.breaker_per_hour_share, active_ids));
    return std::min<std::size_t>(settings_.breaker_per_hour, by_share);
}

std::size_t Breaker::daily_limit(std::size_t active_ids) const {
    return std::max<std::size_t>(settings_.breaker_per_day, share(settings_.breaker_per_day_share, active_ids));
}

// The time is that of the database, to the microsecond: no other has it.
bool Breaker::carried_out(Time when, const std::optional<IpAddress>& pool) {
    if (std::ranges::find(suspensions_, when, &Suspension::time) != suspensions_.end()) return false;
    suspensions_.push_back({when, pool});
    return true;
}

bool Breaker::allow(Time now, std::size_t active_ids, const std::optional<IpAddress>& pool) {
    if (open_) return false;
    std::erase_if(suspensions_, [&](const Suspension& other) { return other.time + kDay <= now; });
    const auto within = [&](Microseconds window, bool same_pool) {
        return static_cast<std::size_t>(std::count_if(
            suspensions_.begin(), suspensions_.end(),
            [&](const Suspension& other) { return other.time + window > now && (!same_pool || other.pool == pool); }));
    };
    if (within(kHour, false) >= hourly_limit(active_ids) || suspensions_.size() >= daily_limit(active_ids))
        return false;
    if (pool && within(kPoolWindow, true) >= settings_.breaker_per_pool) return false;
    suspensions_.push_back({now, pool});
    return true;
}

}  // namespace guard::detection
