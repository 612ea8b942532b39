// Against tables that were printed long before this program, and against sums made here another way.
#include "evaluate/bounds.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

namespace guard::evaluate {

BOOST_AUTO_TEST_SUITE(bounds)

// -ln 0.05 for none; then the sum over Poisson's terms is 0.05 by definition.
BOOST_AUTO_TEST_CASE(as_few_events_as_this_happen_once_in_twenty_at_the_upper_bound) {
    BOOST_TEST(poisson_upper(0) == -std::log(0.05), boost::test_tools::tolerance(1e-9));
    BOOST_TEST(poisson_upper(1) == 4.743865, boost::test_tools::tolerance(1e-6));
    for (const std::uint64_t events : {0U, 1U, 2U, 7U, 50U}) {
        const double mean = poisson_upper(events);
        double term = std::exp(-mean), sum = term;
        for (std::uint64_t k = 1; k <= events; ++k) sum += term *= mean / static_cast<double>(k);
        BOOST_TEST(sum == 0.05, boost::test_tools::tolerance(1e-6));
    }
}

// All of n found: the lower bound is 0.05^(1/n). 299 are needed to show 99 %, 298 are not enough.
BOOST_AUTO_TEST_CASE(a_share_needs_299_of_299_to_show_99_percent) {
    BOOST_TEST(share_lower(20, 20) == std::pow(0.05, 1.0 / 20), boost::test_tools::tolerance(1e-9));
    BOOST_TEST(share_lower(299, 299) >= 0.99);
    BOOST_TEST(share_lower(298, 298) < 0.99);
    BOOST_TEST(share_lower(9, 10) == 0.605836, boost::test_tools::tolerance(1e-5));
    BOOST_TEST(share_lower(0, 10) == 0);
    BOOST_TEST(share_lower(0, 0) == 0);
}

// Half of the true values are below the median: that all of n are is 2^-n. Five are the fewest that can say something.
BOOST_AUTO_TEST_CASE(a_median_is_bounded_by_the_largest_of_five) {
    BOOST_TEST(quantile_upper_rank(0.5, 0) == 0U);
    BOOST_TEST(quantile_upper_rank(0.5, 4) == 4U);
    BOOST_TEST(quantile_upper_rank(0.5, 5) == 4U);
    BOOST_TEST(quantile_upper_rank(0.5, 20) == 14U);  // the 15th of 20: 0.9793 at 14, 0.9423 at 13
    BOOST_TEST(quantile_upper_rank(0.5, 10'000) == 5082U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::evaluate
