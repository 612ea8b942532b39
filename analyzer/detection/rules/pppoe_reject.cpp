#include "analyzer/detection/rules/pppoe_reject.hpp"

#include <algorithm>

namespace guard::detection {

std::optional<Match> RejectWatch::rejected(std::uint64_t key, Time now) {
    if (now >= next_sweep_) {
        next_sweep_ = now + settings_.reject_window;
        std::erase_if(ids_, [&](const auto& entry) {
            const Rejects& rejects = entry.second;
            const bool recent = !rejects.times.empty() && rejects.times.back() + settings_.reject_window > now;
            return !recent && rejects.quiet_until <= now;
        });
    }
    if (ids_.size() >= kMaxIds && !ids_.contains(key)) ids_.clear();
    Rejects& rejects = ids_[key];
    if (now < rejects.quiet_until) return std::nullopt;
    rejects.times.insert(std::upper_bound(rejects.times.begin(), rejects.times.end(), now), now);
    const Time newest = rejects.times.back();  // not `now`, if that came late
    std::erase_if(rejects.times, [&](Time time) { return time + settings_.reject_window <= newest; });
    if (rejects.times.size() < settings_.reject_count) return std::nullopt;
    Match match{Rule::pppoe_reject, Grade::notable, {}, {}, {}};
    for (const Time time : rejects.times) match.evidence.push_back({time, Kind::reject, std::nullopt, {}});
    match.count = rejects.times.size();
    match.span = std::chrono::floor<std::chrono::seconds>(rejects.times.back() - rejects.times.front());
    rejects.times.clear();
    rejects.quiet_until = newest + std::chrono::hours{24};
    return match;
}

}  // namespace guard::detection
