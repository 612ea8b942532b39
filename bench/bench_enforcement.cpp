// Looking up an ID and a source in a table of 100,000 of each. Yardstick: std::unordered_set<std::string>.
#include <string>
#include <unordered_set>

#include "bench/measure.hpp"
#include "enforcement/table.hpp"

int main() {
    using namespace guard;
    constexpr std::uint32_t kEntries = 100'000;
    constexpr std::size_t kLookUps = 1'000'000;
    std::vector<enforcement::SuspendedId> ids;
    std::vector<enforcement::BlockedSource> sources;
    std::unordered_set<std::string> plain;
    std::vector<std::string> asked;  // every other one is suspended
    const Time now = SystemClock().now();
    for (std::uint32_t i = 0; i < kEntries; ++i) {
        ids.push_back({Service::pppoe, fmt::format("subscriber{:06}@isp.example", i)});
        sources.push_back({IpAddress::ipv4(0xc6000000U + i * 7), now + std::chrono::hours{1}});
        plain.insert(ids.back().id);
        asked.push_back(fmt::format("subscriber{:06}@isp.example", i * 2));
    }
    const auto table = enforcement::Table::build(1, random_key(), "", ids, sources);
    volatile bool sink = false;
    const auto id = bench::measure(kLookUps, [&] {
        for (std::size_t i = 0; i < kLookUps; ++i)
            sink = table.is_suspended(Service::pppoe, asked[i * 7919 % asked.size()]);
    });
    const auto set = bench::measure(kLookUps, [&] {
        for (std::size_t i = 0; i < kLookUps; ++i) sink = plain.contains(asked[i * 7919 % asked.size()]);
    });
    const auto source = bench::measure(kLookUps, [&] {
        for (std::size_t i = 0; i < kLookUps; ++i)
            sink = table.is_blocked(IpAddress::ipv4(0xc6000000U + static_cast<std::uint32_t>(i) * 3), now);
    });
    bench::print("enforcement", "look-up of an ID, 100,000 suspended, CPU", id.cpu_ns, "ns", set.cpu_ns,
                 "std::unordered_set<std::string>");
    bench::print("enforcement", "look-up of a source, 100,000 blocked, CPU", source.cpu_ns, "ns");
}
