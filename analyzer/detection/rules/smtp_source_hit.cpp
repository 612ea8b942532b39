#include "analyzer/detection/rules/smtp_source_hit.hpp"

#include <algorithm>
#include <unordered_map>

#include "analyzer/detection/smtp_history.hpp"

namespace guard::detection {

void FirstUses::drop_first() {
    const auto numbers = by_source_.find(uses_.front().source);
    auto& [all, first] = numbers->second;
    if (++first == all.size()) {
        by_source_.erase(numbers);
    } else if (2 * first > all.size()) {
        all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
        first = 0;
    }
    uses_.pop_front();
    ++dropped_;
}

void FirstUses::add(const FirstUse& use) {
    constexpr auto kLate = std::chrono::seconds{120};
    while (!uses_.empty() && (uses_.size() >= kMax || uses_.front().time + kept_ + kLate < use.time)) drop_first();
    by_source_[use.source].all.push_back(dropped_ + uses_.size());
    uses_.push_back(use);
}

std::vector<FirstUse> FirstUses::of(const IpAddress& source, Time since) const {
    std::vector<FirstUse> result;
    const auto numbers = by_source_.find(source);
    if (numbers == by_source_.end()) return result;
    std::unordered_map<std::uint64_t, std::size_t> position;  // of an ID's key in the result
    const auto& [all, first] = numbers->second;
    for (std::size_t at = first; at < all.size(); ++at) {
        const FirstUse& use = uses_[all[at] - dropped_];
        if (use.time <= since) continue;
        const auto [known, is_first] = position.try_emplace(use.key, result.size());
        if (is_first)
            result.push_back(use);
        else
            result[known->second].time = std::min(result[known->second].time, use.time);
    }
    return result;
}

Match smtp_source_hit(const FirstUse& use, const Finding& block, const geo::Location& where) {
    Match match{Rule::smtp_source_hit, Grade::certain, {}, {}, {SmtpSighting{use.source, where, use.time}.evidence()}};
    match.count = block.attempts;
    match.span =
        std::chrono::floor<std::chrono::seconds>(use.time < block.time ? block.time - use.time : Microseconds{0});
    return match;
}

}  // namespace guard::detection
