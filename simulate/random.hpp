// Dice that fall the same on every machine: integers alone, no std::distribution (their results are the library's own)
// and no floating point. Each life has its own, so that what one does changes nothing for another. One thread.
#pragma once

#include <cstdint>

#include "event/time.hpp"

namespace guard::simulate {

// SplitMix64 (Steele, Lea, Flood 2014): eight bytes of state, and any state is a good one.
class Random {
  public:
    explicit Random(std::uint64_t seed = 0) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
        mixed = (mixed ^ mixed >> 30U) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ mixed >> 27U) * 0x94d049bb133111ebU;
        return mixed ^ mixed >> 31U;
    }
    // 0 to count - 1; count above 0.
    std::uint32_t below(std::uint32_t count) { return static_cast<std::uint32_t>((next() >> 32U) * count >> 32U); }
    // least to most, both included.
    std::uint32_t between(std::uint32_t least, std::uint32_t most) { return least + below(most - least + 1); }
    Microseconds between(Microseconds least, Microseconds most) {
        return least + Microseconds{static_cast<std::int64_t>(
                           next() % (static_cast<std::uint64_t>((most - least).count()) + 1))};
    }
    bool percent(std::uint32_t share) { return below(100) < share; }
    // Waiting times, by comparing alone (von Neumann 1951).
    Microseconds exponential(Microseconds mean) {
        for (std::int64_t whole = 0;; ++whole) {
            const std::uint64_t first = next();
            bool odd = true;
            for (std::uint64_t last = first, now = next(); now < last; last = now, now = next()) odd = !odd;
            if (odd) return mean * whole + Microseconds{mean.count() / 4096 * static_cast<std::int64_t>(first >> 52U)};
        }
    }

  private:
    std::uint64_t state_;
};

// A seed for the `index`-th life of a simulation.
[[nodiscard]] inline std::uint64_t seed_of(std::uint64_t seed, std::uint64_t index) {
    return Random(seed ^ Random(index).next()).next();
}

}  // namespace guard::simulate
