// How our daemons log: lines of key=value to standard error, which systemd gives to the journal. Never an ID at info
// level.
#pragma once

#include <string_view>

#include "config/settings.hpp"

namespace guard::config {

// Makes the default logger of spdlog. Called once, before other threads are started.
void set_up_logging(const Settings& settings, std::string_view program);
// From the next line on. Any thread.
void set_log_level(LogLevel level);

}  // namespace guard::config
