#include "cli/replay/analysis.hpp"

#include <utility>

#include "analyzer/daemon/snapshot.hpp"

namespace guard::cli {

Analysis::Analysis(const Configuration& configuration, const Pseudonyms& pseudonyms, std::string& warning)
    : state_directory_(configuration.settings.state_directory),
      key_(state_directory_.empty() ? random_key() : daemon::state_key(state_directory_)),
      pseudonyms_(pseudonyms),
      detector_(configuration.settings.detection, configuration.locator, configuration.knowledge, key_) {
    if (!state_directory_.empty()) warning = daemon::load_learned(detector_, key_, state_directory_).warning;
}

void Analysis::take(const replay::Batch& batch) {
    const std::size_t from = decisions_.size();
    for (const replay::StreamEvent& read : batch) {
        if (read.event.id.empty()) continue;
        detector_.on_event(read.event, decisions_);
        // Nobody is disconnected here; do not let them pile up.
        static_cast<void>(detector_.take_late_sessions());
    }
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
    daemon::save_learned(detector_, key_, state_directory_);
}

}  // namespace guard::cli
