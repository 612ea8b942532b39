// What a replay found, counted: by action, rule, hour, reason and source. Tells no ID. Fed with the events and the
// decisions of one Analysis; asked by the summary and by the report. Memory grows with the findings, not with the log.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/detection/finding.hpp"
#include "event/ip_address.hpp"
#include "replay/event_stream.hpp"

namespace guard::cli {

inline constexpr std::size_t kActions = 4;
using ActionCounts = std::array<std::uint64_t, kActions>;  // by detection::Action

// For the reader it is one finding: what was decided for good, and of a block its beginning.
[[nodiscard]] bool is_final(const detection::Decision& decision);

class Tally {
  public:
    struct OfRule {
        ActionCounts actions{};
        std::unordered_set<std::string> subjects;  // only their number is asked for
    };
    struct OfHour {
        ActionCounts actions{};
        std::map<detection::Rule, std::uint64_t> rules;
    };
    struct Source {
        std::uint64_t attempts = 0, ids = 0, accepts = 0;
        Time first{}, last{};
        detection::Action action = detection::Action::record;
        std::uint64_t id_findings = 0;  // about IDs, resting on an accept from it
    };

    void count(const replay::Batch& batch);
    void count(const detection::Decision& decision);

    [[nodiscard]] std::uint64_t findings() const;
    [[nodiscard]] const ActionCounts& actions() const { return actions_; }
    [[nodiscard]] const std::map<detection::Rule, OfRule>& rules() const { return rules_; }
    [[nodiscard]] const std::map<Time, OfHour>& hours() const { return hours_; }
    [[nodiscard]] const std::map<detection::Reason, std::uint64_t>& reasons() const { return reasons_; }
    // Those with the most attempts first, at most `most`.
    [[nodiscard]] std::vector<std::pair<IpAddress, Source>> top_sources(std::size_t most) const;
    // IDs by the strongest that would be done about them; sources are left out.
    [[nodiscard]] ActionCounts ids() const;
    [[nodiscard]] std::uint64_t blocked_sources() const;
    // Of the events; none: there were none.
    [[nodiscard]] const std::optional<std::pair<Time, Time>>& period() const { return period_; }

  private:
    static constexpr std::size_t kMostSources = 100'000;  // past it only those known already are counted on

    void count_source(const detection::Finding& finding, detection::Action action);

    ActionCounts actions_{};
    std::map<detection::Rule, OfRule> rules_;
    std::map<Time, OfHour> hours_;
    std::map<detection::Reason, std::uint64_t> reasons_;
    std::unordered_map<IpAddress, Source, IpAddressHash> sources_;
    std::unordered_map<std::string, detection::Action> ids_;
    std::optional<std::pair<Time, Time>> period_;
};

}  // namespace guard::cli
