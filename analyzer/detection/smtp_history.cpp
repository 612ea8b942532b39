#include "analyzer/detection/smtp_history.hpp"

#include <algorithm>
#include <tuple>

#include "geo/distance.hpp"

namespace guard::detection {
namespace {

constexpr auto kKept = std::chrono::hours{24};
constexpr auto kLate = std::chrono::seconds{120};   // an event may come so late
constexpr auto kSlack = std::chrono::seconds{120};  // clocks differ, and a jump at one instant has no speed

double hours(Microseconds span) {
    return std::chrono::duration<double, std::ratio<3600>>(span).count();
}

Microseconds apart(Time a, Time b) {
    return a < b ? b - a : a - b;
}

template <class Value, std::size_t inside, class Condition>
void erase_few(Few<Value, inside>& values, const Condition& condition) {
    values.erase(std::remove_if(values.begin(), values.end(), condition), values.end());
}

SmtpSighting sighting(const SmtpOrigin& origin, Time time) {
    return {origin.source, origin.location, time};
}

// What no window asks for any more goes; the last accept before the windows stays, for the pairs. Not at every accept:
// a busy sender's list would be moved each time.
void prune(Few<Time, 2>& accepts, const config::SmtpSettings& settings) {
    constexpr std::size_t kFew = 64;
    if (accepts.size() < kFew) return;
    const auto window = std::max(
        {settings.jump_accepts_window, settings.spread_window, settings.slow_spread_window, settings.rate_window});
    const std::size_t most = 4 * std::size_t{std::max(settings.rate_accepts, settings.jump_accepts)};
    auto first = std::upper_bound(accepts.begin(), accepts.end(), accepts.back() - window - kLate);
    if (first != accepts.begin()) --first;
    const auto kept = static_cast<std::size_t>(accepts.end() - first);
    if (kept > most) first = accepts.end() - static_cast<std::ptrdiff_t>(most / 2);
    if (static_cast<std::size_t>(first - accepts.begin()) * 2 >= accepts.size() || kept > most)
        accepts.erase(accepts.begin(), first);
}

// Most pairs of countries that are seen together are neighbours: this is cheaper than two places, and errs by less than
// the kilometre.
bool may_be_far(const geo::Location& a, const geo::Location& b, const config::SmtpSettings& settings) {
    return a.country_only || b.country_only || geo::farther_than(a, b, settings.min_distance_km - 1);
}

// The accept of `origin` that is nearest in time; the earlier of two.
Time nearest(const SmtpOrigin& origin, Time time) {
    const auto later = std::upper_bound(origin.accepts.begin(), origin.accepts.end(), time);
    if (later == origin.accepts.begin()) return *later;
    if (later == origin.accepts.end()) return origin.accepts.back();
    return *later - time < time - *std::prev(later) ? *later : *std::prev(later);
}

}  // namespace

geo::Code SmtpOrigin::country() const {
    return geo::Code::parse(location.country_text()).value_or(geo::Code{});
}

bool SmtpOrigin::accepted_in(Time after, Time until) const {
    return accepts_in(after, until) > 0;
}

std::size_t SmtpOrigin::accepts_in(Time after, Time until) const {
    const auto first = std::upper_bound(accepts.begin(), accepts.end(), after);
    return static_cast<std::size_t>(std::upper_bound(first, accepts.end(), until) - first);
}

geo::Place SmtpSighting::place() const {
    const bool pool = location.kind == geo::Location::Kind::pool;
    geo::Place place = location.to_place(pool ? source.prefix(location.prefix_length) : source.network());
    place.region = place.country;
    return place;
}

Evidence SmtpSighting::evidence() const {
    return {time, Kind::accept, source, geo::Code::parse(location.country_text()).value_or(geo::Code{})};
}

std::optional<Step> impossible_smtp_step(const geo::Place& from, Time left, const geo::Place& to, Time arrived,
                                         const config::SmtpSettings& settings) {
    if (from.country == to.country || from.country.empty() || to.country.empty()) return std::nullopt;
    const double span = hours(apart(left, arrived) + kSlack);
    if (from.country_only || to.country_only) {
        if (settings.min_distance_km / span <= settings.max_speed_kmh) return std::nullopt;
        return Step{from, to, left, arrived, 0, 0};
    }
    const geo::Kilometres distance = geo::lower_bound_distance(from, to);
    if (distance < settings.min_distance_km || distance / span <= settings.max_speed_kmh) return std::nullopt;
    return Step{from, to, left, arrived, distance, distance / span};
}

const SmtpOrigin* SmtpHistory::origin(const IpAddress& source) const {
    const auto found =
        std::find_if(origins_.begin(), origins_.end(), [&](const SmtpOrigin& known) { return known.source == source; });
    return found == origins_.end() ? nullptr : &*found;
}

void SmtpHistory::count_countries() {
    const SmtpOrigin* first = nullptr;
    several_countries_ = false;
    for (const SmtpOrigin& origin : origins_) {
        if (origin.location.country_text().empty()) continue;
        if (first == nullptr) first = &origin;
        if (origin.location.country != first->location.country) several_countries_ = true;
    }
}

SmtpOrigin& SmtpHistory::origin_of(const IpAddress& source, Time time, const LocateSource& locate) {
    for (SmtpOrigin& known : origins_)
        if (known.source == source) return known;
    erase_few(origins_, [&](const SmtpOrigin& old) { return old.accepts.back() + kKept + kLate <= newest_; });
    if (origins_.size() >= kMaxOrigins)
        origins_.erase(std::min_element(origins_.begin(), origins_.end(), [](const SmtpOrigin& a, const SmtpOrigin& b) {
            return a.accepts.back() < b.accepts.back();
        }));
    origins_.push_back({locate(source), {time}, source});
    count_countries();
    return origins_.back();
}

SmtpChange SmtpHistory::add(const IpAddress& source, Time time, const LocateSource& locate,
                            const config::SmtpSettings& settings) {
    SmtpChange change;
    if (released_at(time)) {
        change.repeated = true;
        return change;
    }
    const bool known = this->origin(source) != nullptr;
    SmtpOrigin& origin = origin_of(source, time, locate);
    if (known) {
        const auto later = std::lower_bound(origin.accepts.begin(), origin.accepts.end(), time);
        if (later != origin.accepts.end() && *later == time) {
            change.repeated = true;
            return change;
        }
        origin.accepts.insert(later, time);
        prune(origin.accepts, settings);
    }
    const bool in_order = time >= newest_;
    newest_ = std::max(newest_, time);
    if (!several_countries_ || origin.location.country_text().empty()) return change;
    change.jumps = jumps_at(origin, time, settings);
    for (const SmtpJump& jump : change.jumps) remember(jump);
    if (!in_order) return change;
    const SmtpOrigin* before = nullptr;
    for (const SmtpOrigin& other : origins_)
        if (&other != &origin && !other.location.country_text().empty() && other.accepts.back() + kKept > time &&
            (before == nullptr || other.accepts.back() > before->accepts.back()))
            before = &other;
    const auto& own = origin.accepts;
    if (before != nullptr && before->location.country != origin.location.country &&
        (own.size() < 2 || own[own.size() - 2] < before->accepts.back()))
        change.before = sighting(*before, before->accepts.back());
    return change;
}

std::vector<SmtpJump> SmtpHistory::jumps_at(const SmtpOrigin& origin, Time time,
                                            const config::SmtpSettings& settings) const {
    std::vector<SmtpJump> jumps;
    const SmtpSighting present = sighting(origin, time);
    std::optional<geo::Place> place;
    for (const SmtpOrigin& other : origins_) {
        if (other.location.country_text().empty() || other.location.country == origin.location.country) continue;
        if (!may_be_far(other.location, origin.location, settings)) continue;
        const SmtpSighting there = sighting(other, nearest(other, time));
        if (apart(there.time, time) > kKept) continue;
        if (!place) place = present.place();
        if (!impossible_smtp_step(there.place(), there.time, *place, time, settings)) continue;
        jumps.push_back(there.time <= time ? SmtpJump{there, present} : SmtpJump{present, there});
    }
    std::stable_sort(jumps.begin(), jumps.end(), [](const SmtpJump& a, const SmtpJump& b) {
        if (a.span() != b.span()) return a.span() < b.span();
        return std::tie(a.from.source, a.to.source) < std::tie(b.from.source, b.to.source);
    });
    return jumps;
}

void SmtpHistory::remember(const SmtpJump& jump) {
    std::erase_if(jumps_, [&](const SmtpJump& known) {
        const bool same = (known.from.source == jump.from.source && known.to.source == jump.to.source) ||
                          (known.from.source == jump.to.source && known.to.source == jump.from.source);
        return same || known.to.time + kKept + kLate <= newest_;
    });
    if (jumps_.size() >= kMaxJumps) jumps_.erase(jumps_.begin());
    jumps_.push_back(jump);
}

std::vector<Time> SmtpHistory::window_ends(Time time) const {
    std::vector<Time> ends{time};
    if (time >= newest_) return ends;
    for (const SmtpOrigin& origin : origins_)
        for (auto accept = origin.accepts.rbegin(); accept != origin.accepts.rend() && *accept > time; ++accept)
            ends.push_back(*accept);
    std::sort(ends.begin(), ends.end());
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
    return ends;
}

void SmtpHistory::release(Time now) {
    released_ = std::max(released_.value_or(now), now);
    for (SmtpOrigin& origin : origins_) erase_few(origin.accepts, [&](Time accept) { return accept <= *released_; });
    erase_few(origins_, [](const SmtpOrigin& origin) { return origin.accepts.empty(); });
    std::erase_if(jumps_, [&](const SmtpJump& jump) { return jump.from.time <= *released_; });
    count_countries();
}

void SmtpHistory::relocate(const LocateSource& locate, const config::SmtpSettings& settings) {
    for (SmtpOrigin& origin : origins_) origin.location = locate(origin.source);
    count_countries();
    jumps_.clear();
    if (!several_countries_) return;
    for (const SmtpOrigin& origin : origins_)
        if (!origin.location.country_text().empty())
            for (const SmtpJump& jump : jumps_at(origin, origin.accepts.back(), settings)) remember(jump);
}

bool SmtpHistory::forget(Time now) {
    erase_few(origins_, [&](const SmtpOrigin& origin) { return origin.accepts.back() + kKept + kLate <= now; });
    std::erase_if(jumps_, [&](const SmtpJump& jump) { return jump.to.time + kKept + kLate <= now; });
    count_countries();
    return origins_.empty() && (!released_ || *released_ + kKept + kLate <= now);
}

}  // namespace guard::detection
