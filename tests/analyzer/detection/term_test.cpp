// What is learned is kept for its term and no longer (R8).
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {

BOOST_AUTO_TEST_SUITE(term)

BOOST_AUTO_TEST_CASE(an_id_that_is_not_seen_any_more_is_forgotten_after_its_term) {
    Detector detector(enforced(), locator(), {}, kKey);
    std::vector<Decision> decisions;
    Log log;
    log.dial("gone", kStart, in_prefecture(1)).dial("stays", kStart, in_prefecture(13));
    log.alive_every(24h, "stays", kStart + 24h, kStart + 31 * 24h, in_prefecture(13));
    for (const LoginEvent& event : log.events()) detector.on_event(event, decisions);
    BOOST_TEST(detector.streams().size() == 2U);
    BOOST_TEST(detector.forget(kStart + 30 * 24h) == 0U);
    BOOST_TEST(detector.forget(kStart + 31 * 24h) == 1U);
    BOOST_TEST(detector.streams().size() == 1U);
    BOOST_TEST(detector.forget(kStart + 80 * 24h) == 1U);
}

BOOST_AUTO_TEST_CASE(a_suspended_id_is_remembered_as_long_as_it_is_suspended) {
    Detector detector(enforced(), locator(), {}, kKey);
    detector.restore_suspensions({{Service::pppoe, "thief", kStart}});
    BOOST_TEST(detector.forget(kStart + 400 * 24h) == 0U);
    detector.release(Service::pppoe, "thief", kStart + 400 * 24h);
    BOOST_TEST(detector.forget(kStart + 400 * 24h) == 1U);
}

BOOST_AUTO_TEST_CASE(a_region_goes_before_the_id_that_lives_elsewhere) {
    const auto settings = enforced();
    Familiarity familiarity;
    familiarity.sight(region("JP-01"), kStart, settings);
    familiarity.sight(region("JP-13"), kStart + 20 * 24h, settings);
    familiarity.quarantine(region("JP-46"), kStart, settings);
    familiarity.forget(kStart + 29 * 24h, settings);
    BOOST_TEST(familiarity.regions().size() == 3U);
    familiarity.forget(kStart + 31 * 24h, settings);
    BOOST_TEST(familiarity.regions().size() == 1U);
    BOOST_TEST((familiarity.regions()[0].region == region("JP-13")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::detection::test
