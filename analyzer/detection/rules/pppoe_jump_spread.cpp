// pppoe.jump.spread: three or more mutually far regions in 24 h, each step impossible.
#include <algorithm>

#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {

std::optional<Match> pppoe_jump_spread(const RuleInput& input) {
    const auto& visits = input.history.visits();
    const std::size_t regions = std::max(input.settings.pppoe.spread_regions, input.sessions_allowed + 1);
    if (!input.change.new_visit || visits.size() < regions) return std::nullopt;
    const Time since = visits.back().first.time - input.settings.pppoe.spread_window;
    std::vector<const Visit*> stays;  // from the newest back, one for each region that is far from those before it
    std::vector<Step> steps;
    for (auto visit = visits.rbegin(); visit != visits.rend() && visit->last.time > since; ++visit) {
        const bool far_from_all = std::all_of(stays.begin(), stays.end(), [&](const Visit* other) {
            return far_apart(visit->place, other->place, input.settings);
        });
        if (far_from_all) stays.push_back(&*visit);
        const auto before = visit + 1;
        if (!visit->impossible || before == visits.rend() || before->last.time <= since) break;
        steps.insert(steps.begin(), *visit->impossible);
    }
    if (stays.size() < regions) return std::nullopt;
    Match match{Rule::pppoe_jump_spread, Grade::certain, std::move(steps), {}, {}};
    for (auto stay = stays.rbegin(); stay != stays.rend(); ++stay) {
        match.places.push_back((*stay)->place);
        // Of the oldest stay its end, from which the first step was made; it may have begun weeks ago.
        match.evidence.push_back(stay == stays.rbegin() ? (*stay)->last : (*stay)->first);
    }
    if (all_familiar(input, match.places)) return std::nullopt;
    match.count = stays.size();
    match.span = std::chrono::floor<std::chrono::seconds>(visits.back().first.time - stays.back()->last.time);
    return match;
}

}  // namespace guard::detection
