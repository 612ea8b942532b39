// pppoe.jump.live: sessions in two far regions, both confirmed live, and more sessions than the contract allows.
#include "analyzer/detection/rules/rule.hpp"
#include "geo/distance.hpp"

namespace guard::detection {

std::optional<Match> pppoe_jump_live(const RuleInput& input) {
    if (!input.change.life_sign) return std::nullopt;
    const auto together = confirmed_live_together(input);
    if (together.size() <= input.sessions_allowed || together.empty()) return std::nullopt;
    const Session& newest = *together.back();
    if (!newest.place) return std::nullopt;
    for (const Session* older : together) {
        if (!older->place || !far_apart(*older->place, *newest.place, input.settings)) continue;
        if (all_familiar(input, {*older->place, *newest.place})) continue;
        const Step step{*older->place, *newest.place, older->began, newest.began,
                        geo::lower_bound_distance(*older->place, *newest.place), 0};
        Match match{Rule::pppoe_jump_live, Grade::certain, {step}, {*older->place, *newest.place}, {}};
        match.count = together.size();
        match.span = std::chrono::floor<std::chrono::seconds>(*older->confirmed - newest.began);
        add_session(match.evidence, *older);
        add_session(match.evidence, newest);
        return match;
    }
    return std::nullopt;
}

}  // namespace guard::detection
