// What the subcommands that talk to PostgreSQL share.
#pragma once

#include <fmt/core.h>

#include <functional>
#include <memory>
#include <pqxx/pqxx>

#include "cli/commands.hpp"
#include "config/settings.hpp"

namespace guard::cli {

// Runs `command` with the settings and a connection of its own; turns what goes wrong into a message and an exit code.
int with_database(const DatabaseOptions& options, const char* name,
                  const std::function<int(const config::Settings&, pqxx::connection&)>& command);

}  // namespace guard::cli
