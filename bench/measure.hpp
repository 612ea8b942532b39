// What the benchmarks share: CPU time, the machine's load, one JSON object a line.
#pragma once

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

namespace guard::bench {

// Of all threads of the process, in nanoseconds.
inline double cpu_ns() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto ns = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
    };
    return ns(usage.ru_utime) + ns(usage.ru_stime);
}

struct Cost {
    double cpu_ns = 0, wall_ns = 0;  // per operation, each the median of the runs
};

// Runs `work`, which does `operations`, `runs` times.
template <class Work>
Cost measure(double operations, Work work, int runs = 5) {
    std::vector<double> cpu, wall;
    for (int run = 0; run < runs; ++run) {
        const auto began = std::chrono::steady_clock::now();
        const double before = cpu_ns();
        work();
        cpu.push_back((cpu_ns() - before) / operations);
        wall.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - began).count() /
                       operations);
    }
    std::sort(cpu.begin(), cpu.end());
    std::sort(wall.begin(), wall.end());
    return {cpu[cpu.size() / 2], wall[wall.size() / 2]};
}

inline void print(std::string_view bench, std::string_view metric, double value, std::string_view unit,
                  std::optional<double> yardstick = std::nullopt, std::string_view yardstick_name = "") {
    double load[1] = {0};
    getloadavg(load, 1);
    fmt::print("{{\"bench\":\"{}\",\"metric\":\"{}\",\"value\":{:.1f},\"unit\":\"{}\"", bench, metric, value, unit);
    if (yardstick) fmt::print(",\"yardstick\":{:.1f},\"yardstick_is\":\"{}\"", *yardstick, yardstick_name);
    fmt::print(",\"load\":{:.2f}}}\n", load[0]);
}

}  // namespace guard::bench
