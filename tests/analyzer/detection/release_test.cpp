// What a release ends, and sessions that come up while their ID is suspended.
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const std::string kTokyo = in_prefecture(13), kKagoshima = in_prefecture(46);

// Suspended at 0:22: a jump at 0:20 that has settled.
struct Suspended {
    Isp isp;
    Suspended() {
        Log log;
        log.resident("id", kTokyo).alive("id", kStart, kTokyo).dial("id", kStart + 20min, kKagoshima);
        isp.read(log).until(kStart + 22min);
        BOOST_REQUIRE(isp.suspended("id"));
        isp.decisions.clear();
    }
};

BOOST_FIXTURE_TEST_SUITE(release, Suspended)

BOOST_AUTO_TEST_CASE(evidence_before_it_never_counts_again) {
    isp.detector.release(Service::pppoe, "id", kStart + 1h);
    Log log;
    log.dial("id", kStart + 61min, kTokyo).alive_every(1h, "id", kStart + 2h, kStart + 24h, kTokyo);
    log.alive_every(1h, "id", kStart + 90min, kStart + 24h, kKagoshima);  // the thief's session was not cut
    log.release("id", kStart + 25h, kKagoshima);
    isp.read(log).until(kStart + 26h);
    BOOST_TEST(isp.decisions.empty());
}

BOOST_AUTO_TEST_CASE(nor_does_it_when_it_is_told_of_late) {
    isp.detector.release(Service::pppoe, "id", kStart + 1h);
    Log log;
    log.dial("id", kStart + 1h + 10s, kTokyo);
    isp.read(log);
    isp.read({Service::pppoe, Kind::assign, "id", {address(in_prefecture(46, 9))}, kStart + 1h - 30s});
    isp.read({Service::pppoe, Kind::alive, "id", {address(kKagoshima)}, kStart + 1h - 10s}).until(kStart + 2h);
    BOOST_TEST(isp.decisions.empty());
}

BOOST_AUTO_TEST_CASE(misuse_after_it_is_another_incident_and_suspends_again) {
    isp.detector.release(Service::pppoe, "id", kStart + 1h);
    Log log;
    log.dial("id", kStart + 61min, kTokyo).dial("id", kStart + 80min, kKagoshima);
    isp.read(log).until(kStart + 2h);
    const Decision decision = isp.only(Rule::pppoe_jump);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.finding.incident_key == "pppoe/6964/2026-03-01T01:20:00.000000Z");
}

BOOST_AUTO_TEST_CASE(what_was_settling_is_dropped) {
    isp.detector.release(Service::pppoe, "id", kStart + 1h);
    Log log;
    log.dial("id", kStart + 61min, kTokyo).dial("id", kStart + 80min, kKagoshima);
    isp.read(log);
    BOOST_REQUIRE(isp.decisions.back().reason == Reason::settling);
    isp.detector.release(Service::pppoe, "id", kStart + 81min);
    isp.decisions.clear();
    isp.until(kStart + 3h);
    BOOST_TEST(isp.decisions.empty());
}

BOOST_AUTO_TEST_CASE(of_another_service_or_an_unknown_id_it_changes_nothing) {
    isp.detector.release(Service::smtp_auth, "id", kStart + 1h);
    isp.detector.release(Service::pppoe, "other", kStart + 1h);
    Log log;
    log.dial("id", kStart + 61min, kTokyo);
    isp.read(log);
    BOOST_TEST(!isp.detector.take_late_sessions().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(late_sessions, Suspended)

BOOST_AUTO_TEST_CASE(an_accept_that_overtook_the_table) {
    isp.read({Service::pppoe, Kind::accept, "id", {address(kTokyo)}, kStart + 23min});
    const auto late = isp.detector.take_late_sessions();
    BOOST_REQUIRE(late.size() == 1U);
    BOOST_TEST(late[0].id == "id");
    BOOST_TEST(late[0].addresses.front().to_string() == kTokyo);
    BOOST_TEST(isp.detector.take_late_sessions().empty());
    // Its Start too: at the accept there may have been nothing to end yet.
    isp.read({Service::pppoe, Kind::assign, "id", {address(kTokyo)}, kStart + 23min + 1s});
    BOOST_TEST(isp.detector.take_late_sessions().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_session_that_nobody_knew_of) {
    isp.read({Service::pppoe, Kind::alive, "id", {address(in_prefecture(40))}, kStart + 23min});
    BOOST_TEST(isp.detector.take_late_sessions().size() == 1U);
    isp.read({Service::pppoe, Kind::alive, "id", {address(in_prefecture(40))}, kStart + 83min});
    BOOST_TEST(isp.detector.take_late_sessions().empty());
}

BOOST_AUTO_TEST_CASE(not_what_ends_and_not_without_an_address) {
    isp.read({Service::pppoe, Kind::release, "id", {address(kKagoshima)}, kStart + 23min});
    isp.read({Service::pppoe, Kind::accept, "id", {}, kStart + 24min});
    BOOST_TEST(isp.detector.take_late_sessions().empty());
}

BOOST_AUTO_TEST_CASE(not_after_the_release) {
    isp.detector.release(Service::pppoe, "id", kStart + 1h);
    isp.read({Service::pppoe, Kind::accept, "id", {address(kTokyo)}, kStart + 2h});
    BOOST_TEST(isp.detector.take_late_sessions().empty());
}

BOOST_AUTO_TEST_CASE(the_database_says_who_is_suspended_after_a_restart) {
    isp.detector.restore_suspensions({{Service::pppoe, "other", kStart}});
    isp.read({Service::pppoe, Kind::accept, "id", {address(kTokyo)}, kStart + 2h});
    BOOST_TEST(isp.detector.take_late_sessions().empty());
    isp.read({Service::pppoe, Kind::accept, "other", {address(kTokyo)}, kStart + 2h});
    BOOST_TEST(isp.detector.take_late_sessions().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(open_addresses)

BOOST_AUTO_TEST_CASE(one_of_each_session_that_may_be_up) {
    Isp isp;
    Log log;
    log.resident("id", kTokyo).alive("id", kStart, kTokyo);
    log.dial("id", kStart + 10min, in_prefecture(13, 5)).release("id", kStart + 12min, in_prefecture(13, 5));
    log.accept("id", kStart + 20min, kKagoshima);
    log.add_all(Kind::assign, "id", kStart + 20min + 1s, {kKagoshima, "2001:db8:4600:1200::/56"});
    isp.read(log).until(kStart + 1h);
    const Decision decision = isp.only(Rule::pppoe_jump);
    std::vector<std::string> open;
    for (const IpAddress& address : decision.open_addresses) open.push_back(address.to_string());
    BOOST_TEST(open == (std::vector{kTokyo, kKagoshima}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(also_those_from_before_a_release) {
    Isp isp;
    Log log;
    log.resident("id", kTokyo);
    isp.read(log);
    isp.detector.release(Service::pppoe, "id", kStart);
    Log after;
    after.dial("id", kStart + 10min, in_prefecture(13, 3)).dial("id", kStart + 20min, kKagoshima);
    isp.read(after).until(kStart + 1h);
    BOOST_TEST(isp.only(Rule::pppoe_jump).open_addresses.size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
