// Locate and detect, one thread, with 100 k, 1 M and 10 M IDs, of the events of an ISP's day (isp_day.hpp). Events are
// made outside the measured time. Yardstick: the same IDs hashed and looked up in a boost::unordered_flat_map, the
// least any detector does. Arguments: other numbers of IDs.
#include <sys/wait.h>
#include <unistd.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdio>
#include <string>

#include "analyzer/detection/detector.hpp"
#include "bench/isp_day.hpp"
#include "bench/measure.hpp"

namespace {

using namespace guard;

using bench::kChunk;
using bench::locator;
using bench::resident_bytes;
using bench::thread_cpu_ns;
using bench::World;

// What it costs to find each ID and to write a time to it.
double yardstick(std::uint32_t ids, std::size_t events) {
    World world(ids);
    boost::unordered_flat_map<std::uint64_t, Time> last;
    double ns = 0;
    std::size_t taken = 0;
    const auto look_up = [&](std::span<const LoginEventView> some) {
        for (const LoginEventView& event : some)
            last[keyed_hash(HashKey{}, static_cast<std::uint8_t>(event.service),
                            {reinterpret_cast<const std::uint8_t*>(event.id.data()), event.id.size()})
                     .low] = event.time;
    };
    for (std::uint32_t from = 0; from < ids; from += kChunk) look_up(world.first_signs(from));
    while (taken < events) {
        const auto some = world.some_of_a_day();
        const double before = thread_cpu_ns();
        look_up(some);
        ns += thread_cpu_ns() - before;
        taken += some.size();
    }
    return ns / static_cast<double>(taken);
}

void run(std::uint32_t ids) {
    const std::string of = fmt::format(", {} IDs", ids);
    // Three hours, so that as many lines reconnected lately as on any day; of which the last one is measured.
    const std::size_t an_hour = std::max<std::size_t>(ids, 4'000'000), warm = 2 * an_hour;
    World world(ids);
    static_cast<void>(world.first_signs(0));  // its own memory is not counted
    const double before_all = resident_bytes();
    detection::Knowledge knowledge;
    knowledge.contract = [](Service, const std::string&) { return detection::Contract{}; };
    detection::Detector detector(config::DetectionSettings{}, locator(), knowledge, HashKey{});
    std::vector<detection::Decision> decisions;
    const double filling = thread_cpu_ns();
    for (std::uint32_t from = 0; from < ids; from += kChunk) detector.on_events(world.first_signs(from), decisions);
    const double filled = (thread_cpu_ns() - filling) / ids;
    const double idle = resident_bytes() - before_all;

    double ns = 0;
    std::size_t taken = 0, found = 0;
    for (std::size_t passed = 0; passed < warm + an_hour;) {
        const auto some = world.some_of_a_day();
        const double began = thread_cpu_ns();
        detector.on_events(some, decisions);
        const double took = thread_cpu_ns() - began;
        passed += some.size();
        found += decisions.size();
        decisions.clear();
        static_cast<void>(detector.take_late_sessions());
        if (passed <= warm) continue;
        ns += took;
        taken += some.size();
    }
    const double resident = resident_bytes() - before_all;
    const double streams = static_cast<double>(detector.streams().size());
    const double per_event = ns / static_cast<double>(taken);
    bench::print("pipeline", "locate and detect, CPU" + of, per_event, "ns/event", yardstick(ids, an_hour / 4),
                 "SipHash of the ID and boost::unordered_flat_map<hash, Time>");
    bench::print("pipeline", "events per CPU second" + of, 1e9 / per_event, "events/s");
    bench::print("pipeline", "the first event of an ID, CPU, made included" + of, filled, "ns/event");
    bench::print("pipeline", "table per idle ID" + of, static_cast<double>(detector.streams().bytes()) / streams,
                 "bytes");
    bench::print("pipeline", "resident per ID, all idle" + of, idle / ids, "bytes");
    bench::print("pipeline", "resident per ID, in the life of a day" + of, resident / streams, "bytes");
    bench::print("pipeline", "resident in all" + of, resident / 1e6, "MB");
    bench::print("pipeline", "streams open" + of, static_cast<double>(detector.streams().open_count()), "streams");
    bench::print("pipeline", "decisions" + of, static_cast<double>(found), "decisions");
}

}  // namespace

// Each in a process of its own, so that memory is counted afresh.
int main(int count, char** arguments) {
    std::vector<std::uint32_t> sizes{100'000, 1'000'000, 10'000'000};
    if (count > 1) sizes.clear();
    for (int i = 1; i < count; ++i) sizes.push_back(static_cast<std::uint32_t>(std::stoul(arguments[i])));
    for (const std::uint32_t ids : sizes) {
        const pid_t child = fork();
        if (child == 0) {
            run(ids);
            std::fflush(stdout);
            _exit(0);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
    }
    return 0;
}
