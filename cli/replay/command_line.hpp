// The options of `guardctl replay`.
#pragma once

#include "cli/replay/options.hpp"

namespace CLI {
class App;
}

namespace guard::cli {

// Adds the subcommand, which fills in the options and then sets the exit code.
void add_replay(CLI::App& app, ReplayOptions& options, int& result);

}  // namespace guard::cli
