// Looking up an ID and a source in a table of 100,000 of each. Yardstick: std::unordered_set<std::string>.
#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>

#include "bench/measure.hpp"
#include "enforcement/table.hpp"

namespace {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace

int main() {
    using namespace guard;
    constexpr std::uint32_t kEntries = 100'000;
    constexpr std::size_t kLookUps = 1'000'000;
    constexpr std::size_t kNameBytes = 28;
    std::vector<enforcement::SuspendedId> ids;
    std::vector<enforcement::BlockedSource> sources;
    std::unordered_set<std::string, TextHash, std::equal_to<>> plain;
    std::vector<std::string> asked;  // every other one is suspended
    const Time now = SystemClock().now();
    for (std::uint32_t i = 0; i < kEntries; ++i) {
        ids.push_back({Service::pppoe, fmt::format("subscriber{:06}@isp.example", i)});
        sources.push_back({IpAddress::ipv4(0xc6000000U + i * 7), now + std::chrono::hours{1}});
        plain.insert(ids.back().id);
        asked.push_back(fmt::format("subscriber{:06}@isp.example", i * 2));
    }
    // In any order, but one behind the other in memory: in radiusd the name has just been read from the packet.
    std::shuffle(asked.begin(), asked.end(), std::mt19937(1));
    std::string names;
    for (const std::string& name : asked) names += name;
    const auto name = [&](std::size_t i) {
        return std::string_view(names).substr(i % kEntries * kNameBytes, kNameBytes);
    };
    if (name(kEntries - 1) != asked.back()) std::abort();

    const auto table = enforcement::Table::build(1, random_key(), "", ids, sources);
    volatile bool sink = false;
    const auto id = bench::measure(kLookUps, [&] {
        for (std::size_t i = 0; i < kLookUps; ++i) sink = table.is_suspended(Service::pppoe, name(i));
    });
    const auto set = bench::measure(kLookUps, [&] {
        for (std::size_t i = 0; i < kLookUps; ++i) sink = plain.contains(name(i));
    });
    const auto source = bench::measure(kLookUps, [&] {
        for (std::size_t i = 0; i < kLookUps; ++i)
            sink = table.is_blocked(IpAddress::ipv4(0xc6000000U + static_cast<std::uint32_t>(i) * 3), now);
    });
    bench::print("enforcement", "look-up of an ID, 100,000 suspended, CPU", id.cpu_ns, "ns", set.cpu_ns,
                 "std::unordered_set<std::string>");
    bench::print("enforcement", "look-up of a source, 100,000 blocked, CPU", source.cpu_ns, "ns");
}
