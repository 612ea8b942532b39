// smtp.jump: an impossible pair of countries, the new one not familiar.
#include "analyzer/detection/rules/smtp_rule.hpp"

namespace guard::detection {
namespace {

// Half of the sources abroad are known by their country alone, mail services that fetch for people among them. Where
// nothing corroborates it a person is only asked when it happens in less time than any country takes.
bool is_for_a_person(const SmtpJump& jump, const config::SmtpSettings& settings) {
    const bool vague = jump.from.location.country_only || jump.to.location.country_only;
    return !vague || too_soon_between_countries(jump.from.time, jump.to.time, settings);
}

}  // namespace

std::optional<Match> smtp_jump(const SmtpRuleInput& input) {
    for (const SmtpJump& jump : input.change.jumps) {
        if (!is_for_a_person(jump, input.settings.smtp)) continue;
        if (const auto places = new_place(input, jump))
            return match_of(Rule::smtp_jump, Grade::probable, jump, *places, input);
    }
    return std::nullopt;
}

}  // namespace guard::detection
