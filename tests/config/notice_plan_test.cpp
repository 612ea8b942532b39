// Plans and quiet hours: what they may say, which are refused, and what is done without one.
#include "config/notice_plan.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

#include "config/options.hpp"
#include "config/quiet_hours.hpp"

namespace guard::config {
namespace {

using namespace std::chrono_literals;

Settings with(bool mail, bool calls, bool mail_only = false) {
    Settings settings;
    if (mail) settings.smtp_host = "localhost", settings.mail_from = "a@isp.example";
    settings.phone_list = calls;
    settings.mail_only = mail_only;
    return settings;
}

std::string planned(const Settings& settings, Service service = Service::pppoe, std::string_view rule = "pppoe.jump") {
    return to_string(plan_for(settings, service, rule));
}

BOOST_AUTO_TEST_SUITE(notice_plan)

BOOST_AUTO_TEST_CASE(steps_and_channels) {
    const auto plan = parse_plan("mail + sms,phone_list");
    BOOST_REQUIRE(plan);
    BOOST_TEST(to_string(*plan) == "mail+sms, phone_list");
    BOOST_TEST(plan->size() == 2U);
    BOOST_TEST(parse_plan("")->empty());
    for (const char* bad : {",", "mail,", "mail++sms", "Mail", "mail sms", "mail, mail", "1a", "mail;sms", " ",
                            "a,b,c,d,e,f,g,h,i", "abcdefghijklmnopqrstuvwxyzabcdefg"})
        BOOST_TEST(!parse_plan(bad), bad);
    BOOST_TEST(!!parse_plan("a,b,c,d,e,f,g,h"));
}

BOOST_AUTO_TEST_CASE(without_a_plan_mail_never_goes_alone) {
    BOOST_TEST(planned(with(false, false)) == "");
    BOOST_TEST(planned(with(true, false)) == "");
    BOOST_TEST(planned(with(true, false, true)) == "mail");
    BOOST_TEST(planned(with(false, true)) == "phone_list");
    BOOST_TEST(planned(with(true, true)) == "mail+phone_list");
    BOOST_TEST(planned(with(true, true, true), Service::smtp_auth) == "mail+phone_list");
}

BOOST_AUTO_TEST_CASE(a_rule_comes_before_its_service) {
    auto settings = with(true, true);
    settings.smtp_auth_plan = "phone_list, mail";
    settings.rule_plans["smtp.jump"] = "phone_list";
    settings.rule_plans["smtp.burst.spread"] = "";
    BOOST_TEST(planned(settings, Service::smtp_auth, "smtp.jump") == "phone_list");
    BOOST_TEST(planned(settings, Service::smtp_auth, "smtp.burst.spread") == "phone_list, mail");
    BOOST_TEST(planned(settings, Service::pppoe, "pppoe.jump") == "mail+phone_list");
}

BOOST_AUTO_TEST_CASE(the_file_is_refused_with_line_and_key) {
    const auto bad = parse(
        "[notice]\nsmtp_host = 'localhost'\nmail_from = 'a@isp.example'\n[notice.plan]\n"
        "pppoe = 'mail, sms'\nsmtp_auth = 'mail'\n'pppoe.jump' = 'mail,,mail'\n",
        "/etc/guard.toml");
    BOOST_REQUIRE(!bad);
    const std::vector<std::string> expected{
        "/etc/guard.toml:5: notice.plan.pppoe: found \"sms\", expected a channel that is configured (mail)",
        "/etc/guard.toml:6: notice.plan.smtp_auth: found \"mail\", expected a channel beside mail, or notice.mail_only "
        "= "
        "true",
        "/etc/guard.toml:7: notice.plan.pppoe.jump: found \"mail,,mail\", expected names of channels, as in "
        "\"mail+sms, phone_list\", each once; or nothing"};
    BOOST_TEST(bad.error() == expected, boost::test_tools::per_element());
    const auto good = parse(
        "[notice]\nphone_list = true\nmail_only = true\nsmtp_host = 'localhost'\nmail_from = 'a@isp.example'\n"
        "[notice.plan]\npppoe = 'mail, phone_list'\nsmtp_auth = 'mail'\n'pppoe.jump' = 'phone_list'\n",
        "/etc/guard.toml");
    if (!good) BOOST_FAIL(good.error().front());
    BOOST_TEST(planned(*good) == "phone_list");
    BOOST_TEST(planned(*good, Service::pppoe, "pppoe.jump.live") == "mail, phone_list");
    BOOST_TEST(to_toml(*good) == to_toml(*parse(to_toml(*good), "/etc/guard.toml")));
}

BOOST_AUTO_TEST_CASE(a_rule_has_a_plan_if_it_may_suspend) {
    const std::set<std::string_view> never{"pppoe.churn", "pppoe.reject", "smtp.burst.rate", "smtp.source"};
    for (const auto rule : rule_names())
        BOOST_TEST(
            !parse("[notice.plan]\n'" + std::string(rule) + "' = ''\n", "/etc/guard.toml") == never.contains(rule),
            rule);
}

BOOST_AUTO_TEST_CASE(quiet_hours) {
    const auto night = parse_quiet_hours("21:00-08:05");
    BOOST_REQUIRE(night.has_value());
    BOOST_TEST(night->from.count() == 21 * 60);
    BOOST_TEST(night->to.count() == 8 * 60 + 5);
    BOOST_TEST(parse_quiet_hours("")->from.count() == parse_quiet_hours("")->to.count());
    for (const char* bad : {"21:00", "21:00-24:00", "21:60-08:00", "9:00-17:00", "21:00-21:00", "21:00 08:00",
                            "-1:00-08:00", "21.00-08:00", "21:00-08:00 "})
        BOOST_TEST(!parse_quiet_hours(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::config
