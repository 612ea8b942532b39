#include "cli/replay/analysis.hpp"

#include <utility>

#include "analyzer/daemon/snapshot.hpp"

namespace guard::cli {

Analysis::Analysis(const Configuration& configuration, const Pseudonyms& pseudonyms, std::string& warning)
    : configuration_(configuration),
      state_directory_(configuration.settings.state_directory),
      key_(state_directory_.empty() ? random_key() : daemon::state_key(state_directory_)),
      pseudonyms_(pseudonyms),
      detector_(configuration.settings.detection, configuration.locator, configuration.knowledge, key_) {
    if (state_directory_.empty()) return;
    const auto state = daemon::load_state(configuration.settings.detection, configuration.locator, key_,
                                          state_directory_, daemon::Part::learned);
    warning = state.warning;
    daemon::take_learned(*state.detector, detector_);
}

// Nobody is disconnected here, so the sessions that come up late must not pile up.
void Analysis::detect_plain() {
    detector_.on_events(plain_, decisions_);
    plain_.clear();
    static_cast<void>(detector_.take_late_sessions());
}

void Analysis::take(const replay::Batch& batch) {
    const std::size_t from = decisions_.size();
    for (const replay::StreamEvent& read : batch) {
        if (!read.event.id.empty() && read.attempts == 1) {
            plain_.emplace_back(read.event);
            continue;
        }
        detect_plain();
        if (read.event.kind == Kind::reject) detector_.on_rejects(read.event, read.attempts, decisions_);
    }
    detect_plain();
    hide(from);
}

void Analysis::finish() {
    const std::size_t from = decisions_.size();
    detector_.finish(decisions_);
    hide(from);
}

void Analysis::hide(std::size_t from) {
    for (std::size_t i = from; i < decisions_.size(); ++i) pseudonyms_.hide(decisions_[i]);
}

std::vector<detection::Decision> Analysis::take_decisions() {
    return std::exchange(decisions_, {});
}

void Analysis::save_learned() const {
    daemon::save_learned(detector_, configuration_.settings.detection, configuration_.locator, key_, state_directory_);
}

}  // namespace guard::cli
