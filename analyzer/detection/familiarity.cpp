#include "analyzer/detection/familiarity.hpp"

#include <algorithm>
#include <iterator>

namespace guard::detection {
namespace {

std::uint32_t seconds_of(Time time) {
    return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::uint32_t seconds_of(std::chrono::seconds span) {
    return static_cast<std::uint32_t>(span.count());
}

}  // namespace

void Familiarity::sight(geo::Code region, Time time, const config::DetectionSettings& settings) {
    const std::uint32_t now = seconds_of(time);
    const auto known =
        std::find_if(regions_.begin(), regions_.end(), [&](const Region& entry) { return entry.region == region; });
    if (known != regions_.end() && in_quarantine(*known)) {
        if (now < known->newer) {
            known->newer = std::max(known->newer, now + seconds_of(settings.familiar_window));
            return;
        }
        regions_.erase(known);
    } else if (known != regions_.end()) {
        // A sighting that was counted before, when a journal is read again, is older than `newer` and changes nothing.
        if (now < known->newer + seconds_of(settings.familiar_spacing)) return;
        known->older = known->newer;
        known->newer = now;
        return;
    }
    make_room(false, kMaxLearned);
    regions_.push_back({region, 0, now});
}

void Familiarity::quarantine(geo::Code region, Time now, const config::DetectionSettings& settings) {
    std::erase_if(regions_, [&](const Region& entry) { return entry.region == region; });
    make_room(true, kMaxQuarantined);
    regions_.push_back({region, kQuarantined, seconds_of(now + settings.familiar_window)});
}

void Familiarity::absolve(geo::Code region) {
    std::erase_if(regions_, [&](const Region& entry) { return entry.region == region && in_quarantine(entry); });
}

void Familiarity::absolve_all() {
    std::erase_if(regions_, in_quarantine);
}

void Familiarity::acquit(const config::DetectionSettings& settings) {
    std::vector<Region> acquitted;
    std::copy_if(regions_.begin(), regions_.end(), std::back_inserter(acquitted), in_quarantine);
    absolve_all();
    for (const Region& entry : acquitted) {
        make_room(false, kMaxLearned);
        regions_.push_back({entry.region, 0, entry.newer - seconds_of(settings.familiar_window)});
    }
}

void Familiarity::make_familiar(geo::Code region, Time now, const config::DetectionSettings& settings) {
    if (is_familiar(region, now, settings)) return;
    const Region familiar{region, seconds_of(now - settings.familiar_spacing), seconds_of(now)};
    absolve(region);
    const auto known =
        std::find_if(regions_.begin(), regions_.end(), [&](const Region& entry) { return entry.region == region; });
    if (known != regions_.end()) {
        *known = familiar;
        return;
    }
    make_room(false, kMaxLearned);
    regions_.push_back(familiar);
}

// Of each kind of entry the one goes that was not seen for longest.
void Familiarity::make_room(bool quarantined, std::size_t limit) {
    const auto of_that_kind = [&](const Region& entry) { return in_quarantine(entry) == quarantined; };
    if (static_cast<std::size_t>(std::count_if(regions_.begin(), regions_.end(), of_that_kind)) < limit) return;
    auto oldest = std::find_if(regions_.begin(), regions_.end(), of_that_kind);
    for (auto entry = oldest; entry != regions_.end(); ++entry)
        if (of_that_kind(*entry) && entry->newer < oldest->newer) oldest = entry;
    regions_.erase(oldest);
}

void Familiarity::forget(Time now, const config::DetectionSettings& settings) {
    const auto window = static_cast<std::uint64_t>(settings.familiar_window.count());
    std::erase_if(regions_, [&](const Region& entry) {
        return entry.newer + (in_quarantine(entry) ? 0 : window) < seconds_of(now);
    });
}

bool Familiarity::is_familiar(geo::Code region, Time now, const config::DetectionSettings& settings) const {
    for (const Region& entry : regions_)
        if (entry.region == region)
            return !in_quarantine(entry) && entry.older != 0 &&
                   std::uint64_t{entry.older} + seconds_of(settings.familiar_window) >= seconds_of(now);
    return false;
}

bool Familiarity::is_being_learned(geo::Code region) const {
    return std::any_of(regions_.begin(), regions_.end(),
                       [&](const Region& entry) { return entry.region == region && !in_quarantine(entry); });
}

std::optional<geo::Code> Familiarity::first_known() const {
    const auto first = std::find_if_not(regions_.begin(), regions_.end(), in_quarantine);
    return first == regions_.end() ? std::nullopt : std::optional(first->region);
}

void Familiarity::restore(std::span<const Region> regions) {
    regions_.assign(regions.begin(),
                    regions.begin() + static_cast<std::ptrdiff_t>(std::min(regions.size(), kMaxRegions)));
}

}  // namespace guard::detection
