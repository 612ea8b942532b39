#include "bench/radius_paired.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <stdexcept>

namespace guard::bench {

Interval student(const std::vector<double>& values) {
    if (values.size() < 2) throw std::invalid_argument("an interval needs two values at least");
    const auto count = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const double t = boost::math::quantile(boost::math::students_t(count - 1), 0.975);
    const double half = t * std::sqrt(squares / (count - 1) / count);
    return {mean, mean - half, mean + half};
}

double median(std::vector<double> values) {
    if (values.empty()) throw std::invalid_argument("a median needs a value");
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

Interval Pairs::difference() const {
    std::vector<double> differences;
    for (std::size_t i = 0; i < on.size(); ++i) differences.push_back(on[i] - off[i]);
    return student(differences);
}

Interval Pairs::ratio() const {
    std::vector<double> logarithms;
    for (std::size_t i = 0; i < on.size(); ++i) logarithms.push_back(std::log(on[i] / off[i]));
    const Interval interval = student(logarithms);
    return {std::exp(interval.mean), std::exp(interval.low), std::exp(interval.high)};
}

void print_pairs(const std::string& metric, const Interval& value, const std::string& unit, const Pairs& pairs,
                 double target) {
    double load[1] = {0};
    getloadavg(load, 1);
    fmt::print(
        "{{\"bench\":\"radius\",\"metric\":\"{}\",\"value\":{:.3f},\"low\":{:.3f},\"high\":{:.3f},\"unit\":\"{}\","
        "\"pairs\":{},\"yardstick\":{:.3f},\"yardstick_is\":\"median without the module\",\"median\":{:.3f},"
        "\"target\":{:.3f},\"load\":{:.2f}}}\n",
        metric, value.mean, value.low, value.high, unit, pairs.on.size(), median(pairs.off), median(pairs.on), target,
        load[0]);
    std::fflush(stdout);
    const char* const verdict = value.high <= target ? "kept" : value.low > target ? "missed" : "cannot be told";
    fmt::print(stderr,
               "{}: {:.3f} {} (95 %: {:.3f} to {:.3f}; {} pairs), target {:.2f}: {}; medians {:.2f} and {:.2f}\n",
               metric, value.mean, unit, value.low, value.high, pairs.on.size(), target, verdict, median(pairs.off),
               median(pairs.on));
}

}  // namespace guard::bench
