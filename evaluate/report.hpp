// The tables of an evaluation, as text for a person and as one JSON object. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "evaluate/targets.hpp"

namespace guard::evaluate {

struct Report {
    const Truth& truth;
    const Manifest& manifest;
    config::Profile profile;
    const std::vector<Score>& scores;  // of PPPoE Guard first, then of the naive rules, if any
    std::vector<Checked> targets;      // of the first
};

[[nodiscard]] std::string to_text(const Report& report);
[[nodiscard]] std::string to_json(const Report& report);

// "0.3 s", "2 min 5 s", "3 h 10 min", "4 d 2 h"; "never" for infinity.
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace guard::evaluate
