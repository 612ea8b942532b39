// An ISP's life as JSON Lines, one thread: events per CPU second and the memory of a million subscribers. Yardstick: as
// many bytes through memcpy and a CRC-32C into /dev/null.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "bench/measure.hpp"
#include "event/crc32c.hpp"
#include "simulate/simulation.hpp"

namespace {

using namespace guard;

double resident_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Copies and sums `bytes` bytes in buffers of the writer's size; returns the CPU time in nanoseconds.
double yardstick(std::uint64_t bytes) {
    std::vector<std::uint8_t> from(std::size_t{1} << 18U, 'x'), to(from.size());
    const double before = bench::cpu_ns();
    std::uint32_t crc = 0;
    for (std::uint64_t done = 0; done < bytes; done += from.size()) {
        std::memcpy(to.data(), from.data(), from.size());
        crc = crc32c(to, crc);
        from[0] = static_cast<std::uint8_t>(crc);
    }
    return bench::cpu_ns() - before;
}

void measure(std::uint32_t subscribers, std::uint32_t days) {
    const auto directory = std::filesystem::temp_directory_path() / ("bench_simulate." + std::to_string(getpid()));
    simulate::Arguments arguments;
    arguments.subscribers = subscribers;
    arguments.days = days;
    const double before = bench::cpu_ns();
    const auto done = simulate::simulate(arguments, {directory, "/dev/null", true, "bench"}, [](std::uint64_t) {});
    const double cpu = bench::cpu_ns() - before;
    std::filesystem::remove_all(directory);
    if (!done) throw std::runtime_error(done.error());
    const auto events = static_cast<double>(done->events);
    const std::string what = fmt::format("{} subscribers, {} days: ", subscribers, days);
    bench::print("simulate", what + "events", events, "events");
    bench::print("simulate", what + "CPU", cpu / events, "ns/event", yardstick(done->bytes) / events, "memcpy and CRC");
    bench::print("simulate", what + "events per CPU second", 1e9 * events / cpu, "events/s");
    bench::print("simulate", what + "most resident memory", resident_megabytes(), "MB");
}

}  // namespace

int main() {
    measure(20'000, 30);
    measure(1'000'000, 2);
}
