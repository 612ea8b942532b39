// The module in a real FreeRADIUS: CPU time, latency and memory against none; see --help.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <vector>

#include "bench/radius_servers.hpp"

namespace {

constexpr const char* kUsage =
    R"(What rlm_pppoe_guard costs. Two real FreeRADIUS (PAP, 1,000 subscribers in a users file, four threads), one with the module
and one without, get the same load in turns; the table has 100,000 suspended IDs and 100,000 sources throughout. One JSON
object a line on standard output, the summary on standard error. As any user; as root, the full disk is a real one. Wants a
quiet machine, the latencies above all.

  running   CPU time per Access-Request while the spool is read live         1 minute
  stopped   the same, analyzer stopped: nobody reads                         1 minute
  full      the same, spool on a full disk (without root: at its quota)      1 minute
  latency   p99 and p50 at half of what the server can take; nobody reads    2 minutes
  memory    resident memory, and its peak while a table is taken over        half a minute
  all       one after the other                                              6 minutes
)";

}  // namespace

int main(int argc, char** argv) {
    using namespace guard::bench;
    BenchOptions options;
    std::vector<std::string> wanted;
    const std::vector<std::pair<std::string, std::function<void()>>> variants{
        {"running", [&] { measure_cost(options, Reading::running, Disk::plenty); }},
        {"stopped", [&] { measure_cost(options, Reading::stopped, Disk::plenty); }},
        {"full", [&] { measure_cost(options, Reading::stopped, Disk::full); }},
        {"latency", [&] { measure_latency(options); }},
        {"memory", [&] { measure_memory(); }}};
    CLI::App program{kUsage};
    program.add_option("VARIANT", wanted, "what to measure (all)");
    program.add_option("--pairs", options.pairs, "pairs of runs (30)")->check(CLI::Range(2, 1000));
    program.add_option("--requests", options.requests, "requests a run (30000)")->check(CLI::Range(1000, 100000));
    program.add_option("--rate", options.rate, "requests a second for the latency (half of the most)")
        ->check(CLI::Range(10.0, 1e6));
    CLI11_PARSE(program, argc, argv);
    const auto is_wanted = [&](const std::string& name) {
        return wanted.empty() || std::find(wanted.begin(), wanted.end(), "all") != wanted.end() ||
               std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    };
    for (const std::string& name : wanted) {
        const auto same = [&](const auto& variant) { return variant.first == name; };
        if (name != "all" && std::none_of(variants.begin(), variants.end(), same)) {
            fmt::print(stderr, "there is no variant \"{}\"\n{}", name, program.help());
            return 2;
        }
    }
    try {
        for (const auto& [name, run] : variants)
            if (is_wanted(name)) run();
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
