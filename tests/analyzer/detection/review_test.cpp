// What a person decided about a finding under review, and what the detector makes of it.
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const std::string kTokyo = in_prefecture(13), kKagoshima = in_prefecture(46);

// A second router far from home since 0:20, both in use; in review by the mode.
struct InReview {
    Isp isp;
    InReview() : isp(reviewed()) {
        read(Log()
                 .resident("id", kTokyo)
                 .alive_every(1h, "id", kStart, kStart + 5h, kTokyo)
                 .dial("id", kStart + 20min, kKagoshima)
                 .alive_every(1h, "id", kStart + 1h, kStart + 5h, kKagoshima));
        BOOST_REQUIRE(isp.found(Rule::pppoe_jump));
        BOOST_REQUIRE(isp.found(Rule::pppoe_jump_live));
        BOOST_REQUIRE(isp.in_review() == 1U);
        isp.decisions.clear();
    }
    static config::DetectionSettings reviewed() {
        config::DetectionSettings settings = enforced();
        settings.mode = config::Mode::review;
        return settings;
    }
    void read(const Log& log) { isp.read(log); }
    // Both go on for days.
    void go_on() {
        read(Log()
                 .alive_every(1h, "id", kStart + 7h, kStart + 96h, kTokyo)
                 .alive_every(1h, "id", kStart + 7h, kStart + 96h, kKagoshima)
                 .dial("id", kStart + 97h, in_prefecture(13, 1))
                 .alive_every(1h, "id", kStart + 98h, kStart + 120h, in_prefecture(13, 1))
                 .alive_every(1h, "id", kStart + 98h, kStart + 120h, kKagoshima));
        isp.until(kStart + 122h);
    }
    [[nodiscard]] bool is_familiar(const std::string& text, Time now) const {
        bool familiar = false;
        isp.detector.streams().each_learned([&](std::uint64_t, const Learned& learned) {
            familiar = learned.familiarity.is_familiar(region(text), now, enforced());
        });
        return familiar;
    }
};

BOOST_FIXTURE_TEST_SUITE(review, InReview)

BOOST_AUTO_TEST_CASE(undecided_it_is_found_again_every_day) {
    go_on();
    BOOST_TEST(isp.of(Rule::pppoe_jump_live).size() >= 3U);
    BOOST_TEST(!is_familiar("JP-46", kStart + 120h));
}

BOOST_AUTO_TEST_CASE(dismissed_the_place_becomes_familiar_and_nothing_is_said_again) {
    isp.detector.dismiss(Service::pppoe, "id", kStart + 6h);
    isp.detector.dismiss(Service::pppoe, "id", kStart + 6h);
    BOOST_TEST(!is_familiar("JP-46", kStart + 6h));
    go_on();
    BOOST_TEST(isp.decisions.empty());
    BOOST_TEST(is_familiar("JP-46", kStart + 120h));
}

BOOST_AUTO_TEST_CASE(found_ordinary_the_place_is_familiar_at_once) {
    isp.detector.found_ordinary(Service::pppoe, "id", {region("JP-13"), region("JP-46")}, kStart + 6h);
    BOOST_TEST(is_familiar("JP-46", kStart + 6h));
    go_on();
    BOOST_TEST(isp.decisions.empty());
}

// The next day somebody else dials in from Hokkaido.
BOOST_AUTO_TEST_CASE(after_either_a_thief_elsewhere_is_found) {
    for (const bool ordinary : {false, true}) {
        InReview other;
        if (ordinary)
            other.isp.detector.found_ordinary(Service::pppoe, "id", {region("JP-46")}, kStart + 6h);
        else
            other.isp.detector.dismiss(Service::pppoe, "id", kStart + 6h);
        other.read(Log()
                       .alive_every(1h, "id", kStart + 7h, kStart + 40h, kTokyo)
                       .alive_every(1h, "id", kStart + 7h, kStart + 40h, kKagoshima)
                       .dial("id", kStart + 31h + 10min, in_prefecture(1))
                       .alive_every(1h, "id", kStart + 32h, kStart + 40h, in_prefecture(1)));
        BOOST_TEST(other.isp.found(Rule::pppoe_jump));
    }
}

BOOST_AUTO_TEST_CASE(misuse_suspends_and_ends_what_is_up) {
    isp.detector.suspend_by_person(Service::pppoe, "id", kStart + 6h);
    auto ended = isp.detector.take_late_sessions();
    BOOST_TEST_REQUIRE(ended.size() == 2U);
    for (const LateSession& session : ended) BOOST_TEST(session.id == "id");
    isp.detector.suspend_by_person(Service::pppoe, "id", kStart + 6h);  // told a second time
    BOOST_TEST(isp.detector.take_late_sessions().empty());
    read(Log().dial("id", kStart + 7h, in_prefecture(46, 1)));  // its accept overtook the table
    ended = isp.detector.take_late_sessions();
    BOOST_TEST_REQUIRE(!ended.empty());
    BOOST_TEST((ended.front().addresses.front() == address(in_prefecture(46, 1))));
    isp.detector.release(Service::pppoe, "id", kStart + 8h);
    read(Log().dial("id", kStart + 9h, kTokyo));
    BOOST_TEST(isp.detector.take_late_sessions().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(review_of_what_settles)

BOOST_AUTO_TEST_CASE(what_was_settling_is_dropped) {
    Isp isp;
    isp.read(Log().resident("id", kTokyo).alive("id", kStart, kTokyo).dial("id", kStart + 20min, kKagoshima));
    BOOST_REQUIRE(isp.decisions.back().reason == Reason::settling);
    isp.detector.dismiss(Service::pppoe, "id", kStart + 21min);
    isp.until(kStart + 1h);
    BOOST_TEST(isp.suspended() == 0U);
}

BOOST_AUTO_TEST_CASE(an_id_that_was_never_seen) {
    Isp isp;
    isp.detector.dismiss(Service::pppoe, "nobody", kStart);
    isp.detector.found_ordinary(Service::smtp_auth, "nobody", {region("US")}, kStart);
    BOOST_TEST(isp.detector.streams().size() == 0U);
    isp.detector.suspend_by_person(Service::pppoe, "nobody", kStart);
    isp.read(Log().dial("nobody", kStart + 1h, kTokyo));
    BOOST_TEST(!isp.detector.take_late_sessions().empty());
}

// Mail: what is familiar is a country.
BOOST_AUTO_TEST_CASE(a_country_found_ordinary) {
    for (const bool ordinary : {false, true}) {
        MailIsp isp;
        isp.resident().accept(kStart, in_country("JP")).accept(kStart + 5min, in_country("US"));
        BOOST_REQUIRE(isp.found(Rule::smtp_jump));
        isp.decisions.clear();
        if (ordinary)
            isp.detector.found_ordinary(Service::smtp_auth, "user", {region("JP"), region("US")}, kStart + 1h);
        isp.accept(kStart + 26h, in_country("JP")).accept(kStart + 26h + 5min, in_country("US"));
        BOOST_TEST(isp.found(Rule::smtp_jump) != ordinary);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
