#include "analyzer/detection/rules/rule.hpp"

#include <algorithm>

#include "geo/distance.hpp"

namespace guard::detection {
namespace {

constexpr auto kNews = std::chrono::hours{24};  // what no longer shows life was judged before

}  // namespace

bool far_apart(const geo::Place& a, const geo::Place& b, const config::DetectionSettings& settings) {
    return a.region != b.region && geo::lower_bound_distance(a, b) >= settings.pppoe.min_distance_km;
}

bool all_familiar(const RuleInput& input, const std::vector<geo::Place>& places) {
    return std::all_of(places.begin(), places.end(), [&](const geo::Place& place) {
        return input.familiarity.is_familiar(place.region, input.event.time, input.settings);
    });
}

bool within_contract(const RuleInput& input) {
    if (input.sessions_allowed < 2) return false;
    const auto& visits = input.history.visits();
    if (visits.empty()) return true;
    const Time since = visits.back().first.time - input.settings.pppoe.spread_window;
    std::vector<const geo::Place*> far;
    for (auto visit = visits.rbegin(); visit != visits.rend() && visit->last.time > since; ++visit)
        if (std::all_of(far.begin(), far.end(),
                        [&](const geo::Place* place) { return far_apart(visit->place, *place, input.settings); }))
            far.push_back(&visit->place);
    return far.size() <= input.sessions_allowed;
}

std::vector<Evidence> last_accepts(const RuleInput& input, std::chrono::seconds window, std::size_t at_least) {
    const auto& all = input.history.accepts();
    if (all.empty() || all.size() < at_least) return {};
    const Time since = std::max(input.event.time, all.back().time) - window;
    const auto first = std::upper_bound(all.begin(), all.end(), since,
                                        [](Time time, const Evidence& accept) { return time < accept.time; });
    if (static_cast<std::size_t>(all.end() - first) < at_least) return {};
    return {first, all.end()};
}

bool may_be_young(const Session& session, const RuleInput& input) {
    return session.beginning_unknown && session.began + input.settings.reorder >= input.event.time;
}

bool confirmed_beside(const Session& session, const Session& newer, const config::DetectionSettings& settings) {
    return session.confirmed && *session.confirmed > newer.began + settings.pppoe.dead_peer_time;
}

std::vector<const Session*> confirmed_live_together(const RuleInput& input) {
    std::vector<const Session*> largest;
    const auto& sessions = input.history.sessions();
    const auto shows_life = [&](const Session& session) {
        return !session.discounted && session.confirmed && *session.confirmed + kNews > input.event.time &&
               !may_be_young(session, input);
    };
    for (const Session& newest : sessions) {
        if (!shows_life(newest)) continue;
        std::vector<const Session*> together;
        for (const Session& older : sessions) {
            if (&older == &newest || !shows_life(older) || !older.is_older_than(newest)) continue;
            if (!confirmed_beside(older, newest, input.settings)) continue;
            together.push_back(&older);
        }
        if (together.empty()) continue;
        together.push_back(&newest);
        if (together.size() > largest.size()) largest = std::move(together);
    }
    return largest;
}

void add_session(Match& match, const Session& session) {
    Evidence began{session.began, session.assigned ? Kind::assign : Kind::accept, std::nullopt, {}};
    if (!session.addresses.empty()) began.address = session.addresses.front();
    if (session.place) began.region = session.place->region;
    match.evidence.push_back(began);
    if (!session.confirmed) return;
    Evidence life = began;
    life.time = *session.confirmed;
    life.kind = session.confirmed_by.value_or(Kind::alive);
    match.evidence.push_back(life);
    if (life.address) match.signs.push_back({*life.address, life.time, session.began});
}

}  // namespace guard::detection
