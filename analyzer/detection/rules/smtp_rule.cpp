#include "analyzer/detection/rules/smtp_rule.hpp"

#include <algorithm>

namespace guard::detection {

bool is_familiar(const SmtpRuleInput& input, const geo::Code& country) {
    return input.familiarity.is_familiar(country, input.accept.time, input.settings);
}

std::optional<NewPlace> new_place(const SmtpRuleInput& input, const SmtpJump& jump) {
    const geo::Code from = jump.from.place().country, to = jump.to.place().country;
    const bool from_familiar = is_familiar(input, from), to_familiar = is_familiar(input, to);
    if (from_familiar && to_familiar) return std::nullopt;
    const bool to_is_new = from_familiar != to_familiar ? from_familiar : input.familiarity.first_known() != to;
    return to_is_new ? NewPlace{jump.from, jump.to} : NewPlace{jump.to, jump.from};
}

Match match_of(Rule rule, Grade grade, const SmtpJump& jump, const NewPlace& places, const SmtpRuleInput& input) {
    const geo::Place from = jump.from.place(), to = jump.to.place();
    const auto step = impossible_smtp_step(from, jump.from.time, to, jump.to.time, input.settings.smtp);
    return {rule,
            grade,
            {step.value_or(Step{from, to, jump.from.time, jump.to.time, 0, 0})},
            {places.old_place.place(), places.new_place.place()},
            {jump.from.evidence(), jump.to.evidence()}};
}

std::size_t accepts_from(const SmtpHistory& history, const IpAddress& network, Time after, Time until) {
    std::size_t count = 0;
    for (const SmtpOrigin& origin : history.origins())
        if (network.contains(origin.source)) count += origin.accepts_in(after, until);
    return count;
}

std::vector<Evidence> accepts_as_evidence(const SmtpHistory& history, const IpAddress& network, Time after, Time until,
                                          std::size_t most) {
    std::vector<Evidence> evidence;
    for (const SmtpOrigin& origin : history.origins()) {
        if (!network.contains(origin.source)) continue;
        for (const Time accept : origin.accepts)
            if (accept > after && accept <= until)
                evidence.push_back(SmtpSighting{origin.source, origin.location, accept}.evidence());
    }
    std::stable_sort(evidence.begin(), evidence.end(),
                     [](const Evidence& a, const Evidence& b) { return a.time < b.time; });
    if (evidence.size() > most) evidence.erase(evidence.begin(), evidence.end() - static_cast<std::ptrdiff_t>(most));
    return evidence;
}

std::chrono::seconds span_of(const std::vector<Evidence>& evidence) {
    if (evidence.empty()) return std::chrono::seconds{0};
    const auto [first, last] = std::minmax_element(
        evidence.begin(), evidence.end(), [](const Evidence& a, const Evidence& b) { return a.time < b.time; });
    return std::chrono::floor<std::chrono::seconds>(last->time - first->time);
}

}  // namespace guard::detection
