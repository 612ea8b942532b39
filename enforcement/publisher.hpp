// Writes tables where the modules look. Used by the analyzer's enforcer, from one thread.
#pragma once

#include <filesystem>

#include "enforcement/table.hpp"

namespace guard::enforcement {

// The name of the table before the newest: what a module falls back to when the newest is damaged.
[[nodiscard]] std::filesystem::path previous_table(const std::filesystem::path& file);

// Writes beside, syncs, keeps the present table as previous_table(), renames. Mode 0640. Throws std::system_error; the
// present table is then as it was.
void publish(const Table& table, const std::filesystem::path& file);

}  // namespace guard::enforcement
