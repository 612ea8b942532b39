#include "demo/report.hpp"

#include <fmt/core.h>

#include <cstdio>

namespace guard::demo {

void Report::step(std::string_view title) {
    fmt::print("\n{}. {}\n", ++steps_, title);
    std::fflush(stdout);
}

void Report::note(std::string_view text) const {
    fmt::print("   {}\n", text);
    std::fflush(stdout);
}

void Report::line(bool good, std::string_view what, std::string_view expected, std::string_view seen) {
    ++checks_;
    fmt::print("   [{}] {}: expected {}, seen {}\n", good ? " ok " : "FAIL", what, expected, seen);
    std::fflush(stdout);
    if (!good) differences_.push_back(fmt::format("step {}: {}: expected {}, seen {}", steps_, what, expected, seen));
}

void Report::check(std::string_view what, std::string_view expected, std::string_view seen) {
    line(expected == seen, what, expected, seen);
}

void Report::check(std::string_view what, bool seen) {
    check(what, "yes", seen ? "yes" : "no");
}

void Report::latency(std::string_view what, std::optional<std::chrono::milliseconds> seen,
                     std::chrono::milliseconds at_most) {
    const std::string text = seen ? fmt::format("{} ms", seen->count()) : "never";
    line(seen && *seen <= at_most, what, fmt::format("at most {} ms", at_most.count()), text);
    latencies_.push_back(fmt::format("{:60} {}", what, text));
}

int Report::finish() const {
    fmt::print("\nLatencies, on this machine and with whatever else it was doing:\n");
    for (const auto& text : latencies_) fmt::print("   {}\n", text);
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began_).count();
    fmt::print("\n{} checks in {} s: {}\n", checks_, seconds,
               differences_.empty() ? "all as expected"
                                    : fmt::format("{} DIFFERENT FROM WHAT WAS EXPECTED", differences_.size()));
    for (const auto& text : differences_) fmt::print("   {}\n", text);
    return differences_.empty() ? 0 : 1;
}

}  // namespace guard::demo
