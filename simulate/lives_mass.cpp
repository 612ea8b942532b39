// What many lines go through at once. The line's own life goes on when it is over.
#include "simulate/lives.hpp"

namespace guard::simulate {
namespace {

enum Step : std::uint8_t { kBefore, kDialling, kAway };

void lose_session(Isp& isp, const MassEvent& event, Actor& actor, Time now) {
    if (!actor.online) return;
    const bool told = actor.random.percent(event.stops);
    isp.hang_up(actor, now, told, told ? actor.random.between(Microseconds{0}, event.stop_late) : 0s);
}

std::uint16_t pool_of(const MassEvent& event, Actor& actor) {
    if (event.other_pools.empty()) return actor.pool;
    return event.other_pools[actor.random.below(static_cast<std::uint32_t>(event.other_pools.size()))];
}

void back_to_ordinary_life(Isp& isp, Actor& actor, Time now) {
    actor.mass = 0;
    actor.step = kBefore;
    actor.ends = actor.steady ? isp.end + 24h : now + 10min + actor.random.exponential(kSession);
    isp.wake(actor, actor.interim);
}

void try_to_dial(Isp& isp, const MassEvent& event, Actor& actor, Time now) {
    if (event.rejects > 0s && now < event.begins + event.rejects) {
        isp.reject(actor, now);
        return isp.wake(actor, now + actor.random.between(5s, 20s));
    }
    if (actor.online) isp.hang_up(actor, now, actor.random.percent(event.stops / 2));
    const std::uint16_t pool = pool_of(event, actor);
    isp.dial(actor, pool, now);
    if (--actor.count > 0) return isp.wake(actor, now + actor.random.between(10s, 40s));
    if (event.away == 0s) {
        actor.pool = pool;
        return back_to_ordinary_life(isp, actor, now);
    }
    actor.step = kAway;
    actor.until = event.begins + event.away + actor.random.between(Microseconds{0}, event.spread);
    isp.wake(actor, std::min(actor.interim, actor.until));
}

}  // namespace

void live_through_a_mass_event(Isp& isp, Actor& actor, Time now) {
    const MassEvent& event = isp.mass[actor.mass - 1U];
    if (actor.step == kBefore) {
        lose_session(isp, event, actor, now);
        actor.step = kDialling;
        actor.count = actor.random.between(1, event.tries);
        return isp.wake(actor, now + event.outage + actor.random.between(2s, std::max<Microseconds>(3s, event.boot)));
    }
    if (actor.step == kDialling) return try_to_dial(isp, event, actor, now);
    if (now < actor.until) {
        isp.alive(actor, now);
        return isp.wake(actor, std::min(actor.interim, actor.until));
    }
    lose_session(isp, event, actor, now);
    isp.dial(actor, now + actor.random.between(2s, 30s));
    back_to_ordinary_life(isp, actor, now);
}

}  // namespace guard::simulate
