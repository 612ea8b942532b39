#include "analyzer/detection/rules/smtp_source.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>

namespace guard::detection {
namespace {

constexpr auto kSweepEvery = std::chrono::minutes{10};

// Not seen since then, and no block of it lasts.
bool is_over(const auto& source, Time idle_since, Time now) {
    return source.last < idle_since && (!source.block || source.block->expires <= now);
}

}  // namespace

SourceWatch::SourceWatch(const config::SmtpSourceSettings& settings)
    : windows_{{{settings.fast_window, settings.fast_rejects, settings.fast_ids, settings.fast_accept_percent,
                 settings.quiet},
                {settings.medium_window, settings.medium_ids, settings.medium_ids, settings.medium_accept_percent,
                 settings.quiet},
                {settings.slow_window, settings.slow_ids, settings.slow_ids, settings.slow_accept_percent,
                 settings.slow_quiet}}},
      longest_(std::max({settings.fast_window, settings.medium_window, settings.slow_window})),
      most_accepted_percent_(settings.medium_accept_percent),
      max_attempts_(std::max({kFewestKept, std::size_t{2} * settings.fast_rejects, std::size_t{2} * settings.medium_ids,
                              std::size_t{2} * settings.slow_ids})),
      fewest_(std::max<std::size_t>(
          1, std::min({std::max(settings.fast_rejects, settings.fast_ids), settings.medium_ids, settings.slow_ids}))) {}

std::optional<SourceWatch::Counts> SourceWatch::count(const Source& source, const Window& window,
                                                      const Outages& outages) {
    Counts counts;
    const Time now = source.attempts.back().time();
    const Time since = now - window.length;
    const auto counts_at = [&](const Attempt& attempt) {
        return attempt.accepted() || !outages.over(attempt.time(), now);
    };
    auto first = source.attempts.end();
    for (; first != source.attempts.begin() && std::prev(first)->time() > since; --first) {
        const Attempt& attempt = *std::prev(first);
        if (!counts_at(attempt)) continue;
        ++counts.attempts;
        counts.first = attempt.time();
        if (attempt.accepted()) ++counts.accepts;
    }
    const std::uint64_t rejects = counts.attempts - counts.accepts;
    if (rejects < std::max(window.rejects, window.ids)) return std::nullopt;
    if (counts.accepts * 100 > counts.attempts * window.accept_percent) return std::nullopt;
    boost::unordered_flat_set<std::uint64_t> rejected;
    std::for_each(first, source.attempts.end(), [&](const Attempt& attempt) {
        if (!attempt.accepted() && attempt.id() != kNoId && counts_at(attempt)) rejected.insert(attempt.id());
    });
    counts.ids_rejected = rejected.size();
    return counts.ids_rejected < window.ids ? std::nullopt : std::optional(counts);
}

std::optional<Finding> SourceWatch::judge(const Source& source, const IpAddress& address,
                                          const Outages& outages) const {
    if (source.attempts.size() < fewest_) return std::nullopt;
    const Time now = source.attempts.back().time();  // not that of an attempt that came late
    for (const Window& window : windows_) {
        const auto counts = count(source, window, outages);
        if (!counts) continue;
        Finding finding;
        finding.rule = Rule::smtp_source;
        finding.grade = Grade::certain;
        finding.service = Service::smtp_auth;
        finding.source = address;
        finding.time = now;
        finding.incident_key = "source/" + address.to_string() + '/' + format_rfc3339(now);
        finding.attempts = counts->attempts;
        finding.accepts = counts->accepts;
        finding.ids = counts->ids_rejected;
        for (const Attempt& attempt : source.attempts)
            if (attempt.time() >= counts->first && finding.evidence.size() < kMaxEvidence)
                finding.evidence.push_back(
                    {attempt.time(), attempt.accepted() ? Kind::accept : Kind::reject, address, {}});
        finding.quiet = window.quiet;
        return finding;
    }
    return std::nullopt;
}

std::optional<Finding> SourceWatch::attempt(const IpAddress& address, std::uint64_t id, bool accepted, Time now,
                                            const Outages& outages, std::uint32_t times) {
    if (now >= next_sweep_) {
        next_sweep_ = now + kSweepEvery;
        sweep(now);
    }
    if (sources_.size() >= kMaxSources && !sources_.contains(address) && !make_room(now)) {
        ++forgotten_;
        return std::nullopt;
    }
    const auto [entry, is_new] = sources_.try_emplace(address);
    Source& source = entry->second;
    if (is_new) {
        source.last = now;
        plan_sweep(address, source);
    }
    if (source.block && (now >= source.block->expires || outages.over(source.block->time, now))) source.block.reset();
    for (auto same = source.attempts.behind(now); same != source.attempts.begin() && std::prev(same)->time() == now;
         --same)
        if (id != kNoId && std::prev(same)->id() == id && std::prev(same)->accepted() == accepted)
            return std::nullopt;  // told before
    // Not so many that they push out those that name an ID.
    for (std::size_t left = std::min<std::size_t>(times, max_attempts_ / 4); left > 0; --left)
        source.attempts.insert({now, id, accepted});
    while (source.attempts.size() > max_attempts_ ||
           source.attempts.front().time() + longest_ < source.attempts.back().time())
        source.attempts.pop_front();
    source.last = std::max(source.last, now);
    if (!source.block) {
        // Whoever logs in is not guessing: an accept may end up in a count, but never completes one.
        auto found = accepted ? std::nullopt : judge(source, address, outages);
        if (!found) return std::nullopt;
        source.block = std::make_unique<Finding>(std::move(*found));
        source.told = Time{};
    } else {
        source.block->renewal = true;
        source.block->attempts += times;
        source.block->accepts += accepted ? times : 0;
    }
    source.block->expires = source.last + source.block->quiet;
    if (source.block->renewal && source.block->expires < source.told + source.block->quiet / 10) return std::nullopt;
    source.told = source.block->expires;
    return *source.block;
}

const Finding* SourceWatch::block_at(const IpAddress& source, Time now) const {
    const auto found = sources_.find(source);
    if (found == sources_.end() || !found->second.block || now >= found->second.block->expires) return nullptr;
    return found->second.block.get();
}

bool SourceWatch::mostly_guesses(const IpAddress& source) const {
    const auto found = sources_.find(source);
    if (found == sources_.end()) return false;
    boost::unordered_flat_set<std::uint64_t> accepted, all;
    for (const Attempt& attempt : found->second.attempts) {
        if (attempt.id() == kNoId) continue;
        all.insert(attempt.id());
        if (attempt.accepted()) accepted.insert(attempt.id());
    }
    return accepted.size() * 100 <= all.size() * most_accepted_percent_;
}

// A source that an attempt has put off since is planned again when its turn comes.
void SourceWatch::plan_sweep(const IpAddress& address, Source& source) {
    const Time over = std::max(source.last + longest_, source.block ? source.block->expires : Time::min());
    source.due = over.time_since_epoch() / kSweepEvery + 1;
    due_.try_emplace(due_.end(), source.due)->second.push_back(address);
}

void SourceWatch::plan_sweeps() {
    due_.clear();
    for (auto& [address, source] : sources_) plan_sweep(address, source);
}

// Drops those that were not seen for the longest window. Looks at no others: there may be many.
void SourceWatch::sweep(Time now) {
    const std::int64_t turn = now.time_since_epoch() / kSweepEvery;
    while (!due_.empty() && due_.begin()->first <= turn) {
        const auto due = due_.extract(due_.begin());
        for (const IpAddress& address : due.mapped()) {
            const auto found = sources_.find(address);
            if (found == sources_.end() || found->second.due != due.key()) continue;
            Source& source = found->second;
            if (is_over(source, now - longest_, now))
                sources_.erase(found);
            else
                plan_sweep(address, source);
        }
    }
}

// Too many sources for the longest window: those go that were not seen for an hour, or whoever has many addresses could
// blind us for a day. At most once a minute, since it looks at all of them.
bool SourceWatch::make_room(Time now) {
    if (now < next_squeeze_) return false;
    next_squeeze_ = now + std::chrono::minutes{1};
    const Time idle_since = now - std::chrono::hours{1};
    forgotten_ += erase_if(sources_, [&](const auto& entry) { return is_over(entry.second, idle_since, now); });
    plan_sweeps();
    return sources_.size() < kMaxSources;
}

}  // namespace guard::detection
