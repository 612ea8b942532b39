// What a rule about an SMTP-AUTH ID (R2) is given, and the definitions these rules share. One file per rule in this
// folder, each a pure function; detector_smtp.cpp calls them, the most certain first. The conditions are those of the
// table of rules in docs/detection.md.
#pragma once

#include <optional>
#include <vector>

#include "analyzer/detection/familiarity.hpp"
#include "analyzer/detection/rules/rule.hpp"
#include "analyzer/detection/smtp_history.hpp"
#include "config/settings.hpp"

namespace guard::detection {

struct SmtpRuleInput {
    const SmtpHistory& history;  // with the accept in it
    const Familiarity& familiarity;
    const SmtpSighting& accept;
    const SmtpChange& change;
    const config::DetectionSettings& settings;
    bool source_blocked = false;  // at the time of the accept
};

using SmtpRule = std::optional<Match> (*)(const SmtpRuleInput&);

std::optional<Match> smtp_jump(const SmtpRuleInput&);
std::optional<Match> smtp_jump_corroborated(const SmtpRuleInput&);
std::optional<Match> smtp_burst_spread(const SmtpRuleInput&);
std::optional<Match> smtp_burst_rate(const SmtpRuleInput&);

[[nodiscard]] bool is_familiar(const SmtpRuleInput& input, const geo::Code& country);

// A jump as the rules see it: from a country that the ID is at home in, as far as anyone can tell, to a new one.
struct NewPlace {
    const SmtpSighting &old_place, &new_place;
};
// None when both countries are familiar. The new one is that which is not familiar; if neither is, the one that the ID
// has not been known in for longest.
[[nodiscard]] std::optional<NewPlace> new_place(const SmtpRuleInput& input, const SmtpJump& jump);
// A match with the step and the two places and accepts of the jump.
[[nodiscard]] Match match_of(Rule rule, Grade grade, const SmtpJump& jump, const NewPlace& places,
                             const SmtpRuleInput& input);

// Accepts from a network (/24, /48) in (after, until].
[[nodiscard]] std::size_t accepts_from(const SmtpHistory& history, const IpAddress& network, Time after, Time until);
// The newest `most` of them, ascending.
[[nodiscard]] std::vector<Evidence> accepts_as_evidence(const SmtpHistory& history, const IpAddress& network,
                                                        Time after, Time until, std::size_t most);
// From the first to the last.
[[nodiscard]] std::chrono::seconds span_of(const std::vector<Evidence>& evidence);

}  // namespace guard::detection
