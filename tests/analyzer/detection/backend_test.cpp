// The networks an ID is known from, and when the password check of our own fails.
#include "analyzer/detection/guards/backend.hpp"

#include <boost/test/unit_test.hpp>

namespace guard::detection::test {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{Microseconds{1'772'323'200'000'000}};

std::uint32_t seconds_of(Time time) {
    return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

BOOST_AUTO_TEST_SUITE(known_networks)

BOOST_AUTO_TEST_CASE(new_for_two_minutes) {
    KnownNetworks networks;
    BOOST_TEST(!networks.contains(7));
    BOOST_TEST(!networks.contains(0));  // an empty place is no network
    BOOST_TEST(networks.use(7, kStart));
    BOOST_TEST(networks.contains(7));
    BOOST_TEST(networks.use(7, kStart + 120s + 999ms));
    BOOST_TEST(!networks.use(7, kStart + 121s));
}

BOOST_AUTO_TEST_CASE(an_accept_told_of_late_is_the_first) {
    KnownNetworks networks;
    networks.use(7, kStart + 100s);
    BOOST_TEST(networks.use(7, kStart));
    BOOST_TEST(networks.use(7, kStart + 120s));
    BOOST_TEST(!networks.use(7, kStart + 121s));
}

BOOST_AUTO_TEST_CASE(the_one_not_seen_for_longest_makes_room_for_a_ninth) {
    KnownNetworks networks;
    for (std::uint32_t network = 1; network <= 8; ++network) networks.use(network, kStart + network * 1h);
    networks.use(1, kStart + 9h);
    networks.use(1, kStart + 1h);  // late: it was seen since
    BOOST_TEST(networks.use(9, kStart + 10h));
    BOOST_TEST(networks.contains(1));
    BOOST_TEST(!networks.contains(2));
    for (std::uint32_t network = 3; network <= 9; ++network) BOOST_TEST(networks.contains(network));
    BOOST_TEST(networks.use(2, kStart + 11h));  // and is new again
    BOOST_TEST(!networks.contains(3));
}

BOOST_AUTO_TEST_CASE(packed_and_unpacked_they_make_room_in_the_same_order) {
    KnownNetworks networks;
    for (const std::uint32_t network : {5U, 3U, 4U}) networks.use(network, kStart + network * 1h);
    std::array<std::uint32_t, 8> hashes{};
    BOOST_TEST(!networks.pack(hashes, seconds_of(kStart + 5h) + 240));
    BOOST_REQUIRE(networks.pack(hashes, seconds_of(kStart + 5h) + 241));
    BOOST_TEST((hashes == std::array<std::uint32_t, 8>{3, 4, 5}));
    KnownNetworks back = KnownNetworks::unpack(hashes);
    BOOST_TEST(!back.contains(0));
    BOOST_TEST(!back.use(4, kStart + 6h));  // known, so the last one of the three now
    for (std::uint32_t network = 11; network <= 15; ++network) back.use(network, kStart + 7h);
    for (const std::uint32_t network : {3U, 4U, 5U}) BOOST_TEST(back.contains(network));
    back.use(16, kStart + 8h);
    BOOST_TEST(!back.contains(3));
    back.use(17, kStart + 8h);
    BOOST_TEST(!back.contains(5));
    BOOST_TEST(back.contains(4));
}

BOOST_AUTO_TEST_CASE(a_hash_that_cannot_be_told_from_none_is_not_packed) {
    KnownNetworks networks;
    networks.use(0, kStart);
    networks.use(7, kStart);
    BOOST_TEST(networks.contains(0));
    std::array<std::uint32_t, 8> hashes{};
    BOOST_TEST(!networks.pack(hashes, seconds_of(kStart + 1h)));
    BOOST_TEST((networks.hashes() == std::array<std::uint32_t, 8>{7}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(outages)

BOOST_AUTO_TEST_CASE(over_is_what_lay_within_one_that_has_ended) {
    Outages outages;
    BOOST_TEST(!outages.over(kStart, kStart + 1h));
    outages.add(kStart, kStart + 10min);
    BOOST_TEST(!outages.over(kStart, kStart + 10min - 1us));
    BOOST_TEST(outages.over(kStart, kStart + 10min));
    BOOST_TEST(!outages.over(kStart - 1us, kStart + 1h));
    BOOST_TEST(outages.over(kStart + 10min - 1us, kStart + 1h));
    BOOST_TEST(!outages.over(kStart + 10min, kStart + 1h));
}

BOOST_AUTO_TEST_CASE(what_goes_on_is_one) {
    Outages outages;
    outages.add(kStart, kStart + 10min);
    outages.add(kStart + 10min, kStart + 20min);
    outages.add(kStart + 12min, kStart + 15min);  // told of late: it ends no earlier for that
    BOOST_TEST(!outages.over(kStart + 1min, kStart + 20min - 1us));
    BOOST_TEST(outages.over(kStart + 1min, kStart + 20min));
    BOOST_TEST(outages.over(kStart + 19min, kStart + 20min));
    outages.add(kStart + 20min + 1us, kStart + 30min);  // another one
    BOOST_TEST(outages.over(kStart + 1min, kStart + 25min));
    BOOST_TEST(!outages.over(kStart + 21min, kStart + 25min));
    BOOST_TEST(outages.over(kStart + 21min, kStart + 30min));
    BOOST_TEST(!outages.over(kStart + 20min, kStart + 30min));
}

BOOST_AUTO_TEST_CASE(remembered_for_a_day) {
    for (const auto& [later, known] : {std::pair{Microseconds{0}, true}, std::pair{Microseconds{1}, false}}) {
        Outages outages;
        outages.add(kStart, kStart + 10min);
        const Time next = kStart + 10min + 24h + later;
        outages.add(next, next + 10min);
        BOOST_TEST(outages.over(kStart, next + 1h) == known);
        BOOST_TEST(outages.over(next, next + 1h));
    }
}

BOOST_AUTO_TEST_SUITE_END()

struct Backend {
    const config::GuardSettings settings;
    BackendGuard guard{settings};

    // Within one window: those that are rejected last, since the share is looked at with each.
    void attempts(unsigned accepted, unsigned rejected, Time time) {
        for (unsigned i = 0; i < accepted; ++i) guard.attempt(true, time);
        for (unsigned i = 0; i < rejected; ++i) guard.attempt(false, time);
    }
};

BOOST_FIXTURE_TEST_SUITE(backend_guard, Backend)

BOOST_AUTO_TEST_CASE(says_nothing_of_fewer_than_twenty_attempts) {
    attempts(0, 19, kStart);
    BOOST_TEST(!guard.failing(kStart));
    guard.attempt(false, kStart);
    BOOST_TEST(guard.failing(kStart));
}

BOOST_AUTO_TEST_CASE(more_than_a_fifth) {
    attempts(16, 4, kStart);
    BOOST_TEST(!guard.failing(kStart));
    guard.attempt(false, kStart);
    BOOST_TEST(guard.failing(kStart));
}

BOOST_AUTO_TEST_CASE(attempts_count_for_five_minutes) {
    for (const auto& [gap, fails] : {std::pair{5min - 1us, true}, std::pair{5min + 0us, false}}) {
        Backend backend;
        backend.attempts(0, 19, kStart);
        backend.guard.attempt(false, kStart + gap);
        BOOST_TEST(backend.guard.failing(kStart + gap) == fails);
    }
}

BOOST_AUTO_TEST_CASE(fails_until_five_minutes_after_the_last_of_it) {
    attempts(0, 20, kStart);
    guard.attempt(false, kStart + 1min);
    guard.attempt(false, kStart);  // late
    BOOST_TEST(guard.failing(kStart + 6min - 1us));
    BOOST_TEST(!guard.failing(kStart + 6min));
    // From this window and the one before, in which it may not have shown yet.
    BOOST_TEST(guard.outages().over(kStart - 10min, kStart + 6min));
    BOOST_TEST(!guard.outages().over(kStart - 10min - 1us, kStart + 6min));
    BOOST_TEST(!guard.outages().over(kStart - 10min, kStart + 6min - 1us));
}

BOOST_AUTO_TEST_CASE(five_times_the_usual_share) {
    for (const unsigned rejected : {50U, 51U}) {
        Backend backend;
        for (int window = 0; window < 10; ++window) backend.attempts(90, 10, kStart + window * 5min);
        backend.attempts(100 - rejected, rejected, kStart + 50min);
        BOOST_TEST(backend.guard.failing(kStart + 50min) == (rejected == 51));
    }
}

BOOST_AUTO_TEST_CASE(usual_is_the_mean_of_windows_with_enough_attempts) {
    attempts(20, 0, kStart);
    attempts(17, 3, kStart + 5min);   // 15 %: the mean is 7.5
    attempts(0, 19, kStart + 10min);  // too few to say anything
    attempts(62, 37, kStart + 15min);
    BOOST_TEST(!guard.failing(kStart + 15min));  // 37.4 %
    guard.attempt(false, kStart + 15min);
    BOOST_TEST(guard.failing(kStart + 15min));  // 38
}

BOOST_AUTO_TEST_CASE(usual_is_that_of_a_day) {
    unsigned window = 0;
    for (; window < 600; ++window) attempts(18, 2, kStart + window * 5min);
    for (; window < 600 + 288; ++window) attempts(20, 0, kStart + window * 5min);
    attempts(75, 25, kStart + window * 5min);
    BOOST_TEST(guard.failing(kStart + window * 5min));  // more than 5 x 3.7 %; of all windows it were 6.8 %
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
