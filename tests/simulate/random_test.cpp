// The dice: the same on every machine, and of the distribution they say.
#include "simulate/random.hpp"

#include <boost/test/unit_test.hpp>

namespace guard::simulate::test {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(random)

BOOST_AUTO_TEST_CASE(the_published_sequence_of_splitmix64) {
    Random random(1234567);
    BOOST_TEST(random.next() == 6457827717110365317U);
    BOOST_TEST(random.next() == 3203168211198807973U);
    BOOST_TEST(random.next() == 9817491932198370423U);
}

BOOST_AUTO_TEST_CASE(both_ends_of_a_range_come_and_nothing_beyond) {
    Random random(1);
    bool least = false, most = false;
    for (int i = 0; i < 1000; ++i) {
        const std::uint32_t value = random.between(6, 15);
        BOOST_REQUIRE(value >= 6 && value <= 15);
        least = least || value == 6;
        most = most || value == 15;
        const Microseconds time = random.between(Microseconds{3}, Microseconds{4});
        BOOST_REQUIRE(time == Microseconds{3} || time == Microseconds{4});
    }
    BOOST_TEST(least);
    BOOST_TEST(most);
    BOOST_TEST(random.between(5s, 5s) == 5s);
}

BOOST_AUTO_TEST_CASE(waiting_times_have_the_mean_and_the_median_of_an_exponential_distribution) {
    Random random(2);
    constexpr int kDraws = 200'000;
    std::int64_t total = 0;
    int below_median = 0;
    for (int i = 0; i < kDraws; ++i) {
        const Microseconds wait = random.exponential(1h);
        total += wait.count();
        if (wait < Microseconds{2'495'329'850}) ++below_median;  // 1 h * ln 2
    }
    const double mean = static_cast<double>(total) / kDraws / 3.6e9;
    BOOST_TEST(mean > 0.99);
    BOOST_TEST(mean < 1.01);
    BOOST_TEST(below_median > 0.495 * kDraws);
    BOOST_TEST(below_median < 0.505 * kDraws);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::simulate::test
