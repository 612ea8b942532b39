// Misuse as it happens: what is found, by which rule, what is done about it and how soon.
#include <algorithm>

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const std::string kHome = in_prefecture(13);
constexpr Time kTheft = kStart + 30min;

// A subscriber in Tokyo; with hourly Interim-Updates, or with a session that is days old and silent.
Log victim(bool interims) {
    Log log;
    log.resident("victim", kHome);
    if (interims) log.alive_every(1h, "victim", kStart - 10h, kStart + 24h, kHome);
    return log;
}

Isp run(const Log& log, Knowledge knowledge = {}) {
    Isp isp(enforced(), std::move(knowledge));
    isp.read(log).until(kStart + 30h);
    return isp;
}

BOOST_AUTO_TEST_SUITE(thieves)

BOOST_AUTO_TEST_CASE(a_single_session_from_afar) {
    Log log = victim(true);
    log.dial("victim", kTheft, in_prefecture(46))
        .alive_every(1h, "victim", kTheft + 1h, kTheft + 20h, in_prefecture(46));
    const Isp isp = run(log);
    BOOST_TEST(isp.found_at("victim").value() == kTheft);  // by the first accept
    BOOST_TEST(isp.suspended_at("victim").value() == kTheft + 120s);
    BOOST_TEST(isp.found(Rule::pppoe_jump));
    BOOST_TEST(isp.found(Rule::pppoe_jump_live));
}

BOOST_AUTO_TEST_CASE(a_single_session_from_afar_and_a_victim_who_shows_no_life) {
    Log log = victim(false);
    log.dial("victim", kTheft, in_prefecture(46))
        .alive_every(1h, "victim", kTheft + 1h, kTheft + 10h, in_prefecture(46));
    log.release("victim", kTheft + 4h + 20min, kHome).dial("victim", kTheft + 4h + 21min, in_prefecture(13, 1));
    const Isp isp = run(log);
    // Nothing can be known before the victim's session shows that it was there all the time.
    BOOST_TEST(isp.found_at("victim").value() == kTheft + 4h + 20min + kWaits);
    BOOST_TEST(isp.suspended_at("victim").value() == kTheft + 4h + 20min + kWaits);
    BOOST_TEST(isp.only(Rule::pppoe_jump_live).enforced);
}

BOOST_AUTO_TEST_CASE(no_interims_anywhere_and_the_stop_is_lost) {
    Log log = victim(false);
    log.dial("victim", kTheft, in_prefecture(46)).dial("victim", kTheft + 40min, in_prefecture(13, 1));
    const Isp isp = run(log);
    BOOST_TEST(isp.found_at("victim").value() == kTheft + 40min);
    BOOST_TEST(isp.suspended_at("victim").value() == kTheft + 42min);
}

BOOST_AUTO_TEST_CASE(rotation_from_afar) {
    for (const auto step : {20s, 60s, 300s}) {
        Log log = victim(true);
        for (unsigned n = 0; n < 60; ++n) {
            const std::string where = in_prefecture(46, n);
            log.dial("victim", kTheft + n * step, where).release("victim", kTheft + (n + 1) * step - 1s, where);
        }
        const Isp isp = run(log);
        BOOST_TEST(isp.found_at("victim").value() == kTheft);
        BOOST_TEST(isp.suspended_at("victim").value() <= kTheft + 3min);
    }
}

BOOST_AUTO_TEST_CASE(rotation_from_afar_while_the_victims_line_is_down) {
    Log log = victim(false);
    log.alive("victim", kStart, kHome).release("victim", kStart + 10min, kHome);
    for (unsigned n = 0; n < 60; ++n) log.dial("victim", kTheft + n * 30s, in_prefecture(46, n));
    const Isp isp = run(log);
    BOOST_TEST(isp.found_at("victim").value() == kTheft);
    BOOST_TEST(isp.suspended_at("victim").value() == kTheft + 120s);
}

BOOST_AUTO_TEST_CASE(rotation_in_the_same_region_while_the_victim_is_online) {
    for (const auto step : {10s, 30s, 60s}) {
        Log log = victim(true);
        for (unsigned n = 0; n < 120; ++n) log.dial("victim", kTheft + n * step, in_prefecture(13, 100 + n));
        const Isp isp = run(log);
        // By the victim's next Interim-Update, on the hour.
        BOOST_TEST(isp.only(Rule::pppoe_burst_live).finding.time == kStart + 1h);
        BOOST_TEST(isp.suspended_at("victim").value() == kStart + 1h + kWaits);
    }
}

BOOST_AUTO_TEST_CASE(rotation_in_the_same_region_for_hours) {
    Log log = victim(false);  // no sign of the victim until the router is switched off
    for (unsigned n = 0; n < 1500; ++n) log.dial("victim", kTheft + n * 10s, in_prefecture(13, 100 + n));
    log.release("victim", kTheft + 4h, kHome);
    BOOST_TEST(run(log).suspended_at("victim").value() == kTheft + 4h + kWaits);
}

