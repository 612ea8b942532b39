// pppoe.burst.sessions: at least two more sessions confirmed live than the contract allows.
#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {

std::optional<Match> pppoe_burst_sessions(const RuleInput& input) {
    if (!input.change.life_sign) return std::nullopt;
    const auto together = confirmed_live_together(input);
    if (together.size() < input.sessions_allowed + std::size_t{2}) return std::nullopt;
    Match match{Rule::pppoe_burst_sessions, Grade::certain, {}, {}, {}};
    for (const Session* session : together) {
        add_session(match, *session);
        if (session->place) match.places.push_back(*session->place);
    }
    match.count = together.size();
    match.span = std::chrono::floor<std::chrono::seconds>(together.back()->began - together.front()->began);
    return match;
}

}  // namespace guard::detection
