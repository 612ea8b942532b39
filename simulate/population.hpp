// Who there is: fills an Isp with lives, by scenarios, and says what the truth about them is. README.md gives
// the reason of each number; parameters() are for the manifest.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulate/isp.hpp"

namespace guard::simulate {

struct Arguments {
    std::uint64_t seed = 1;
    std::uint32_t subscribers = 10'000;
    std::uint32_t days = 20;
    std::optional<std::uint32_t> smtp;  // SMTP-AUTH IDs; none: a tenth of the subscribers
    std::vector<Label> scenarios;       // empty: all
    // Of each kind of attack; none: as many as an ISP would see (kThievesPerMillionMonths), or, where scenarios are
    // named, a thousandth of the subscribers, 2 to 100.
    std::optional<std::uint32_t> thieves;
};

struct TruthRow {
    std::string subject;  // an ID; of a source its address
    Label label = Label::ordinary;
    std::optional<Time> attack_start;
};

struct ContractRow {
    std::uint32_t id = 0;
    std::uint32_t sessions = 1;
};

struct Population {
    std::vector<TruthRow> truth;  // all but ordinary and smtp_ordinary
    std::vector<ContractRow> contracts;
    std::array<std::uint64_t, kLabels> counts{};  // IDs or sources of each label
    std::uint64_t innocent_sources = 0;
    std::uint64_t attacks = 0, attacks_in_learning = 0;
};

// Of each kind of attack, per million subscriber-months: some 300 stolen PPPoE IDs of all kinds, a tenth of what the
// breaker lets pass. README.md has the reasons.
inline constexpr std::uint32_t kThievesPerMillionMonths = 30;

// The first instant of every simulation: 2026-03-01T00:00:00Z, a Sunday.
[[nodiscard]] Time first_instant();
[[nodiscard]] std::uint32_t smtp_ids(const Arguments& arguments);
// What is wrong with the number of thieves: there are not enough IDs for them.
[[nodiscard]] std::optional<std::string> too_many_thieves(const Arguments& arguments);
// Name and value of what does not depend on the arguments.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parameters();

[[nodiscard]] Population populate(Isp& isp, const Arguments& arguments);

}  // namespace guard::simulate
