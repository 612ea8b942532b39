// pppoe.jump.live: sessions in two far regions, both confirmed live, and more sessions than the contract allows.
#include "analyzer/detection/rules/rule.hpp"
#include "geo/distance.hpp"

namespace guard::detection {

std::optional<Match> pppoe_jump_live(const RuleInput& input) {
    if (!input.change.life_sign) return std::nullopt;
    const auto together = confirmed_live_together(input);
    if (together.size() <= input.sessions_allowed) return std::nullopt;
    for (const Session* newer : together)
        for (const Session* older : together) {
            if (!older->place || !newer->place || !older->is_older_than(*newer)) continue;
            if (!far_apart(*older->place, *newer->place, input.settings)) continue;
            if (all_familiar(input, {*older->place, *newer->place})) continue;
            const Step step{*older->place,
                            *newer->place,
                            older->began,
                            newer->began,
                            geo::lower_bound_distance(*older->place, *newer->place),
                            0};
            Match match{Rule::pppoe_jump_live, Grade::certain, {step}, {*older->place, *newer->place}, {}};
            match.count = together.size();
            match.span = std::chrono::floor<std::chrono::seconds>(*older->confirmed - newer->began);
            add_session(match, *older);
            add_session(match, *newer);
            return match;
        }
    return std::nullopt;
}

}  // namespace guard::detection
