// Stolen PPPoE IDs: a victim with a line of their own, and one or more thieves under the same ID.
#include <algorithm>

#include "simulate/lives.hpp"
#include "simulate/populate.hpp"

namespace guard::simulate {
namespace {

constexpr auto kDay = std::chrono::hours{24};
constexpr std::uint32_t kFar = 200;  // km, so that no rounding makes it near

std::uint32_t travel_limit(const Populator& all) {
    return static_cast<std::uint32_t>(all.isp.defaults.pppoe.min_distance_km);
}

Prefecture home_of(const Populator& all, const Actor& actor) {
    return all.isp.plan.pools()[actor.pool].prefecture;
}

// All add_...() return the time of the first misuse.

// The thief, who sleeps until `start`.
Actor thief_of(Populator& all, const Actor& victim, Time start) {
    Actor thief;
    thief.id = victim.id;
    thief.label = victim.label;
    thief.pool = victim.pool;
    thief.dual_stack = all.random.percent(40);
    thief.life = Life::visitor;
    thief.due = start;
    return thief;
}

void move_far(Populator& all, Actor& thief, std::uint32_t least = kFar, std::uint32_t most = 5000) {
    const AddressPlan& plan = all.isp.plan;
    thief.pool = plan.some_pool(plan.some_prefecture(home_of(all, thief), least, most, all.random), all.random);
}

Time add_rotation(Populator& all, const Actor& victim, Time start) {
    Actor thief = thief_of(all, victim, start);
    thief.life = Life::rotating_thief;
    thief.until = start + all.random.between(1h, 6h);
    thief.count = all.random.below(3);
    if (victim.label == Label::rotation_far) move_far(all, thief);
    all.isp.add(thief, start);
    return start;
}

Time add_resale(Populator& all, const Actor& victim, Time start) {
    const std::uint32_t buyers = all.random.between(5, 20);
    for (std::uint32_t i = 0; i < buyers; ++i) {
        Actor buyer = thief_of(all, victim, start);
        if (i < 3)
            move_far(all, buyer);
        else
            buyer.pool = all.isp.plan.some_pool(all.random);
        buyer.until = start + all.random.between(1 * kDay, 3 * kDay);
        all.isp.add(buyer, i == 0 ? start : start + all.random.between(1min, 12h));
    }
    return start;
}

Time add_single(Populator& all, const Actor& victim, Time start) {
    Actor thief = thief_of(all, victim, start);
    move_far(all, thief);
    thief.until = start + all.random.between(6h, 48h);
    all.isp.add(thief, start);
    return start;
}

// An hour after the line at home has gone off, the same night.
Time in_the_night(Populator& all, Time start) {
    return std::chrono::floor<std::chrono::days>(start) + kGoesOff + 1h + all.random.between(Microseconds{0}, 30min);
}

Time add_offline(Populator& all, const Actor& victim, Time start) {
    Actor thief = thief_of(all, victim, start);
    thief.until = start + kDay;
    all.isp.add(thief, start);
    return start;
}

// How long the way takes at a speed just below the limit.
Microseconds way(const Populator& all, std::uint32_t kilometres) {
    const auto speed = static_cast<std::uint32_t>(all.isp.defaults.pppoe.max_speed_kmh);
    return std::chrono::seconds{std::uint64_t{kilometres + 1} * 3600 / speed} + 1min;
}

Time add_patient(Populator& all, const Actor& victim, Time start) {
    Actor thief = thief_of(all, victim, start);
    move_far(all, thief, kFar, 1200);
    thief.life = Life::patient_thief;
    const Microseconds on_the_way = way(all, all.isp.plan.kilometres(home_of(all, victim), home_of(all, thief)));
    const Time midnight = std::chrono::floor<std::chrono::days>(start);
    thief.due = midnight + kGoesOff + 20min + on_the_way;
    thief.until = midnight + kComesOn - on_the_way;
    all.isp.add(thief, thief.due);
    return thief.due;
}

Time add_near_limit(Populator& all, const Actor& victim, Time start) {
    Actor thief = thief_of(all, victim, start);
    thief.pool =
        all.isp.plan.some_pool(all.isp.plan.farthest_below(home_of(all, victim), travel_limit(all)), all.random);
    thief.until = start + all.random.between(6h, 48h);
    all.isp.add(thief, start);
    return start;
}

Time add_imitator(Populator& all, const Actor& victim, Time start) {
    Actor thief = thief_of(all, victim, start);
    thief.life = Life::broken_line;
    thief.lost = static_cast<std::uint8_t>(all.random.between(30, 70));
    thief.other = all.random.between(6, 48);
    thief.until = start + all.random.between(2h, 6h);
    all.isp.add(thief, start);
    return start;
}

Time add_thief(Populator& all, const Actor& victim, Time start) {
    switch (victim.label) {
        case Label::resale:
            return add_resale(all, victim, start);
        case Label::single_far:
        case Label::review_flood:
            return add_single(all, victim, start);
        case Label::offline_near:
            return add_offline(all, victim, start);
        case Label::evader_speed:
            return add_patient(all, victim, start);
        case Label::evader_distance:
            return add_near_limit(all, victim, start);
        case Label::flapping_imitator:
            return add_imitator(all, victim, start);
        default:
            return add_rotation(all, victim, start);
    }
}

bool is_owner_online_all_day(Label label) {
    return label != Label::offline_near && label != Label::evader_speed && label != Label::rotation_far &&
           label != Label::resale;
}

Time start_of(Populator& all, Label label, Time flood) {
    if (label == Label::review_flood) return flood + all.random.between(Microseconds{0}, 30min);
    const Time start = all.some_start();
    return label == Label::offline_near ? in_the_night(all, start) : start;
}

}  // namespace

void populate_attacks(Populator& all) {
    const Time flood = all.some_start();
    for (const LabelRow& row : labels()) {
        if (row.service != Service::pppoe || !is_attack(row.meaning) || !all.wanted(row.label)) continue;
        const std::uint32_t count = all.attacks_each * victims_for_each_attack(row.label);
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto id = all.next_subscriber(row.label);
            if (!id) break;
            Actor victim = all.line(row.label, *id);
            victim.steady = is_owner_online_all_day(row.label);
            const Time start = start_of(all, row.label, flood);
            all.isp.add(victim, all.first_hour());
            const Time first = add_thief(all, victim, start);
            all.tell(row.label, *id, first);
        }
    }
}

}  // namespace guard::simulate
