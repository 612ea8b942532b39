// pppoe.jump.bounce: A, far B, A again within 60 minutes, each step impossible.
#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {

std::optional<Match> pppoe_jump_bounce(const RuleInput& input) {
    const auto& visits = input.history.visits();
    if (!input.change.new_visit || visits.size() < 3) return std::nullopt;
    const Visit &home = visits[visits.size() - 3], &away = visits[visits.size() - 2], &back = visits.back();
    if (home.place.region != back.place.region || !away.impossible || !back.impossible) return std::nullopt;
    const Microseconds span = back.first.time - home.last.time;
    if (span > input.settings.pppoe.bounce_window || within_contract(input)) return std::nullopt;
    if (all_familiar(input, {home.place, away.place})) return std::nullopt;
    Match match{Rule::pppoe_jump_bounce,
                Grade::certain,
                {*away.impossible, *back.impossible},
                {home.place, away.place},
                {home.last, away.first, back.first}};
    match.span = std::chrono::floor<std::chrono::seconds>(span);
    return match;
}

}  // namespace guard::detection
