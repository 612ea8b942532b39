// The life of one ID as the detectors saw it, in plain words (--explain): each event with what it changed, what was
// found and why it was or was not acted on, and its sessions. Keeps a history of its own beside the detectors', fed
// with the same events under the same settings; so it says the same and costs the detectors nothing.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/detection/detector.hpp"
#include "analyzer/detection/history.hpp"
#include "analyzer/detection/prefix_set.hpp"
#include "analyzer/detection/smtp_history.hpp"
#include "cli/replay/configuration.hpp"
#include "cli/replay/output_file.hpp"
#include "cli/replay/pseudonyms.hpp"
#include "replay/event_stream.hpp"

namespace guard::cli {

class Life {
  public:
    // Of the ID, normalised, in both services. `configuration` outlives this.
    Life(std::string id, const Configuration& configuration, const Pseudonyms& pseudonyms, OutputFile& out);

    void add(const replay::Batch& batch);
    void add(const detection::Decision& decision);
    // Findings and sessions; the events were written as they came.
    void finish();

  private:
    void add(const replay::StreamEvent& read);
    [[nodiscard]] std::string what_pppoe(const LoginEvent& event, const std::optional<geo::Place>& place);
    [[nodiscard]] std::string what_smtp(const LoginEvent& event);
    [[nodiscard]] std::optional<geo::Place> pool_place(const Addresses& addresses) const;
    [[nodiscard]] std::string step_into(const LoginEvent& event) const;
    void write_sessions();

    const std::string id_;
    const Configuration& configuration_;
    const Pseudonyms& pseudonyms_;
    const detection::PrefixSet gateways_;
    OutputFile& out_;
    detection::History history_;
    detection::SmtpHistory smtp_history_;
    std::map<Kind, std::uint64_t> counts_;
    std::vector<detection::Decision> decisions_;
};

}  // namespace guard::cli
