// What the analyzer remembers, on disk, with the places in its inputs up to which it remembers: it goes on from there
// after a restart. Written by SnapshotWriter and by `guardctl replay --learn`; who writes holds the StateLock of the
// directory. IDs are in it as hashes under a key that never leaves the state directory, but for those that something
// was found about within a day, and of the first uses of a network. docs/decisions/0013-snapshots.md gives the format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "analyzer/detection/detector.hpp"
#include "event/keyed_hash.hpp"

namespace guard::daemon {

// By name of an input, up to where it was read; whose the names are, and what the texts mean, is the caller's.
using Positions = std::map<std::string, std::string>;

// The key of the state directory, made at the first call. Throws std::system_error.
[[nodiscard]] HashKey state_key(const std::filesystem::path& state_directory);

// Writes beside, syncs, keeps the present one as "state.previous", renames. Returns its size. Throws std::system_error.
std::uint64_t save_state(const detection::Detector& detector, const Positions& positions, const HashKey& key,
                         const std::filesystem::path& state_directory);

enum class Part {
    all,
    learned,  // regions, and since when an ID is known: what no journal holds any more
    records,  // the same with what refers to the rest: for save_learned() alone
};
struct LoadedState {
    std::unique_ptr<detection::Detector> detector;  // never null; where nothing was sound, new
    Positions positions;                            // empty: the detector knows nothing but what was learned
    std::size_t ids = 0;
    std::filesystem::path file;  // empty: none was sound
    std::uint64_t bytes = 0;     // of it
    std::uint64_t refused = 0;   // files that were not sound
    std::string warning;         // empty, or what was not sound and what was taken instead
    bool ahead = false;          // the newest was sound, and not `usable`
};
// From the newest snapshot that is sound and whose positions are `usable`, which without a function all are. Where
// there is none such, what was learned of the newest that is sound. `key` must be that of the snapshot. Throws nothing
// but bad_alloc.
[[nodiscard]] LoadedState load_state(const config::DetectionSettings& settings,
                                     const std::shared_ptr<const geo::Locator>& locator, const HashKey& key,
                                     const std::filesystem::path& state_directory, Part part = Part::all,
                                     const std::function<bool(const Positions&)>& usable = {});

// Makes what `from` has learned of an ID what `to` knows of it.
void take_learned(const detection::Detector& from, detection::Detector& to);

// Puts what `detector` has learned into the newest snapshot that is sound, of which all else stays as it is: the
// analyzer will go on where it was. Throws std::system_error.
void save_learned(const detection::Detector& detector, const config::DetectionSettings& settings,
                  const std::shared_ptr<const geo::Locator>& locator, const HashKey& key,
                  const std::filesystem::path& state_directory);

}  // namespace guard::daemon
