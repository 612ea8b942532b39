// pppoe.churn: ten accepts in ten minutes and no other burst: most often a faulty line.
#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {

std::optional<Match> pppoe_churn(const RuleInput& input) {
    if (!input.change.counted_accept) return std::nullopt;
    const auto& pppoe = input.settings.pppoe;
    const auto accepts = last_accepts(input, pppoe.burst_window, pppoe.burst_accepts);
    if (accepts.empty()) return std::nullopt;
    Match match{Rule::pppoe_churn, Grade::notable, {}, {}, accepts};
    match.count = accepts.size();
    match.span = std::chrono::floor<std::chrono::seconds>(accepts.back().time - accepts.front().time);
    return match;
}

}  // namespace guard::detection
