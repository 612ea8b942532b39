// The part of History that says what is left of a line which was quiet, and makes a history of that again. Whatever the
// rules, the guards or a late event could still ask for keeps it from being packed; docs/decisions/0012-packed-state.md
// goes through it.
#include <algorithm>

#include "analyzer/detection/history.hpp"
#include "analyzer/detection/packed_stream.hpp"

namespace guard::detection {
namespace {

constexpr auto kDay = std::chrono::hours{24};
constexpr auto kHorizon = std::chrono::hours{48};  // as after a restart: see docs/detection.md
constexpr auto kNewsOfAccepts = std::chrono::hours{2};
constexpr auto kSameFact = std::chrono::seconds{2};

const geo::Pool* pool_of(std::span<const IpAddress> addresses, const geo::Locator& locator) {
    for (const IpAddress& address : addresses)
        if (const geo::Pool* pool = locator.pool_at(address); pool != nullptr && !pool->place->region.empty())
            return pool;
    return nullptr;
}

// As an event that names these addresses tells it.
IpAddress telling(std::span<const IpAddress> addresses, const geo::Pool* pool) {
    for (const IpAddress& address : addresses)
        if (pool != nullptr && pool->place->network.contains(address)) return address;
    return addresses.front();
}

Time last_sign(const Session& session) {
    return std::max(session.began, session.confirmed.value_or(session.began));
}

// What was over by then is out of reach of all rules about accepts, and of what comes late.
Time settled_until(Time now, const config::DetectionSettings& settings) {
    const auto window = std::max(settings.pppoe.burst_window, settings.pppoe.burst_rate_window);
    return now - kNewsOfAccepts - window - 2 * settings.reorder;
}

}  // namespace

// Nothing but signs of life of one session for long enough: no late event and no window of a rule reaches back to what
// else there was.
bool History::is_settled(Time now, const config::DetectionSettings& settings) const {
    const auto late = settings.reorder;
    const auto& pppoe = settings.pppoe;
    if (!accepts_.empty() && accepts_.back().time >= settled_until(now, settings)) return false;
    if (released_ && *released_ + late >= now) return false;
    for (const Seen& seen : seen_)
        if (seen.time + late + kSameFact >= now) return false;
    if (visits_.size() > 1) {
        const Time before = std::max(visits_[visits_.size() - 2].last.time, visits_.back().first.time);
        if (before + std::max({std::chrono::seconds{kDay}, pppoe.spread_window, pppoe.bounce_window}) + late >= now)
            return false;
    }
    return true;
}

// The only one that may still be up; if there is none, the newest. Null: there are several.
const Session* History::session_left(Time now, const config::DetectionSettings& settings) const {
    const Session* left = nullptr;
    for (const Session& session : sessions_) {
        if (session.ended || last_sign(session) + kHorizon <= now) continue;
        if (left != nullptr) return nullptr;
        left = &session;
    }
    if (left == nullptr && !sessions_.empty()) left = &sessions_.back();
    if (left == nullptr) return nullptr;
    const auto& next = left->next_began;
    return next && *next + settings.pppoe.dead_peer_time + settings.reorder >= now ? nullptr : left;
}

// Whether pppoe.jump.live or pppoe.burst.sessions counts some of them together, or will when the one that is left shows
// life again.
bool History::may_be_live_together(const Session& left, Time now, const config::DetectionSettings& settings) const {
    const auto shows_life = [&](const Session& session) {
        if (session.discounted) return false;
        if (&session == &left && !left.ended) return true;
        return session.confirmed && *session.confirmed + kDay + settings.reorder >= now;
    };
    for (const Session& older : sessions_) {
        if (!shows_life(older)) continue;
        for (const Session& newer : sessions_) {
            if (&newer == &older || !shows_life(newer) || !older.is_older_than(newer)) continue;
            const bool goes_on = &older == &left && !left.ended;
            if (goes_on || *older.confirmed > newer.began + settings.pppoe.dead_peer_time) return true;
        }
    }
    return false;
}

bool History::encode(PackedLine& line, const Session& session, const geo::Locator& locator) const {
    const auto began = packed_time(session.began);
    if (!began || !line.set_addresses(session.addresses)) return false;
    line.began = *began & PackedLine::kNoTime;
    line.begin_unknown = session.beginning_unknown ? 1 : 0;
    line.accepted = session.accepted ? 1 : 0;
    line.assigned = session.assigned ? 1 : 0;
    line.discounted = session.discounted ? 1 : 0;

    const geo::Pool* const here = pool_of(session.addresses, locator);
    const IpAddress address = telling(session.addresses, here);
    line.first_tells = here != nullptr && address == session.addresses.front() ? 1 : 0;
    line.pool = PackedLine::kNoPool;
    Time last = session.confirmed.value_or(session.ended.value_or(session.began));
    std::optional<Kind> kind = session.confirmed ? session.confirmed_by : std::nullopt;
    if (!session.confirmed && session.ended) kind = Kind::release;
    if (!visits_.empty()) {
        const Visit& visit = visits_.back();
        const geo::Pool* const pool = locator.pools().find(visit.place.network);
        if (session.discounted || pool == nullptr || pool->place != visit.place || here == nullptr) return false;
        const geo::Code region = here->place->region;
        if (visit.place.region != region || visit.last.region != region || visit.last.address != address) return false;
        if (locator.number_of(*pool) + 1 >= PackedLine::kPoolByAddress) return false;
        line.pool = (locator.number_of(*pool) + 1) & 0xff'ffffU;
        last = visit.last.time;
        kind = visit.last.kind;
    }
    if (session.confirmed && (*session.confirmed != last || session.confirmed_by != kind)) return false;
    if (session.ended && (*session.ended != last || kind != Kind::release)) return false;
    const auto packed_last = packed_time(last);
    if (!packed_last) return false;
    line.last = *packed_last & PackedLine::kNoTime;
    line.last_kind = kind ? static_cast<unsigned>(*kind) & 7U : 0;
    line.confirmed = session.confirmed ? 1 : 0;
    line.ended = session.ended ? 1 : 0;
    return true;
}

bool History::pack(PackedLine& line, Time now, const geo::Locator& locator,
                   const config::DetectionSettings& settings) const {
    if (!is_settled(now, settings)) return false;
    const Session* const left = session_left(now, settings);
    if (left == nullptr || may_be_live_together(*left, now, settings)) return false;
    const Time settled = settled_until(now, settings);
    for (const Session& session : sessions_)
        if (&session != left && session.ended && *session.ended >= settled) return false;
    if (!visits_.empty()) {
        const Time began = left->beginning_unknown ? Time::min() : left->began;
        const Time known = visits_.back().session_began;
        if (known != began && (known + kHorizon >= now || left->began + kHorizon >= now)) return false;
    }
    return encode(line, *left, locator);
}

bool History::pack_newest(PackedLine& line, const geo::Locator& locator) const {
    return !sessions_.empty() && encode(line, sessions_.back(), locator);
}

History History::unpack(const PackedLine& line, bool released, const geo::Locator& locator) {
    History history;
    if (released) history.released_ = Time::min();  // long ago: no late event is from before it
    Session session;
    session.addresses = line.addresses();
    const geo::Pool* const here = pool_of(session.addresses, locator);
    if (here != nullptr) session.place = here->place;
    session.began = line.began_at();
    session.beginning_unknown = line.begin_unknown != 0;
    session.accepted = line.accepted != 0;
    session.assigned = line.assigned != 0;
    session.discounted = line.discounted != 0;
    const Time last = line.last_at();
    const auto kind = static_cast<Kind>(line.last_kind);
    if (line.confirmed != 0) {
        session.confirmed = last;
        session.confirmed_by = kind;
        session.confirmed_before = line.before_last();
    }
    if (line.ended != 0) session.ended = last;
    if (line.last_kind != 0) history.seen_.push_back({kind, last, session.addresses});

    const geo::Place* stay = nullptr;
    if (line.pool == PackedLine::kPoolByAddress)
        stay = here == nullptr ? nullptr : &*here->place;
    else if (line.pool != PackedLine::kNoPool)
        stay = &*locator.pools().pools()[line.pool - 1].place;
    if (stay != nullptr) {
        const Evidence evidence{last, kind, telling(session.addresses, here), stay->region};
        Evidence first = evidence;  // since when it has been there nobody asks any more
        first.time = std::min(session.began, last) - kDay;
        history.visits_.push_back(
            {*stay, first, evidence, session.beginning_unknown ? Time::min() : session.began, std::nullopt});
    }
    history.sessions_.push_back(std::move(session));
    return history;
}

}  // namespace guard::detection
