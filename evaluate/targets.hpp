// The targets as data, and whether a measurement keeps them. docs/detection.md gives the reasons.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "evaluate/score.hpp"

namespace guard::evaluate {

enum class Measure : std::uint8_t {
    innocent_suspended,   // innocent IDs, per million subscriber-days
    ambiguous_suspended,  // IDs of the ambiguous class, per million subscriber-days
    mass_suspended,       // IDs of the labels
    found_share,          // of the labels, suspended, blocked or in review
    finding_delay,        // median, seconds, of the labels
    suspension_delay,     // median, seconds, of the labels
    unlimited_delay,      // the same, had the breaker let everything pass
    innocent_blocked,     // sources, per million source-days
    mail_review_load,     // findings about innocent SMTP-AUTH IDs for a person, per 1,000 IDs and day
    same_outcome,         // findings that differ in a second run
};

struct Target {
    std::string_view name;
    Measure measure;
    std::vector<Label> labels;
    std::optional<double> limit;             // at most, of a share at least; none: counted, no target
    std::optional<config::Profile> profile;  // that it is for; none: any
};
[[nodiscard]] const std::vector<Target>& targets();

enum class Outcome : std::uint8_t {
    kept,        // the bound keeps it
    missed,      // the measured value does not
    too_little,  // the measured value keeps it, and there is too little data to say that the true one does
    absent,      // nothing of the kind was in the data
    no_target,
};
[[nodiscard]] std::string_view to_string(Outcome outcome);

struct Checked {
    const Target* target = nullptr;
    std::uint64_t hits = 0;            // IDs, sources or findings that the value counts
    double base = 0;                   // of so many: IDs, million days
    std::optional<double> measured{};  // in the unit of the target
    std::optional<double> bound{};     // 95 %, one side; none where all were counted
    Outcome outcome = Outcome::absent;
};

struct Measured {
    const Score& score;
    const Truth& truth;
    const Manifest& manifest;
    config::Profile profile = config::Profile::guideline;
    std::optional<std::uint64_t> differing;  // findings of a second run
};
// In millions of days: of subscribers who are no attacked or ambiguous ID, and of sources.
[[nodiscard]] double subscriber_days(const Truth& truth, const Manifest& manifest);
[[nodiscard]] std::optional<double> source_days(const Manifest& manifest);
// Those of the profile.
[[nodiscard]] std::vector<Checked> check(const Measured& measured);

}  // namespace guard::evaluate
