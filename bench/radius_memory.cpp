// What the module takes of radiusd's memory.
#include <fmt/core.h>

#include "bench/measure.hpp"
#include "bench/radius_servers.hpp"

namespace guard::bench {
namespace {

// RecentEvents is full by then, and every page that a login touches is there.
constexpr std::uint32_t kEntries = 100'000, kWarmUp = 150'000;
constexpr unsigned kTakeOvers = 10;
constexpr double kMegabyte = 1024 * 1024, kTarget = 32;

void report(std::string_view metric, double bytes, std::string_view yardstick_name, double yardstick) {
    print("radius", metric, bytes / kMegabyte, "MB", yardstick / kMegabyte, yardstick_name);
}

}  // namespace

void measure_memory() {
    BenchServer off(BenchServer::Module::off), empty(BenchServer::Module::on), full(BenchServer::Module::on);
    empty.publish(0);
    full.publish(kEntries);
    const Memory fresh = off.memory();
    for (BenchServer* server : {&off, &empty, &full}) server->run(kWarmUp);
    const Memory without = off.memory(), with_empty = empty.memory(), with_full = full.memory();
    double peak = 0;
    for (unsigned i = 0; i < kTakeOvers; ++i) {
        full.reset_peak();
        full.publish(kEntries);
        peak = std::max(peak, full.memory().peak);
    }
    const Memory after = full.memory();
    constexpr std::string_view kYardstick = "without the module";
    report("resident without the module", without.resident, "before any request", fresh.resident);
    report("resident, table empty", with_empty.resident, kYardstick, without.resident);
    report("resident, 100,000 IDs and 100,000 sources", with_full.resident, kYardstick, without.resident);
    report("resident, after ten such tables", after.resident, kYardstick, without.resident);
    report("peak while such a table is taken over", peak, kYardstick, without.resident);
    const double more = (std::max(with_full.resident, after.resident) - without.resident) / kMegabyte;
    fmt::print(stderr,
               "resident memory: {:.1f} MB more than without the module, peak {:.1f} MB more; target {:.0f}: {}\n",
               more, (peak - without.resident) / kMegabyte, kTarget, more <= kTarget ? "kept" : "missed");
}

}  // namespace guard::bench
