// A restart of the analyzer: the journal read again, snapshots of 1 M and 10 M IDs written beside the work and loaded.
//
//   journal EVENTS    reads EVENTS events (default 20 M) of two spools, merged, in batches into the detectors
//   snapshot IDS      the pause for a snapshot, what it costs meanwhile, and loading it
//
// Without an argument: journal, snapshot 1000000, snapshot 10000000. Files go to $TMPDIR. The journal's yardstick is
// `wc -c` of the same files in the same run, the least any reader does; that of loading a snapshot, too.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "analyzer/daemon/snapshot_writer.hpp"
#include "analyzer/daemon/spool_source.hpp"
#include "analyzer/detection/detector.hpp"
#include "bench/isp_day.hpp"
#include "bench/measure.hpp"
#include "spool/writer.hpp"

namespace {

using namespace guard;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 1024;             // as the pipeline's
constexpr unsigned kRate = 5'000;                // events a second, beside a snapshot
constexpr std::uint64_t kTail = 600ULL * kRate;  // behind one, if the analyzer is killed just before the next

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

struct Directory {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("guard-bench-" + std::to_string(getpid()));
    Directory() { std::filesystem::create_directory(path); }
    ~Directory() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::filesystem::path make(const char* name) const {
        std::filesystem::create_directory(path / name);
        return path / name;
    }
};

void print(const std::string& metric, double value, std::string_view unit) {
    bench::print("restart", metric, value, unit);
}

// Of this process: "VmHWM:" the most it ever had in memory, "Private_Dirty:" what it shares with nobody.
double megabytes(const std::string& file, std::string_view field) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(field)) return std::stod(line.substr(field.size())) / 1e3;
    return 0;
}

detection::Detector new_detector(const std::shared_ptr<const geo::Locator>& places) {
    detection::Knowledge knowledge;
    knowledge.contract = [](Service, const std::string&) { return detection::Contract{}; };
    return {config::DetectionSettings{}, places, knowledge, HashKey{}};
}

LoginEvent owned(const LoginEventView& view) {
    return {view.service, view.kind, std::string(view.id), {view.addresses.begin(), view.addresses.end()}, view.time};
}

double yardstick(const std::filesystem::path& files, double of) {
    const std::string command = "find " + files.string() + " -type f -exec cat {} + | wc -c >/dev/null";
    const auto began = Clock::now();
    if (std::system(command.c_str()) != 0) return 0;
    return of / seconds_since(began);
}

// Every third event in the second spool, as of a second radiusd.
void write_journal(const std::vector<std::filesystem::path>& spools, bench::World& world, std::uint64_t wanted) {
    std::vector<std::unique_ptr<spool::Writer>> writers;
    for (const auto& directory : spools) {
        spool::WriterOptions options;
        options.directory = directory;
        options.segment_bytes = 64ULL << 20;
        options.quota_bytes = 64ULL << 30;
        options.retention = std::chrono::hours{24 * 30};
        writers.push_back(std::make_unique<spool::Writer>(options, spool::Writer::Warn{}));
    }
    std::uint64_t written = 0;
    while (written < wanted)
        for (const LoginEventView& event : world.some_of_a_day()) {
            if (written == wanted) break;
            if (!writers[written % 3 == 2 ? 1 : 0]->append(owned(event), event.time)) std::abort();
            ++written;
        }
}

// As the pipeline does after a restart; returns how many.
std::uint64_t read_journal(const std::vector<std::filesystem::path>& spools, detection::Detector& detector) {
    daemon::SpoolSource source(spools, std::chrono::hours{24 * 30});
    source.open({});
    std::vector<LoginEvent> events(kBatch);
    std::vector<LoginEventView> views;
    std::vector<detection::Decision> decisions;
    std::uint64_t read = 0;
    for (bool more = true; more; read += views.size()) {
        views.clear();
        for (; views.size() < kBatch; source.pop()) {
            const LoginEvent* const event = source.peek();
            if (event == nullptr) break;
            events[views.size()] = *event;
            views.emplace_back(events[views.size()]);
        }
        more = !views.empty();
        detector.on_events(views, decisions);
        decisions.clear();
        static_cast<void>(detector.take_late_sessions());
    }
    return read;
}

void journal(std::uint64_t wanted) {
    const Directory directory;
    const std::vector spools{directory.make("one"), directory.make("two")};
    bench::World world(1'000'000);
    write_journal(spools, world, wanted);
    const std::string of = fmt::format(", {} M events of 1 M IDs in two spools", wanted / 1'000'000);

    auto detector = new_detector(bench::locator());
    const auto began = Clock::now();
    const double cpu = bench::cpu_ns();
    if (read_journal(spools, detector) != wanted) std::abort();
    const double wall = seconds_since(began), took = (bench::cpu_ns() - cpu) / 1e9;
    const auto events = static_cast<double>(wanted);
    bench::print("restart", "journal read again, CPU" + of, events / took, "events/s",
                 yardstick(directory.path, events), "cat of the spools into wc -c, events/s");
    print("journal read again, elapsed" + of, events / wall, "events/s");
    print(fmt::format("journal of 100 M events, CPU{}", wanted == 100'000'000 ? "" : ", extrapolated"),
          took / events * 1e8, "s");
}

struct Pace {
    double slowest_ms = 0, ns_per_event = 0;
};

