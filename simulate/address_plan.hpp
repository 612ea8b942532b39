// Which addresses the ISP has, and where: 47 prefectures with several pools each, as many as their population asks for.
// All in ranges of no real network: 10.0.0.0/8 and 3fff::/20 (RFC 9637). Immutable but for who holds which address.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "simulate/random.hpp"

namespace guard::simulate {

inline constexpr unsigned kPrefectures = 47;
using Prefecture = std::uint8_t;  // 0: Hokkaido, 46: Okinawa

struct Pool {
    Prefecture prefecture = 0;
    std::uint32_t v4 = 0;  // a /17
    std::uint64_t v6 = 0;  // upper half of a /36
    bool reserve = false;  // used by a renumbering alone
};

class AddressPlan {
  public:
    static constexpr unsigned kV4Length = 17, kV6Length = 36;
    static constexpr std::uint32_t kPoolSize = 1U << (32 - kV4Length);
    static constexpr std::uint32_t kMostSubscribers = 5'000'000;

    explicit AddressPlan(std::uint32_t subscribers);

    [[nodiscard]] const std::vector<Pool>& pools() const { return pools_; }
    // The pools of a prefecture, without its reserve.
    [[nodiscard]] std::uint16_t some_pool(Prefecture prefecture, Random& random) const;
    [[nodiscard]] std::uint16_t some_pool(Random& random) const;  // by population
    [[nodiscard]] std::uint16_t reserve_of(Prefecture prefecture) const;

    // Kilometres between the pools of two prefectures, both radii taken off, as the detectors reckon.
    [[nodiscard]] std::uint32_t kilometres(Prefecture a, Prefecture b) const { return kilometres_[a][b]; }
    // By population, at least `least` and less than `most` km away; `from` itself when there is none.
    [[nodiscard]] Prefecture some_prefecture(Prefecture from, std::uint32_t least, std::uint32_t most,
                                             Random& random) const;
    [[nodiscard]] Prefecture farthest_below(Prefecture from, std::uint32_t most) const;

    // An address of the pool that nobody holds.
    [[nodiscard]] std::uint32_t take(std::uint16_t pool, Random& random);
    void give_back(std::uint32_t address);
    // The upper half of the /56 delegated with an IPv4 address of the pool.
    [[nodiscard]] std::uint64_t delegated(std::uint16_t pool, std::uint32_t v4) const {
        return pools_[pool].v6 | std::uint64_t{v4 - pools_[pool].v4} << 8U;
    }

    [[nodiscard]] std::string pool_file() const;

  private:
    std::vector<Pool> pools_;
    std::array<std::uint16_t, kPrefectures> first_{}, count_{};
    std::array<std::array<std::uint32_t, kPrefectures>, kPrefectures> kilometres_{};
    std::vector<std::uint64_t> held_;  // one bit for each address of 10.0.0.0/8
};

}  // namespace guard::simulate
