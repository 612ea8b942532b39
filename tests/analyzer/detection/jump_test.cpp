// The rules about regions: each fires, sits on its boundary, and stays silent.
#include "geo/distance.hpp"
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const std::string kTokyo = in_prefecture(13), kKagoshima = in_prefecture(46), kHokkaido = in_prefecture(1),
                  kOsaka = in_prefecture(27), kKanagawa = in_prefecture(14);

Knowledge contract_of(unsigned sessions) {
    Knowledge knowledge;
    knowledge.contract = [sessions](Service, const std::string&) { return std::optional(Contract{sessions, {}}); };
    return knowledge;
}

struct Jumps {
    Log log;
    Jumps() { log.resident("id", kTokyo).alive("id", kStart, kTokyo); }
    [[nodiscard]] Isp told(Knowledge knowledge = {}) const {
        Isp isp(enforced(), std::move(knowledge));
        isp.read(log).until(kStart + 10 * 24h);
        return isp;
    }
};

BOOST_FIXTURE_TEST_SUITE(pppoe_jump, Jumps)

BOOST_AUTO_TEST_CASE(fires) {
    log.dial("id", kStart + 30min, kKagoshima);
    const Decision decision = told().only(Rule::pppoe_jump);
    BOOST_TEST(decision.finding.grade == Grade::probable);
    BOOST_TEST(decision.finding.time == kStart + 30min);
    BOOST_TEST(decision.finding.id == "id");
    BOOST_TEST(decision.finding.incident_key == "pppoe/6964/2026-03-01T00:30:00.000000Z");
    BOOST_REQUIRE(decision.finding.steps.size() == 1U);
    BOOST_TEST(decision.finding.steps[0].from.region.view() == "JP-13");
    BOOST_TEST(decision.finding.steps[0].to.region.view() == "JP-46");
    BOOST_REQUIRE(decision.finding.evidence.size() == 2U);
    BOOST_TEST(decision.finding.evidence[0].time == kStart);
    BOOST_TEST(decision.finding.evidence[1].address->to_string() == kKagoshima);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(
        decision.finding.summary_en ==
        "The ID was used in Kagoshima 30 minutes after a sign of life in Tokyo, at least 862 km away; that would be "
        "more than 1,615 km/h.");
    BOOST_TEST(decision.finding.summary_ja.find("鹿児島県") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(by_the_start_where_the_accept_has_no_address) {
    log.accept("id", kStart + 30min).assign("id", kStart + 30min + 1s, kKagoshima);
    BOOST_TEST(told().only(Rule::pppoe_jump).finding.time == kStart + 30min + 1s);
}

BOOST_AUTO_TEST_CASE(on_the_boundary_of_the_speed) {
    const double hours = geo::lower_bound_distance(place(13), place(46)) / 500;
    const auto travel = std::chrono::round<std::chrono::seconds>(std::chrono::duration<double>(hours * 3600)) - 120s;
    for (const bool fast : {true, false}) {
        Jumps jumps;
        jumps.log.assign("id", kStart + travel + (fast ? -1s : 1s), kKagoshima);
        BOOST_TEST(jumps.told().found(Rule::pppoe_jump) == fast);
    }
}

BOOST_AUTO_TEST_CASE(neighbours_are_not_far) {
    log.dial("id", kStart + 1min, kKanagawa);
    BOOST_TEST(told().decisions.empty());
}

BOOST_AUTO_TEST_CASE(outside_the_pools_nothing_is_decided_but_counted) {
    log.assign("id", kStart + 1min, "192.0.2.1").assign("id", kStart + 2min, "192.0.2.2");
    const Isp isp = told();
    BOOST_TEST(isp.decisions.empty());
    BOOST_TEST(isp.detector.counters().unmapped == 2U);
}

BOOST_AUTO_TEST_CASE(a_familiar_place_is_no_jump) {
    log.dial("id", kStart - 10 * 24h, kKagoshima).release("id", kStart - 10 * 24h + 1h, kKagoshima);
    log.dial("id", kStart - 5 * 24h, kKagoshima).release("id", kStart - 5 * 24h + 1h, kKagoshima);
    log.dial("id", kStart + 30min, kKagoshima);
    BOOST_TEST(told().decisions.empty());
}

// The victim's session is days old and shows no life until the router is switched off.
BOOST_AUTO_TEST_CASE(the_older_session_shows_life_after_the_newer_began) {
    Log silent;
    silent.resident("id", kTokyo).dial("id", kStart + 30min, kKagoshima).release("id", kStart + 50min, kTokyo);
    Isp isp;
    isp.read(silent).until(kStart + 1h);
    const Decision decision = isp.only(Rule::pppoe_jump);
    BOOST_TEST(decision.finding.time == kStart + 50min);
    BOOST_TEST(decision.finding.places.back().region.view() ==
               "JP-46");  // the new one, though the evidence came before
}

// The same, and the Stop was lost: the victim's next accept is all there is.
BOOST_AUTO_TEST_CASE(the_way_home_gives_a_thief_away_as_well) {
    Log silent;
    silent.resident("id", kTokyo)
        .dial("id", kStart + 30min, kKagoshima)
        .dial("id", kStart + 50min, in_prefecture(13, 1));
    Isp isp;
    isp.read(silent).until(kStart + 1h);
    const Decision decision = isp.only(Rule::pppoe_jump);
    BOOST_TEST(decision.finding.places.back().region.view() == "JP-46");
    BOOST_TEST(decision.enforced);
}

BOOST_AUTO_TEST_CASE(a_life_sign_that_comes_late_does_not_hide_it) {
    Log silent;
    silent.resident("id", kTokyo);
    Isp isp;
    isp.read(silent);
    isp.read({Service::pppoe, Kind::assign, "id", {address(kKagoshima)}, kStart});
    BOOST_TEST(isp.decisions.empty());
    isp.read({Service::pppoe, Kind::alive, "id", {address(kTokyo)}, kStart - 60s}).until(kStart + 1h);
    BOOST_TEST(isp.only(Rule::pppoe_jump).finding.time == kStart);  // as if it had come in order
}

BOOST_AUTO_TEST_CASE(within_a_contract_for_two_places_there_is_no_jump) {
    log.dial("id", kStart + 30min, kKagoshima);
    BOOST_TEST(told(contract_of(2)).decisions.empty());
    log.dial("id", kStart + 40min, kHokkaido);
    BOOST_TEST(told(contract_of(2)).only(Rule::pppoe_jump).finding.time == kStart + 40min);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pppoe_jump_bounce, Jumps)

BOOST_AUTO_TEST_CASE(fires_at_once) {
    log.dial("id", kStart + 30min, kKagoshima).dial("id", kStart + 50min, kTokyo);
    const Decision decision = told().only(Rule::pppoe_jump_bounce);
    BOOST_TEST(decision.finding.grade == Grade::certain);
    BOOST_TEST(decision.decided == kStart + 50min);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.finding.steps.size() == 2U);
    BOOST_TEST(decision.finding.summary_en ==
               "The ID was used in Tokyo, then in Kagoshima, at least 862 km away, and in Tokyo again, all within 50 "
               "minutes.");
}

BOOST_AUTO_TEST_CASE(on_a_sign_of_life_when_nothing_earlier_can_come) {
    log.dial("id", kStart + 30min, kKagoshima).alive("id", kStart + 50min, kTokyo);
    const Decision decision = told().only(Rule::pppoe_jump_bounce);
    BOOST_TEST(decision.finding.time == kStart + 50min);
    BOOST_TEST(decision.decided == kStart + 50min + kWaits);
}

BOOST_AUTO_TEST_CASE(within_sixty_minutes) {
    for (const bool in_time : {true, false}) {
        Jumps jumps;
        jumps.log.dial("id", kStart + 30min, kKagoshima).alive("id", kStart + (in_time ? 60min : 60min + 1s), kTokyo);
        BOOST_TEST(jumps.told().found(Rule::pppoe_jump_bounce) == in_time);
    }
}

BOOST_AUTO_TEST_CASE(a_step_anyone_can_make_is_none) {
    // There within half an hour, back in the time of a flight.
    log.dial("id", kStart + 30min, kKagoshima).dial("id", kStart + 3h, in_prefecture(13, 1));
    const Isp isp = told();
    BOOST_TEST(isp.found(Rule::pppoe_jump));
    BOOST_TEST(!isp.found(Rule::pppoe_jump_bounce));
}

BOOST_AUTO_TEST_CASE(the_tail_of_a_dead_session_is_no_way_back) {
    log.dial("id", kStart + 30min, kKagoshima)
        .alive("id", kStart + 34min, kTokyo)
        .release("id", kStart + 35min, kTokyo);
    const Isp isp = told();
    BOOST_TEST(isp.found(Rule::pppoe_jump));
    BOOST_TEST(!isp.found(Rule::pppoe_jump_bounce));
    BOOST_TEST(!isp.found(Rule::pppoe_jump_live));
}

BOOST_AUTO_TEST_CASE(two_homes_of_a_contract_for_two) {
    log.dial("id", kStart + 1min, kKagoshima);
    log.alive_every(10min, "id", kStart + 10min, kStart + 24h, kTokyo)
        .alive_every(10min, "id", kStart + 15min, kStart + 24h, kKagoshima);
    BOOST_TEST(told(contract_of(2)).decisions.empty());
    const Isp isp = told(contract_of(1));
    BOOST_TEST(isp.found(Rule::pppoe_jump_bounce));
    BOOST_TEST(isp.found(Rule::pppoe_jump_live));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pppoe_jump_spread, Jumps)

BOOST_AUTO_TEST_CASE(three_far_regions) {
    log.dial("id", kStart + 30min, kKagoshima).dial("id", kStart + 60min, kHokkaido);
    const Decision decision = told().only(Rule::pppoe_jump_spread);
    BOOST_TEST(decision.finding.grade == Grade::certain);
    BOOST_TEST(decision.finding.time == kStart + 60min);
    BOOST_TEST(decision.finding.places.size() == 3U);
    BOOST_TEST(decision.finding.steps.size() == 2U);
    BOOST_TEST(decision.finding.summary_en.find("3 regions") != std::string::npos);
    BOOST_TEST(decision.finding.summary_en.find("Tokyo, Kagoshima, Hokkaido") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_are_not_enough_however_often) {
    for (int i = 0; i < 10; ++i) log.dial("id", kStart + i * 3h, i % 2 == 0 ? kKagoshima : kTokyo);
    BOOST_TEST(!told().found(Rule::pppoe_jump_spread));
}

BOOST_AUTO_TEST_CASE(mutually_far) {
    log.dial("id", kStart + 30min, kKagoshima).dial("id", kStart + 60min, kKanagawa);  // which is next to Tokyo
    BOOST_TEST(!told().found(Rule::pppoe_jump_spread));
}

BOOST_AUTO_TEST_CASE(within_twenty_four_hours) {
    // In Tokyo until 0:00; Kagoshima alive all day; Hokkaido from there within the hour.
    for (const bool in_time : {true, false}) {
        Jumps jumps;
        const Time third = kStart + (in_time ? 24h - 1s : 24h + 0s);
        jumps.log.dial("id", kStart + 30min, kKagoshima)
            .alive_every(30min, "id", kStart + 1h, kStart + 24h - 10min, kKagoshima);
        jumps.log.assign("id", third, kHokkaido);
        BOOST_TEST(jumps.told().found(Rule::pppoe_jump_spread) == in_time);
    }
}

BOOST_AUTO_TEST_CASE(a_step_from_before_is_not_part_of_it) {
    Log other;
    other.resident("id", kKagoshima).alive("id", kStart, kKagoshima);
    other.dial("id", kStart + 20min, kTokyo).alive_every(1h, "id", kStart + 1h, kStart + 20h, kTokyo);
    other.dial("id", kStart + 20h + 30min, in_prefecture(46, 1));
    other.alive_every(1h, "id", kStart + 21h, kStart + 24h, in_prefecture(46, 1));
    other.dial("id", kStart + 24h + 10min, kHokkaido);
    Isp isp;
    isp.read(other).until(kStart + 48h);
    const Finding finding = isp.only(Rule::pppoe_jump_spread).finding;
    BOOST_TEST(finding.places.size() == 3U);
    BOOST_TEST(finding.steps.size() == 2U);
    BOOST_TEST(finding.steps.front().from.region.view() == "JP-13");
}

BOOST_AUTO_TEST_CASE(each_step_impossible) {
    log.dial("id", kStart + 30min, kKagoshima).dial("id", kStart + 6h, kHokkaido);
    BOOST_TEST(!told().found(Rule::pppoe_jump_spread));
}

BOOST_AUTO_TEST_CASE(as_many_regions_as_the_contract_has_sessions_are_not_enough) {
    log.dial("id", kStart + 30min, kKagoshima).dial("id", kStart + 60min, kHokkaido);
    BOOST_TEST(told(contract_of(2)).found(Rule::pppoe_jump_spread));
    BOOST_TEST(told(contract_of(3)).decisions.empty());
    log.dial("id", kStart + 90min, kOsaka);
    BOOST_TEST(told(contract_of(3)).found(Rule::pppoe_jump_spread));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pppoe_jump_live, Jumps)

// Both sessions are hours old and far apart in time of day as well: no step between them is impossible.
void two_lives(Log& log, Time victims_last) {
    log.dial("id", kStart + 20h, kKagoshima).alive("id", kStart + 27h, kKagoshima).release("id", victims_last, kTokyo);
}

BOOST_AUTO_TEST_CASE(fires) {
    two_lives(log, kStart + 30h);
    const Isp isp = told();
    BOOST_TEST(!isp.found(Rule::pppoe_jump));
    const Decision decision = isp.only(Rule::pppoe_jump_live);
    BOOST_TEST(decision.finding.grade == Grade::certain);
    BOOST_TEST(decision.finding.time == kStart + 30h);
    BOOST_TEST(decision.decided == kStart + 30h + kWaits);
    BOOST_TEST(decision.finding.places.back().region.view() == "JP-46");
    BOOST_TEST(decision.finding.evidence.size() == 4U);
    BOOST_TEST(decision.finding.summary_en.find("still alive 10 hours after") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_past_dead_peer_time) {
    for (const bool live : {true, false}) {
        Jumps jumps;
        const Time began = kStart + 20h;  // the newer one
        jumps.log.dial("id", kStart + 20h, kKagoshima).alive("id", kStart + 27h, kKagoshima);
        jumps.log.alive("id", began + (live ? 300s + 1us : 300s), kTokyo);
        BOOST_TEST(jumps.told().found(Rule::pppoe_jump_live) == live);
    }
}

BOOST_AUTO_TEST_CASE(the_newer_one_must_show_life_too) {
    log.dial("id", kStart + 20h, kKagoshima).release("id", kStart + 30h, kTokyo);
    BOOST_TEST(!told().found(Rule::pppoe_jump_live));
}

BOOST_AUTO_TEST_CASE(two_routers_by_contract) {
    two_lives(log, kStart + 30h);
    BOOST_TEST(told(contract_of(2)).decisions.empty());
}

BOOST_AUTO_TEST_CASE(both_in_familiar_places) {
    log.dial("id", kStart - 10 * 24h, kKagoshima).release("id", kStart - 10 * 24h + 1h, kKagoshima);
    log.dial("id", kStart - 5 * 24h, kKagoshima).release("id", kStart - 5 * 24h + 1h, kKagoshima);
    two_lives(log, kStart + 30h);
    BOOST_TEST(told().decisions.empty());
}

BOOST_AUTO_TEST_CASE(what_was_judged_once_is_not_found_again_the_next_day) {
    two_lives(log, kStart + 30h);
    log.alive_every(1h, "id", kStart + 31h, kStart + 9 * 24h, kKagoshima);
    static_cast<void>(told().only(Rule::pppoe_jump_live));
}

BOOST_AUTO_TEST_CASE(a_session_whose_beginning_nobody_saw_is_the_older_one) {
    Log after_a_restart;  // the Start of the session in Tokyo is no longer in the journal
    after_a_restart.dial("id", kStart, kKagoshima).alive_every(1h, "id", kStart + 1h, kStart + 4h, kKagoshima);
    after_a_restart.release("id", kStart + 3h + 30min, kTokyo);
    Isp isp;
    isp.read(after_a_restart).until(kStart + 5h);
    BOOST_TEST(isp.only(Rule::pppoe_jump_live).finding.places.back().region.view() == "JP-46");
    // The line moved from Tokyo to Kagoshima, and the Stop was late: that is all.
    Log moved;
    moved.dial("id", kStart, kKagoshima)
        .release("id", kStart + 1min, kTokyo)
        .alive_every(1h, "id", kStart + 1h, kStart + 4h, kKagoshima);
    Isp quiet;
    quiet.read(moved).until(kStart + 5h);
    BOOST_TEST(quiet.decisions.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(incidents, Jumps)

BOOST_AUTO_TEST_CASE(each_rule_speaks_once_and_all_belong_together) {
    config::DetectionSettings settings = enforced();
    settings.mode = config::Mode::observe;
    for (int i = 0; i < 20; ++i) log.dial("id", kStart + 30min + i * 10min, i % 2 == 0 ? kKagoshima : kTokyo);
    Isp isp(settings);
    isp.read(log).until(kStart + 5h);
    const Decision jump = isp.only(Rule::pppoe_jump), bounce = isp.only(Rule::pppoe_jump_bounce);
    BOOST_TEST(jump.finding.incident_key == bounce.finding.incident_key);
    BOOST_TEST(jump.finding.key() != bounce.finding.key());
}

BOOST_AUTO_TEST_CASE(after_a_day_of_silence_it_is_another_incident) {
    config::DetectionSettings settings = enforced();
    settings.mode = config::Mode::observe;
    log.assign("id", kStart + 30min, kKagoshima)
        .assign("id", kStart + 20h, kTokyo)
        .alive("id", kStart + 24h + 20min, kTokyo);
    log.assign("id", kStart + 24h + 30min + 1s, kHokkaido);
    Isp isp(settings);
    isp.read(log).until(kStart + 48h);
    const auto jumps = isp.of(Rule::pppoe_jump);
    BOOST_REQUIRE(jumps.size() == 4U);  // each settling, and decided
    BOOST_TEST(jumps[0].finding.incident_key != jumps[2].finding.incident_key);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
