#include "analyzer/detection/familiarity.hpp"

#include <algorithm>

namespace guard::detection {
namespace {

std::uint32_t seconds_of(Time time) {
    return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

}  // namespace

void Familiarity::sight(geo::Code region, Time time, const config::DetectionSettings& settings) {
    const std::uint32_t now = seconds_of(time);
    const auto end = regions_.begin() + count_;
    auto known = std::find_if(regions_.begin(), end, [&](const Region& entry) { return entry.region == region; });
    if (known == end) {
        if (count_ < kMaxRegions) {
            ++count_;
        } else {
            known = std::min_element(regions_.begin(), end,
                                     [](const Region& a, const Region& b) { return a.newer < b.newer; });
        }
        *known = Region{region, 0, now};
        return;
    }
    // A sighting that was counted before, when a journal is read again, is older than `newer` and changes nothing.
    const auto spacing = static_cast<std::uint32_t>(settings.familiar_spacing.count());
    if (now >= known->newer + spacing) {
        known->older = known->newer;
        known->newer = now;
    }
}

void Familiarity::unlearn(geo::Code region, Time now, const config::DetectionSettings& settings) {
    if (is_familiar(region, now, settings)) return;
    const auto end = regions_.begin() + count_;
    const auto kept = std::remove_if(regions_.begin(), end, [&](const Region& entry) { return entry.region == region; });
    count_ = static_cast<std::uint8_t>(kept - regions_.begin());
}

bool Familiarity::is_familiar(geo::Code region, Time now, const config::DetectionSettings& settings) const {
    const auto window = static_cast<std::uint64_t>(settings.familiar_window.count());
    for (const Region& entry : regions())
        if (entry.region == region) return entry.older != 0 && std::uint64_t{entry.older} + window >= seconds_of(now);
    return false;
}

void Familiarity::restore(std::span<const Region> regions) {
    count_ = static_cast<std::uint8_t>(std::min(regions.size(), kMaxRegions));
    std::copy_n(regions.begin(), count_, regions_.begin());
}

}  // namespace guard::detection
