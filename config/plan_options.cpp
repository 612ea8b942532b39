// The sections of the option table about how a notice goes: plans, quiet hours, rates.
#include <array>
#include <utility>

#include "config/notice_plan.hpp"
#include "config/option.hpp"
#include "config/quiet_hours.hpp"

namespace guard::config {
namespace {

#define IN(member)                     \
    [](Settings & settings) -> auto& { \
        return settings.member;        \
    }

constexpr std::string_view kPlan = "names of channels, as in \"mail+sms, phone_list\", each once; or nothing";
constexpr std::string_view kQuietHours = "two times of day, \"21:00-08:00\", or nothing";

// Those that may suspend an ID.
constexpr std::array<std::string_view, 12> kSuspending{
    "pppoe.jump",      "pppoe.jump.live",        "pppoe.jump.bounce",    "pppoe.jump.spread",
    "pppoe.burst.far", "pppoe.burst.live",       "pppoe.burst.sessions", "pppoe.burst.rate",
    "smtp.jump",       "smtp.jump.corroborated", "smtp.burst.spread",    "smtp.source.hit"};

bool is_quiet_hours(std::string_view text) {
    return parse_quiet_hours(text).has_value();
}

bool is_plan(std::string_view text) {
    return parse_plan(text).has_value();
}

template <std::size_t index>
std::string& rule_plan(Settings& settings) {
    return settings.rule_plans[std::string(kSuspending[index])];
}

template <std::size_t... indices>
void add_rule_plans(Section& section, std::index_sequence<indices...>) {
    (section.options.push_back({kSuspending[indices], Text{rule_plan<indices>, is_plan, kPlan},
                                "Suspended by this rule. Empty: as the service."}),
     ...);
}

Section plan() {
    Section section{
        "notice.plan",
        "By which channels a subscriber is told, and in which order: `mail`, `sms`, `webhook`, `letter`, `phone_list`, "
        "those that are configured. `+` is at the same time; what stands behind a comma begins when all before it has "
        "failed, or nobody has answered within `notice.answer`. A notice of a release goes by what reached the "
        "subscriber before. Without a plan: `sms`, `webhook`, `letter`, `phone_list`, one after the other, with `mail` "
        "beside the first of them. Put the name of a rule in quotes: `\"pppoe.jump\" = \"mail+phone_list\"`.",
        {{"pppoe", Text{IN(pppoe_plan), is_plan, kPlan}, "A PPPoE ID was suspended: its line is cut."},
         {"smtp_auth", Text{IN(smtp_auth_plan), is_plan, kPlan},
          "An SMTP-AUTH ID was suspended: its mailbox may be read by somebody else."}}};
    add_rule_plans(section, std::make_index_sequence<kSuspending.size()>());
    return section;
}

Section quiet_hours() {
    return {"notice.quiet_hours",
            "When nothing is sent, in the time zone of `notice.time_zone`. What falls due then goes when they end.",
            {{"mail", Text{IN(mail_quiet), is_quiet_hours, kQuietHours}, "Mail disturbs nobody at night."},
             {"sms", Text{IN(sms_quiet), is_quiet_hours, kQuietHours}, "Short messages."},
             {"webhook", Text{IN(webhook_quiet), is_quiet_hours, kQuietHours}, "The other gateway."},
             {"letter", Text{IN(letter_quiet), is_quiet_hours, kQuietHours}, "Letters put into the folder."},
             {"phone_list", Text{IN(phone_list_quiet), is_quiet_hours, kQuietHours}, "Calls put on the list."}}};
}

Section rate() {
    return {"notice.rate",
            "At most so many notices a minute, over all notifiers that use the database. `0`: no limit.",
            {{"mail", Count{IN(mail_rate), 0, 1'000'000}, "Mails."},
             {"mail_domain", Count{IN(mail_domain_rate), 0, 1'000'000}, "Mails to one domain."},
             {"sms", Count{IN(sms_rate), 0, 1'000'000}, "Short messages: what the gateway allows."},
             {"webhook", Count{IN(webhook_rate), 0, 1'000'000}, "The other gateway."},
             {"letter", Count{IN(letter_rate), 0, 1'000'000}, "Letters."},
             {"phone_list", Count{IN(phone_list_rate), 0, 1'000'000}, "Calls put on the list."}}};
}

#undef IN

}  // namespace

std::vector<Section> plan_sections() {
    return {plan(), quiet_hours(), rate()};
}

}  // namespace guard::config
