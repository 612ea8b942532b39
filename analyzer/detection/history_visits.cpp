// The part of History that follows the ID from region to region.
#include <algorithm>

#include "analyzer/detection/history.hpp"
#include "geo/distance.hpp"

namespace guard::detection {
namespace {

constexpr std::size_t kMaxVisits = 24;
constexpr auto kLate = std::chrono::seconds{120};  // an event may come so late

}  // namespace

std::optional<Step> History::impossible_step(const geo::Place& from, Time left, const geo::Place& to, Time arrived,
                                             const config::PppoeSettings& settings) {
    constexpr auto kSlack = std::chrono::seconds{120};  // clocks differ, and a jump at one instant has no speed
    if (from.region == to.region) return std::nullopt;
    const geo::Kilometres distance = geo::lower_bound_distance(from, to);
    const auto span = (left < arrived ? arrived - left : left - arrived) + kSlack;
    const double speed = distance / std::chrono::duration<double, std::ratio<3600>>(span).count();
    if (distance < settings.min_distance_km || speed <= settings.max_speed_kmh) return std::nullopt;
    return Step{from, to, left, arrived, distance, speed};
}

// True when the step is impossible and was not known to be.
bool History::judge_step(std::size_t to, const config::PppoeSettings& settings) {
    if (to == 0 || to >= visits_.size()) return false;
    const Visit& from = visits_[to - 1];
    Visit& visit = visits_[to];
    const bool known = visit.impossible.has_value();
    visit.impossible = impossible_step(from.place, from.last.time, visit.place, visit.first.time, settings);
    return visit.impossible && !known;
}

bool History::insert_visit(std::size_t at, const Session& session, const Evidence& evidence,
                           const config::PppoeSettings& settings) {
    if (visits_.size() >= kMaxVisits) {
        if (at == 0) return false;
        visits_.erase(visits_.begin());
        --at;
    }
    const Time session_began = session.beginning_unknown ? Time::min() : session.began;
    visits_.insert(visits_.begin() + static_cast<std::ptrdiff_t>(at),
                   Visit{*session.place, evidence, evidence, session_began, std::nullopt});
    const bool into = judge_step(at, settings), out_of = judge_step(at + 1, settings);
    return at + 1 == visits_.size() || into || out_of;
}

// Of all sessions there, as far as it is remembered; ascending.
std::vector<Evidence> History::evidence_in(const geo::Code& region) const {
    std::vector<Evidence> evidence;
    for (const Session& session : sessions_) {
        if (!session.place || session.place->region != region || session.discounted) continue;
        const auto add = [&](Time time, Kind kind) {
            evidence.push_back({time, kind, session.addresses.front(), region});
        };
        if (session.accepted || session.assigned) add(session.began, session.accepted ? Kind::accept : Kind::assign);
        if (session.confirmed_before) add(*session.confirmed_before, Kind::alive);
        if (session.confirmed) add(*session.confirmed, session.confirmed_by.value_or(Kind::alive));
    }
    std::stable_sort(evidence.begin(), evidence.end(),
                     [](const Evidence& a, const Evidence& b) { return a.time < b.time; });
    return evidence;
}

// A stay that ended with evidence that does not count after all ends with what was before it.
void History::withdraw_evidence(const geo::Place& place, Time time, const config::PppoeSettings& settings) {
    for (std::size_t at = visits_.size(); at-- > 0;) {
        Visit& stay = visits_[at];
        if (stay.place.region != place.region || stay.last.time != time) continue;
        if (stay.first.time == time) {
            visits_.erase(visits_.begin() + static_cast<std::ptrdiff_t>(at));
            if (at > 0 && at < visits_.size() && visits_[at - 1].place.region == visits_[at].place.region) {
                visits_[at - 1].last = visits_[at].last;
                visits_.erase(visits_.begin() + static_cast<std::ptrdiff_t>(at));
            }
            judge_step(at, settings);
            if (!visits_.empty()) visits_.front().impossible.reset();
            return;
        }
        stay.last = stay.first;
        for (const Evidence& evidence : evidence_in(place.region))
            if (evidence.time > stay.last.time && evidence.time < time) stay.last = evidence;
        judge_step(at + 1, settings);
        return;
    }
}

// Late evidence from elsewhere within a stay: it ended before, and another one began after it.
bool History::split_visit(std::size_t at, const Session& session, const Evidence& evidence,
                          const config::PppoeSettings& settings) {
    Visit before = visits_[at], after = visits_[at];
    before.last = before.first;
    after.first = after.last;
    for (const Evidence& known : evidence_in(before.place.region)) {
        if (known.time > before.last.time && known.time < evidence.time) before.last = known;
        if (known.time > evidence.time && known.time < after.first.time) after.first = known;
    }
    if (visits_.size() + 2 > kMaxVisits) {
        if (at < 2) return false;
        visits_.erase(visits_.begin(), visits_.begin() + 2);
        visits_.front().impossible.reset();
        at -= 2;
    }
    const Time session_began = session.beginning_unknown ? Time::min() : session.began;
    visits_[at] = before;
    visits_.insert(visits_.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                   {Visit{*session.place, evidence, evidence, session_began, std::nullopt}, after});
    const bool into = judge_step(at + 1, settings), out_of = judge_step(at + 2, settings);
    judge_step(at + 3, settings);
    return into || out_of;
}

// Evidence that comes late belongs to the stay it fell into, or prolongs one, or is one of its own that was not known
// of.
bool History::visit(const Session& session, const Evidence& evidence, const config::PppoeSettings& settings) {
    if (!session.place || session.discounted || before_release(evidence.time)) return false;
    const auto later = std::upper_bound(visits_.begin(), visits_.end(), evidence.time,
                                        [](Time time, const Visit& visit) { return time < visit.first.time; });
    const auto next = static_cast<std::size_t>(later - visits_.begin());
    const auto is_here = [&](const Visit& visit) { return visit.place.region == session.place->region; };
    const auto stayed = [&](Visit& visit) {
        if (!session.beginning_unknown) visit.session_began = std::max(visit.session_began, session.began);
    };
    if (next > 0 && is_here(visits_[next - 1])) {
        Visit& stay = visits_[next - 1];
        stayed(stay);
        if (evidence.time <= stay.last.time) return false;
        stay.last = evidence;
        return judge_step(next, settings);
    }
    if (next > 0 && evidence.time < visits_[next - 1].last.time && visits_[next - 1].last.time <= evidence.time + kLate)
        return split_visit(next - 1, session, evidence, settings);
    if (next == visits_.size()) return insert_visit(next, session, evidence, settings);
    if (next > 0 && evidence.time <= visits_[next - 1].last.time) return false;
    if (!is_here(visits_[next])) return insert_visit(next, session, evidence, settings);
    stayed(visits_[next]);
    visits_[next].first = evidence;
    return judge_step(next, settings);
}

void History::relocate(const Locate& locate, const config::DetectionSettings& settings) {
    for (Session& session : sessions_) session.place = locate(session.addresses);
    std::vector<Visit> moved;
    for (Visit& visit : visits_) {
        auto place = visit.last.address ? locate({&*visit.last.address, 1}) : std::nullopt;
        if (!place) continue;
        visit.place = *place;
        visit.first.region = visit.last.region = place->region;
        if (!moved.empty() && moved.back().place.region == place->region) {
            moved.back().last = visit.last;
            moved.back().session_began = std::max(moved.back().session_began, visit.session_began);
        } else {
            moved.push_back(std::move(visit));
        }
    }
    visits_ = std::move(moved);
    if (!visits_.empty()) visits_.front().impossible.reset();
    for (std::size_t to = 1; to < visits_.size(); ++to) judge_step(to, settings.pppoe);
}

}  // namespace guard::detection
