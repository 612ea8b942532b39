// What a shell has to know to complete guardctl's command line, made from the command line itself. Pure.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace guard::cli {

// A script for bash: subcommands, options, and the files where a command takes any.
[[nodiscard]] std::string bash_completion(const CLI::App& app);

}  // namespace guard::cli
