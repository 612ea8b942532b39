// By which channels a subscriber is told, and in which order: "mail+sms, phone_list". What stands between commas is a
// step; the channels of a step go at the same time, and the next step begins when all of them have failed or nobody has
// answered in time. Read by the notifier, checked when the configuration is loaded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "event/expected.hpp"
#include "event/login_event.hpp"

namespace guard::config {

using NoticePlan = std::vector<std::vector<std::string>>;  // steps, each with at least one channel

// At most 8 steps, no channel twice: nobody gets the same notice twice by the same road. An empty text is an empty
// plan. The error says what is expected.
[[nodiscard]] Expected<NoticePlan, std::string> parse_plan(std::string_view text);
[[nodiscard]] std::string to_string(const NoticePlan& plan);

// The channels that the settings describe well enough to be used.
[[nodiscard]] std::vector<std::string> configured_channels(const Settings& settings);

// The plan for a suspension by a rule, "pppoe.jump": the rule's own, else the service's, else the default, which is
// made of the configured channels. Empty: nobody may be told, because there is no channel, or mail alone and
// notice.mail_only is not set.
[[nodiscard]] NoticePlan plan_for(const Settings& settings, Service service, std::string_view rule);

struct PlanMistake {
    std::string key, found, expected;
};
// Plans that name a channel which is not configured, or mail alone without notice.mail_only.
[[nodiscard]] std::vector<PlanMistake> plan_mistakes(const Settings& settings);

}  // namespace guard::config
