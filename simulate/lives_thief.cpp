// Sessions of others under a subscriber's ID: thieves, and the family at a second place.
#include <algorithm>

#include "simulate/lives.hpp"

namespace guard::simulate {
namespace {

constexpr auto kDay = std::chrono::hours{24};

struct Span {
    Microseconds least, most;
};

Span session_of(Label label) {
    if (label == Label::resale) return {1h, 8h};
    if (label == Label::offline_near) return {3h, 5h};
    return {30 * kDay, 60 * kDay};  // until `until`
}

struct Pace {
    Span session, gap;
    std::uint32_t told;  // Stops, in per cent
};

Pace pace_of(const Isp& isp, Label label) {
    if (label == Label::rotation_far) return {{60s, 600s}, {5s, 60s}, 70};
    if (label == Label::rotation_near) return {{10s, 50s}, {3s, 10s}, 70};
    // evader_rate: as many accepts in any window as are not yet a burst.
    const auto& pppoe = isp.defaults.pppoe;
    const Microseconds period = Microseconds{pppoe.burst_window} / (pppoe.burst_accepts - 1) + 1s;
    return {{period - 3s, period - 3s}, {3s, 4s}, 100};
}

}  // namespace

void live_as_a_visitor(Isp& isp, Actor& actor, Time now) {
    if (!actor.online) {
        const Span session = session_of(actor.label);
        isp.dial(actor, now);
        actor.ends = std::min(actor.until, now + actor.random.between(session.least, session.most));
    } else if (now >= actor.ends) {
        isp.hang_up(actor, now, actor.random.percent(80));
        if (now >= actor.until) return;
        // The next night, or the buyer's next evening.
        if (actor.label == Label::offline_near) actor.due += kDay;
        return isp.wake(actor, actor.label == Label::offline_near ? actor.due : now + actor.random.between(30min, 4h));
    } else {
        isp.alive(actor, now);
    }
    isp.wake(actor, std::min(actor.interim, actor.ends));
}

void live_as_a_rotating_thief(Isp& isp, Actor& actor, Time now) {
    const Pace pace = pace_of(isp, actor.label);
    if (!actor.online) {
        isp.dial(actor, now);
        return isp.wake(actor, now + actor.random.between(pace.session.least, pace.session.most));
    }
    isp.hang_up(actor, now, actor.random.percent(pace.told));
    if (now < actor.until) return isp.wake(actor, now + actor.random.between(pace.gap.least, pace.gap.most));
    if (actor.count-- == 0) return;  // no further day
    actor.due += kDay;
    actor.until += kDay;
    isp.wake(actor, actor.due);
}

// From `due` until `until` each night: later than the owner's last sign of life by the way from there, and gone by the
// way back before the owner's next.
void live_as_a_patient_thief(Isp& isp, Actor& actor, Time now) {
    if (!actor.online) {
        isp.dial(actor, now);
    } else if (now >= actor.until) {
        isp.hang_up(actor, now, true);
        actor.due += kDay;
        actor.until += kDay;
        return isp.wake(actor, actor.due);
    } else {
        isp.alive(actor, now);
    }
    isp.wake(actor, std::min(actor.interim, actor.until));
}

}  // namespace guard::simulate
