// Appending one event: one thread, and four that contend. Yardstick: the bare pwrite of as many bytes by as many
// threads.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "bench/measure.hpp"
#include "event/descriptor.hpp"
#include "spool/record.hpp"
#include "spool/writer.hpp"

namespace {

using namespace guard;

constexpr int kEvents = 400'000;
constexpr int kRuns = 9;
constexpr const char* kYardstick = "bare pwrite of the same length, as many threads";

LoginEvent event() {
    return {
        Service::pppoe, Kind::accept, "subscriber0001@isp.example", {IpAddress::ipv4(0x0a010203)}, SystemClock().now()};
}

struct Directory {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("guard-bench-" + std::to_string(getpid()));
    Directory() { std::filesystem::create_directory(path); }
    ~Directory() { std::filesystem::remove_all(path); }
};

// `work` is called with the number of the event, by so many threads, kEvents times in all.
template <class Work>
void in_threads(int threads, Work work) {
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread)
        running.emplace_back([&, thread] {
            for (int i = thread; i < kEvents; i += threads) work(i);
        });
}

template <class Work>
bench::Cost once(Work work) {
    return bench::measure(kEvents, work, 1);
}

bench::Cost append(int threads) {
    return once([&] {
        const Directory directory;
        spool::WriterOptions options;
        options.directory = directory.path;
        spool::Writer writer(options, {});
        const LoginEvent one = event();
        writer.open(one.time);
        // Time passes as at 200,000 events a second, so that the work of once a second is in the figure.
        in_threads(threads,
                   [&](int i) { static_cast<void>(writer.append(one, one.time + std::chrono::microseconds{5} * i)); });
        if (writer.counters().appended != kEvents) std::abort();
    });
}

bench::Cost bare_pwrite(std::size_t length, int threads) {
    return once([&] {
        const Directory directory;
        const Descriptor file(::open((directory.path / "bare").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
        const std::vector<std::uint8_t> bytes(length, 1);
        if (posix_fallocate(file.get(), 0, static_cast<off_t>(length * kEvents)) != 0) std::abort();
        in_threads(threads, [&](int i) {
            if (pwrite(file.get(), bytes.data(), length, static_cast<off_t>(length) * i) < 0) std::abort();
        });
    });
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// In turn, so that what else the machine does falls on both; the own part is the median of the differences.
void compare(std::size_t length, int threads) {
    std::vector<double> cpu, wall, bare_cpu, bare_wall, own;
    for (int run = 0; run < kRuns; ++run) {
        const auto bare = bare_pwrite(length, threads), cost = append(threads);
        cpu.push_back(cost.cpu_ns);
        wall.push_back(cost.wall_ns);
        bare_cpu.push_back(bare.cpu_ns);
        bare_wall.push_back(bare.wall_ns);
        own.push_back(cost.cpu_ns - bare.cpu_ns);
    }
    const auto name = [&](const char* what, const char* time) {
        return fmt::format("{}, {} thread{}, {}", what, threads, threads == 1 ? "" : "s", time);
    };
    bench::print("spool", name("append", "CPU"), median(cpu), "ns/event", median(bare_cpu), kYardstick);
    bench::print("spool", name("append", "wall"), median(wall), "ns/event", median(bare_wall), kYardstick);
    bench::print("spool", name("own part of append", "CPU"), median(own), "ns/event");
}

}  // namespace

int main() {
    const std::size_t length = spool::encoded_length(event());
    for (const int threads : {1, 4}) compare(length, threads);
    bench::print("spool", "record", static_cast<double>(length), "bytes");
}
