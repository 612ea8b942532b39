#include "config/notice_plan.hpp"

#include <algorithm>
#include <set>

#include "event/text.hpp"

namespace guard::config {
namespace {

constexpr std::size_t kMostSteps = 8;

std::vector<std::string> parts_of(std::string_view text, char divider) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = std::min(text.find(divider), text.size());
        auto part = text.substr(0, end);
        while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
        while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
        parts.emplace_back(part);
        if (end == text.size()) return parts;
        text.remove_prefix(end + 1);
    }
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && text.front() >= 'a' && text.front() <= 'z' &&
           std::ranges::all_of(text, [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
           });
}

bool is_mail_alone(const NoticePlan& plan) {
    return std::ranges::all_of(plan, [](const auto& step) {
        return std::ranges::all_of(step, [](const auto& name) { return name == "mail"; });
    });
}

std::string list(const std::vector<std::string>& names) {
    std::string result;
    for (const auto& name : names) result += (result.empty() ? "" : ", ") + name;
    return result.empty() ? "none" : result;
}

// Whose line is cut cannot read mail at home, and who has the password of a mailbox reads what comes into it: so mail
// goes together with another road. What is fast comes first, what costs a person's time last.
NoticePlan default_plan(const std::vector<std::string>& channels, bool mail_only) {
    const auto has = [&](const char* name) { return std::ranges::find(channels, name) != channels.end(); };
    NoticePlan plan;
    for (const char* name : {"sms", "webhook", "letter", "phone_list"})
        if (has(name)) plan.push_back({name});
    if (!has("mail")) return plan;
    if (!plan.empty())
        plan.front().insert(plan.front().begin(), "mail");
    else if (mail_only)
        plan.push_back({"mail"});
    return plan;
}

}  // namespace

Expected<NoticePlan, std::string> parse_plan(std::string_view text) {
    NoticePlan plan;
    if (text.empty()) return plan;
    std::set<std::string> seen;
    for (const auto& step : parts_of(text, ',')) {
        plan.push_back(parts_of(step, '+'));
        for (const auto& name : plan.back()) {
            if (!is_name(name)) return unexpected(std::string("names of channels, as in \"mail+sms, phone_list\""));
            if (!seen.insert(name).second) return unexpected(std::string("each channel once"));
        }
    }
    if (plan.size() > kMostSteps) return unexpected(std::string("at most 8 steps"));
    return plan;
}

std::string to_string(const NoticePlan& plan) {
    std::string text;
    for (const auto& step : plan) {
        if (!text.empty()) text += ", ";
        for (std::size_t i = 0; i < step.size(); ++i) text += (i == 0 ? "" : "+") + step[i];
    }
    return text;
}

std::vector<std::string> configured_channels(const Settings& settings) {
    std::vector<std::string> names;
    if (!settings.smtp_host.empty()) names.emplace_back("mail");
    if (!settings.sms.url.empty()) names.emplace_back("sms");
    if (!settings.webhook.url.empty()) names.emplace_back("webhook");
    if (!settings.letter.directory.empty()) names.emplace_back("letter");
    if (settings.phone_list) names.emplace_back("phone_list");
    return names;
}

NoticePlan plan_for(const Settings& settings, Service service, std::string_view rule) {
    const auto own = settings.rule_plans.find(std::string(rule));
    const std::string& of_service = service == Service::pppoe ? settings.pppoe_plan : settings.smtp_auth_plan;
    const std::string& text = own != settings.rule_plans.end() && !own->second.empty() ? own->second : of_service;
    if (const auto plan = parse_plan(text); plan && !plan->empty()) return *plan;
    return default_plan(configured_channels(settings), settings.mail_only);
}

std::vector<PlanMistake> plan_mistakes(const Settings& settings) {
    std::vector<PlanMistake> mistakes;
    const auto channels = configured_channels(settings);
    const auto look = [&](const std::string& key, const std::string& text) {
        const auto plan = parse_plan(text);
        if (!plan) return mistakes.push_back({key, in_quotes(text), plan.error()});
        for (const auto& step : *plan)
            for (const auto& name : step)
                if (std::ranges::find(channels, name) == channels.end())
                    return mistakes.push_back(
                        {key, in_quotes(name), "a channel that is configured (" + list(channels) + ")"});
        if (!plan->empty() && is_mail_alone(*plan) && !settings.mail_only)
            mistakes.push_back({key, in_quotes(text), "a channel beside mail, or notice.mail_only = true"});
    };
    look("notice.plan.pppoe", settings.pppoe_plan);
    look("notice.plan.smtp_auth", settings.smtp_auth_plan);
    for (const auto& [rule, text] : settings.rule_plans) look("notice.plan." + rule, text);
    return mistakes;
}

}  // namespace guard::config
