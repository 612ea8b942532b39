// Two ways of one thing, measured in turns: what a machine with other work does to the one it does to the other, too.
// Plain values and functions.
#pragma once

#include <string>
#include <vector>

namespace guard::bench {

// The mean, and between which values it is with a probability of 95 % (Student's t).
struct Interval {
    double mean = 0, low = 0, high = 0;
};

struct Pairs {
    std::vector<double> off, on;  // of each pair: without and with the module

    [[nodiscard]] Interval difference() const;  // on less off
    [[nodiscard]] Interval ratio() const;       // on divided by off; the mean is the geometric one
};

[[nodiscard]] Interval student(const std::vector<double>& values);  // two at least
[[nodiscard]] double median(std::vector<double> values);            // one at least

// One JSON object, as print() in measure.hpp does it, with the interval, both medians and the target; and a line for
// people on standard error.
void print_pairs(const std::string& metric, const Interval& value, const std::string& unit, const Pairs& pairs,
                 double target);

}  // namespace guard::bench
