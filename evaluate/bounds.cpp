#include "evaluate/bounds.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>

namespace guard::evaluate {

double poisson_upper(std::uint64_t events) {
    const boost::math::chi_squared distribution(2.0 * (static_cast<double>(events) + 1.0));
    return boost::math::quantile(distribution, kConfidence) / 2.0;
}

double share_lower(std::uint64_t hits, std::uint64_t trials) {
    if (hits == 0 || trials == 0 || hits > trials) return 0;
    const boost::math::beta_distribution<> distribution(static_cast<double>(hits),
                                                        static_cast<double>(trials - hits) + 1.0);
    return boost::math::quantile(distribution, 1.0 - kConfidence);
}

std::size_t quantile_upper_rank(double quantile, std::size_t count) {
    if (count == 0) return 0;
    // The value of rank r (from 0) is below the true quantile only if more than r of the values are. The quantile of a
    // discrete distribution is rounded away from the middle, so it is a rank or two off at most.
    const boost::math::binomial distribution(static_cast<double>(count), quantile);
    const double about = boost::math::quantile(distribution, kConfidence);
    for (auto rank = static_cast<std::size_t>(std::max(0.0, about - 2)); rank < count; ++rank)
        if (boost::math::cdf(distribution, static_cast<double>(rank)) >= kConfidence) return rank;
    return count;
}

}  // namespace guard::evaluate
