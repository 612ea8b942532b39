// The regions in which an ID is at home: seen on at least two days of the last 30, the sightings at least 20 h apart. Kept for
// every ID; 16 bytes a region.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "config/settings.hpp"
#include "event/time.hpp"
#include "geo/place.hpp"

namespace guard::detection {

class Familiarity {
  public:
    struct Region {
        geo::Code region;
        std::uint32_t older = 0, newer = 0;  // the last two sightings that are far enough apart; seconds since 1970, 0: none
    };
    static constexpr std::size_t kMaxRegions = 4;

    // The ID was seen there. A fifth region takes the place of the one not seen for longest.
    void sight(geo::Code region, Time time, const config::DetectionSettings& settings);
    // Forgets a region that is not familiar yet: its sightings took part in a finding.
    void unlearn(geo::Code region, Time now, const config::DetectionSettings& settings);
    [[nodiscard]] bool is_familiar(geo::Code region, Time now, const config::DetectionSettings& settings) const;

    [[nodiscard]] std::span<const Region> regions() const { return {regions_.data(), count_}; }
    void restore(std::span<const Region> regions);

  private:
    std::array<Region, kMaxRegions> regions_{};
    std::uint8_t count_ = 0;
};

}  // namespace guard::detection
