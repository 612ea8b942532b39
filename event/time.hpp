// The one type of time that is passed on: microseconds since 1970, UTC. Time is always a parameter; who needs the
// present asks a Clock, so that a test can make two minutes pass without sleeping.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace guard {

using Microseconds = std::chrono::microseconds;
using Time = std::chrono::sys_time<Microseconds>;

// Reads RFC 3339 ("2026-03-01T00:01:01.169230Z", "2026-03-01T09:01:01+09:00"). Digits past the microsecond are cut. A
// leap second is read as the second after it. Anything else, a missing zone included, is no time.
[[nodiscard]] std::optional<Time> parse_rfc3339(std::string_view text);

// "2026-03-01T00:01:01.169230Z"
[[nodiscard]] std::string format_rfc3339(Time time);

class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
    // For intervals: the clock that nobody sets.
    [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const {
        return std::chrono::steady_clock::now();
    }
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override;
};

}  // namespace guard
