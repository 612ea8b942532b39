// From finding to action: settling, profiles, modes, and the guards that look at one finding alone.
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const std::string kTokyo = in_prefecture(13), kKagoshima = in_prefecture(46);

Log jump(const std::string& id = "id") {
    Log log;
    return log.resident(id, kTokyo).alive(id, kStart, kTokyo).dial(id, kStart + 20min, kKagoshima);
}
// Certain, at 0:40.
Log bounce(const std::string& id = "id") {
    return jump(id).accept(id, kStart + 40min, kTokyo);
}

Knowledge knowing(std::string_view home_region, unsigned sessions = 1) {
    Knowledge knowledge;
    knowledge.contract = [=](Service, const std::string&) {
        return std::optional(Contract{sessions, home_region.empty() ? geo::Code{} : region(home_region)});
    };
    return knowledge;
}

BOOST_AUTO_TEST_SUITE(settling)

BOOST_AUTO_TEST_CASE(a_probable_finding_is_recorded_at_once_and_decided_two_minutes_later) {
    Isp isp;
    isp.read(jump());
    BOOST_REQUIRE(isp.decisions.size() == 1U);
    BOOST_TEST(isp.decisions[0].action == Action::suspend);
    BOOST_TEST(isp.decisions[0].reason == Reason::settling);
    BOOST_TEST(!isp.decisions[0].enforced);
    isp.until(kStart + 22min - 1us);
    BOOST_TEST(isp.decisions.size() == 1U);
    isp.until(kStart + 22min);
    BOOST_REQUIRE(isp.decisions.size() == 2U);
    BOOST_TEST(isp.decisions[1].enforced);
    BOOST_TEST(isp.decisions[1].decided == kStart + 22min);
    BOOST_TEST(isp.decisions[1].finding.key() == isp.decisions[0].finding.key());
}

BOOST_AUTO_TEST_CASE(the_next_event_of_anybody_is_as_good_as_time) {
    Isp isp;
    isp.read(jump()).read({Service::pppoe, Kind::alive, "other", {address(kTokyo)}, kStart + 30min});
    BOOST_REQUIRE(isp.decisions.size() == 2U);
    BOOST_TEST(isp.decisions[1].decided == kStart + 22min);
}

BOOST_AUTO_TEST_CASE(at_the_end_of_a_replay_all_is_decided) {
    Isp isp;
    isp.read(jump());
    isp.detector.finish(isp.decisions);
    BOOST_TEST(isp.decisions.back().enforced);
    BOOST_TEST(isp.decisions.back().decided == kStart + 22min);
}

