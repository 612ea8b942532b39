// pppoe.jump: an impossible pair of regions, the new one not familiar.
#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {

std::optional<Match> pppoe_jump(const RuleInput& input) {
    const auto& visits = input.history.visits();
    if (!input.change.new_visit || visits.size() < 2 || !visits.back().impossible) return std::nullopt;
    const Visit& before = visits[visits.size() - 2];
    const Visit& present = visits.back();
    // When the older session shows life after the newer one began, the new place is the one before.
    const geo::Place& new_place = present.session_began >= before.session_began ? present.place : before.place;
    if (input.familiarity.is_familiar(new_place.region, input.event.time, input.settings)) return std::nullopt;
    Match match{Rule::pppoe_jump, Grade::probable, {*present.impossible}, {before.place, present.place},
                {before.last, present.first}};
    if (&new_place == &before.place) std::swap(match.places.front(), match.places.back());
    return match;
}

}  // namespace guard::detection
