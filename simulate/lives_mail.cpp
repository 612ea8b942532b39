// SMTP-AUTH: people's mail clients, robots that misuse an ID, sources that guess passwords.
#include <algorithm>

#include "simulate/lives.hpp"
#include "simulate/world.hpp"

namespace guard::simulate {
namespace {

constexpr auto kDay = std::chrono::hours{24};

RecordAddresses at_home(Isp& isp, Actor& actor) {
    Random& random = actor.random;
    if (random.percent(3)) actor.address = isp.plan.pools()[actor.pool].v4 + random.below(AddressPlan::kPoolSize);
    if (!actor.dual_stack || random.percent(50)) return {actor.address};
    RecordAddresses addresses;
    addresses.host = isp.plan.delegated(actor.pool, actor.address) | 1U;
    return addresses;
}

// A hotel's network; another one on another day, in the same country.
RecordAddresses abroad(Actor& actor) {
    if (actor.random.percent(15)) actor.other = some_address(actor.step, actor.random);
    return {beside(actor.other, actor.random)};
}

RecordAddresses place_of(Isp& isp, Actor& actor, Time now) {
    Random& random = actor.random;
    switch (actor.label) {
        case Label::smtp_traveller:
            if (now >= actor.until) {  // the next journey
                actor.due = now + random.between(10 * kDay, 25 * kDay);
                actor.until = actor.due + random.between(2 * kDay, 8 * kDay);
                actor.step = some_country_abroad(random);
                actor.other = some_address(actor.step, random);
            }
            if (now >= actor.due && random.percent(65)) return abroad(actor);
            return at_home(isp, actor);  // while travelling: the scanner
        case Label::smtp_fetcher:
            return random.percent(60) ? RecordAddresses{beside(actor.other, random)} : at_home(isp, actor);
        case Label::smtp_bulk:
        case Label::smtp_wrong_password:
            return at_home(isp, actor);
        default:
            if (actor.count != 0 && random.percent(35)) return {gateway(random.below(kGateways))};
            return at_home(isp, actor);
    }
}

// Who sends by hand sleeps from midnight to six in Japan.
Time after_the_night(Time time) {
    const auto of_day = time - std::chrono::floor<std::chrono::days>(time);
    return of_day >= 15h && of_day < 21h ? time + 6h : time;
}

void send_newsletter(Isp& isp, Actor& actor, Time now) {
    isp.mail(actor.id, true, {actor.address}, now);
    if (actor.count-- > 0) return isp.wake(actor, now + actor.random.between(300ms, 1500ms));
    actor.count = actor.random.between(500, 3000);
    isp.wake(actor, now + actor.random.between(5 * kDay, 9 * kDay));
}

}  // namespace

void live_as_a_mail_client(Isp& isp, Actor& actor, Time now) {
    Random& random = actor.random;
    if (actor.label == Label::smtp_bulk) return send_newsletter(isp, actor, now);
    const RecordAddresses from = place_of(isp, actor, now);
    if (actor.label == Label::smtp_wrong_password) {
        isp.mail(actor.id, false, from, now);
        return isp.wake(actor, now + random.between(290s, 310s));
    }
    const bool outage = now >= isp.mail_fails && now < isp.mail_works_again;
    if (!outage && random.percent(1)) {  // mistyped, and right the next time
        isp.mail(actor.id, false, from, now);
        return isp.wake(actor, now + random.between(10s, 60s));
    }
    isp.mail(actor.id, true, from, now);
    if (outage) return isp.wake(actor, now + random.between(2min, 10min));
    isp.wake(actor, after_the_night(now + 20s + random.exponential(4h)));
}

void live_as_a_mail_robot(Isp& isp, Actor& actor, Time now) {
    std::uint32_t from = actor.address;
    if (actor.label == Label::smtp_botnet) {  // the same robots all the time, each in a network of its own
        Random robot(seed_of(actor.other, actor.random.below(actor.count)));
        from = some_address(some_country_abroad(robot), robot);
    }
    isp.mail(actor.id, true, {from}, now);
    if (now < actor.until) isp.wake(actor, now + actor.random.between(1s, 20s));
}

// `step` 1: a password will turn out right at `due`; 2: it has.
void live_as_a_guesser(Isp& isp, Actor& actor, Time now) {
    Random& random = actor.random;
    const bool hits = actor.step == 1 && now >= actor.due;
    if (hits || (actor.step == 2 && actor.count > 0 && random.percent(2))) {
        isp.mail(actor.id, true, {actor.address}, now);
        if (!hits) --actor.count;
        actor.step = 2;
    } else {
        const std::uint32_t unknown = 9'000'000;  // names that nobody has
        const std::uint32_t id = random.percent(70) ? random.below(isp.mail_ids) : unknown + random.below(999'999);
        isp.mail(id, false, {actor.address}, now);
    }
    if (now >= actor.until) return;
    const Microseconds pace = std::chrono::seconds{actor.other};
    const Time next = now + pace + random.between(Microseconds{0}, pace / 8);
    isp.wake(actor, actor.step == 1 ? std::min(next, actor.due) : next);
}

}  // namespace guard::simulate
