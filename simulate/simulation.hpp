// One run of the simulator: who there is, what happens, and the files about it. What guardctl simulate calls; one
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "event/expected.hpp"
#include "simulate/population.hpp"

namespace guard::simulate {

struct Output {
    std::filesystem::path directory;
    std::filesystem::path events;  // empty: events.jsonl in the directory; "-": standard output
    bool force = false;            // overwrite what is in the directory
    std::string version;           // of this program, for the manifest
};

struct Summary {
    std::uint64_t events = 0, bytes = 0, attacks = 0, attacks_in_learning = 0;
};

// Makes the directory if it is missing. Every file is written beside and renamed; all but the events and the manifest
// are there before the first event is written, truth.csv last; the manifest comes at the very end. `progress` is called
// with the number of events so far. The error is a mistake in the arguments, as one message. Throws std::system_error
// when a file cannot be written; no half file is left then.
Expected<Summary> simulate(const Arguments& arguments, const Output& output,
                           const std::function<void(std::uint64_t events)>& progress);

}  // namespace guard::simulate
