// The report of a replay: what would be suspended, reviewed, blocked and recorded, by rule and by hour, which guard
// held what back, the sources, and an account of every line. Counts and sources, no ID (R8).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/replay/document.hpp"
#include "cli/replay/tally.hpp"
#include "replay/event_stream.hpp"

namespace guard::cli {

struct Account {
    const std::vector<replay::InputCounts>& inputs;
    std::uint64_t ids = 0;       // that were seen
    std::uint64_t unmapped = 0;  // PPPoE events with an address outside every pool
    // Pools whose NAS had a wrong clock at the end, and by how much it was ahead (less than 0: behind).
    std::vector<std::pair<IpAddress, std::chrono::seconds>> skewed_clocks{};
    bool interrupted = false;  // not everything was read
};

// "12 ignored (10 other program, 2 no address)"; "0 ignored".
[[nodiscard]] std::string ignored_in_words(const replay::InputCounts& counts);
// All inputs as one; its name is empty.
[[nodiscard]] replay::InputCounts sum_of(const std::vector<replay::InputCounts>& inputs);
// "text", "json", "md".
[[nodiscard]] Format format_of(std::string_view name);

// "pool 10.46.0.0/16: its Starts are told to be 45 s earlier than their accepts: the clock of the NAS is wrong"
[[nodiscard]] std::string skew_in_words(const IpAddress& pool, std::chrono::seconds skew);

[[nodiscard]] std::string report(const Tally& tally, const Account& account, Format format);

}  // namespace guard::cli
