// Events that come out of order.
#pragma once

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "event/login_event.hpp"

namespace guard::detection::test {

// Each with the time it arrives; those that arrive at the same time in any order.
template <class Random>
std::vector<LoginEvent> in_order_of_arrival(std::vector<std::pair<Time, const LoginEvent*>> arriving, Random& random) {
    std::shuffle(arriving.begin(), arriving.end(), random);
    std::stable_sort(arriving.begin(), arriving.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<LoginEvent> result;
    result.reserve(arriving.size());
    for (const auto& [when, event] : arriving) result.push_back(*event);
    return result;
}

}  // namespace guard::detection::test
