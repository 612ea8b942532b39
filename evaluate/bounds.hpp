// Exact one-sided 95 % bounds: what a measurement of so few events can be said to show.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guard::evaluate {

inline constexpr double kConfidence = 0.95;

// The largest mean of a Poisson distribution under which as few as `events` still happen in 5 % of all runs: half the
// quantile of chi-square with 2 (events + 1) degrees of freedom. 2.996 for none.
[[nodiscard]] double poisson_upper(std::uint64_t events);

// The smallest share under which as many as `hits` of `trials` still happen in 5 % of all runs (Clopper and Pearson
// 1934). 0 for no trial or no hit.
[[nodiscard]] double share_lower(std::uint64_t hits, std::uint64_t trials);

// Of `count` values in ascending order, the index of the first that the true `quantile` does not exceed with 95 %
// confidence (order statistics, whatever the distribution); `count` when so few values cannot say.
[[nodiscard]] std::size_t quantile_upper_rank(double quantile, std::size_t count);

}  // namespace guard::evaluate
