#include "simulate/isp.hpp"

#include <array>

#include "simulate/lives.hpp"

namespace guard::simulate {
namespace {

// Of NASes whose clock is wrong; by pool. The one that is nine hours off shows nothing: beyond 300 s the RADIUS module
// takes the time of arrival.
constexpr std::array<Microseconds, 5> kSkews{3s, -45s, 110s, -280s, 0s};

}  // namespace

Isp::Isp(std::uint64_t seed, std::uint32_t subscriber_count, Time starts, Time ends, EventWriter& out)
    : start(starts),
      end(ends),
      subscribers(subscriber_count),
      plan(subscriber_count),
      seed_(seed),
      out_(out),
      calendar_(starts, ends) {}

void Isp::add(Actor actor, Time first) {
    const auto number = static_cast<std::uint32_t>(actors_.size());
    actor.random = Random(seed_of(seed_, number));
    actors_.push_back(actor);
    calendar_.add_sleeper();
    calendar_.wake(number, first);
}

void Isp::wake(const Actor& actor, Time time) {
    calendar_.wake(static_cast<std::uint32_t>(&actor - actors_.data()), time);
}

void Isp::run(const std::function<void()>& progress) {
    for (std::uint64_t woken = 0; const auto entry = calendar_.next(); ++woken) {
        __builtin_prefetch(&actors_[calendar_.soon()]);
        now_ = entry->time;
        deliver(now_);
        live(*this, actors_[entry->sleeper], now_);
        if (woken % 4096 == 0) progress();
    }
    deliver(end);
}

void Isp::deliver(Time until) {
    while (!on_its_way_.empty() && on_its_way_.top().arrives <= until) {
        out_.write(on_its_way_.top().event);
        on_its_way_.pop();
    }
}

void Isp::log(const Happening& event, Time arrives) {
    if (arrives <= now_)  // what was on its way until now has arrived already
        out_.write(event);
    else
        on_its_way_.push({arrives, next_number_++, event});
}

RecordAddresses Isp::addresses_of(const Actor& actor) const {
    RecordAddresses addresses{actor.address};
    if (actor.dual_stack) {
        const auto pool =
            static_cast<std::uint16_t>((actor.address - plan.pools().front().v4) / AddressPlan::kPoolSize);
        addresses.delegated = plan.delegated(pool, actor.address);
        addresses.framed = addresses.delegated | 0xffU;
    }
    return addresses;
}

void Isp::dial(Actor& actor, std::uint16_t pool, Time now) {
    if (!actor.own_address) actor.address = plan.take(pool, actor.random);
    actor.online = true;
    actor.interim = now + 1h;
    const RecordAddresses addresses = addresses_of(actor);
    Happening accept{now, actor.id, Service::pppoe, Kind::accept, addresses};
    if (actor.trait == Trait::nas_assigned) accept.addresses = {};
    log(accept, now);
    if (actor.trait == Trait::retransmission && actor.random.percent(20)) {  // at the second RADIUS server
        accept.time += actor.random.between(3s, 6s);
        log(accept, accept.time);
    }
    account(actor, Kind::assign, addresses, now + actor.random.between(200ms, 1500ms));
}

void Isp::alive(Actor& actor, Time now) {
    actor.interim = now + 1h;
    account(actor, Kind::alive, addresses_of(actor), now);
}

void Isp::hang_up(Actor& actor, Time now, bool told, Microseconds late) {
    if (told) account(actor, Kind::release, addresses_of(actor), now + late);
    if (!actor.own_address && actor.online) plan.give_back(actor.address);
    actor.online = false;
}

void Isp::reject(const Actor& actor, Time now) {
    log({now, actor.id, Service::pppoe, Kind::reject, {}}, now);
}

void Isp::account(Actor& actor, Kind kind, const RecordAddresses& addresses, Time now) {
    Happening event{now, actor.id, Service::pppoe, kind, addresses};
    Random& random = actor.random;
    Time arrives = now;
    switch (actor.trait) {
        case Trait::retransmission:  // the answer was lost: the same fact with the time it happened
            if (random.percent(20)) log(event, now + random.between(1s, 10s));
            break;
        case Trait::duplicate: {
            Happening copy = event;
            copy.time += random.between(Microseconds{0}, 1500ms);
            log(copy, copy.time);
            break;
        }
        case Trait::late:
            if (random.percent(30)) arrives += random.between(1s, 120s);
            break;
        case Trait::skewed:
            event.time += kSkews.at(actor.pool % kSkews.size());
            break;
        case Trait::none:
        case Trait::nas_assigned:
            break;
    }
    log(event, arrives);
}

void Isp::mail(std::uint32_t id, bool right, const RecordAddresses& from, Time now) {
    const bool fails = !right || (now >= mail_fails && now < mail_works_again);
    log({now, id, Service::smtp_auth, fails ? Kind::reject : Kind::accept, from}, now);
}

void live(Isp& isp, Actor& actor, Time now) {
    switch (actor.life) {
        case Life::home:
            return live_at_home(isp, actor, now);
        case Life::broken_line:
            return live_on_a_broken_line(isp, actor, now);
        case Life::wrong_password:
            return live_with_a_wrong_password(isp, actor, now);
        case Life::second_home:
            return live_at_second_home(isp, actor, now);
        case Life::visitor:
            return live_as_a_visitor(isp, actor, now);
        case Life::rotating_thief:
            return live_as_a_rotating_thief(isp, actor, now);
        case Life::patient_thief:
            return live_as_a_patient_thief(isp, actor, now);
        case Life::mail_client:
            return live_as_a_mail_client(isp, actor, now);
        case Life::mail_robot:
            return live_as_a_mail_robot(isp, actor, now);
        case Life::guesser:
            return live_as_a_guesser(isp, actor, now);
    }
}

}  // namespace guard::simulate
