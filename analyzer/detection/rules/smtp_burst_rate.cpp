// smtp.burst.rate: more accepts from one network than a person sends mail: a bulk sender, or a thief's server.
#include "analyzer/detection/rules/smtp_rule.hpp"

namespace guard::detection {

std::optional<Match> smtp_burst_rate(const SmtpRuleInput& input) {
    const auto& smtp = input.settings.smtp;
    const IpAddress network = input.accept.source.network();
    std::size_t kept = 0;
    for (const SmtpOrigin& origin : input.history.origins())
        if (network.contains(origin.source)) kept += origin.accepts.size();
    if (kept < smtp.rate_accepts) return std::nullopt;
    for (const Time until : input.history.window_ends(input.accept.time)) {
        const Time after = until - smtp.rate_window;
        const std::size_t count = accepts_from(input.history, network, after, until);
        if (count < smtp.rate_accepts) continue;
        const auto all = accepts_as_evidence(input.history, network, after, until, count);
        Match match{Rule::smtp_burst_rate, Grade::notable, {}, {}, {}};
        match.evidence.assign(all.size() > kMaxEvidence ? all.end() - kMaxEvidence : all.begin(), all.end());
        match.count = count;
        match.span = span_of(all);
        return match;
    }
    return std::nullopt;
}

}  // namespace guard::detection