BOOST_AUTO_TEST_CASE(resale_to_many_all_over_the_country) {
    constexpr std::array<unsigned, 4> prefectures{46, 1, 40, 27};
    Log log = victim(true);
    for (unsigned n = 0; n < 12; ++n) {
        const std::string where = in_prefecture(prefectures[n % 4], n);
        log.dial("victim", kTheft + n * 40s, where)
            .alive_every(30min, "victim", kTheft + n * 40s + 30min, kTheft + 10h, where);
    }
    const Isp isp = run(log);
    BOOST_TEST(isp.found_at("victim").value() == kTheft);
    BOOST_TEST(isp.suspended_at("victim").value() <= kTheft + 3min);
    BOOST_TEST(isp.found(Rule::pppoe_jump_spread));
    BOOST_TEST(isp.found(Rule::pppoe_burst_sessions));
}

BOOST_AUTO_TEST_CASE(resale_to_many_in_the_same_region) {
    Log log = victim(true);
    for (unsigned n = 0; n < 5; ++n) {
        const std::string where = in_prefecture(13, 100 + n);
        log.dial("victim", kTheft + n * 7min, where)
            .alive_every(30min, "victim", kTheft + n * 7min + 30min, kTheft + 10h, where);
    }
    const Isp without_contract = run(log);
    BOOST_TEST(without_contract.only(Rule::pppoe_burst_sessions).reason == Reason::no_contract);
    Knowledge knowledge;
    knowledge.contract = [](Service, const std::string&) { return std::optional(Contract{1, {}}); };
    const Isp isp = run(log, knowledge);
    BOOST_TEST(isp.only(Rule::pppoe_burst_sessions).enforced);
    BOOST_TEST(isp.suspended_at("victim").value() <= kTheft + 1h + kWaits);
}

BOOST_AUTO_TEST_CASE(of_each_only_the_stolen_id_is_touched) {
    Log log = victim(true);
    for (unsigned n = 0; n < 50; ++n) {
        const std::string id = "neighbour" + std::to_string(n);
        log.resident(id, in_prefecture(13, 500 + n))
            .alive_every(1h, id, kStart, kStart + 10h, in_prefecture(13, 500 + n));
    }
    log.dial("victim", kTheft, in_prefecture(46));
    const Isp isp = run(log);
    BOOST_TEST(isp.suspended() == 1U);
    for (const Decision& decision : isp.decisions) BOOST_TEST(decision.finding.id == "victim");
}

// What this cannot find, so that nobody believes it does: see docs/detection.md.
BOOST_AUTO_TEST_CASE(a_patient_thief_in_the_same_region_is_not_found) {
    Log log = victim(false);
    log.release("victim", kStart, kHome);
    log.dial("victim", kTheft, in_prefecture(13, 9))
        .alive_every(1h, "victim", kTheft + 1h, kTheft + 8h, in_prefecture(13, 9));
    log.release("victim", kTheft + 9h, in_prefecture(13, 9)).dial("victim", kTheft + 10h, kHome);
    BOOST_TEST(run(log).decisions.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(guessing)

BOOST_AUTO_TEST_CASE(fast) {
    Isp isp;
    for (unsigned n = 0; n < 2000; ++n)
        isp.read(smtp(Kind::reject, "user" + std::to_string(n % 300), kStart + n * 1s, "198.51.100.7"));
    BOOST_REQUIRE(!isp.decisions.empty());
    BOOST_TEST(isp.decisions.front().decided ==
               kStart + 14s);  // fifteen IDs are enough for an hour, and so for seconds
    BOOST_TEST(isp.decisions.front().enforced);
    // It lasts as long as the attack, and a quarter of an hour.
    BOOST_TEST(isp.decisions.back().finding.expires > kStart + 2000s + 13min);
    for (const Decision& decision : isp.decisions)
        BOOST_TEST(decision.finding.key() == isp.decisions.front().finding.key());
}

BOOST_AUTO_TEST_CASE(slow_one_try_in_a_quarter_of_an_hour) {
    Isp isp;
    for (unsigned n = 0; n < 40; ++n)
        isp.read(smtp(Kind::reject, "user" + std::to_string(n), kStart + n * 15min, "198.51.100.7"));
    BOOST_REQUIRE(!isp.decisions.empty());
    BOOST_TEST(isp.decisions.front().decided == kStart + 29 * 15min);
    BOOST_TEST(isp.decisions.front().enforced);
    BOOST_TEST(isp.decisions.back().finding.expires == kStart + 39 * 15min + 60min);
}

BOOST_AUTO_TEST_CASE(in_between_one_try_in_three_minutes) {
    Isp isp;
    for (unsigned n = 0; n < 40; ++n)
        isp.read(smtp(Kind::reject, "user" + std::to_string(n), kStart + n * 3min, "198.51.100.7"));
    BOOST_TEST(isp.decisions.front().decided == kStart + 14 * 3min);
    BOOST_TEST(isp.decisions.front().enforced);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
