// What a replay has to do with the database: it records that a person looks at single communications, before the first
// is shown (R7), and with --into-cases it records findings as incidents. Connections of its own; nothing else of a
// replay needs a database.
#pragma once

#include <memory>
#include <pqxx/connection>
#include <vector>

#include "analyzer/daemon/past_recorder.hpp"
#include "analyzer/detection/finding.hpp"
#include "cli/replay/options.hpp"
#include "config/settings.hpp"

namespace guard::cli {

// Where a database is configured, single events are shown for a case that is in it and with a reason, and that is in
// the audit log before anything is shown. Throws CouldNotRun.
void account_for_reading(const ReplayOptions& options, const config::Settings& settings);

class Cases {
  public:
    // Throws CouldNotRun: no database, one that cannot be reached, or one that normalises IDs otherwise.
    explicit Cases(const config::Settings& settings);

    // Commits a few hundred at a time; what was recorded stays if the run ends early, and is known the next time.
    void add(const detection::Decision& decision);
    void finish();
    [[nodiscard]] const daemon::RecordedPast& recorded() const { return recorded_; }

  private:
    std::unique_ptr<pqxx::connection> connection_;
    std::vector<detection::Decision> waiting_;
    daemon::RecordedPast recorded_;
};

}  // namespace guard::cli
