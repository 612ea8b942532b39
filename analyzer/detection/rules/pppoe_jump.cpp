// pppoe.jump: an impossible pair of regions, the new one not familiar.
#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {

std::optional<Match> pppoe_jump(const RuleInput& input) {
    const auto& visits = input.history.visits();
    if (!input.change.new_visit || visits.size() < 2 || !visits.back().impossible) return std::nullopt;
    const Visit& before = visits[visits.size() - 2];
    const Visit& present = visits.back();
    const auto familiar = [&](const Visit& visit) {
        return input.familiarity.is_familiar(visit.place.region, input.event.time, input.settings);
    };
    if ((familiar(before) && familiar(present)) || within_contract(input)) return std::nullopt;
    // The new place is not always the last one: the subscriber's own session may show life, or be dialled again, while
    // a thief's is up. It is the one that is not familiar; if neither is, the one whose session began later.
    const bool present_is_new =
        familiar(before) != familiar(present) ? familiar(before) : present.session_began >= before.session_began;
    const geo::Place &new_place = present_is_new ? present.place : before.place,
                     &old_place = present_is_new ? before.place : present.place;
    return Match{
        Rule::pppoe_jump, Grade::probable, {*present.impossible}, {old_place, new_place}, {before.last, present.first}};
}

}  // namespace guard::detection