BOOST_AUTO_TEST_CASE(a_certain_finding_acts_at_once) {
    Isp isp;
    isp.read(bounce());
    BOOST_TEST(isp.only(Rule::pppoe_jump_bounce).decided == kStart + 40min);
    BOOST_TEST(isp.only(Rule::pppoe_jump_bounce).enforced);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(profiles_and_modes)

BOOST_AUTO_TEST_CASE(guideline_suspends_both_grades_cautious_only_the_certain) {
    config::DetectionSettings cautious = enforced();
    cautious.profile = config::Profile::cautious;
    Isp isp(cautious);
    isp.read(bounce()).until(kStart + 1h);
    const Decision probable = isp.only(Rule::pppoe_jump), certain = isp.only(Rule::pppoe_jump_bounce);
    BOOST_TEST(probable.action == Action::review);
    BOOST_TEST(probable.reason == Reason::profile);
    BOOST_TEST(certain.enforced);
    BOOST_TEST(isp.suspended_at("id").value() == kStart + 40min);
}

BOOST_AUTO_TEST_CASE(observe_says_what_would_be_done_and_review_asks) {
    for (const auto& [mode, action] :
         {std::pair{config::Mode::observe, Action::suspend}, std::pair{config::Mode::review, Action::review}}) {
        config::DetectionSettings settings = enforced();
        settings.mode = mode;
        Isp isp(settings);
        isp.read(jump()).until(kStart + 1h);
        BOOST_REQUIRE(isp.decisions.size() == 2U);
        BOOST_TEST(isp.decisions[1].action == action);
        BOOST_TEST(isp.decisions[1].reason == Reason::mode);
        BOOST_TEST(!isp.decisions[1].enforced);
        BOOST_TEST(isp.suspended() == 0U);
        // Nobody is suspended, so no session is late.
        isp.read({Service::pppoe, Kind::accept, "id", {address(kTokyo)}, kStart + 2h});
        BOOST_TEST(isp.detector.take_late_sessions().empty());
    }
}

BOOST_AUTO_TEST_CASE(a_rule_may_have_a_mode_of_its_own) {
    config::DetectionSettings settings = enforced();
    settings.rule_modes["pppoe.jump"] = config::Mode::observe;
    Isp isp(settings);
    isp.read(bounce()).until(kStart + 1h);
    BOOST_TEST(isp.only(Rule::pppoe_jump).reason == Reason::mode);
    BOOST_TEST(isp.suspended_at("id").value() == kStart + 40min);
}

BOOST_AUTO_TEST_CASE(and_so_may_a_service) {
    config::DetectionSettings settings = enforced();
    settings.rule_modes["pppoe"] = config::Mode::observe;
    settings.rule_modes["pppoe.jump.bounce"] = config::Mode::review;
    Isp isp(settings);
    isp.read(bounce()).until(kStart + 1h);
    BOOST_TEST(isp.only(Rule::pppoe_jump).action == Action::suspend);
    BOOST_TEST(!isp.only(Rule::pppoe_jump).enforced);
    BOOST_TEST(isp.only(Rule::pppoe_jump_bounce).action == Action::review);
    MailIsp mail(settings);  // as detection.mode says
    mail.guessing(kStart, in_country("RU"));
    BOOST_TEST(mail.only(Rule::smtp_source).enforced);
    settings.rule_modes["smtp"] = config::Mode::observe;
    MailIsp observed(settings);
    observed.guessing(kStart, in_country("RU"));
    BOOST_TEST(!observed.only(Rule::smtp_source).enforced);
}

BOOST_AUTO_TEST_CASE(notable_findings_are_never_more_than_recorded) {
    Log log;
    log.resident("id", kTokyo);
    for (unsigned i = 0; i < 20; ++i) log.dial("id", kStart + i * 30s, in_prefecture(13, i + 5));
    Isp isp(enforced(), knowing("JP-46"));
    isp.read(log).until(kStart + 1h);
    BOOST_TEST(isp.only(Rule::pppoe_churn).action == Action::record);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(home_region)

BOOST_AUTO_TEST_CASE(elsewhere_makes_probable_count_as_certain_but_it_settles) {
    config::DetectionSettings cautious = enforced();
    cautious.profile = config::Profile::cautious;
    Isp isp(cautious, knowing("JP-13"));
    isp.read(jump());
    BOOST_TEST(isp.decisions.back().reason == Reason::settling);
    isp.until(kStart + 1h);
    BOOST_TEST(isp.only(Rule::pppoe_jump).enforced);
    BOOST_TEST(isp.only(Rule::pppoe_jump).finding.grade == Grade::probable);  // what the rule said stays
    BOOST_TEST(isp.suspended_at("id").value() == kStart + 22min);
}

BOOST_AUTO_TEST_CASE(at_home_or_unknown_it_changes_nothing) {
    for (const char* home : {"JP-46", ""}) {
        config::DetectionSettings cautious = enforced();
        cautious.profile = config::Profile::cautious;
        Isp isp(cautious, knowing(home));
        isp.read(jump()).until(kStart + 1h);
        BOOST_TEST(isp.only(Rule::pppoe_jump).reason == Reason::profile);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(held_back)

BOOST_AUTO_TEST_CASE(the_allow_list_records_until_it_expires) {
    Knowledge knowledge;
    knowledge.allowed = [](Service service, const std::string& id, Time now) {
        return service == Service::pppoe && id == "id" && now < kStart + 21min;
    };
    Isp isp(enforced(), knowledge);
    isp.read(jump());
    BOOST_TEST(isp.decisions.back().action == Action::record);
    BOOST_TEST(isp.decisions.back().reason == Reason::allowed);
    isp.until(kStart + 1h);
    BOOST_TEST(isp.suspended() == 0U);
    isp.read({Service::pppoe, Kind::alive, "id", {address(kTokyo)}, kStart + 70min}).until(kStart + 2h);
    Log again;
    isp.read(again.dial("id", kStart + 80min, in_prefecture(46, 3))).until(kStart + 2h);
    BOOST_TEST(isp.suspended() == 1U);  // by the bounce, after its time
}

BOOST_AUTO_TEST_CASE(while_the_analyzer_lags_jumps_go_to_a_person_and_bursts_do_not) {
    Isp isp;
    isp.detector.set_lagging(true);
    isp.read(bounce());
    BOOST_TEST(isp.only(Rule::pppoe_jump).reason == Reason::lag);
    BOOST_TEST(isp.only(Rule::pppoe_jump).action == Action::review);
    BOOST_TEST(isp.only(Rule::pppoe_jump_bounce).reason == Reason::lag);
    Log log;
    log.resident("other", in_prefecture(27));
    for (unsigned i = 0; i < 10; ++i) log.dial("other", kStart + 1h + i * 1min, in_prefecture(27, i + 5));
    isp.read(log.alive("other", kStart + 2h, in_prefecture(27))).until(kStart + 3h);
    BOOST_TEST(isp.only(Rule::pppoe_burst_live).enforced);
}

BOOST_AUTO_TEST_CASE(lag_that_is_over_when_it_has_settled_holds_nothing) {
    Isp isp;
    isp.read(jump());
    isp.detector.set_lagging(true);
    isp.until(kStart + 1h);
    BOOST_TEST(isp.only(Rule::pppoe_jump).reason == Reason::lag);  // judged while it lasted
}

std::string without(const std::string& row) {
    std::string rows = pool_rows();
    rows.erase(rows.find(row), row.size());
    return rows;
}

BOOST_AUTO_TEST_CASE(an_entry_of_the_pool_table_that_changed_is_not_trusted_for_a_day) {
    const std::string row = "10.46.0.0/16,JP,JP-46\n", was = "10.46.0.0/16,JP,JP-40\n";
    for (const auto& [changed_at, reason] :
         {std::pair{kStart + 20min - 24h + 1s, Reason::pool_table}, std::pair{kStart + 20min - 24h, Reason::none}}) {
        std::vector<Decision> decisions;
        Detector detector(enforced(), locator(without(row) + was), {}, kKey);
        for (const LoginEvent& event : jump().events()) {
            if (event.time == kStart - 24h) {
                detector.on_event({Service::pppoe, Kind::alive, "clock", {address(kTokyo)}, changed_at}, decisions);
                detector.set_locator(locator());
            }
            detector.on_event(event, decisions);
        }
        BOOST_REQUIRE(!decisions.empty());
        BOOST_TEST(decisions.front().action == (reason == Reason::none ? Action::suspend : Action::review));
        BOOST_TEST((decisions.front().reason == Reason::pool_table) == (reason == Reason::pool_table));
    }
}

// A burst says nothing about where: whatever the table says of its pool, it is one.
BOOST_AUTO_TEST_CASE(a_changed_entry_does_not_hold_back_a_burst) {
    Isp isp(enforced(), {}, locator(without("10.27.0.0/16,JP,JP-27\n") + "10.27.0.0/16,JP,JP-40\n"));
    Log before;
    isp.read(before.resident("id", in_prefecture(27)).alive("id", kStart, in_prefecture(27)));
    isp.detector.set_locator(locator());
    Log after;
    for (unsigned i = 0; i < 10; ++i) after.dial("id", kStart + 1h + i * 50s, in_prefecture(27, i + 5));
    isp.read(after.alive("id", kStart + 2h, in_prefecture(27))).until(kStart + 3h);
    const Decision decision = isp.only(Rule::pppoe_burst_live);
    BOOST_TEST(!decision.finding.places.empty());
    BOOST_TEST(decision.reason == Reason::none);
    BOOST_TEST(decision.enforced);
}

BOOST_AUTO_TEST_CASE(a_reload_without_a_change_or_of_another_pool_is_none) {
    for (const std::string& rows : {pool_rows(), pool_rows() + "192.0.2.0/24,JP,JP-27\n"}) {
        Isp isp;
        Log before;
        isp.read(before.resident("id", kTokyo).alive("id", kStart, kTokyo));
        isp.detector.set_locator(locator(rows));
        Log after;
        isp.read(after.dial("id", kStart + 20min, kKagoshima)).until(kStart + 1h);
        BOOST_TEST(isp.only(Rule::pppoe_jump).enforced);
    }
}

// Kagoshima turns out to have been Tokyo all the time: the redial after the reload is no step, not even days later.
BOOST_AUTO_TEST_CASE(both_places_are_told_by_the_same_table) {
    const std::string wrong = without("10.13.0.0/16,JP,JP-13\n") + "10.13.0.0/16,JP,JP-46\n";
    std::vector<Decision> decisions;
    Detector detector(enforced(), locator(wrong), {}, kKey);
    Log log, after;
    log.resident("id", kTokyo).alive_every(1h, "id", kStart, kStart + 1h, kTokyo);
    for (const LoginEvent& event : log.events()) detector.on_event(event, decisions);
    detector.set_locator(locator());
    after.alive("id", kStart + 50h, kTokyo).dial("id", kStart + 50h + 10min, in_prefecture(13, 2));
    for (const LoginEvent& event : after.events()) detector.on_event(event, decisions);
    BOOST_TEST(decisions.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
