// Lines that work: at home, at a second home. What differs by label is when a session ends, how that is told, and when
// the next one begins.
#include <algorithm>

#include "simulate/lives.hpp"

namespace guard::simulate {
namespace {

constexpr auto kDay = std::chrono::hours{24}, kWeek = 7 * kDay;

bool is_off_at_night(Label label) {
    return label == Label::switched_off || label == Label::offline_near || label == Label::evader_speed;
}

Time midnight_before(Time now) {
    return std::chrono::floor<std::chrono::days>(now);
}

// Friday evening to Sunday evening, of the weekend that is or comes; 2026-03-01 was a Sunday.
Time friday(const Isp& isp, Time now) {
    const Time first = isp.start + 5 * kDay;
    return first + kWeek * std::max<std::int64_t>(0, (now - first + kWeek - 3 * kDay) / kWeek);
}

// Until the second home is familiar the router at home is switched off before they leave: from then on it stays up.
bool goes_off_for_the_weekend(const Isp& isp, const Actor& actor, Time now) {
    return actor.label == Label::second_home && now < isp.start + 2 * kWeek;
}

// When whoever would dial in then does: whose router is off for the weekend, at its end.
Time not_at_the_weekend(const Isp& isp, const Actor& actor, Time dials) {
    if (!goes_off_for_the_weekend(isp, actor, dials)) return dials;
    const Time leaves = friday(isp, dials) + 10h, is_back = friday(isp, dials) + 2 * kDay + 14h;
    return dials >= leaves && dials < is_back ? is_back : dials;
}

Time end_of_session(const Isp& isp, Actor& actor, Time now) {
    const Time usual = now + 10min + actor.random.exponential(kSession);
    if (is_off_at_night(actor.label)) {
        const Time tonight = midnight_before(now) + kGoesOff;
        return (tonight > now ? tonight : tonight + kDay) + actor.random.between(0s, 20min);
    }
    if (actor.steady) return isp.end + kDay;
    if (actor.label == Label::reused_address) return now + 10min + actor.random.exponential(12h);
    if (actor.label == Label::house_move && actor.pool != actor.other_pool) return std::min(usual, actor.due);
    if (goes_off_for_the_weekend(isp, actor, now)) {
        const Time leaves = friday(isp, now) + 10h;
        return std::min(usual, leaves > now ? leaves : leaves + kWeek);
    }
    return usual;
}

Time next_dial(const Isp& isp, Actor& actor, Time now) {
    if (is_off_at_night(actor.label)) return midnight_before(now) + kComesOn + actor.random.between(0s, 20min);
    if (actor.label == Label::house_move && now >= actor.due && actor.pool != actor.other_pool) {
        actor.pool = actor.other_pool;
        return actor.until;
    }
    if (actor.random.percent(5))  // switched off and on
        return not_at_the_weekend(isp, actor, now + actor.random.exponential(1h));
    return not_at_the_weekend(isp, actor, now + actor.random.between(5s, 60s));
}

void end_session(Isp& isp, Actor& actor, Time now) {
    if (actor.label == Label::dead_session) {
        const Microseconds late = actor.random.between(30s, 290s);
        isp.account(actor, Kind::alive, isp.addresses_of(actor), now + late / 2);
        return isp.hang_up(actor, now, true, late);
    }
    if (actor.label == Label::reused_address) {
        isp.hang_up(actor, now, !actor.random.percent(20), actor.random.between(0s, 200s));
        return std::swap(actor.address, isp.free_addresses[actor.other]);
    }
    isp.hang_up(actor, now, !actor.random.percent(actor.lost));
}

}  // namespace

void live_at_home(Isp& isp, Actor& actor, Time now) {
    if (actor.mass != 0 && now >= actor.due) return live_through_a_mass_event(isp, actor, now);
    if (actor.online_at_once) {
        actor.online_at_once = false;
        actor.online = true;
        if (!actor.own_address) actor.address = isp.plan.take(actor.pool, actor.random);
        actor.ends = actor.steady ? now + actor.random.between(1h, 24h) : end_of_session(isp, actor, now);
        isp.alive(actor, now);
    } else if (!actor.online) {
        isp.dial(actor, now);
        actor.ends = end_of_session(isp, actor, now);
    } else if (now >= actor.ends) {
        end_session(isp, actor, now);
        const Time dials = next_dial(isp, actor, now);
        return isp.wake(actor, actor.mass != 0 ? std::min(dials, actor.due) : dials);
    } else {
        isp.alive(actor, now);
    }
    const Time next = std::min(actor.interim, actor.ends);
    isp.wake(actor, actor.mass != 0 ? std::min(next, actor.due) : next);
}

void live_at_second_home(Isp& isp, Actor& actor, Time now) {
    const Time arrives = friday(isp, now) + 14h, leaves = friday(isp, now) + 2 * kDay + 10h;
    if (now < arrives) return isp.wake(actor, arrives + actor.random.between(0s, 2h));
    if (now >= leaves) {
        if (actor.online) isp.hang_up(actor, now, true);
        return isp.wake(actor, now + 3 * kDay);
    }
    if (!actor.online)
        isp.dial(actor, now);
    else
        isp.alive(actor, now);
    isp.wake(actor, std::min(actor.interim, leaves));
}

}  // namespace guard::simulate
