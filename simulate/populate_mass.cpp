// When and where the mass events are. Each has pools of its own, so that a line has one label.
#include <algorithm>

#include "simulate/populate.hpp"

namespace guard::simulate {
namespace {

// Those of a prefecture without the reserve, or the first of them.
std::vector<std::uint16_t> pools_of(const AddressPlan& plan, Prefecture prefecture, bool one) {
    std::vector<std::uint16_t> pools;
    for (std::uint16_t i = 0; i < plan.pools().size(); ++i)
        if (plan.pools()[i].prefecture == prefecture && !plan.pools()[i].reserve) pools.push_back(i);
    if (one) pools.resize(1);
    return pools;
}

MassEvent shape_of(Label label, Random& random) {
    MassEvent event;
    event.label = label;
    switch (label) {
        case Label::power_cut:
            event.spread = 3s;
            event.outage = random.between(20min, 60min);
            event.boot = 4min;
            event.stops = 30;
            event.stop_late = 5min;
            event.tries = 4;
            break;
        case Label::bras_restart:
            event.spread = 2s;
            event.outage = random.between(2min, 5min);
            event.boot = 2min;
            event.tries = 4;
            break;
        case Label::failover_fast:
        case Label::failover_slow:
            event.spread = label == Label::failover_fast ? 300s : 3600s;
            event.boot = 30s;
            event.stops = 80;
            event.stop_late = 4min;
            event.tries = 3;
            event.away = event.spread + random.between(45min, 90min);
            break;
        case Label::renumbering:
            event.spread = 2h;
            event.boot = 30s;
            event.stops = 95;
            event.stop_late = 2s;
            break;
        case Label::reject_flood:
            event.spread = 60s;
            event.boot = 60s;
            event.stops = 50;
            event.stop_late = 2min;
            event.tries = 2;
            event.rejects = 20min;
            break;
        default:  // maintenance
            event.spread = 10min;
            event.outage = 3min;
            event.boot = 3min;
            event.stops = 100;
            event.stop_late = 1s;
            break;
    }
    return event;
}

}  // namespace

void populate_mass(Populator& all) {
    const AddressPlan& plan = all.isp.plan;
    // Towns and prefectures of middling size, far apart: Miyagi, Niigata, Hiroshima, Gifu, Nagano, Kyoto, Okayama.
    constexpr std::array<std::pair<Label, Prefecture>, 7> kWhere{{{Label::power_cut, 3},
                                                                  {Label::bras_restart, 14},
                                                                  {Label::failover_fast, 33},
                                                                  {Label::failover_slow, 20},
                                                                  {Label::renumbering, 19},
                                                                  {Label::reject_flood, 25},
                                                                  {Label::maintenance, 32}}};
    const auto wanted =
        std::count_if(kWhere.begin(), kWhere.end(), [&](const auto& row) { return all.wanted(row.first); });
    Time begins = all.attacks_from;
    for (const auto& [label, prefecture] : kWhere) {
        if (!all.wanted(label)) continue;
        // One after the other, each somewhere in its own share of the time, so that none is hidden by the breaker or by
        // the storm of another.
        const Microseconds share = (all.attacks_until - all.attacks_from) / wanted;
        MassEvent event = shape_of(label, all.random);
        event.begins = begins + all.random.between(Microseconds{0}, share / 2);
        begins += share;
        const bool failover = label == Label::failover_fast || label == Label::failover_slow;
        event.pools = pools_of(plan, prefecture, !failover && label != Label::reject_flood);
        if (failover) {
            const Prefecture away = plan.some_prefecture(prefecture, 200, 5000, all.random);
            event.other_pools = {plan.reserve_of(away)};
        }
        if (label == Label::renumbering) event.other_pools = {plan.reserve_of(prefecture)};
        if (label == Label::maintenance)  // at three in the night, in Japan
            event.begins = std::chrono::floor<std::chrono::days>(event.begins) + 18h;
        all.isp.mass.push_back(std::move(event));
    }
}

}  // namespace guard::simulate
