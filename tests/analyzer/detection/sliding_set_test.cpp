// How many did something within a window, and how many usually do.
#include "analyzer/detection/guards/sliding_set.hpp"

#include <boost/test/unit_test.hpp>

namespace guard::detection::test {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{Microseconds{1'772'323'200'000'000}};
constexpr auto kExactly = 1e-9;

BOOST_AUTO_TEST_SUITE(sliding_set)

BOOST_AUTO_TEST_CASE(counts_each_once_within_the_window) {
    SlidingSet set(600s, SlidingSet::Before::unknown);
    BOOST_TEST(set.add(1, kStart) == 1U);
    BOOST_TEST(set.add(1, kStart + 1s) == 1U);
    BOOST_TEST(set.add(2, kStart + 2s) == 2U);
    BOOST_TEST(set.add(3, kStart + 601s - 1us) == 3U);
    BOOST_TEST(set.add(3, kStart + 601s) == 2U);  // the first was last there ten minutes ago
    BOOST_TEST(set.count(kStart + 602s - 1us) == 2U);
    BOOST_TEST(set.count(kStart + 602s) == 1U);
}

BOOST_AUTO_TEST_CASE(what_comes_late_takes_nothing_back) {
    SlidingSet set(600s, SlidingSet::Before::unknown);
    set.add(1, kStart + 100s);
    BOOST_TEST(set.add(1, kStart + 50s) == 1U);
    BOOST_TEST(set.add(2, kStart + 700s - 1us) == 2U);
    BOOST_TEST(set.count(kStart + 700s) == 1U);
}

BOOST_AUTO_TEST_CASE(usual_is_the_mean_of_the_most_in_each_window) {
    SlidingSet set(300s, SlidingSet::Before::unknown);
    for (std::uint64_t id = 0; id < 5; ++id) set.add(id, kStart + id * 1s);
    BOOST_TEST(set.usual() == 0);  // no window is over
    set.count(kStart + 300s - 1us);
    BOOST_TEST(set.usual() == 0);
    // Two of the five are still there, and a third one comes; then it is quiet.
    BOOST_TEST(set.add(9, kStart + 302s) == 3U);
    BOOST_TEST(set.usual() == 5, boost::test_tools::tolerance(kExactly));
    set.count(kStart + 600s);
    BOOST_TEST(set.usual() == 4, boost::test_tools::tolerance(kExactly));
    set.count(kStart + 900s);  // the last of them left 2 s after the window began
    BOOST_TEST(set.usual() == 3, boost::test_tools::tolerance(kExactly));
    set.count(kStart + 1200s);
    BOOST_TEST(set.usual() == 9. / 4, boost::test_tools::tolerance(kExactly));
}

BOOST_AUTO_TEST_CASE(windows_in_which_nothing_happened_are_empty_ones) {
    SlidingSet set(300s, SlidingSet::Before::unknown);
    set.add(1, kStart);
    set.count(kStart + 1000s);  // three windows at once
    BOOST_TEST(set.usual() == 1. / 3, boost::test_tools::tolerance(kExactly));
}

BOOST_AUTO_TEST_CASE(what_is_usual_follows_the_windows_of_a_day) {
    SlidingSet set(300s, SlidingSet::Before::unknown);
    unsigned window = 0;
    for (; window < 2 * 288; ++window)
        for (std::uint64_t id = 0; id < 10; ++id) set.add(id, kStart + window * 300s);
    BOOST_TEST(set.usual() == 10, boost::test_tools::tolerance(kExactly));
    for (; window <= 3 * 288; ++window) set.count(kStart + window * 300s);
    BOOST_TEST(set.usual() > 3.6);  // 10 / e; of all that went before it would be 6.7
    BOOST_TEST(set.usual() < 3.8);
}

BOOST_AUTO_TEST_CASE(what_seldom_happens_is_not_usual_because_it_happened_once) {
    SlidingSet set(600s, SlidingSet::Before::nothing);
    for (std::uint64_t id = 0; id < 200; ++id) set.add(id, kStart + id * 1s);
    set.count(kStart + 10min);
    BOOST_TEST(set.usual() == 200. / 144, boost::test_tools::tolerance(kExactly));
}

BOOST_AUTO_TEST_CASE(after_a_day_of_nothing_it_starts_afresh) {
    for (const auto before : {SlidingSet::Before::unknown, SlidingSet::Before::nothing}) {
        SlidingSet set(600s, before);
        for (std::uint64_t id = 0; id < 6; ++id) set.add(id, kStart);
        const Time afresh = kStart + 24h + 20min;  // the window that the six were in, and the next one
        set.count(afresh - 1us);
        BOOST_TEST(set.usual() > 0);
        SlidingSet other(600s, before);
        for (std::uint64_t id = 0; id < 6; ++id) other.add(id, kStart);
        other.add(7, afresh);
        BOOST_TEST(other.usual() == 0);
        other.count(afresh + 600s - 1us);  // its first window is from then on
        BOOST_TEST(other.usual() == 0);
        other.count(afresh + 600s);
        const double windows = before == SlidingSet::Before::nothing ? 144 : 1;
        BOOST_TEST(other.usual() == 1 / windows, boost::test_tools::tolerance(kExactly));
    }
}

BOOST_AUTO_TEST_CASE(idle_after_a_day) {
    SlidingSet set(600s, SlidingSet::Before::nothing);
    BOOST_TEST(set.idle(kStart));
    set.add(1, kStart);
    BOOST_TEST(!set.idle(kStart));
    BOOST_TEST(!set.idle(kStart + 24h));
    BOOST_TEST(set.idle(kStart + 24h + 1us));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
