// The breaker: never more suspensions than the operator's set rate, whatever the reason for them. A wrong pool table
// cannot suspend thousands.
#pragma once

#include <deque>
#include <optional>

#include "config/settings.hpp"
#include "event/ip_address.hpp"
#include "event/time.hpp"

namespace guard::detection {

class Breaker {
  public:
    explicit Breaker(const config::GuardSettings& settings) : settings_(settings) {}

    // Whether one more suspension is allowed; if so it is counted. `pool` is the one of the newest place, if known.
    bool allow(Time now, std::size_t active_ids, const std::optional<IpAddress>& pool);

    // Counts one that was carried out before a restart, unless it was told of it. False: it was.
    bool carried_out(Time when, const std::optional<IpAddress>& pool);

    // Once opened it stays so until a person closes it; then nothing is allowed.
    void set_open(bool open) { open_ = open; }
    [[nodiscard]] bool open() const { return open_; }

    [[nodiscard]] std::size_t hourly_limit(std::size_t active_ids) const;
    [[nodiscard]] std::size_t daily_limit(std::size_t active_ids) const;

  private:
    friend struct StateFields;
    struct Suspension {
        Time time;
        std::optional<IpAddress> pool;
    };
    const config::GuardSettings settings_;
    std::deque<Suspension> suspensions_;  // of the last 24 h
    bool open_ = false;
};

}  // namespace guard::detection
