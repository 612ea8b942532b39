#include "analyzer/detection/guards/clock.hpp"

#include <algorithm>

namespace guard::detection {

void ClockGuard::began(const IpAddress& pool, std::uint64_t id, Microseconds later, Time now) {
    const Sample sample{id, static_cast<std::int32_t>(std::chrono::round<std::chrono::seconds>(later).count())};
    Pool& known = pools_[pool];
    if (now < known.newest + kApart) return;
    known.newest = now;
    const auto same =
        std::find_if(known.samples.begin(), known.samples.end(), [id](const Sample& other) { return other.id == id; });
    if (same != known.samples.end()) {
        *same = sample;
    } else if (known.samples.size() < kKept) {
        known.samples.push_back(sample);
    } else {
        known.samples[known.next] = sample;
        known.next = (known.next + 1) % kKept;
    }
}

std::optional<std::chrono::seconds> ClockGuard::skew(const IpAddress& pool, Time now) const {
    const auto known = pools_.find(pool);
    if (known == pools_.end() || known->second.newest + kTold <= now) return std::nullopt;
    std::vector<Sample> samples = known->second.samples;
    if (samples.size() < kFewest) return std::nullopt;
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end(),
                     [](const Sample& a, const Sample& b) { return a.seconds < b.seconds; });
    const std::chrono::seconds median{middle->seconds};
    return std::chrono::abs(median) > settings_.max_clock_skew ? std::optional(median) : std::nullopt;
}

std::vector<std::pair<IpAddress, std::chrono::seconds>> ClockGuard::skewed(Time now) const {
    std::vector<std::pair<IpAddress, std::chrono::seconds>> found;
    for (const auto& [pool, known] : pools_)
        if (const auto by = skew(pool, now)) found.emplace_back(pool, *by);
    return found;
}

void ClockGuard::keep(const geo::PoolTable& pools) {
    std::erase_if(pools_, [&](const auto& entry) {
        const geo::Pool* const pool = pools.find(entry.first);
        return pool == nullptr || pool->prefix != entry.first;
    });
}

void ClockGuard::forget(Time now) {
    std::erase_if(pools_, [now](const auto& entry) { return entry.second.newest + kTold <= now; });
}

}  // namespace guard::detection
