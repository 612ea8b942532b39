// "learned.snapshot", as the analyzer wrote it before it kept all of its state: read once, after an upgrade.
#pragma once

#include <cstdint>
#include <span>

#include "analyzer/detection/detector.hpp"
#include "event/expected.hpp"
#include "event/keyed_hash.hpp"

namespace guard::daemon {

// Into a detector that has seen nothing yet; returns how many IDs. The error is what is not sound.
[[nodiscard]] Expected<std::size_t> restore_learned(detection::Detector& detector, std::span<const std::uint8_t> bytes,
                                                    const HashKey& key);

}  // namespace guard::daemon
