// What the user asked of `guardctl replay`, as it was typed: command_line.cpp fills it in, check_options() says what
// does not go together before anything is opened. Plain values.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace guard::cli {

struct ReplayOptions {
    std::vector<std::string> inputs;  // files; "-": standard input
    std::string format, table = "radacct", zone, service, since, until;
    std::optional<std::string> id;
    std::vector<std::string> include;
    std::optional<int> year;
    unsigned threads = 0;

    std::filesystem::path config, pools, mmdb, gateways, contracts, state;
    std::string profile;                         // overrides the configuration
    std::vector<std::string> set;                // KEY=VALUE, of [detection]
    std::vector<std::filesystem::path> compare;  // configurations, beside `config`
    std::string database;                        // overrides the configuration

    std::filesystem::path findings, events;  // "-": standard output
    std::string report;                      // text, json or md; empty: none
    std::optional<std::string> explain;      // an ID
    std::filesystem::path pseudonyms;        // key file
    std::optional<long long> incident;       // --case
    std::string reason;
    bool learn = false, into_cases = false;

    // Single communications are to be shown, not only findings.
    [[nodiscard]] bool shows_events() const { return !events.empty() || explain.has_value(); }
};

// Throws CouldNotRun.
void check_options(const ReplayOptions& options);

}  // namespace guard::cli
