#include "cli/replay/options.hpp"

#include <algorithm>
#include <utility>

#include "cli/replay/could_not_run.hpp"

namespace guard::cli {
namespace {

// One stream of bytes cannot be two documents.
void check_standard_output(const ReplayOptions& options) {
    std::vector<std::string> users;
    if (options.findings == "-") users.emplace_back("--findings -");
    if (options.events == "-") users.emplace_back("--events -");
    if (options.explain) users.emplace_back("--explain");
    if (!options.compare.empty())
        users.emplace_back("--compare");
    else if (!options.report.empty())
        users.emplace_back("--report");
    if (users.size() > 1)
        throw CouldNotRun{
            fmt::format("found {} writing to standard output, expected one of them", fmt::join(users, " and "))};
}

// The same file twice as an output, or as an input and an output.
void check_files(const ReplayOptions& options) {
    std::error_code none;
    const auto same = [&](const std::filesystem::path& a, const std::filesystem::path& b) {
        return a == b || std::filesystem::equivalent(a, b, none);
    };
    for (const auto& [name, file] : {std::pair("--findings", options.findings), std::pair("--events", options.events)})
        for (const std::string& input : options.inputs)
            if (!file.empty() && file != "-" && same(file, input))
                throw CouldNotRun{
                    fmt::format("{} {}: found one of the logs, expected another file", name, file.string())};
    if (!options.events.empty() && options.events != "-" && same(options.events, options.findings))
        throw CouldNotRun{
            fmt::format("--events {}: found the file of --findings, expected another one", options.events.string())};
    if (std::count(options.inputs.begin(), options.inputs.end(), "-") > 1)
        throw CouldNotRun{"found standard input twice, expected it once"};
}

void check_comparison(const ReplayOptions& options) {
    if (options.compare.empty()) return;
    if (options.compare.size() + (options.config.empty() ? 0 : 1) < 2)
        throw CouldNotRun{"--compare: found one configuration, expected two or more, --config counted"};
    if (options.learn || options.into_cases)
        throw CouldNotRun{fmt::format("found {} with --compare, expected it with one configuration",
                                      options.learn ? "--learn" : "--into-cases")};
}

void check_pseudonyms(const ReplayOptions& options) {
    if (options.pseudonyms.empty()) return;
    if (options.into_cases)
        throw CouldNotRun{"found --into-cases with --pseudonymise, expected one: a case needs its ID"};
}

void check_case(const ReplayOptions& options) {
    if (options.incident.has_value() == options.reason.empty())
        throw CouldNotRun{"found one of --case and --reason, expected both or neither"};
    if (options.incident && !options.shows_events())
        throw CouldNotRun{"found --case, expected it with --events or --explain: nothing else shows single events"};
    constexpr std::size_t kLongestReason = 400;  // of 500 that the database takes
    if (options.reason.size() > kLongestReason)
        throw CouldNotRun{
            fmt::format("--reason: found {} bytes, expected at most {}", options.reason.size(), kLongestReason)};
}

}  // namespace

void check_options(const ReplayOptions& options) {
    check_standard_output(options);
    check_files(options);
    check_comparison(options);
    check_pseudonyms(options);
    check_case(options);
}

}  // namespace guard::cli
