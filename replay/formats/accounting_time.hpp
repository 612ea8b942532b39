// When something in accounting happened, by the rule of rlm_pppoe_guard: the NAS's own time (Event-Timestamp, RFC 2869
// section 5.3) unless it is off by more than `max_skew` (300 s, the module's default), else arrival less
// Acct-Delay-Time (RFC 2866 section 5.2). Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "event/time.hpp"

namespace guard::replay {

inline constexpr std::chrono::seconds kMaxSkew{300};
inline constexpr std::int64_t kMaxDelaySeconds = 86'400;  // beyond it, it is no delay but garbage

[[nodiscard]] inline Time accounting_time(Time received, std::optional<Time> stamped, std::int64_t delay) {
    const Time arrived = received - std::chrono::seconds{delay <= kMaxDelaySeconds ? delay : 0};
    if (!stamped) return arrived;
    const auto skew = *stamped > arrived ? *stamped - arrived : arrived - *stamped;
    if (skew > kMaxSkew || std::chrono::floor<std::chrono::seconds>(arrived) == *stamped) return arrived;
    return *stamped;
}

}  // namespace guard::replay
