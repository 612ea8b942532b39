// The calendar hands out everybody in the order of time.
#include "simulate/calendar.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "simulate/random.hpp"

namespace guard::simulate::test {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(calendar)

const Time kStart{1'000'000s};

BOOST_AUTO_TEST_CASE(equal_times_come_by_number) {
    Calendar calendar(kStart, kStart + 1h);
    for (int i = 0; i < 3; ++i) calendar.add_sleeper();
    for (const std::uint32_t sleeper : {2U, 0U, 1U}) calendar.wake(sleeper, kStart + 90s);
    for (std::uint32_t sleeper = 0; sleeper < 3; ++sleeper) BOOST_TEST(calendar.next()->sleeper == sleeper);
    BOOST_TEST(!calendar.next().has_value());
}

BOOST_AUTO_TEST_CASE(nothing_at_or_behind_the_end_and_nothing_before_the_present) {
    Calendar calendar(kStart, kStart + 1h);
    for (int i = 0; i < 2; ++i) calendar.add_sleeper();
    calendar.wake(0, kStart + 1h);
    calendar.wake(1, kStart + 1h - Microseconds{1});
    BOOST_TEST((calendar.next()->time == kStart + 1h - Microseconds{1}));
    calendar.wake(1, kStart);
    const auto again = calendar.next();
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST((again->time == kStart + 1h - Microseconds{1}));
    BOOST_TEST(!calendar.next().has_value());
}

BOOST_AUTO_TEST_CASE(the_order_of_a_sorted_set_whatever_is_added_on_the_way) {
    Random random(7);
    Calendar calendar(kStart, kStart + 10h);
    std::set<std::pair<Time, std::uint32_t>> expected;
    const auto wake = [&](std::uint32_t sleeper, Time time) {
        calendar.wake(sleeper, time);
        if (time < kStart + 10h) expected.emplace(time, sleeper);
    };
    for (std::uint32_t sleeper = 0; sleeper < 300; ++sleeper) {
        calendar.add_sleeper();
        wake(sleeper, kStart + random.between(0s, 10min));
    }
    std::size_t count = 0;
    while (const auto entry = calendar.next()) {
        ++count;
        BOOST_REQUIRE(!expected.empty());
        BOOST_REQUIRE((entry->time == expected.begin()->first));
        BOOST_REQUIRE(entry->sleeper == expected.begin()->second);
        expected.erase(expected.begin());
        // From the same instant to hours away.
        const Microseconds longest = random.percent(50) ? Microseconds{20s} : Microseconds{1h};
        wake(entry->sleeper, entry->time + random.between(Microseconds{0}, longest));
    }
    BOOST_TEST(expected.empty());
    BOOST_TEST(count > 3000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::simulate::test
