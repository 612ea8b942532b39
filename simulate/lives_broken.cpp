// Lines that do not work: they flap, are dropped at once, or have a wrong password. And the thief who behaves like one.
#include <algorithm>

#include "simulate/lives.hpp"

namespace guard::simulate {
namespace {

void redial(Isp& isp, Actor& actor, Time now) {
    if (actor.online) {
        const bool late = actor.random.percent(25);
        isp.hang_up(actor, now, !actor.random.percent(actor.lost), late ? actor.random.between(1s, 180s) : 0s);
    }
    isp.dial(actor, now);
    if (actor.label == Label::accept_and_drop)
        isp.hang_up(actor, now, !actor.random.percent(actor.lost), actor.random.between(1600ms, 3s));
    isp.wake(actor, now + std::chrono::seconds{actor.other} + actor.random.between(0s, 12s));
}

}  // namespace

void live_on_a_broken_line(Isp& isp, Actor& actor, Time now) {
    if (now >= actor.until) {
        if (actor.label == Label::flapping_imitator) return isp.hang_up(actor, now, true);
        actor.due = now + actor.random.between(24h, 144h);
        actor.until = actor.due + actor.random.between(1h, 10h);
        actor.other = actor.random.between(6, 48);
    }
    if (now >= actor.due) return redial(isp, actor, now);
    if (actor.online)
        isp.alive(actor, now);
    else
        isp.dial(actor, now);
    isp.wake(actor, std::min(actor.interim, actor.due));
}

void live_with_a_wrong_password(Isp& isp, Actor& actor, Time now) {
    isp.reject(actor, now);
    isp.wake(actor, now + std::chrono::seconds{actor.other} + actor.random.between(0s, 3s));
}

}  // namespace guard::simulate
