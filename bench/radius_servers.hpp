// The servers that the benchmarks of the module compare: real FreeRADIUS, PAP, 1,000 subscribers in a users file, four
// threads; with the module or without it. Used on the thread of main().
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/radius_paired.hpp"
#include "tests/support/process.hpp"
#include "tests/support/radius_load.hpp"
#include "tests/support/radius_server.hpp"
#include "tests/support/small_disk.hpp"

namespace guard::bench {

enum class Disk { plenty, full };

struct Memory {
    double resident = 0, peak = 0;  // bytes: VmRSS, VmHWM
};

class BenchServer {
  public:
    enum class Module { off, on };
    // Starts it. With Disk::full the spool has a file system of one megabyte, or else a quota of 128 KiB; either is
    // full after 20,000 requests.
    explicit BenchServer(Module module, Disk disk = Disk::plenty);

    // Publishes a table with so many suspended IDs and as many blocked sources, none of them among the subscribers, and
    // waits until it is in use.
    void publish(std::uint32_t entries);
    // Access-Requests, 19 in 20 with the right password; at a fixed rate a second, or as fast as answers come when that
    // is 0.
    test::LoadResult run(std::uint32_t requests, double rate = 0, unsigned in_flight = 64);

    // Of all runs so far.
    [[nodiscard]] std::uint64_t unanswered() const { return unanswered_; }
    // Of all its threads, also those that have ended, since its start.
    [[nodiscard]] double cpu_ns() const;
    [[nodiscard]] Memory memory() const;
    void reset_peak() const;  // of Memory::peak
    [[nodiscard]] std::uint64_t figure(const std::string& name) const;
    [[nodiscard]] const std::filesystem::path& spool() const { return spool_.path(); }
    // How the disk was made small; empty when it was not.
    [[nodiscard]] std::string disk() const;

  private:
    void write_configuration(Module module, bool small_quota);

    test::TemporaryDirectory spool_, table_;
    std::optional<test::SmallDisk> small_;
    test::RadiusServer server_;
    Disk disk_;
    std::uint64_t generation_ = 0, unanswered_ = 0;
};

// Reads a spool as the analyzer does, until it goes.
class LiveReader {
  public:
    explicit LiveReader(const std::filesystem::path& spool);

  private:
    std::jthread thread_;
};

struct BenchOptions {
    unsigned pairs = 30;
    std::uint32_t requests = 30'000;  // of a run, by each server
    double rate = 0;                  // a second, for latencies; 0: half of the most
};

// What a server did in one half of a pair.
struct Sample {
    double cpu_ns = 0;
    std::uint64_t answered = 0;
    std::vector<double> p50_us, p99_us;  // of each slice
};

// Pairs of runs. Both halves of a pair are cut into ten slices that come in turns, in random order: what else the
// machine does then meets both. `run` does the given number of requests and adds to a sample; `take` gets both halves.
template <class RunSlice, class TakePair>
void in_turns(const BenchOptions& options, BenchServer& off, BenchServer& on, RunSlice run, TakePair take) {
    constexpr unsigned kSlices = 10;
    std::mt19937 random(std::random_device{}());
    for (unsigned pair = 0; pair < options.pairs; ++pair) {
        Sample without, with;
        for (unsigned slice = 0; slice < kSlices; ++slice) {
            const bool off_first = random() % 2 == 0;
            if (off_first) run(off, options.requests / kSlices, without);
            run(on, options.requests / kSlices, with);
            if (!off_first) run(off, options.requests / kSlices, without);
        }
        take(without, with);
    }
}
enum class Reading { running, stopped };
// Each prints its figures and a summary; throws when what was measured is not what it should be.
void measure_cost(const BenchOptions& options, Reading reading, Disk disk);
void measure_latency(const BenchOptions& options);
void measure_memory();

}  // namespace guard::bench
