// pppoe.burst.rate: thirty accepts in sixty seconds.
#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {

std::optional<Match> pppoe_burst_rate(const RuleInput& input) {
    if (!input.change.counted_accept) return std::nullopt;
    const auto& pppoe = input.settings.pppoe;
    const auto accepts = last_accepts(input, pppoe.burst_rate_window, pppoe.burst_rate_accepts);
    if (accepts.empty()) return std::nullopt;
    Match match{Rule::pppoe_burst_rate, Grade::probable, {}, {}, accepts};
    // A storm over the region, or a burst of suspensions in its pool, has to be known as such.
    if (!input.history.visits().empty()) match.places.push_back(input.history.visits().back().place);
    match.count = accepts.size();
    match.span = std::chrono::floor<std::chrono::seconds>(accepts.back().time - accepts.front().time);
    return match;
}

}  // namespace guard::detection
