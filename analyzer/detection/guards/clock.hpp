// The guard against wrong clocks. An accept bears the time of the RADIUS server, a Start that of the NAS
// (Event-Timestamp): what lies between the two, where it is about the same for most lines of a pool, is how far the
// clock of its NAS is off. By pool, of 31 IDs, at least a minute apart: neither a slow line decides, nor one that dials
// in all the time, nor the minutes in which Starts are late because no server took them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "event/ip_address.hpp"
#include "event/time.hpp"
#include "geo/pool_table.hpp"

namespace guard::detection {

class ClockGuard {
  public:
    explicit ClockGuard(const config::GuardSettings& settings) : settings_(settings) {}

    // A session of the ID began in `pool`: its Start is told to be by so much later (less than 0: earlier) than its
    // accept.
    void began(const IpAddress& pool, std::uint64_t id, Microseconds later, Time now);
    // By how much the Starts there are late (less than 0: early), if that is more than `max_clock_skew`.
    [[nodiscard]] std::optional<std::chrono::seconds> skew(const IpAddress& pool, Time now) const;
    // All pools of which it is.
    [[nodiscard]] std::vector<std::pair<IpAddress, std::chrono::seconds>> skewed(Time now) const;
    // Forgets what is no pool any more.
    void keep(const geo::PoolTable& pools);
    // Drops what says nothing any more (R8).
    void forget(Time now);

  private:
    friend struct StateFields;
    struct Sample {
        std::uint64_t id = 0;
        std::int32_t seconds = 0;
    };
    struct Pool {
        std::vector<Sample> samples;  // the last ones, in a ring
        std::uint32_t next = 0;
        Time newest{};
    };
    static constexpr std::uint32_t kKept = 31, kFewest = 16;
    static constexpr auto kApart = std::chrono::minutes{1};
    static constexpr auto kTold = std::chrono::hours{24};  // what is older says nothing

    const config::GuardSettings settings_;
    std::map<IpAddress, Pool> pools_;
};

}  // namespace guard::detection
