#include "analyzer/detection/rules/smtp_source_hit.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "analyzer/detection/smtp_history.hpp"

namespace guard::detection {

void FirstUses::drop_first() {
    const auto newest = newest_.find(uses_.front().source);
    if (newest->second == dropped_) newest_.erase(newest);
    uses_.pop_front();
    ++dropped_;
}

void FirstUses::add(const IpAddress& source, std::uint64_t key, std::string_view id, Time time) {
    constexpr auto kLate = std::chrono::seconds{120};
    while (!uses_.empty() && (uses_.size() >= kMax || uses_.front().time + kept_ + kLate < time)) drop_first();
    append({key, time, {id.begin(), id.end()}, kNone, source});
}

void FirstUses::append(Kept use) {
    const std::uint64_t number = dropped_ + uses_.size();
    const auto [newest, is_first] = newest_.try_emplace(use.source, number);
    use.before = is_first ? kNone : std::exchange(newest->second, number);
    uses_.push_back(std::move(use));
}

std::vector<FirstUse> FirstUses::of(const IpAddress& source, Time since) const {
    const auto newest = newest_.find(source);
    if (newest == newest_.end()) return {};
    std::vector<const Kept*> told;
    for (std::uint64_t number = newest->second; number != kNone && number >= dropped_; number = told.back()->before)
        told.push_back(&uses_[number - dropped_]);
    std::vector<FirstUse> result;
    std::unordered_map<std::uint64_t, std::size_t> position;  // of an ID's key in the result
    for (auto use = told.rbegin(); use != told.rend(); ++use) {
        const Kept& kept = **use;
        if (kept.time <= since) continue;
        const auto [known, is_first] = position.try_emplace(kept.key, result.size());
        if (is_first)
            result.push_back({source, kept.key, std::string(kept.id.begin(), kept.id.end()), kept.time});
        else
            result[known->second].time = std::min(result[known->second].time, kept.time);
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
