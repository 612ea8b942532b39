// The analyzer's figures for the node exporter's textfile collector: one file, replaced as a whole. No ID is in it. The
// metrics are listed in docs/operations.md.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/daemon/enforcer.hpp"
#include "analyzer/daemon/event_source.hpp"
#include "analyzer/daemon/inputs.hpp"
#include "analyzer/daemon/recorder.hpp"
#include "analyzer/daemon/snapshot_writer.hpp"
#include "analyzer/detection/detector.hpp"

namespace guard::daemon {

class Metrics {
  public:
    Metrics();
    ~Metrics();

    void recorded(const Recorded& recorded);
    void database_failed();

    struct Sample {
        std::map<std::string, StreamStatus> streams_read;
        detection::DetectorCounters detector;
        InputCounters inputs;
        std::size_t streams = 0, active_ids = 0;
        std::vector<std::pair<IpAddress, std::chrono::seconds>> skewed_clocks;  // by pool
        double lag_seconds = 0;
        SnapshotWriter::Status snapshots;
        std::optional<std::uint64_t> rows_past_term{};  // none: not asked yet
    };
    // Throws std::system_error when the file cannot be written.
    void write(const std::filesystem::path& file, const Sample& sample, const EnforcerStatus& enforcer);

  private:
    struct Registry;
    std::unique_ptr<Registry> registry_;
};

}  // namespace guard::daemon
