// A configuration as a replay uses it: settings with what the command line lays over them, and what they name read in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analyzer/detection/detector.hpp"
#include "cli/replay/options.hpp"
#include "config/settings.hpp"
#include "geo/locator.hpp"

namespace guard::cli {

struct Configuration {
    std::string name;  // the file; "built-in defaults"
    config::Settings settings;
    std::shared_ptr<const geo::Locator> locator;
    detection::Knowledge knowledge;
};

// That of --config, then those of --compare: one at least. All of them read events alike. Throws CouldNotRun with every
// mistake of the first file that has any.
[[nodiscard]] std::vector<Configuration> load_configurations(const ReplayOptions& options);

}  // namespace guard::cli