// Events in batches, until `until` says so; `a_second` of them, or as many as go.
template <class Until>
Pace work(bench::World& world, detection::Detector& detector, Until until, unsigned a_second = 0) {
    std::vector<detection::Decision> decisions;
    Pace pace;
    double ns = 0;
    std::size_t taken = 0;
    do {
        const auto some = world.some_of_a_day();
        for (std::size_t at = 0; at < some.size(); at += kBatch) {
            if (a_second != 0) std::this_thread::sleep_for(std::chrono::microseconds{1'000'000 * kBatch / a_second});
            if (a_second != 0 && until()) break;
            const auto began = Clock::now();
            const double cpu = bench::thread_cpu_ns();
            detector.on_events(some.subspan(at, std::min(kBatch, some.size() - at)), decisions);
            ns += bench::thread_cpu_ns() - cpu;
            pace.slowest_ms = std::max(pace.slowest_ms, seconds_since(began) * 1e3);
            taken += std::min(kBatch, some.size() - at);
        }
        decisions.clear();
        static_cast<void>(detector.take_late_sessions());
    } while (!until());
    pace.ns_per_event = ns / static_cast<double>(taken);
    return pace;
}

void snapshot(std::uint32_t ids) {
    const std::string of = fmt::format(", {} M IDs", ids / 1'000'000);
    const Directory directory;
    const auto places = bench::locator();
    bench::World world(ids);
    auto detector = new_detector(places);
    std::vector<detection::Decision> decisions;
    for (std::uint32_t from = 0; from < ids; from += bench::kChunk)
        detector.on_events(world.first_signs(from), decisions);
    decisions.clear();
    // An hour, so that what reconnected lately is open.
    std::size_t batches = std::max<std::size_t>(ids, 4'000'000) / bench::kChunk;
    const Pace alone = work(world, detector, [&] { return --batches == 0; });
    print("streams open" + of, static_cast<double>(detector.streams().open_count()), "streams");
    print("resident before" + of, bench::resident_bytes() / 1e6, "MB");

    daemon::SnapshotWriter writer(directory.path, HashKey{});
    const daemon::Positions positions{{"spool", "1"}};
    const auto began = Clock::now();
    writer.begin(detector, positions, world.now());
    print("pause for a snapshot" + of, static_cast<double>(writer.status().pause.count()) / 1e3, "ms");
    const std::string child = fmt::format("/proc/{}/smaps_rollup", writer.child());
    double copied = 0;
    const Pace beside = work(
        world, detector,
        [&] {
            copied = std::max(copied, megabytes(child, "Private_Dirty:"));
            writer.look();
            return !writer.is_writing();
        },
        kRate);
    if (writer.status().written != 1) std::abort();
    print("snapshot written by a child beside 5,000 events a second" + of, seconds_since(began), "s");
    print("slowest batch of 1,024 events beside it" + of, beside.slowest_ms, "ms");
    print("slowest batch of 1,024 events without" + of, alone.slowest_ms, "ms");
    print("event beside it, CPU" + of, beside.ns_per_event, "ns/event");
    print("event without, CPU" + of, alone.ns_per_event, "ns/event");
    print("most memory of the child of its own" + of, copied, "MB");
    print("most memory of the parent" + of, megabytes("/proc/self/status", "VmHWM:"), "MB");

    const auto again = Clock::now();
    const double before = bench::cpu_ns();
    writer.write(detector, positions, world.now());
    print("snapshot written at the end, CPU" + of, (bench::cpu_ns() - before) / 1e9, "s");
    print("snapshot written at the end, elapsed" + of, seconds_since(again), "s");
    const auto bytes = static_cast<double>(std::filesystem::file_size(directory.path / "state.snapshot"));
    print("size of a snapshot" + of, bytes / 1e6, "MB");

    const std::vector spools{directory.make("one"), directory.make("two")};
    write_journal(spools, world, kTail);
    const auto loading = Clock::now();
    const double cpu = bench::cpu_ns();
    const auto loaded = daemon::load_state({}, places, HashKey{}, directory.path);
    const double took = (bench::cpu_ns() - cpu) / 1e9, elapsed = seconds_since(loading);
    if (!loaded.warning.empty() || loaded.ids < ids) std::abort();
    bench::print("restart", "snapshot loaded, CPU" + of, took, "s", 1 / yardstick(directory.path / "state.snapshot", 1),
                 "cat of the file into wc -c, s");
    print("snapshot loaded, elapsed" + of, elapsed, "s");
    if (read_journal(spools, *loaded.detector) != kTail) std::abort();
    print("back in step: loaded, and ten minutes of 5,000 events a second read, elapsed" + of, seconds_since(loading),
          "s");
    print("back in step, CPU" + of, (bench::cpu_ns() - cpu) / 1e9, "s");
}

// In a process of its own, so that memory is counted afresh.
template <class Work>
bool apart(Work work) {
    const pid_t child = fork();
    if (child == 0) {
        work();
        std::fflush(stdout);
        _exit(0);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view what = count > 1 ? arguments[1] : "";
    const std::uint64_t size = count > 2 ? std::stoull(arguments[2]) : 0;
    bool done = true;
    if (what.empty() || what == "journal") done = apart([&] { journal(size != 0 ? size : 20'000'000); }) && done;
    for (const std::uint64_t ids : {1'000'000ULL, 10'000'000ULL})
        if (what.empty() || (what == "snapshot" && (size == 0 || size == ids)))
            done = apart([&] { snapshot(static_cast<std::uint32_t>(ids)); }) && done;
    return done ? 0 : 1;
}
