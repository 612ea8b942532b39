// The journal is kept for the detection horizon and then deleted, read or not. Writer and analyzer both call this, so
// that nothing outlives its term when one of them is down.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "event/time.hpp"

namespace guard::spool {

// Deletes the segments that were begun at least `retention` before `now`; one that a writer still holds 60 s later,
// which is when its writer has long ceased to write to it. Returns their numbers. A file that cannot be read or deleted
// is left for the next time.
std::vector<std::uint64_t> delete_expired(const std::filesystem::path& directory, std::chrono::seconds retention,
                                          Time now);

// What the segments of a directory take on disk. 0 when it cannot be read.
[[nodiscard]] std::uint64_t used_bytes(const std::filesystem::path& directory);

}  // namespace guard::spool
