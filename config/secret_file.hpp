// Passwords and keys come from files of their own: the first line, readable by their owner alone.
#pragma once

#include <filesystem>
#include <string>

#include "config/secret.hpp"
#include "event/expected.hpp"

namespace guard::config {

// The error says the path and what is wrong with it: missing, open to group or others, empty, longer than 4096 bytes,
// control characters. It never repeats anything of the content.
[[nodiscard]] Expected<Secret> read_secret_file(const std::filesystem::path& file);

}  // namespace guard::config
