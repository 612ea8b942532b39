// What was learned of each ID (regions, since when it is known), on disk: loaded when the analyzer starts, written
// every ten minutes, when it stops, and by `guardctl replay --learn`. IDs are in it as hashes under a key that never
// leaves the state directory. A damaged file falls back to the one before.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "analyzer/detection/detector.hpp"
#include "event/keyed_hash.hpp"

namespace guard::daemon {

// The key of the state directory, made at the first call. Throws std::system_error.
[[nodiscard]] HashKey state_key(const std::filesystem::path& state_directory);

// Writes beside, syncs, keeps the present one as "learned.previous", renames. Throws std::system_error.
void save_learned(const detection::Detector& detector, const HashKey& key,
                  const std::filesystem::path& state_directory);

struct LoadedState {
    std::size_t ids = 0;
    std::string warning;  // empty, or why the newest snapshot was not used
};
// Restores what the newest sound snapshot holds; none at all is an empty state. `key` must be that of the snapshot.
[[nodiscard]] LoadedState load_learned(detection::Detector& detector, const HashKey& key,
                                       const std::filesystem::path& state_directory);

}  // namespace guard::daemon
