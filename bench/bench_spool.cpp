// Appending one event: one thread, and four that contend. Yardstick: the bare pwrite of as many bytes.
#include <fcntl.h>
#include <unistd.h>

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

LoginEvent event() {
    return {
        Service::pppoe, Kind::accept, "subscriber0001@isp.example", {IpAddress::ipv4(0x0a010203)}, SystemClock().now()};
}

struct Directory {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("guard-bench-" + std::to_string(getpid()));
    Directory() { std::filesystem::create_directory(path); }
    ~Directory() { std::filesystem::remove_all(path); }
};

bench::Cost append(int threads) {
    return bench::measure(kEvents, [&] {
        const Directory directory;
        spool::WriterOptions options;
        options.directory = directory.path;
        spool::Writer writer(options, {});
        const LoginEvent one = event();
        writer.open(one.time);
        std::vector<std::jthread> running;
        for (int thread = 0; thread < threads; ++thread)
            running.emplace_back([&] {
                for (int i = 0; i < kEvents / threads; ++i) static_cast<void>(writer.append(one, one.time));
            });
        running.clear();
        if (writer.counters().appended != kEvents) std::abort();
    });
}

bench::Cost bare_pwrite(std::size_t length) {
    return bench::measure(kEvents, [&] {
        const Directory directory;
        const Descriptor file(::open((directory.path / "bare").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
        const std::vector<std::uint8_t> bytes(length, 1);
        if (posix_fallocate(file.get(), 0, static_cast<off_t>(length * kEvents)) != 0) std::abort();
        for (int i = 0; i < kEvents; ++i)
            if (pwrite(file.get(), bytes.data(), length, static_cast<off_t>(length) * i) < 0) std::abort();
    });
}

}  // namespace

int main() {
    const std::size_t length = spool::encoded_length(event());
    const auto bare = bare_pwrite(length);
    for (const int threads : {1, 4}) {
        const auto cost = append(threads);
        bench::print("spool", fmt::format("append, {} thread{}, CPU", threads, threads == 1 ? "" : "s"), cost.cpu_ns,
                     "ns/event", bare.cpu_ns, "bare pwrite of the same length, one thread, CPU");
        bench::print("spool", fmt::format("append, {} thread{}, wall", threads, threads == 1 ? "" : "s"), cost.wall_ns,
                     "ns/event", bare.wall_ns, "bare pwrite of the same length, one thread, wall");
    }
    bench::print("spool", "record", static_cast<double>(length), "bytes");
}
