#include "simulate/simulation.hpp"

#include <fmt/core.h>

#include <exception>

#include "cli/commands.hpp"
#include "cli/progress.hpp"

namespace guard::cli {
namespace {

// Comma-separated names; empty for "all". The error names what was found.
Expected<std::vector<simulate::Label>> scenarios_of(const std::string& text) {
    std::vector<simulate::Label> labels;
    if (text == "all") return labels;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string name = text.substr(begin, end - begin);
        const auto label = simulate::parse_label(name);
        if (!label) {
            std::string known = "all";
            for (const auto& row : simulate::labels()) known += ' ' + std::string(row.name);
            return unexpected(fmt::format("--scenario: found \"{}\", expected names of: {}", name, known));
        }
        labels.push_back(*label);
        begin = end + 1;
    }
    return labels;
}

int run(const SimulateOptions& options) {
    auto scenarios = scenarios_of(options.scenario);
    if (!scenarios) {
        fmt::print(stderr, "{}\n", scenarios.error());
        return kCouldNotRun;
    }
    const simulate::Arguments arguments{options.seed, options.subscribers,   options.days,
                                        options.smtp, std::move(*scenarios), options.thieves};
    Progress progress("simulate");
    const auto done =
        simulate::simulate(arguments, {options.directory, options.events, options.force, options.version},
                           // Progress looks up at multiples of 4096 only, and so many events are seldom hit exactly.
                           [&](std::uint64_t events) { progress.show(events / 4096 * 4096); });
    progress.clear();
    if (!done) {
        fmt::print(stderr, "{}\n", done.error());
        return kCouldNotRun;
    }
    fmt::print(stderr, "{} events, {} bytes; {} attacks, {} of them begin while their ID is learned\n", done->events,
               done->bytes, done->attacks, done->attacks_in_learning);
    return kDone;
}

}  // namespace

int simulate(const SimulateOptions& options) {
    try {
        return run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "guardctl simulate: {}\n", error.what());
    }
    return kCouldNotRun;
}

}  // namespace guard::cli
