#include "analyzer/detection/rules/smtp_source.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace guard::detection {

SourceWatch::Counts SourceWatch::count(const Source& source, Time since) {
    Counts counts;
    std::unordered_set<std::uint64_t> rejected;
    for (auto attempt = source.attempts.rbegin(); attempt != source.attempts.rend() && attempt->time > since; ++attempt) {
        ++counts.attempts;
        counts.first = attempt->time;
        if (attempt->accepted)
            ++counts.accepts;
        else
            rejected.insert(attempt->id);
    }
    counts.ids_rejected = rejected.size();
    return counts;
}

std::optional<Finding> SourceWatch::judge(const Source& source, const IpAddress& address, Time now) const {
    const std::array<Window, 3> windows{
        {{settings_.fast_window, settings_.fast_rejects, settings_.fast_ids, settings_.fast_accept_percent, settings_.quiet},
         {settings_.medium_window, settings_.medium_ids, settings_.medium_ids, settings_.medium_accept_percent, settings_.quiet},
         {settings_.slow_window, settings_.slow_ids, settings_.slow_ids, settings_.slow_accept_percent,
          settings_.slow_quiet}}};
    for (const Window& window : windows) {
        const Counts counts = count(source, now - window.length);
        const std::uint64_t rejects = counts.attempts - counts.accepts;
        if (rejects < window.rejects || counts.ids_rejected < window.ids) continue;
        if (counts.accepts * 100 > counts.attempts * window.accept_percent) continue;
        Finding finding;
        finding.rule = Rule::smtp_source;
        finding.grade = Grade::certain;
        finding.service = Service::smtp_auth;
        finding.source = address;
        finding.time = now;
        finding.incident_key = "source/" + address.to_string() + '/' + format_rfc3339(now);
        finding.attempts = counts.attempts;
        finding.accepts = counts.accepts;
        finding.ids = counts.ids_rejected;
        for (const Attempt& attempt : source.attempts)
            if (attempt.time >= counts.first && finding.evidence.size() < kMaxEvidence)
                finding.evidence.push_back({attempt.time, attempt.accepted ? Kind::accept : Kind::reject, address, {}});
        finding.quiet = window.quiet;
        return finding;
    }
    return std::nullopt;
}

std::optional<Finding> SourceWatch::attempt(const IpAddress& address, std::uint64_t id, bool accepted, Time now) {
    if (now >= next_sweep_) forget_idle(now);
    if (sources_.size() >= kMaxSources && !sources_.contains(address)) {
        ++forgotten_;
        return std::nullopt;
    }
    Source& source = sources_[address];
    if (source.block && now >= source.block->expires) source.block.reset();
    const auto later = std::upper_bound(source.attempts.begin(), source.attempts.end(), now,
                                        [](Time time, const Attempt& attempt) { return time < attempt.time; });
    source.attempts.insert(later, {now, id, accepted});
    while (source.attempts.size() > kMaxAttempts || source.attempts.front().time + settings_.slow_window < now)
        source.attempts.pop_front();
    source.last = std::max(source.last, now);
    if (!source.block) {
        source.block = judge(source, address, now);
        if (!source.block) return std::nullopt;
        source.told = Time{};
    } else {
        source.block->renewal = true;
        source.block->attempts += 1;
        source.block->accepts += accepted ? 1 : 0;
    }
    source.block->expires = source.last + source.block->quiet;
    if (source.block->renewal && source.block->expires < source.told + source.block->quiet / 10) return std::nullopt;
    source.told = source.block->expires;
    return source.block;
}

void SourceWatch::forget_idle(Time now) {
    next_sweep_ = now + std::chrono::minutes{10};
    std::erase_if(sources_, [&](const auto& entry) {
        return entry.second.last + settings_.slow_window < now && (!entry.second.block || entry.second.block->expires <= now);
    });
}

}  // namespace guard::detection
