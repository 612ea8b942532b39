// Writes the analyzer's snapshots while the analyzer goes on: a child process has all memory as it was at one moment,
// copied page by page as it is written to, and needs nothing of the parent but that. Used by the pipeline's thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "analyzer/daemon/snapshot.hpp"
#include "event/keyed_hash.hpp"

namespace guard::daemon {

class SnapshotWriter {
  public:
    using SteadyTime = std::chrono::steady_clock::time_point;
    // A child that has not written it by then is stuck, and is ended.
    static constexpr std::chrono::minutes kDeadline{5};

    SnapshotWriter(std::filesystem::path state_directory, const HashKey& key);
    SnapshotWriter(const SnapshotWriter&) = delete;
    SnapshotWriter& operator=(const SnapshotWriter&) = delete;
    // Ends a child that is still writing; what it wrote so far is in no file that is read.
    ~SnapshotWriter();

    // Begins one, unless one is being written; what is past its term at `now` (R8) is not in it. `positions` are those
    // the detector has seen all events up to, none of whose effects could still be lost. That there is no memory or no
    // process for it is logged, and the next comes in its turn.
    void begin(detection::Detector& detector, const Positions& positions, Time now);
    // Looks what became of it; to be called now and then.
    void look(SteadyTime now = std::chrono::steady_clock::now());
    // In this process, and before it returns: for the last one. One that is being written is given up for it.
    void write(detection::Detector& detector, const Positions& positions, Time now);

    // What the last start found.
    void loaded(const LoadedState& state);

    [[nodiscard]] bool is_writing() const { return child_ != 0; }
    // Its process; 0: none.
    [[nodiscard]] pid_t child() const { return child_; }
    struct Status {
        std::uint64_t written = 0, failed = 0;
        std::uint64_t refused = 0;           // at the start, because they were not sound
        std::chrono::microseconds pause{0};  // of the pipeline, for the last one
        std::chrono::system_clock::time_point last{};
    };
    [[nodiscard]] const Status& status() const { return status_; }

  private:
    void failed(const std::string& detail);
    void succeeded();
    void end_child();

    const std::filesystem::path directory_;
    const HashKey key_;
    pid_t child_ = 0;  // 0: none
    SteadyTime began_{};
    Status status_;
};

}  // namespace guard::daemon
