// What the module does to the time that a login takes. A pair counts with the median over its slices, so that a stall
// of the machine, which spoils a percentile for good, spoils one slice.
#include <fmt/core.h>

#include "bench/measure.hpp"
#include "bench/radius_servers.hpp"

namespace guard::bench {
namespace {

constexpr std::uint32_t kEntries = 100'000, kWarmUp = 20'000, kWarmUpOfSlice = 500;
constexpr unsigned kMaximumRuns = 3;
constexpr double kTargetRatio = 1.05;

// Access-Requests a second, however they come, of which the server loses none: fewer than it answers when each waits
// for another, because then they never come in heaps.
double most(BenchServer& server, std::uint32_t requests) {
    const double closed = server.run(requests).rate();
    const auto loses_none = [&](double rate) {
        for (unsigned run = 0; run < kMaximumRuns; ++run)
            if (server.run(requests, rate).unanswered != 0) return false;
        return true;
    };
    double rate = closed;
    while (rate > closed / 10 && !loses_none(rate)) rate -= closed / 20;
    print("radius", "most Access-Requests without the module, open loop, none lost", rate, "1/s", closed,
          "closed loop, at most 64 in flight");
    return rate;
}

double microseconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

}  // namespace

void measure_latency(const BenchOptions& options) {
    BenchServer off(BenchServer::Module::off), on(BenchServer::Module::on);
    on.publish(kEntries);
    off.run(kWarmUp);
    on.run(kWarmUp);
    const double rate = options.rate > 0 ? options.rate : most(off, options.requests) / 2;
    const auto slice = [&](BenchServer& server, std::uint32_t requests, Sample& sample) {
        server.run(kWarmUpOfSlice, rate);
        const auto result = server.run(requests, rate);
        sample.p50_us.push_back(microseconds(result.percentile(0.5)));
        sample.p99_us.push_back(microseconds(result.percentile(0.99)));
    };
    Pairs tail, middle;
    const std::uint64_t before = off.unanswered() + on.unanswered();
    in_turns(options, off, on, slice, [&](const Sample& without, const Sample& with) {
        tail.off.push_back(median(without.p99_us));
        tail.on.push_back(median(with.p99_us));
        middle.off.push_back(median(without.p50_us));
        middle.on.push_back(median(with.p50_us));
    });
    const std::uint64_t unanswered = off.unanswered() + on.unanswered() - before;
    if (unanswered != 0)
        fmt::print(stderr, "{} requests were not answered: the machine is too busy for {:.0f} a second\n", unanswered,
                   rate);
    const std::string at = fmt::format(" latency at {:.0f}/s, open loop, with the module against none", rate);
    print_pairs("p99" + at, tail.ratio(), "ratio", tail, kTargetRatio);
    print_pairs("p50" + at, middle.ratio(), "ratio", middle, kTargetRatio);
}

}  // namespace guard::bench
