#include "analyzer/detection/guards/storm.hpp"

#include <algorithm>

namespace guard::detection {
namespace {

constexpr auto kRemembered = std::chrono::hours{24};

template <class Map>
void forget_idle(Map& watched, Time now) {
    erase_if(watched, [&](const auto& entry) { return entry.second.ids.idle(now); });
}

}  // namespace

void StormGuard::Watched::trip(Time began, Time held_until) {
    std::erase_if(storms, [&](const auto& storm) { return storm.second + kRemembered < began; });
    if (!storms.empty() && began <= storms.back().second)
        storms.back().second = std::max(storms.back().second, held_until);
    else
        storms.emplace_back(began, held_until);
}

bool StormGuard::Watched::stormy(Time at) const {
    return std::any_of(storms.begin(), storms.end(),
                       [at](const auto& storm) { return storm.first <= at && at < storm.second; });
}

void StormGuard::accepted(std::uint64_t id, const geo::Place& place, Time now) {
    auto& watched = accepts_.try_emplace(place.region, kAcceptWindow, SlidingSet::Before::unknown).first->second;
    const std::size_t count = watched.ids.add(id, now);
    if (static_cast<double>(count) > settings_.storm_factor * watched.ids.usual() + settings_.storm_base)
        watched.trip(now - kAcceptWindow, now + settings_.storm_hold);
}

template <class Key>
void StormGuard::note(Steps<Key>& steps, const Key& key, const Limit& limit, std::uint64_t id, Time now) {
    // A mass of steps must not pass for usual the next time: only what goes on all day is.
    auto& watched = steps.try_emplace(key, limit.window, SlidingSet::Before::nothing).first->second;
    const std::size_t count = watched.ids.add(id, now);
    if (count > limit.ids && static_cast<double>(count) > settings_.step_factor * watched.ids.usual())
        watched.trip(now - limit.window, now + settings_.storm_hold);
}

void StormGuard::stepped(std::uint64_t id, const geo::Place& from, const geo::Place& to, Time now) {
    const Limit limit{kStepWindow, settings_.step_ids};
    note(region_steps_, RegionPair{from.region, to.region}, limit, id, now);
    if (from.source == geo::Place::Source::pool && to.source == geo::Place::Source::pool)
        note(pool_steps_, PoolPair{from.network, to.network}, limit, id, now);
    sweep(now);
}

void StormGuard::jumped(std::uint64_t id, const geo::Place& from, const geo::Place& to, Time now) {
    note(jumps_, RegionPair{from.region, to.region}, {kSlowWindow, settings_.slow_step_ids}, id, now);
}

void StormGuard::sweep(Time now) {
    if (now < next_sweep_) return;
    next_sweep_ = now + std::chrono::hours{1};
    forget_idle(region_steps_, now);
    forget_idle(pool_steps_, now);
    forget_idle(jumps_, now);
}

bool StormGuard::involves(const std::vector<geo::Place>& places, Time now) const {
    const auto held = [now](const auto& watched, const auto& key) {
        const auto entry = watched.find(key);
        return entry != watched.end() && entry->second.stormy(now);
    };
    for (const geo::Place& to : places) {
        if (held(accepts_, to.region)) return true;
        for (const geo::Place& from : places)
            if (held(region_steps_, RegionPair{from.region, to.region}) ||
                held(pool_steps_, PoolPair{from.network, to.network}))
                return true;
    }
    return false;
}

bool StormGuard::was_mass(const geo::Place& from, const geo::Place& to, Time arrived) const {
    const auto regions = region_steps_.find(RegionPair{from.region, to.region});
    if (regions != region_steps_.end() && regions->second.stormy(arrived)) return true;
    const auto pools = pool_steps_.find(PoolPair{from.network, to.network});
    return pools != pool_steps_.end() && pools->second.stormy(arrived);
}

bool StormGuard::involves_slowly(const std::vector<geo::Place>& places, Time now) const {
    return std::any_of(places.begin(), places.end(), [&](const geo::Place& to) {
        return std::any_of(places.begin(), places.end(),
                           [&](const geo::Place& from) { return was_slow_mass(from, to, now); });
    });
}

bool StormGuard::was_slow_mass(const geo::Place& from, const geo::Place& to, Time arrived) const {
    const auto jumps = jumps_.find(RegionPair{from.region, to.region});
    return jumps != jumps_.end() && jumps->second.stormy(arrived);
}

bool StormGuard::is_nearly_slow_mass(const geo::Place& from, const geo::Place& to, Time now) {
    const auto jumps = jumps_.find(RegionPair{from.region, to.region});
    if (jumps == jumps_.end()) return false;
    const std::size_t count = jumps->second.ids.count(now);
    return count > 1 && count >= settings_.slow_step_ids &&
           static_cast<double>(count + 1) > settings_.step_factor * jumps->second.ids.usual();
}

}  // namespace guard::detection
