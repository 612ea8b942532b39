// The regions in which an ID is at home: seen on at least two days of the last 30, the sightings at least 20 h apart. A
// region whose sightings took part in a finding is in quarantine: it is not learned, however long the ID is seen there.
// Kept for every ID; 16 bytes a region.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/settings.hpp"
#include "event/time.hpp"
#include "geo/place.hpp"

namespace guard::detection {

class Familiarity {
  public:
    // A plain row, for the snapshot. Times are seconds since 1970.
    struct Region {
        geo::Code region;
        std::uint32_t older = 0;  // the sighting before `newer`, 0: none; kQuarantined: in quarantine until `newer`
        std::uint32_t newer = 0;  // the last sighting that was far enough from the one before
        friend bool operator==(const Region&, const Region&) = default;
    };
    static constexpr std::uint32_t kQuarantined = ~std::uint32_t{0};
    static constexpr std::size_t kMaxLearned = 4, kMaxQuarantined = 4;
    static constexpr std::size_t kMaxRegions = kMaxLearned + kMaxQuarantined;

    // The ID was seen there. A fifth region takes the place of the one not seen for longest. In quarantine a sighting
    // puts off the end of it: who stays does not become familiar by staying.
    void sight(geo::Code region, Time time, const config::DetectionSettings& settings);
    // Forgets what was learned of a region and does not learn it until it was out of sight for `familiar_window`.
    void quarantine(geo::Code region, Time now, const config::DetectionSettings& settings);
    // Ends the quarantine of a region, or of all: the finding turned out to be ordinary, or was dealt with.
    void absolve(geo::Code region);
    void absolve_all();
    // Ends all quarantines and takes the last sighting in each for one: a person dismissed the finding.
    void acquit(const config::DetectionSettings& settings);
    // From now on familiar: a person knows why the ID is there.
    void make_familiar(geo::Code region, Time now, const config::DetectionSettings& settings);

    // Drops what is past its term (R8): regions not seen for `familiar_window`, quarantines that are over.
    void forget(Time now, const config::DetectionSettings& settings);

    [[nodiscard]] bool is_familiar(geo::Code region, Time now, const config::DetectionSettings& settings) const;
    // Seen there, and not in quarantine.
    [[nodiscard]] bool is_being_learned(geo::Code region) const;
    // The region that has been known for longest, familiar or not.
    [[nodiscard]] std::optional<geo::Code> first_known() const;

    [[nodiscard]] std::span<const Region> regions() const { return regions_; }
    void restore(std::span<const Region> regions);

  private:
    friend struct StateFields;
    [[nodiscard]] static bool in_quarantine(const Region& entry) { return entry.older == kQuarantined; }
    void make_room(bool quarantined, std::size_t limit);

    std::vector<Region> regions_;  // in the order they became known
};

}  // namespace guard::detection
