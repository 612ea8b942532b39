// What the simulator knows and the detectors do not: truth.csv, one row for every ID and source that is no ordinary
// line, and manifest.json, how many there are of all. Read by one thread before the findings; then immutable. Holds
// one row of truth.csv in memory for each, nothing of the ordinary ones.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/expected.hpp"
#include "event/time.hpp"
#include "simulate/label.hpp"

namespace guard::evaluate {

using simulate::Class, simulate::Label, simulate::LabelRow;

// Who a finding is about: an ID in its service, or a source.
struct Subject {
    Service service = Service::pppoe;
    bool source = false;
    std::string name;  // the ID, normalised; the source as an address or a prefix

    friend bool operator==(const Subject&, const Subject&) = default;
};
[[nodiscard]] std::string key_of(const Subject& subject);  // different for different subjects
[[nodiscard]] Subject subject_of(const std::string& key);  // and back

struct TruthRow {
    Label label = Label::ordinary;
    Time attack_start{};  // of the first misuse; Time::max() for who is never misused
};

[[nodiscard]] inline const LabelRow& label_of(const TruthRow& row) {
    return simulate::row_of(row.label);
}

class Truth {
  public:
    // `id,label,attack_start`, the first line says so. The error is one message with file, line, what was found and
    // what was expected; it holds no ID.
    static Expected<Truth> load(const std::filesystem::path& file);

    // Index of the row; none: an ordinary line.
    [[nodiscard]] std::optional<std::size_t> find(const Subject& subject) const;
    [[nodiscard]] const std::vector<TruthRow>& rows() const { return rows_; }
    // The rows' subjects, in the order of the file.
    [[nodiscard]] std::vector<Subject> subjects() const;

  private:
    [[nodiscard]] std::optional<std::string> add(std::string_view line);

    std::vector<TruthRow> rows_;
    boost::unordered_flat_map<std::string, std::uint32_t> by_key_;
};

struct Manifest {
    std::uint64_t subscribers = 0;  // PPPoE IDs
    std::uint64_t smtp = 0;         // SMTP-AUTH IDs
    double days = 0;
    std::optional<std::uint64_t> sources;  // innocent SMTP-AUTH sources

    static Expected<Manifest> load(const std::filesystem::path& file);
};

}  // namespace guard::evaluate
