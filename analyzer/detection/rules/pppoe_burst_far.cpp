// pppoe.burst.far: ten accepts in ten minutes with an impossible pair among them.
#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {

std::optional<Match> pppoe_burst_far(const RuleInput& input) {
    if (!input.change.counted_accept && !input.change.new_visit) return std::nullopt;
    const auto& pppoe = input.settings.pppoe;
    const auto accepts = last_accepts(input, pppoe.burst_window, pppoe.burst_accepts);
    if (accepts.empty() || within_contract(input)) return std::nullopt;
    const auto& visits = input.history.visits();
    const Time since = std::max(input.event.time, accepts.back().time) - pppoe.burst_window;
    for (std::size_t i = visits.size(); i-- > 1;) {
        const Visit &from = visits[i - 1], &to = visits[i];
        if (from.last.time <= since) break;
        if (!to.impossible || all_familiar(input, {from.place, to.place})) continue;
        Match match{Rule::pppoe_burst_far, Grade::certain, {*to.impossible}, {from.place, to.place}, accepts};
        match.count = accepts.size();
        match.span = std::chrono::floor<std::chrono::seconds>(accepts.back().time - accepts.front().time);
        return match;
    }
    return std::nullopt;
}

}  // namespace guard::detection
