#include "simulate/address_plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "event/ip_address.hpp"
#include "geo/distance.hpp"
#include "geo/prefectures.hpp"

namespace guard::simulate {
namespace {

// Census of 2020, thousands, from Hokkaido to Okinawa.
constexpr std::array<std::uint32_t, kPrefectures> kPopulation{
    5225, 1238, 1211, 2302, 960,  1068, 1833, 2867, 1933, 1939, 7345, 6284, 14048, 9237, 2201, 1035,
    1133, 767,  810,  2048, 1979, 3633, 7542, 1770, 1414, 2578, 8838, 5465, 1324,  923,  553,  671,
    1888, 2800, 1342, 720,  950,  1335, 692,  5135, 811,  1312, 1738, 1124, 1070,  1588, 1467};
constexpr std::uint32_t kEverybody = std::accumulate(kPopulation.begin(), kPopulation.end(), 0U);

constexpr std::uint32_t kFirstAddress = 0x0a000000;                   // 10.0.0.0/8
constexpr std::uint64_t kFirstPrefix = std::uint64_t{0x3fff} << 48U;  // 3fff::/20

Prefecture by_population(Random& random) {
    std::uint32_t at = random.below(kEverybody);
    Prefecture prefecture = 0;
    while (at >= kPopulation.at(prefecture)) at -= kPopulation.at(prefecture++);
    return prefecture;
}

}  // namespace

AddressPlan::AddressPlan(std::uint32_t subscribers) : held_((std::size_t{1} << 24U) / 64) {
    const auto rows = geo::prefectures();
    for (Prefecture one = 0; one < kPrefectures; ++one) {
        first_.at(one) = static_cast<std::uint16_t>(pools_.size());
        const std::uint64_t lines = std::uint64_t{subscribers} * kPopulation.at(one) / kEverybody;
        // Half of the addresses stay free; the last pool is the reserve.
        count_.at(one) = static_cast<std::uint16_t>(std::max<std::uint64_t>(3, (2 * lines + kPoolSize) / kPoolSize));
        for (unsigned i = 0; i <= count_.at(one); ++i) {
            const auto number = static_cast<std::uint32_t>(pools_.size());
            pools_.push_back({one, kFirstAddress + number * kPoolSize,
                              kFirstPrefix | std::uint64_t{number} << (64 - kV6Length), i == count_.at(one)});
        }
        for (Prefecture other = 0; other < kPrefectures; ++other)
            kilometres_.at(one).at(other) =
                static_cast<std::uint32_t>(std::max(0.0, geo::great_circle(rows[one].capital, rows[other].capital) -
                                                             rows[one].radius - rows[other].radius));
    }
}

std::uint16_t AddressPlan::some_pool(Prefecture prefecture, Random& random) const {
    return static_cast<std::uint16_t>(first_.at(prefecture) + random.below(count_.at(prefecture)));
}

std::uint16_t AddressPlan::some_pool(Random& random) const {
    return some_pool(by_population(random), random);
}

std::uint16_t AddressPlan::reserve_of(Prefecture prefecture) const {
    return static_cast<std::uint16_t>(first_.at(prefecture) + count_.at(prefecture));
}

Prefecture AddressPlan::some_prefecture(Prefecture from, std::uint32_t least, std::uint32_t most,
                                        Random& random) const {
    const auto fits = [&](Prefecture other) {
        return other != from && kilometres(from, other) >= least && kilometres(from, other) < most;
    };
    for (int i = 0; i < 1000; ++i)
        if (const Prefecture other = by_population(random); fits(other)) return other;
    return from;
}

Prefecture AddressPlan::farthest_below(Prefecture from, std::uint32_t most) const {
    Prefecture best = from;
    for (Prefecture other = 0; other < kPrefectures; ++other)
        if (other != from && kilometres(from, other) < most &&
            (best == from || kilometres(from, other) > kilometres(from, best)))
            best = other;
    return best;
}

std::uint32_t AddressPlan::take(std::uint16_t pool, Random& random) {
    std::uint32_t offset = random.below(kPoolSize);
    const std::uint32_t base = pools_[pool].v4 - kFirstAddress;
    for (std::uint32_t tries = 0; tries < kPoolSize; ++tries, offset = (offset + 1) % kPoolSize) {
        std::uint64_t& word = held_[(base + offset) / 64];
        const std::uint64_t bit = std::uint64_t{1} << (base + offset) % 64;
        if ((word & bit) != 0) continue;
        word |= bit;
        break;
    }
    return pools_[pool].v4 + offset;
}

void AddressPlan::give_back(std::uint32_t address) {
    const std::uint32_t offset = address - kFirstAddress;
    held_[offset / 64] &= ~(std::uint64_t{1} << offset % 64);
}

std::string AddressPlan::pool_file() const {
    std::string text = "# made by guardctl simulate\nprefix,country,region,city,postal,lat,lon,radius_km,nas\n";
    for (const Pool& pool : pools_) {
        const auto row = geo::prefectures()[pool.prefecture];
        const auto number = static_cast<unsigned>(&pool - pools_.data());
        text +=
            fmt::format("{}/{},JP,{},,,,,,bras-{}\n", IpAddress::ipv4(pool.v4).to_string(), kV4Length, row.iso, number);
        text += fmt::format("{:x}:{:x}:{:x}::/{},JP,{},,,,,,bras-{}\n", pool.v6 >> 48U, pool.v6 >> 32U & 0xffffU,
                            pool.v6 >> 16U & 0xffffU, kV6Length, row.iso, number);
    }
    return text;
}

}  // namespace guard::simulate
