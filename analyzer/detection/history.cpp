#include "analyzer/detection/history.hpp"

#include <algorithm>

#include "analyzer/detection/packed_stream.hpp"
#include "geo/distance.hpp"

namespace guard::detection {
namespace {

constexpr std::size_t kMostEver = 256;                    // sessions: each pair of them is looked at
constexpr std::size_t kMaxAccepts = 128;                  // and as many as a rule may ask for
constexpr std::size_t kSeen = 8, kMaxSeen = 64;           // more than kSeen only as long as a repeat may come
constexpr auto kSameFact = std::chrono::seconds{2};       // accounting repeated at a second server
constexpr auto kSameAccept = std::chrono::seconds{10};    // accepts without a session that came up between them
constexpr auto kSameSession = std::chrono::seconds{120};  // an accept and the Start that belongs to it
constexpr auto kClockSlack = std::chrono::seconds{5};  // accounting bears the time of the NAS, an accept the server's
// A session that is confirmed live by an hourly Interim-Update must still find the accepts it outlived.
constexpr auto kKeptAccepts = std::chrono::hours{2};

// The address that told the place stands for the event; it is not always the first.
Evidence evidence_of(const LoginEventView& event, const std::optional<geo::Place>& place) {
    Evidence evidence{event.time, event.kind, std::nullopt, {}};
    if (event.addresses.empty()) return evidence;
    evidence.address = event.addresses.front();
    if (!place) return evidence;
    evidence.region = place->region;
    for (const IpAddress& address : event.addresses)
        if (place->network.contains(address)) {
            evidence.address = address;
            break;
        }
    return evidence;
}

Microseconds apart(Time a, Time b) {
    return a < b ? b - a : a - b;
}

void add_addresses(Session& session, std::span<const IpAddress> addresses) {
    for (const IpAddress& address : addresses)
        if (session.addresses.size() < kMaxAddresses &&
            std::find(session.addresses.begin(), session.addresses.end(), address) == session.addresses.end())
            session.addresses.push_back(address);
}

}  // namespace

bool Session::at(std::span<const IpAddress> others) const {
    return std::any_of(addresses.begin(), addresses.end(), [&](const IpAddress& address) {
        return std::find(others.begin(), others.end(), address) != others.end();
    });
}

void Session::show_life(Time time, Kind kind, std::chrono::seconds reorder) {
    if (confirmed && *confirmed >= time) return;
    if (confirmed) {
        // A session told of late may withdraw this sign. Then the one before counts, best one too old to be withdrawn.
        if (!confirmed_before || *confirmed + reorder < time) confirmed_before = confirmed;
        // So it is of a quiet line, of which a Stop is no more.
        if (confirmed_before && kind == Kind::alive) confirmed_before = before_sign(time, *confirmed_before);
    }
    confirmed = time;
    confirmed_by = kind;
}

bool Session::is_older_than(const Session& other) const {
    return beginning_unknown != other.beginning_unknown ? beginning_unknown : began < other.began;
}

bool History::repeats(const LoginEventView& event) const {
    const auto tolerance = event.kind == Kind::accept ? Microseconds{0} : Microseconds{kSameFact};
    return std::any_of(seen_.begin(), seen_.end(), [&](const Seen& seen) {
        return seen.kind == event.kind && apart(seen.time, event.time) <= tolerance &&
               std::equal(seen.addresses.begin(), seen.addresses.end(), event.addresses.begin(), event.addresses.end());
    });
}

void History::remember(const LoginEventView& event, std::chrono::seconds reorder) {
    seen_.push_back({event.kind, event.time, {event.addresses.begin(), event.addresses.end()}});
    while (seen_.size() > kMaxSeen || (seen_.size() > kSeen && seen_.front().time + 2 * reorder < event.time))
        seen_.erase(seen_.begin());
}

Change History::add(const LoginEventView& event, const std::optional<geo::Place>& place,
                    const config::DetectionSettings& settings, unsigned sessions_allowed) {
    Change change;
    if (event.kind == Kind::reject) return change;
    most_sessions_ = std::min<std::size_t>(kMaxSessions + std::max(sessions_allowed, 1U) - 1, kMostEver);
    if (repeats(event)) {
        change.repeated = true;
        return change;
    }
    remember(event, settings.reorder);
    const bool counted = event.kind == Kind::accept && count_accept(event, place, settings.pppoe);
    if (!event.addresses.empty()) {
        const bool begins = event.kind == Kind::accept || event.kind == Kind::assign;
        change = begins ? begin_session(event, place, settings) : sign_of_life(event, place, settings);
        change.unmapped = !place;
    } else if (event.kind == Kind::accept) {
        change.clocks = compare_clocks_of_start_before(event.time);
    }
    change.counted_accept = counted;
    return change;
}

// Retries of a router whose session does not come up are one accept: 10 s, unless a Start shows that it did come up.
bool History::count_accept(const LoginEventView& event, const std::optional<geo::Place>& place,
                           const config::PppoeSettings& settings) {
    if (before_release(event.time)) return false;
    const auto came_up = [&](Time from, Time until) {
        for (auto session = sessions_.rbegin(); session != sessions_.rend() && session->began >= from; ++session)
            if (session->assigned && session->began <= until) return true;
        return false;
    };
    const auto later = std::upper_bound(accepts_.begin(), accepts_.end(), event.time,
                                        [](Time time, const Evidence& accept) { return time < accept.time; });
    if (later != accepts_.begin()) {
        const Time previous = std::prev(later)->time;
        if (event.time - previous <= kSameAccept && !came_up(previous, event.time)) return false;
    }
    if (later != accepts_.end() && later->time - event.time <= kSameAccept && !came_up(event.time, later->time)) {
        *later = evidence_of(event, place);  // it came late: what was counted is the retry of this one
        return false;
    }
    accepts_.insert(later, evidence_of(event, place));
    const std::size_t most = kMaxAccepts + std::max(settings.burst_accepts, settings.burst_rate_accepts);
    const Time oldest = accepts_.back().time - kKeptAccepts - settings.burst_window;
    while (accepts_.size() > most || accepts_.front().time < oldest) accepts_.erase(accepts_.begin());
    return true;
}

// The oldest session stays: it may be the subscriber's own, that outlives all a thief begins. So does what has just
// ended, as long as its beginning may still be told of.
void History::drop_one_session(Time over_since) {
    const auto second = sessions_.begin() + 1;
    auto gone = std::find_if(sessions_.begin(), sessions_.end(),
                             [&](const Session& session) { return session.ended && *session.ended < over_since; });
    if (gone == sessions_.end())
        gone = std::find_if(second, sessions_.end(), [](const Session& session) { return !session.confirmed; });
    sessions_.erase(gone != sessions_.end() ? gone : second);
}

Session& History::new_session(const LoginEventView& event, const std::optional<geo::Place>& place,
                              std::chrono::seconds reorder) {
    if (sessions_.size() >= most_sessions_) drop_one_session(event.time - 2 * reorder);
    Session session;
    session.addresses.assign(event.addresses.begin(), event.addresses.end());
    session.place = place;
    session.began = event.time;
    session.discounted = before_release(event.time);
    const auto later = std::upper_bound(sessions_.begin(), sessions_.end(), event.time,
                                        [](Time time, const Session& other) { return time < other.began; });
    return *sessions_.insert(later, std::move(session));
}

// The session that this accept or Start belongs to, if the other one, or a sign of life, was seen first.
Session* History::begun_by(const LoginEventView& event) {
    for (auto session = sessions_.rbegin(); session != sessions_.rend(); ++session) {
        if (!session->at(event.addresses) || session->discounted) continue;
        if (session->ended && *session->ended < event.time) continue;
        if (session->beginning_unknown && event.time <= session->began) return &*session;
        const bool seen = event.kind == Kind::accept ? session->accepted : session->assigned;
        if (!session->beginning_unknown && !seen && apart(session->began, event.time) <= kSameSession) return &*session;
    }
    return nullptr;
}

// An accept or a Start ends any earlier session at its address.
Session& History::begin_new(const LoginEventView& event, const std::optional<geo::Place>& place,
                            const config::DetectionSettings& settings) {
    std::optional<Time> ended, next_began;  // by a later session, where this one came late
    for (Session& other : sessions_) {
        const bool later = other.began > event.time;
        if (later && !other.beginning_unknown && !other.discounted)
            next_began = std::min(next_began.value_or(other.began), other.began);
        if (!other.at(event.addresses)) continue;
        if (later)
            ended = std::min(ended.value_or(other.began), other.began);
        else if (!other.ended || *other.ended > event.time)
            other.ended = event.time;
    }
    Session& session = new_session(event, place, settings.reorder);
    session.ended = ended;
    session.next_began = next_began;
    return session;
}

Change History::begin_session(const LoginEventView& event, const std::optional<geo::Place>& place,
                              const config::DetectionSettings& settings) {
    Change change;
    Session* session = begun_by(event);
    change.new_session = session == nullptr;
    if (place) change.clocks = compare_clocks(event, session, place->network);
    if (session == nullptr) session = &begin_new(event, place, settings);
    const bool began_earlier = event.time < session->began || session->beginning_unknown;
    session->began = std::min(session->began, event.time);
    session->beginning_unknown = false;
    session->accepted = session->accepted || event.kind == Kind::accept;
    session->assigned = session->assigned || event.kind == Kind::assign;
    add_addresses(*session, event.addresses);
    if (!session->place) session->place = place;
    std::optional<Evidence> overtaken;
    if (began_earlier || change.new_session) {
        overtaken = take_sign(*session, settings);
        note_beginning(*session, settings);
    }
    change.new_visit = visit(*session, evidence_of(event, place), settings.pppoe);
    if (overtaken) give_sign(*session, *overtaken, settings, change);
    if (began_earlier)
        std::stable_sort(sessions_.begin(), sessions_.end(),
                         [](const Session& a, const Session& b) { return a.began < b.began; });
    return change;
}

// The session that was at the address then. A NAS whose clock is a little behind may end one before it began.
const Session* History::showing_life(std::span<const IpAddress> addresses, Time time) const {
    const Session* nearly = nullptr;
    for (auto session = sessions_.rbegin(); session != sessions_.rend(); ++session) {
        if (!session->at(addresses)) continue;
        if (session->beginning_unknown || session->began <= time) return &*session;
        if (session->began <= time + kClockSlack) nearly = &*session;
    }
    return nearly;
}

bool History::stands(const LifeSign& sign, const config::PppoeSettings& settings) const {
    const Session* const session = showing_life({&sign.address, 1}, sign.time);
    return session != nullptr && !session->discounted && session->began <= sign.began &&
           !(session->ended && *session->ended < sign.time) && counts(*session, sign.time, settings);
}

// The line is one: when the next session began, this one was over, and what it shows within dead_peer_time may be the
// tail of a dead one. Of a session whose beginning was not seen it is not known which was the next: any that began
// before the sign.
bool History::counts(const Session& session, Time sign, const config::PppoeSettings& settings) const {
    constexpr auto kNone = Time::min();  // so long ago that no sign is near it
    Time next = session.beginning_unknown ? kNone : session.next_began.value_or(kNone);
    if (session.beginning_unknown)
        for (const Session& other : sessions_)
            if (&other != &session && !other.discounted && other.began <= sign && session.is_older_than(other))
                next = std::max(next, other.began);
    return sign <= next || sign > next + settings.dead_peer_time;
}

// Others are over when this one began, unless they show life long after.
void History::note_beginning(const Session& session, const config::DetectionSettings& settings) {
    if (session.discounted) return;
    for (Session& other : sessions_) {
        if (!other.beginning_unknown && other.began < session.began)
            other.next_began = std::min(other.next_began.value_or(session.began), session.began);
        while (&other != &session && other.confirmed && *other.confirmed >= session.began &&
               !counts(other, *other.confirmed, settings.pppoe))
            withdraw_sign(other, settings);
    }
}

// It was taken for a sign of life, and a session that is told of late shows that it may be the tail of a dead one.
void History::withdraw_sign(Session& session, const config::DetectionSettings& settings) {
    const Time withdrawn = *session.confirmed;
    session.confirmed = session.confirmed_before;
    session.confirmed_by = session.confirmed ? std::optional(Kind::alive) : std::nullopt;
    session.confirmed_before.reset();
    if (session.place) withdraw_evidence(*session.place, withdrawn, settings.pppoe);
}

// What overtook the beginning of this session was taken for a sign of an earlier one at its address.
std::optional<Evidence> History::take_sign(const Session& session, const config::DetectionSettings& settings) {
    std::optional<Evidence> sign;
    for (Session& other : sessions_) {
        if (!other.is_older_than(session) || !other.at(session.addresses)) continue;
        for (; other.confirmed && *other.confirmed >= session.began; withdraw_sign(other, settings))
            if (!sign || sign->time < *other.confirmed)
                sign =
                    Evidence{*other.confirmed, other.confirmed_by.value_or(Kind::alive), session.addresses.front(), {}};
    }
    if (sign && session.place) sign->region = session.place->region;
    return sign;
}

void History::give_sign(Session& session, const Evidence& sign, const config::DetectionSettings& settings,
                        Change& change) {
    const bool over = session.ended && *session.ended < sign.time;
    if (!over && !session.discounted && counts(session, sign.time, settings.pppoe)) {
        session.show_life(sign.time, sign.kind, settings.reorder);
        change.life_sign = true;
        change.new_visit = visit(session, sign, settings.pppoe) || change.new_visit;
    }
    if (sign.kind == Kind::release && !over) session.ended = sign.time;
}

Change History::sign_of_life(const LoginEventView& event, const std::optional<geo::Place>& place,
                             const config::DetectionSettings& settings) {
    Change change;
    const Session* const known = showing_life(event.addresses, event.time);
    Session* session = known == nullptr ? nullptr : &sessions_[static_cast<std::size_t>(known - sessions_.data())];
    if (session == nullptr) {
        std::optional<Time> ended;
        for (const Session& other : sessions_)
            if (other.at(event.addresses)) ended = std::min(ended.value_or(other.began), other.began);
        session = &new_session(event, place, settings.reorder);
        session->beginning_unknown = true;
        session->discounted = released_.has_value();  // it is older than it seems: taken to be older than the release
        session->ended = ended;
        change.new_session = true;
    }
    if (session->beginning_unknown) session->began = std::min(session->began, event.time);
    if (!session->place) session->place = place;
    give_sign(*session, evidence_of(event, place), settings, change);
    return change;
}

void History::release(Time now) {
    released_ = std::max(released_.value_or(now), now);
    for (Session& session : sessions_)
        if (session.began <= now || session.beginning_unknown) session.discounted = true;
    std::erase_if(accepts_, [&](const Evidence& accept) { return accept.time <= now; });
    std::erase_if(visits_, [&](const Visit& visit) { return visit.first.time <= now; });
    if (!visits_.empty()) visits_.front().impossible.reset();
}

}  // namespace guard::detection
