// The storm guard: when many IDs do the same at once, it is an outage or a failover and no thief. Findings that involve
// what they did go to review.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "analyzer/detection/finding.hpp"
#include "analyzer/detection/guards/sliding_set.hpp"
#include "config/settings.hpp"
#include "geo/place.hpp"

namespace guard::detection {

class StormGuard {
  public:
    explicit StormGuard(const config::GuardSettings& settings) : settings_(settings) {}

    // What counts is the region of a place; for SMTP-AUTH that is the country.
    void accepted(std::uint64_t id, const geo::Place& place, Time now);
    // Between two of the operator's pools, these are looked at, too.
    void stepped(std::uint64_t id, const geo::Place& from, const geo::Place& to, Time now);
    // A step from region to region that nobody can make, and that is a finding. A few IDs that make the same one within
    // the hour are a slow mass: a failover that takes its time, of which no ten minutes show more than a handful.
    void jumped(std::uint64_t id, const geo::Place& from, const geo::Place& to, Time now);

    // A storm over one of these places, or a mass of equal steps between two of them, is on or was within storm_hold.
    [[nodiscard]] bool involves(const std::vector<geo::Place>& places, Time now) const;
    // Many made this step at that time, before and after it: the first of a failover did it before it was known as one,
    // and the way back an hour later is judged by the way there.
    [[nodiscard]] bool was_mass(const geo::Place& from, const geo::Place& to, Time arrived) const;
    // The same of a slow mass: between two of these places, now; of that step, then.
    [[nodiscard]] bool involves_slowly(const std::vector<geo::Place>& places, Time now) const;
    [[nodiscard]] bool was_slow_mass(const geo::Place& from, const geo::Place& to, Time arrived) const;
    // Others made the same impossible step within the hour, and one more makes it a slow mass.
    [[nodiscard]] bool is_nearly_slow_mass(const geo::Place& from, const geo::Place& to, Time now);

  private:
    friend struct StateFields;
    static constexpr std::chrono::seconds kAcceptWindow{300}, kStepWindow{600}, kSlowWindow{3600};
    struct Watched {
        Watched(std::chrono::seconds window, SlidingSet::Before before) : ids(window, before) {}
        SlidingSet ids;
        std::vector<std::pair<Time, Time>> storms;  // from, held until; of the last day

        void trip(Time began, Time held_until);
        [[nodiscard]] bool stormy(Time at) const;
    };
    using RegionPair = std::pair<geo::Code, geo::Code>;
    using PoolPair = std::pair<IpAddress, IpAddress>;
    struct PairHash {
        // Codes are made by the operator and the database; boost's map mixes the rest.
        std::size_t operator()(const RegionPair& pair) const {
            return pair.first.number() * 0x9e37'79b9'7f4a'7c15 + pair.second.number();
        }
        std::size_t operator()(const PoolPair& pair) const {
            return IpAddressHash{}(pair.first) * 31 + IpAddressHash{}(pair.second);
        }
    };
    template <class Key>
    using Steps = boost::unordered_flat_map<Key, Watched, PairHash>;

    // More than so many IDs within the window, and settings_.step_factor times the usual, are a mass.
    struct Limit {
        std::chrono::seconds window;
        unsigned ids;
    };
    template <class Key>
    void note(Steps<Key>& watched, const Key& key, const Limit& limit, std::uint64_t id, Time now);
    void sweep(Time now);

    const config::GuardSettings settings_;
    std::map<geo::Code, Watched> accepts_;
    Steps<RegionPair> region_steps_;
    Steps<PoolPair> pool_steps_;
    Steps<RegionPair> jumps_;
    Time next_sweep_{};
};

}  // namespace guard::detection
