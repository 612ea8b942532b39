// Locate and detect, one thread: subscribers who live at home, reconnect once in a while and send hourly
// Interim-Updates. Yardstick: putting the same IDs through a hash map of strings to a time, the least any detector
// does.
#include <malloc.h>

#include <random>
#include <sstream>
#include <unordered_map>

#include "analyzer/detection/detector.hpp"
#include "bench/measure.hpp"

namespace {

using namespace guard;

constexpr std::uint32_t kIds = 100'000;
constexpr std::size_t kEvents = 2'000'000;

std::shared_ptr<const geo::Locator> locator() {
    std::stringstream pools;
    for (unsigned region = 1; region <= 47; ++region)
        pools << fmt::format("10.{}.0.0/16,JP,JP-{:02},,,,,,bras{}\n", region, region, region);
    return std::make_shared<const geo::Locator>(*geo::PoolTable::parse(pools, "bench"), geo::DatabaseRanges{}, 1);
}

std::vector<LoginEvent> events() {
    std::mt19937_64 random(1);
    std::vector<LoginEvent> all;
    all.reserve(kEvents);
    Time now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    std::vector<std::uint32_t> session(kIds, 0);
    while (all.size() < kEvents) {
        const auto id = static_cast<std::uint32_t>(random() % kIds);
        const std::uint32_t pool = 0x0a000000U | (id % 47 + 1) << 16;
        const bool reconnects = session[id] == 0 || random() % 24 == 0;
        if (reconnects) session[id] = pool | static_cast<std::uint32_t>(random() & 0xffff);
        const Addresses addresses{IpAddress::ipv4(session[id])};
        const std::string name = fmt::format("subscriber{:06}@isp.example", id);
        now += Microseconds{36'000};
        if (reconnects) all.push_back({Service::pppoe, Kind::accept, name, addresses, now});
        all.push_back({Service::pppoe, reconnects ? Kind::assign : Kind::alive, name, addresses,
                       now + std::chrono::milliseconds{300}});
    }
    return all;
}

}  // namespace

int main() {
    const auto all = events();
    const auto places = locator();
    std::size_t ids = 0;
    const double before = static_cast<double>(mallinfo2().uordblks);
    double bytes = 0;
    const auto cost = bench::measure(static_cast<double>(all.size()), [&] {
        detection::Detector detector(config::DetectionSettings{}, places, {}, HashKey{});
        std::vector<detection::Decision> decisions;
        for (const LoginEvent& event : all) detector.on_event(event, decisions);
        ids = detector.streams().size();
        bytes = static_cast<double>(mallinfo2().uordblks) - before;
    });
    const auto map = bench::measure(static_cast<double>(all.size()), [&] {
        std::unordered_map<std::string, Time> last;
        for (const LoginEvent& event : all) last[event.id] = event.time;
    });
    bench::print("detection", "locate and detect, 100,000 IDs, CPU", cost.cpu_ns, "ns/event", map.cpu_ns,
                 "std::unordered_map<std::string, Time>");
    bench::print("detection", "events per CPU second", 1e9 / cost.cpu_ns, "events/s");
    bench::print("detection", "memory per ID", bytes / static_cast<double>(ids), "bytes");
}
