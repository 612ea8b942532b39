#include "rlm_pppoe_guard/recent_events.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

using namespace guard;
using guard::module::Origin;
using guard::module::RecentEvents;
using std::chrono::microseconds;
using std::chrono::seconds;

namespace {

constexpr HashKey kKey{1, 2, 3};
const Time kNow{std::chrono::seconds{1'772'323'200}};
constexpr std::array<std::uint8_t, 16> kNone{}, kOne{1}, kTwo{2};

LoginEvent step(Time time, Kind kind = Kind::assign) {
    return {Service::pppoe, kind, "u0001", {*IpAddress::parse("198.51.100.1")}, time};
}

Origin origin(const std::array<std::uint8_t, 16>& authenticator = kNone) {
    return {*IpAddress::parse("192.0.2.1"), 1813, 7, authenticator, "s1"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recent_events)

BOOST_AUTO_TEST_CASE(a_step_of_a_session_within_two_seconds_is_the_same) {
    for (const seconds sign : {seconds{1}, seconds{-1}}) {
        const auto almost = sign.count() * microseconds{1'999'999}, two = sign.count() * microseconds{2'000'000};
        RecentEvents recent(kKey);
        BOOST_TEST(!recent.repeated(step(kNow), origin(), kNow));
        BOOST_TEST(recent.repeated(step(kNow), origin(), kNow));
        BOOST_TEST(recent.repeated(step(kNow + almost), origin(), kNow));
        BOOST_TEST(!recent.repeated(step(kNow + two), origin(), kNow));
    }
}

BOOST_AUTO_TEST_CASE(whatever_differs_makes_another_event) {
    RecentEvents recent(kKey);
    BOOST_TEST(!recent.repeated(step(kNow), origin(), kNow));
    BOOST_TEST(!recent.repeated(step(kNow, Kind::alive), origin(), kNow));
    auto other = step(kNow);
    other.id = "u0002";
    BOOST_TEST(!recent.repeated(other, origin(), kNow));
    other = step(kNow);
    other.service = Service::smtp_auth;
    BOOST_TEST(!recent.repeated(other, origin(), kNow));
    other = step(kNow);
    other.addresses.clear();
    BOOST_TEST(!recent.repeated(other, origin(), kNow));
    other.addresses = {*IpAddress::parse("198.51.100.0/24")};
    BOOST_TEST(!recent.repeated(other, origin(), kNow));
    auto elsewhere = origin();
    elsewhere.nas = *IpAddress::parse("192.0.2.2");
    BOOST_TEST(!recent.repeated(step(kNow), elsewhere, kNow));
    elsewhere = origin();
    elsewhere.session = "s2";
    BOOST_TEST(!recent.repeated(step(kNow), elsewhere, kNow));
    // A part must not be able to borrow bytes of its neighbour.
    other = step(kNow);
    other.id = "1u0001";
    elsewhere.session = "s";
    BOOST_TEST(!recent.repeated(other, elsewhere, kNow));
}

BOOST_AUTO_TEST_CASE(the_same_packet_is_the_same_for_five_minutes) {
    const auto later = [](Time time) { return step(time); };
    RecentEvents recent(kKey);
    BOOST_TEST(!recent.repeated(later(kNow), origin(kOne), kNow));
    const Time late = kNow + seconds{300} - microseconds{1};
    BOOST_TEST(recent.repeated(later(late), origin(kOne), late));  // without Acct-Delay-Time it seems to happen later
    BOOST_TEST(!recent.repeated(later(late + seconds{10}), origin(kOne), kNow + seconds{300}));
    BOOST_TEST(!recent.repeated(later(kNow + seconds{1000}), origin(kTwo), kNow + seconds{1000}));
}

BOOST_AUTO_TEST_CASE(logins_are_told_apart_by_their_packet_alone) {
    RecentEvents recent(kKey);
    const auto login = step(kNow, Kind::accept);
    BOOST_TEST(!recent.repeated(login, origin(kOne), kNow));
    BOOST_TEST(recent.repeated(login, origin(kOne), kNow));
    BOOST_TEST(!recent.repeated(login, origin(kTwo), kNow));
    auto other = origin(kOne);
    other.port = 1;
    BOOST_TEST(!recent.repeated(login, other, kNow));
    other = origin(kOne);
    other.packet_id = 8;
    BOOST_TEST(!recent.repeated(login, other, kNow));
    // A request of the server's own making has no authenticator: never a repetition.
    BOOST_TEST(!recent.repeated(login, origin(kNone), kNow));
    BOOST_TEST(!recent.repeated(login, origin(kNone), kNow));
}

BOOST_AUTO_TEST_CASE(it_forgets_the_oldest_and_stays_small) {
    constexpr int kCount = 100'000;
    RecentEvents recent(kKey, 1024);
    auto event = step(kNow);
    for (int i = 0; i < kCount; ++i) {
        event.id = "u" + std::to_string(i);
        event.time = kNow + microseconds{i};
        BOOST_REQUIRE(!recent.repeated(event, origin(), kNow));
    }
    int remembered = 0;
    for (int i = kCount - 1; i >= kCount - 256; --i) {
        event.id = "u" + std::to_string(i);
        event.time = kNow + microseconds{i};
        if (recent.repeated(event, origin(), kNow)) ++remembered;
    }
    BOOST_TEST(remembered >= 250);  // of 256 in 256 sets of eight
    event.id = "u0";
    event.time = kNow;
    BOOST_TEST(!recent.repeated(event, origin(), kNow));
}

BOOST_AUTO_TEST_SUITE_END()
