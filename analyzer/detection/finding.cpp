#include "analyzer/detection/finding.hpp"

#include <array>

namespace guard::detection {
namespace {

constexpr std::array<std::string_view, kRules> kRuleNames{
    "pppoe.jump",       "pppoe.jump.live",        "pppoe.jump.bounce", "pppoe.jump.spread", "pppoe.burst.far",
    "pppoe.burst.live", "pppoe.burst.sessions",   "pppoe.burst.rate",  "pppoe.churn",       "pppoe.reject",
    "smtp.jump",        "smtp.jump.corroborated", "smtp.burst.spread", "smtp.burst.rate",   "smtp.source",
    "smtp.source.hit"};
constexpr std::array<std::string_view, 3> kGradeNames{"notable", "probable", "certain"};
constexpr std::array<std::string_view, 4> kActionNames{"suspend", "review", "block", "record"};
constexpr std::array<std::string_view, 13> kReasonNames{
    "",        "settling",   "storm", "breaker",     "no_contract", "allowed", "lag",
    "backend", "pool_table", "clock", "own_network", "mode",        "profile"};

}  // namespace

std::string_view to_string(Rule rule) {
    return kRuleNames.at(static_cast<std::size_t>(rule));
}
std::string_view to_string(Grade grade) {
    return kGradeNames.at(static_cast<std::size_t>(grade));
}
std::string_view to_string(Action action) {
    return kActionNames.at(static_cast<std::size_t>(action));
}
std::string_view to_string(Reason reason) {
    return kReasonNames.at(static_cast<std::size_t>(reason));
}

bool is_about_regions(Rule rule) {
    switch (rule) {
        case Rule::pppoe_jump:
        case Rule::pppoe_jump_live:
        case Rule::pppoe_jump_bounce:
        case Rule::pppoe_jump_spread:
        case Rule::pppoe_burst_far:
        case Rule::smtp_jump:
        case Rule::smtp_jump_corroborated:
        case Rule::smtp_burst_spread:
            return true;
        default:
            return false;
    }
}

std::string Finding::key() const {
    return incident_key + '/' + std::string(to_string(rule)) + '/' + format_rfc3339(time);
}

}  // namespace guard::detection
