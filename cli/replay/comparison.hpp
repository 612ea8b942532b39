// What several configurations make of the same events, side by side: numbers by rule, and the IDs and sources that they
// differ about. IDs are masked, or pseudonyms. Fed with the decisions of each Analysis; memory grows with the findings.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "analyzer/detection/finding.hpp"
#include "cli/replay/document.hpp"
#include "cli/replay/pseudonyms.hpp"

namespace guard::cli {

// "t***@isp.example": the first letter of a long enough name and the realm; "***" of anything that is not plain text.
[[nodiscard]] std::string masked(const std::string& id);

class Comparison {
  public:
    Comparison(std::vector<std::string> names, const Pseudonyms& pseudonyms)
        : names_(std::move(names)), masks_(!pseudonyms.wanted()) {}

    // What the configuration of that number decided.
    void count(std::size_t configuration, const detection::Decision& decision);

    [[nodiscard]] std::string shown(Format format, bool interrupted) const;

  private:
    using Key = std::tuple<detection::Rule, Service, std::string>;   // the last: ID or source
    using Verdicts = std::vector<std::optional<detection::Action>>;  // by configuration
    using Counts = std::map<std::pair<detection::Rule, detection::Action>, std::vector<std::uint64_t>>;
    struct Difference {
        const Key& key;
        const Verdicts& verdicts;
    };

    [[nodiscard]] Counts counts() const;
    [[nodiscard]] std::vector<std::uint64_t> subjects(detection::Action action) const;
    [[nodiscard]] std::vector<Difference> differences() const;
    [[nodiscard]] std::vector<std::string> with_names(std::vector<std::string> columns) const;
    [[nodiscard]] Table changes_table(const std::vector<Difference>& all) const;
    [[nodiscard]] Table differences_table(const std::vector<Difference>& all) const;
    [[nodiscard]] std::string subject(const Key& key) const;
    [[nodiscard]] std::string json(bool interrupted) const;
    [[nodiscard]] Document document(bool interrupted) const;

    const std::vector<std::string> names_;
    const bool masks_;
    std::map<Key, Verdicts> verdicts_;
};

}  // namespace guard::cli
