#include "analyzer/detection/rules/rule.hpp"

#include <algorithm>

#include "geo/distance.hpp"

namespace guard::detection {
namespace {

constexpr auto kNews = std::chrono::hours{24};  // two sessions that have been beside each other for longer were judged before

}  // namespace

bool far_apart(const geo::Place& a, const geo::Place& b, const config::DetectionSettings& settings) {
    return a.region != b.region && geo::lower_bound_distance(a, b) >= settings.pppoe.min_distance_km;
}

bool all_familiar(const RuleInput& input, const std::vector<geo::Place>& places) {
    return std::all_of(places.begin(), places.end(), [&](const geo::Place& place) {
        return input.familiarity.is_familiar(place.region, input.event.time, input.settings);
    });
}

std::vector<Evidence> accepts_within(const RuleInput& input, Time until, std::chrono::seconds window) {
    std::vector<Evidence> accepts;
    for (const Evidence& accept : input.history.accepts())
        if (accept.time > until - window && accept.time <= until) accepts.push_back(accept);
    return accepts;
}

bool confirmed_beside(const Session& session, const Session& newer, const config::DetectionSettings& settings) {
    return session.confirmed && *session.confirmed > newer.began + settings.pppoe.dead_peer_time;
}

std::vector<const Session*> confirmed_live_together(const RuleInput& input) {
    std::vector<const Session*> largest;
    const auto& sessions = input.history.sessions();
    for (const Session& newest : sessions) {
        if (newest.discounted || !newest.confirmed || newest.began + kNews <= input.event.time) continue;
        std::vector<const Session*> together;
        for (const Session& older : sessions)
            if (&older != &newest && !older.discounted && older.began < newest.began &&
                confirmed_beside(older, newest, input.settings))
                together.push_back(&older);
        if (together.empty()) continue;
        together.push_back(&newest);
        if (together.size() > largest.size()) largest = std::move(together);
    }
    return largest;
}

void add_session(std::vector<Evidence>& evidence, const Session& session) {
    Evidence began{session.began, session.assigned ? Kind::assign : Kind::accept, std::nullopt, {}};
    if (!session.addresses.empty()) began.address = session.addresses.front();
    if (session.place) began.region = session.place->region;
    evidence.push_back(began);
    if (!session.confirmed) return;
    Evidence life = began;
    life.time = *session.confirmed;
    life.kind = session.confirmed_by.value_or(Kind::alive);
    evidence.push_back(life);
}

}  // namespace guard::detection
