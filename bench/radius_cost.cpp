// What the module costs radiusd in CPU time.
#include <fmt/core.h>

#include <stdexcept>

#include "bench/radius_servers.hpp"

namespace guard::bench {
namespace {

constexpr std::uint32_t kEntries = 100'000, kWarmUp = 20'000, kWarmUpOfSlice = 500;
constexpr double kTargetMicroseconds = 4.0;

void run_slice(BenchServer& server, std::uint32_t requests, Sample& sample) {
    server.run(kWarmUpOfSlice);
    const double before = server.cpu_ns();
    sample.answered += server.run(requests).answers.size();
    sample.cpu_ns += server.cpu_ns() - before;
}

double cpu_us_per_request(const Sample& sample) {
    return sample.cpu_ns / static_cast<double>(sample.answered) / 1e3;
}

// What the module has counted of the logins that went to it.
struct Counted {
    std::uint64_t appended, dropped, suspended;
    explicit Counted(const BenchServer& server)
        : appended(server.figure("appended")),
          dropped(server.figure("dropped")),
          suspended(server.figure("suspended")) {}
};

// A figure is worth nothing if the module did not do what it is measured for.
void check(const Counted& before, const Counted& after, Disk disk, const BenchServer& on, std::uint64_t requests) {
    const auto appended = after.appended - before.appended, dropped = after.dropped - before.dropped;
    const auto wanted = disk == Disk::full ? dropped : appended, other = disk == Disk::full ? appended : dropped;
    if (other != 0 || after.suspended != 0 || wanted > requests || wanted + on.unanswered() < requests)
        throw std::runtime_error(fmt::format("of {} logins {} were recorded, {} dropped, {} refused, {} unanswered",
                                             requests, appended, dropped, after.suspended, on.unanswered()));
}

}  // namespace

void measure_cost(const BenchOptions& options, Reading reading, Disk disk) {
    BenchServer off(BenchServer::Module::off), on(BenchServer::Module::on, disk);
    on.publish(kEntries);
    std::optional<LiveReader> reader;
    if (reading == Reading::running) reader.emplace(on.spool());
    off.run(kWarmUp);
    on.run(kWarmUp);
    const Counted before(on);
    Pairs pairs;
    std::uint64_t requests = 0;
    const auto slice = [&](BenchServer& server, std::uint32_t count, Sample& sample) {
        run_slice(server, count, sample);
        if (&server == &on) requests += count + kWarmUpOfSlice;
    };
    in_turns(options, off, on, slice, [&](const Sample& without, const Sample& with) {
        pairs.off.push_back(cpu_us_per_request(without));
        pairs.on.push_back(cpu_us_per_request(with));
    });
    check(before, Counted(on), disk, on, requests);
    const std::string how = disk == Disk::full            ? "spool on " + on.disk()
                            : reading == Reading::running ? "spool read live"
                                                          : "nobody reads the spool (analyzer stopped)";
    print_pairs("CPU of radiusd per Access-Request, module less none, " + how, pairs.difference(), "us", pairs,
                kTargetMicroseconds);
}

}  // namespace guard::bench
