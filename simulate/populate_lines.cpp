// The lines of innocents. Small groups first; who is left is ordinary.
#include <algorithm>

#include "simulate/populate.hpp"

namespace guard::simulate {
namespace {

constexpr auto kDay = std::chrono::hours{24};
constexpr std::size_t kFewestInMassEvent = 5;

Trait trait_of(Label label) {
    switch (label) {
        case Label::retransmission:
            return Trait::retransmission;
        case Label::duplicate_accounting:
            return Trait::duplicate;
        case Label::late_accounting:
            return Trait::late;
        case Label::clock_skew:
            return Trait::skewed;
        case Label::nas_assigned:
            return Trait::nas_assigned;
        default:
            return Trait::none;
    }
}

void add_broken(Populator& all, Actor actor) {
    actor.life = Life::broken_line;
    actor.online_at_once = false;
    actor.lost = static_cast<std::uint8_t>(all.random.between(30, 70));
    actor.other = all.random.between(6, 48);
    actor.due = all.isp.start + all.random.between(1h, 120h);
    actor.until = actor.due + all.random.between(1h, 10h);
    all.isp.add(actor, all.first_hour());
}

// The old router fails; in half of the homes a new one works.
void add_wrong_password(Populator& all, Actor actor) {
    if (all.random.percent(50)) all.isp.add(actor, all.first_hour());
    actor.life = Life::wrong_password;
    actor.other = all.random.between(5, 30);
    all.isp.add(actor, all.first_hour());
}

void add_several(Populator& all, Actor actor) {
    const std::uint32_t sessions = all.random.between(2, 4);
    all.result.contracts.push_back({actor.id, sessions});
    all.isp.add(actor, all.first_hour());
    for (std::uint32_t i = 1; i < sessions; ++i) {
        if (all.random.percent(50)) actor.pool = all.isp.plan.some_pool(all.random);  // a branch
        all.isp.add(actor, all.first_hour());
    }
}

Actor elsewhere(Populator& all, Actor actor) {
    const Prefecture home = all.isp.plan.pools()[actor.pool].prefecture;
    actor.pool = all.isp.plan.some_pool(all.isp.plan.some_prefecture(home, 120, 5000, all.random), all.random);
    return actor;
}

void add_second_home(Populator& all, const Actor& actor) {
    all.isp.add(actor, all.first_hour());
    Actor second = elsewhere(all, actor);
    second.life = Life::second_home;
    second.online_at_once = false;
    all.isp.add(second, all.first_hour());
}

void add_move(Populator& all, Actor actor) {
    const auto length = all.isp.end - all.isp.start;
    actor.other_pool = elsewhere(all, actor).pool;
    actor.due = all.isp.start + length / 10 + all.random.between(Microseconds{0}, length / 2);
    actor.until = actor.due + all.random.between(1 * kDay, 10 * kDay);
    all.isp.add(actor, all.first_hour());
}

// The session at home stays up.
void add_second_place(Populator& all, Actor actor) {
    actor.steady = true;
    all.isp.add(actor, all.first_hour());
    Actor second = elsewhere(all, actor);
    second.life = Life::visitor;
    second.online_at_once = false;
    second.until = all.isp.end + kDay;
    all.isp.add(second, all.some_start());
}

void add_static(Populator& all, Actor actor) {
    actor.address = all.isp.plan.take(actor.pool, all.random);
    actor.own_address = true;
    all.isp.add(actor, all.first_hour());
}

// Four lines and five addresses: who dials in gets the one that another has just left.
void add_group(Populator& all) {
    const auto group = static_cast<std::uint32_t>(all.isp.free_addresses.size());
    const std::uint16_t pool = all.isp.plan.some_pool(all.random);
    all.isp.free_addresses.push_back(all.isp.plan.take(pool, all.random));
    for (int i = 0; i < 4; ++i) {
        const auto id = all.next_subscriber(Label::reused_address);
        if (!id) return;
        all.tell(Label::reused_address, *id);
        Actor actor = all.line(Label::reused_address, *id);
        actor.pool = pool;
        actor.other = group;
        actor.dual_stack = false;
        add_static(all, actor);
    }
}

void add(Populator& all, const Actor& actor) {
    switch (actor.label) {
        case Label::flapping:
        case Label::accept_and_drop:
            return add_broken(all, actor);
        case Label::wrong_password:
            return add_wrong_password(all, actor);
        case Label::several_sessions:
            return add_several(all, actor);
        case Label::two_routers:
            all.isp.add(actor, all.first_hour());
            return all.isp.add(actor, all.first_hour());
        case Label::second_home:
            return add_second_home(all, actor);
        case Label::house_move:
            return add_move(all, actor);
        case Label::second_place:
            return add_second_place(all, actor);
        case Label::static_address:
            return add_static(all, actor);
        default:
            return all.isp.add(actor, all.first_hour());
    }
}

// Who lives where something happens to everybody goes through it. A few always do, however few subscribers there are.
void add_ordinary(Populator& all) {
    std::size_t placed = 0;
    while (const auto id = all.next_subscriber(Label::ordinary)) {
        Actor actor = all.line(Label::ordinary, *id);
        if (placed < kFewestInMassEvent * all.isp.mass.size())
            actor.pool = all.isp.mass[placed++ / kFewestInMassEvent].pools.front();
        for (std::size_t i = 0; i < all.isp.mass.size() && actor.mass == 0; ++i) {
            const MassEvent& event = all.isp.mass[i];
            if (std::find(event.pools.begin(), event.pools.end(), actor.pool) == event.pools.end()) continue;
            actor.mass = static_cast<std::uint8_t>(i + 1);
            actor.due = event.begins + all.random.between(Microseconds{0}, event.spread);
            --all.result.counts.at(static_cast<std::size_t>(Label::ordinary));
            ++all.result.counts.at(static_cast<std::size_t>(event.label));
            all.tell(event.label, *id);
        }
        all.isp.add(actor, all.first_hour());
    }
}

}  // namespace

void populate_lines(Populator& all) {
    for (const LabelRow& row : labels()) {
        if (row.service != Service::pppoe || row.per_100000 == 0) continue;
        const std::uint32_t count = all.share(row.label, all.subscribers());
        for (std::uint32_t i = 0; i < count; ++i) {
            if (row.label == Label::reused_address) {
                if (i % 4 == 0) add_group(all);
                continue;
            }
            const auto id = all.next_subscriber(row.label);
            if (!id) break;
            all.tell(row.label, *id);
            Actor actor = all.line(row.label, *id);
            actor.trait = trait_of(row.label);
            add(all, actor);
        }
    }
    populate_mass(all);
    add_ordinary(all);
}

}  // namespace guard::simulate
