// What is done to the servers, and how often it was done. A fault begins and, after a while, ends; of the same part
// only one at a time.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "tests/chaos/world.hpp"

namespace guard::chaos {

struct Fault {
    std::string_view name;
    std::string_view part;  // that it befalls
    milliseconds least, most;
    void (*begin)(World&);
    void (*end)(World&);
    std::string_view what;  // for --help and the table
};

[[nodiscard]] std::span<const Fault> all_faults();

// By name; how often it happened, or why not.
struct Happened {
    unsigned times = 0, impossible = 0;
};

struct Planned {
    const Fault* fault = nullptr;
    milliseconds at{0}, until{0};
};

// So many at random times within `length`; one of them the `first`, counted round and round, so that none is left out
// for long. Only those of `only`, if it names any.
[[nodiscard]] std::vector<Planned> plan(World& world, milliseconds length, unsigned count, std::uint64_t first,
                                        const std::set<std::string>& only);
// Lets them happen; all are over when it returns.
void carry_out(World& world, const std::vector<Planned>& planned, std::map<std::string_view, Happened>& happened);

}  // namespace guard::chaos
