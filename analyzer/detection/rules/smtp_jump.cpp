// smtp.jump: an impossible pair of countries, the new one not familiar.
#include "analyzer/detection/rules/smtp_rule.hpp"

namespace guard::detection {

std::optional<Match> smtp_jump(const SmtpRuleInput& input) {
    for (const SmtpJump& jump : input.change.jumps)
        if (const auto places = new_place(input, jump))
            return match_of(Rule::smtp_jump, Grade::probable, jump, *places, input);
    return std::nullopt;
}

}  // namespace guard::detection
