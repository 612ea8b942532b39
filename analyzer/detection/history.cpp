#include "analyzer/detection/history.hpp"

#include <algorithm>

#include "geo/distance.hpp"

namespace guard::detection {
namespace {

constexpr std::size_t kMaxSessions = 24;
constexpr std::size_t kMaxVisits = 16;
constexpr std::size_t kMaxAccepts = 128;
constexpr std::size_t kMaxSeen = 8;
constexpr auto kSameFact = std::chrono::seconds{2};      // accounting repeated at a second server
constexpr auto kSameAccept = std::chrono::seconds{10};   // accepts without an assign between them
constexpr auto kSameSession = std::chrono::seconds{120}; // an accept and the Start that follows it
constexpr auto kSpeedSlack = std::chrono::seconds{120};
// A session that is confirmed live by an hourly Interim-Update must still find the accepts it outlived.
constexpr auto kKeptAccepts = std::chrono::seconds{7200};

Evidence evidence_of(const LoginEvent& event, const std::optional<geo::Place>& place) {
    Evidence evidence{event.time, event.kind, std::nullopt, {}};
    if (!event.addresses.empty()) evidence.address = event.addresses.front();
    if (place) evidence.region = place->region;
    return evidence;
}

Microseconds apart(Time a, Time b) { return a < b ? b - a : a - b; }

}  // namespace

bool Session::at(const Addresses& others) const {
    return std::any_of(addresses.begin(), addresses.end(), [&](const IpAddress& address) {
        return std::find(others.begin(), others.end(), address) != others.end();
    });
}

std::optional<Step> History::impossible_step(const geo::Place& from, Time left, const geo::Place& to, Time arrived,
                                             const config::PppoeSettings& settings) {
    if (from.region == to.region) return std::nullopt;
    const geo::Kilometres distance = geo::lower_bound_distance(from, to);
    const double hours = std::chrono::duration<double, std::ratio<3600>>(apart(left, arrived) + kSpeedSlack).count();
    const double speed = distance / hours;
    if (distance < settings.min_distance_km || speed <= settings.max_speed_kmh) return std::nullopt;
    return Step{from, to, left, arrived, distance, speed};
}

Session* History::find(const Addresses& addresses) {
    for (auto session = sessions_.rbegin(); session != sessions_.rend(); ++session)
        if (session->at(addresses)) return &*session;
    return nullptr;
}

bool History::repeats(const LoginEvent& event) const {
    const auto tolerance = event.kind == Kind::accept ? Microseconds{0} : Microseconds{kSameFact};
    return std::any_of(seen_.begin(), seen_.end(), [&](const Seen& seen) {
        return seen.kind == event.kind && seen.addresses == event.addresses && apart(seen.time, event.time) <= tolerance;
    });
}

void History::remember(const LoginEvent& event) {
    seen_.push_back({event.kind, event.time, event.addresses});
    if (seen_.size() > kMaxSeen) seen_.erase(seen_.begin());
}

Change History::add(const LoginEvent& event, const std::optional<geo::Place>& place,
                    const config::DetectionSettings& settings) {
    if (event.kind == Kind::reject) return {};
    if (repeats(event)) {
        Change change;
        change.repeated = true;
        return change;
    }
    remember(event);
    Change change;
    bool counted = false;
    if (event.kind == Kind::accept) counted = count_accept(event, place);
    if (event.kind == Kind::assign) last_assign_ = std::max(last_assign_.value_or(event.time), event.time);
    if (!event.addresses.empty()) {
        const bool begins = event.kind == Kind::accept || event.kind == Kind::assign;
        change = begins ? begin_session(event, place, settings) : sign_of_life(event, place, settings);
        change.unmapped = !place;
    }
    change.counted_accept = counted;
    return change;
}

// Retries of a router whose session does not come up are one accept: 10 s, unless a Start shows that it did come up.
bool History::count_accept(const LoginEvent& event, const std::optional<geo::Place>& place) {
    if (!accepts_.empty()) {
        const Time previous = accepts_.back().time;
        const bool assigned_between = last_assign_ && *last_assign_ >= previous;
        if (apart(previous, event.time) <= kSameAccept && !assigned_between) return false;
    }
    const auto later = std::upper_bound(accepts_.begin(), accepts_.end(), event.time,
                                        [](Time time, const Evidence& accept) { return time < accept.time; });
    accepts_.insert(later, evidence_of(event, place));
    while (accepts_.size() > kMaxAccepts || accepts_.front().time + kKeptAccepts < accepts_.back().time)
        accepts_.erase(accepts_.begin());
    return true;
}

std::size_t History::accepts_within(Time until, std::chrono::seconds window) const {
    return static_cast<std::size_t>(std::count_if(accepts_.begin(), accepts_.end(), [&](const Evidence& accept) {
        return accept.time > until - window && accept.time <= until;
    }));
}

// The oldest session stays: it may be the subscriber's own, that outlives all a thief begins.
void History::drop_one_session() {
    const auto second = sessions_.begin() + 1;
    auto gone = std::find_if(sessions_.begin(), sessions_.end(), [](const Session& session) { return session.ended; });
    if (gone == sessions_.end())
        gone = std::find_if(second, sessions_.end(), [](const Session& session) { return !session.confirmed; });
    sessions_.erase(gone != sessions_.end() ? gone : second);
}

Session& History::new_session(const LoginEvent& event, const std::optional<geo::Place>& place) {
    if (sessions_.size() >= kMaxSessions) drop_one_session();
    Session session;
    session.addresses = event.addresses;
    session.place = place;
    session.began = event.time;
    const auto later = std::upper_bound(sessions_.begin(), sessions_.end(), event.time,
                                        [](Time time, const Session& other) { return time < other.began; });
    return *sessions_.insert(later, std::move(session));
}

// An accept or a Start ends any earlier session at its address; the Start that follows an accept belongs to it.
Change History::begin_session(const LoginEvent& event, const std::optional<geo::Place>& place,
                              const config::DetectionSettings& settings) {
    Session* session = find(event.addresses);
    const bool same = session != nullptr && !session->ended && !session->discounted && !session->assigned &&
                      event.kind == Kind::assign && apart(session->began, event.time) <= kSameSession;
    if (!same) {
        for (Session& earlier : sessions_)
            if (earlier.at(event.addresses)) earlier.ended = true;
        session = &new_session(event, place);
    }
    session->assigned = session->assigned || event.kind == Kind::assign;
    Change change;
    change.new_visit = visit(*session, evidence_of(event, place), settings);
    return change;
}

// An older session shows life beside a newer one only by a sign that cannot be the tail of one that is dead already.
Change History::sign_of_life(const LoginEvent& event, const std::optional<geo::Place>& place,
                             const config::DetectionSettings& settings) {
    Session* session = find(event.addresses);
    if (session == nullptr) {
        session = &new_session(event, place);
        session->assigned = true;
    }
    Change change;
    if (session->discounted || (session->ended && event.kind == Kind::alive)) return change;
    // The line is one: when the next session began, this one was over, unless it still shows life long after.
    const auto next = std::find_if(sessions_.begin(), sessions_.end(), [&](const Session& other) {
        return !other.discounted && other.began > session->began;
    });
    const bool counts = next == sessions_.end() || event.time < next->began ||
                        event.time > next->began + settings.pppoe.dead_peer_time;
    if (counts) {
        if (!session->confirmed || *session->confirmed < event.time) {
            session->confirmed = event.time;
            session->confirmed_by = event.kind;
        }
        change.life_sign = true;
        change.new_visit = visit(*session, evidence_of(event, place), settings);
    }
    if (event.kind == Kind::release) session->ended = true;
    return change;
}

bool History::visit(const Session& session, const Evidence& evidence, const config::DetectionSettings& settings) {
    if (!session.place) return false;
    if (!visits_.empty() && visits_.back().place.region == session.place->region) {
        Visit& present = visits_.back();
        if (evidence.time > present.last.time) present.last = evidence;
        present.session_began = std::max(present.session_began, session.began);
        return false;
    }
    if (!visits_.empty() && evidence.time < visits_.back().first.time) {
        correct_departure(session, evidence, settings);
        return false;
    }
    Visit visit{*session.place, evidence, evidence, session.began, std::nullopt};
    if (!visits_.empty())
        visit.impossible =
            impossible_step(visits_.back().place, visits_.back().last.time, *session.place, evidence.time, settings.pppoe);
    visits_.push_back(std::move(visit));
    if (visits_.size() > kMaxVisits) visits_.erase(visits_.begin());
    return true;
}

// Evidence that came late belongs to the visit before the last one: its end is later than was known.
void History::correct_departure(const Session& session, const Evidence& evidence,
                                const config::DetectionSettings& settings) {
    if (visits_.size() < 2) return;
    Visit& before = visits_[visits_.size() - 2];
    if (before.place.region != session.place->region || evidence.time <= before.last.time) return;
    before.last = evidence;
    Visit& present = visits_.back();
    present.impossible =
        impossible_step(before.place, before.last.time, present.place, present.first.time, settings.pppoe);
}

void History::release(Time now) {
    for (Session& session : sessions_)
        if (session.began <= now) session.discounted = true;
    std::erase_if(accepts_, [&](const Evidence& accept) { return accept.time <= now; });
    std::erase_if(visits_, [&](const Visit& visit) { return visit.last.time <= now; });
}

}  // namespace guard::detection
