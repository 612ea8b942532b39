// The detectors under one configuration. Takes the events in their order and keeps what was decided until it is taken;
// its decisions hold what may be shown of an ID and nothing more. One thread at a time.
#pragma once

#include <string>
#include <vector>

#include "analyzer/detection/detector.hpp"
#include "cli/replay/configuration.hpp"
#include "cli/replay/pseudonyms.hpp"
#include "event/keyed_hash.hpp"
#include "replay/event_stream.hpp"

namespace guard::cli {

class Analysis {
  public:
    // Reads what was learned, if the settings name a state directory; `warning` is what there is to say about that.
    // Keeps the configuration by reference.
    Analysis(const Configuration& configuration, const Pseudonyms& pseudonyms, std::string& warning);

    void take(const replay::Batch& batch);
    // No more events will come: decides all that is still settling.
    void finish();
    // Since the last call, `settling` ones included.
    [[nodiscard]] std::vector<detection::Decision> take_decisions();

    [[nodiscard]] const detection::Detector& detector() const { return detector_; }
    // For the analyzer, in the state directory, which has to be locked since before this was made: what was learned is
    // put into what the analyzer remembers, and it will go on where it was. Throws std::system_error.
    void save_learned() const;

  private:
    void detect_plain();
    void hide(std::size_t from);

    const Configuration& configuration_;
    const std::filesystem::path state_directory_;  // empty: none
    const HashKey key_;
    const Pseudonyms& pseudonyms_;
    detection::Detector detector_;
    std::vector<LoginEventView> plain_;  // of the batch, not yet seen by the detector
    std::vector<detection::Decision> decisions_;
};

}  // namespace guard::cli
