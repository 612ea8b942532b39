#include "cli/replay/tally.hpp"

#include <algorithm>

namespace guard::cli {
namespace {

using detection::Action;

// The stronger of two actions comes first in the enumeration, as far as they are about an ID.
Action stronger(Action a, Action b) {
    return std::min(a, b);
}

std::string subject_of(const detection::Finding& finding) {
    if (finding.source) return finding.source->to_string();
    return static_cast<char>(finding.service) + finding.id;
}

}  // namespace

bool is_final(const detection::Decision& decision) {
    return decision.reason != detection::Reason::settling && !decision.finding.renewal;
}

void Tally::count(const replay::Batch& batch) {
    for (const replay::StreamEvent& read : batch) {
        const Time time = read.event.time;
        if (!period_) period_.emplace(time, time);
        period_->first = std::min(period_->first, time);
        period_->second = std::max(period_->second, time);
    }
}

void Tally::count(const detection::Decision& decision) {
    const detection::Finding& finding = decision.finding;
    if (finding.source) count_source(finding, decision.action);
    if (!is_final(decision)) return;
    const auto action = static_cast<std::size_t>(decision.action);
    ++actions_.at(action);
    OfHour& hour = hours_[std::chrono::floor<std::chrono::hours>(finding.time)];
    ++hour.actions.at(action);
    ++hour.rules[finding.rule];
    if (decision.reason != detection::Reason::none) ++reasons_[decision.reason];
    const std::string subject = subject_of(finding);
    OfRule& rule = rules_[finding.rule];
    ++rule.actions.at(action);
    rule.subjects.insert(subject);
    if (finding.source) return;
    const auto [known, is_new] = ids_.emplace(subject, decision.action);
    if (!is_new) known->second = stronger(known->second, decision.action);
    if (finding.service != Service::smtp_auth || finding.evidence.empty() || !finding.evidence.back().address) return;
    const IpAddress source = finding.evidence.back().address->source();
    if (sources_.size() < kMostSources || sources_.contains(source)) ++sources_[source].id_findings;
}

// Its numbers grow with every renewal of the block.
void Tally::count_source(const detection::Finding& finding, Action action) {
    if (sources_.size() >= kMostSources && !sources_.contains(*finding.source)) return;
    Source& source = sources_[*finding.source];
    const Time first = finding.evidence.empty() ? finding.time : finding.evidence.front().time;
    if (source.attempts == 0) source.first = first;
    source.first = std::min(source.first, first);
    source.last = std::max(source.last, std::max(first, finding.expires - finding.quiet));
    source.attempts = std::max(source.attempts, finding.attempts);
    source.ids = std::max(source.ids, finding.ids);
    source.accepts = std::max(source.accepts, finding.accepts);
    source.action = source.action == Action::block ? Action::block : action;
}

std::uint64_t Tally::findings() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : actions_) sum += count;
    return sum;
}

std::vector<std::pair<IpAddress, Tally::Source>> Tally::top_sources(std::size_t most) const {
    std::vector<std::pair<IpAddress, Source>> all(sources_.begin(), sources_.end());
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return std::tuple(b.second.attempts, b.second.id_findings, a.first) <
               std::tuple(a.second.attempts, a.second.id_findings, b.first);
    });
    if (all.size() > most) all.erase(all.begin() + static_cast<std::ptrdiff_t>(most), all.end());
    return all;
}

ActionCounts Tally::ids() const {
    ActionCounts counts{};
    for (const auto& [id, action] : ids_) ++counts.at(static_cast<std::size_t>(action));
    return counts;
}

std::uint64_t Tally::blocked_sources() const {
    return static_cast<std::uint64_t>(std::count_if(sources_.begin(), sources_.end(), [](const auto& source) {
        return source.second.action == Action::block && source.second.attempts > 0;
    }));
}

}  // namespace guard::cli
