// The part of Detector that turns findings into actions: what holds them back, settling, profile and mode.
#include <algorithm>

#include "analyzer/detection/detector.hpp"
#include "analyzer/detection/explain.hpp"

namespace guard::detection {
namespace {

constexpr auto kDay = std::chrono::hours{24};
constexpr auto kLongestDoubt = std::chrono::minutes{10};
constexpr std::size_t kJudgedSources = 10'000;  // past it those go whose block is over

std::optional<IpAddress> newest_pool(const Finding& finding) {
    if (finding.places.empty() || finding.places.back().source != geo::Place::Source::pool) return std::nullopt;
    return finding.places.back().network;
}

// This ID made a step between two of these places within the day, together with those whom `was_mass` knows of.
bool was_moved_with_others(const std::vector<geo::Place>& places, const Stream& stream, Time now,
                           const auto& was_mass) {
    if (!stream.history) return false;
    const auto involved = [&](const Visit& visit) {
        return std::any_of(places.begin(), places.end(),
                           [&](const geo::Place& place) { return place.region == visit.place.region; });
    };
    const auto& visits = stream.history->visits();
    for (std::size_t to = 1; to < visits.size(); ++to) {
        const Visit &before = visits[to - 1], &after = visits[to];
        if (after.first.time + kDay > now && involved(before) && involved(after) &&
            was_mass(before.place, after.place, after.first.time))
            return true;
    }
    return false;
}

}  // namespace

// Why a finding that would suspend goes to a person instead, or is only recorded.
Reason Detector::held_back(const Finding& finding, const Stream& stream, Time now) const {
    if (knowledge_.allowed && knowledge_.allowed(finding.service, finding.id, now)) return Reason::allowed;
    const bool has_contract = knowledge_.contract && knowledge_.contract(finding.service, finding.id);
    if (finding.rule == Rule::pppoe_burst_sessions && !has_contract) return Reason::no_contract;
    if (finding.rule == Rule::smtp_source_hit) {
        if (backend_.failing(now)) return Reason::backend;
        if (!sources_.mostly_guesses(*finding.evidence.front().address)) return Reason::storm;
    }
    if (is_mass(finding.places, finding.steps, stream, now)) return Reason::storm;
    if (is_about_regions(finding.rule) && lagging_) return Reason::lag;
    if (is_about_regions(finding.rule) && pool_changed(finding.places, now)) return Reason::pool_table;
    if (is_about_regions(finding.rule) && finding.service == Service::pppoe &&
        std::any_of(finding.places.begin(), finding.places.end(),
                    [&](const geo::Place& place) { return clocks_.skew(place.network, now).has_value(); }))
        return Reason::clock;
    return Reason::none;
}

// A storm is over these places now; or many made one of these steps; or this ID was among many that went between two of
// these regions within the day, and it is the way back, or what is left of it.
bool Detector::is_mass(const std::vector<geo::Place>& places, const std::vector<Step>& steps, const Stream& stream,
                       Time now) const {
    if (storm_.involves(places, now)) return true;
    if (std::any_of(steps.begin(), steps.end(),
                    [&](const Step& step) { return storm_.was_mass(step.from, step.to, step.arrived); }))
        return true;
    return was_moved_with_others(places, stream, now, [&](const geo::Place& from, const geo::Place& to, Time arrived) {
        return storm_.was_mass(from, to, arrived);
    });
}

// The same of a failover that takes its time. What so few did is not taken to be ordinary: nobody becomes familiar by
// it.
bool Detector::is_slow_mass(const Finding& finding, const Stream& stream, Time now) const {
    if (finding.service != Service::pppoe || !is_about_regions(finding.rule)) return false;
    const auto was_mass = [&](const geo::Place& from, const geo::Place& to, Time arrived) {
        return storm_.was_slow_mass(from, to, arrived);
    };
    return storm_.involves_slowly(finding.places, now) ||
           std::any_of(finding.steps.begin(), finding.steps.end(),
                       [&](const Step& step) { return was_mass(step.from, step.to, step.arrived); }) ||
           was_moved_with_others(finding.places, stream, now, was_mass);
}

// Another ID made this step within the hour. One more, and it is a failover: worth waiting for, though not for long.
bool Detector::is_in_doubt(const Finding& finding, Time now) {
    return finding.service == Service::pppoe && now < finding.time + kLongestDoubt &&
           std::any_of(finding.steps.begin(), finding.steps.end(),
                       [&](const Step& step) { return storm_.is_nearly_slow_mass(step.from, step.to, now); });
}

bool Detector::pool_changed(const std::vector<geo::Place>& places, Time now) const {
    return std::any_of(changed_pools_.begin(), changed_pools_.end(), [&](const auto& changed) {
        const auto& [prefix, when] = changed;
        return now < when + kDay &&
               std::any_of(places.begin(), places.end(), [&prefix = prefix](const geo::Place& place) {
                   return prefix.contains(place.network) || place.network.contains(prefix);
               });
    });
}

void Detector::raise_source(Finding finding, std::vector<Decision>& decisions) {
    const Time now = newest_;
    auto known = judged_sources_.find(*finding.source);
    if (known != judged_sources_.end() && known->second.watched_key != finding.incident_key) {
        judged_sources_.erase(known);
        known = judged_sources_.end();
    }
    Decision decision{std::move(finding), Action::block, Reason::none, false, now};
    if (known == judged_sources_.end() || (known->second.action == Action::review && !backend_.failing(now))) {
        if (judged_sources_.size() >= kJudgedSources)
            std::erase_if(judged_sources_, [now](const auto& entry) { return entry.second.expires <= now; });
        JudgedSource& judged = judged_sources_[*decision.finding.source];
        judged.watched_key = judged.incident_key = decision.finding.incident_key;
        if (decision.finding.renewal) {  // the backend is well again, and the attack goes on
            decision.finding.renewal = false;
            decision.finding.time = now;
            judged.incident_key = "source/" + decision.finding.source->to_string() + '/' + format_rfc3339(now);
        }
        judge_source(decision);
        judged.action = decision.action;
    } else if (known->second.action != Action::block) {
        return;
    }
    JudgedSource& judged = judged_sources_[*decision.finding.source];
    judged.expires = decision.finding.expires;
    decision.finding.incident_key = judged.incident_key;
    explain_source(decision.finding);
    apply_mode(decision);
    decisions.push_back(std::move(decision));
}

void Detector::judge_source(Decision& decision) {
    if (is_own(*decision.finding.source)) {
        decision.action = Action::record;
        decision.reason = Reason::own_network;
    } else if (backend_.failing(decision.decided)) {
        decision.action = Action::review;
        decision.reason = Reason::backend;
    }
}

bool Detector::is_own(const IpAddress& source) const {
    if (locator_->pools().find(source) != nullptr) return true;
    return gateways_.touches(source);
}

Decision Detector::decide(const Finding& finding, std::uint64_t key, bool settled, Time now) {
    Stream& stream = open_stream(key);
    Decision decision{finding, Action::record, Reason::none, false, now};
    Grade grade = finding.grade;
    if (grade == Grade::probable && finding.service == Service::pppoe && is_about_regions(finding.rule) &&
        knowledge_.contract)
        if (const auto contract = knowledge_.contract(finding.service, finding.id);
            contract && !contract->home_region.empty() && finding.places.back().region != contract->home_region)
            grade =
                Grade::certain;  // counts for the profile; it settles all the same, since a failover leaves home too
    if (grade == Grade::notable) return decision;

    decision.reason = held_back(finding, stream, now);
    if (decision.reason == Reason::allowed) return decision;
    if (decision.reason == Reason::storm)
        for (const geo::Place& place : finding.places) stream.learned.familiarity.absolve(place.region);
    decision.action = Action::review;
    // Of what has to settle the guards may know more by then: the few may turn out to be many.
    if (decision.reason == Reason::none && (settled || finding.grade == Grade::certain) &&
        is_slow_mass(finding, stream, now))
        decision.reason = Reason::storm;
    if (decision.reason != Reason::none) return decision;
    // A scanner at home goes on sending while its owner travels: a jump alone is for a person in every profile.
    if (finding.rule == Rule::smtp_jump ||
        (grade == Grade::probable && settings_.profile == config::Profile::cautious)) {
        decision.reason = Reason::profile;
        return decision;
    }
    decision.action = Action::suspend;
    if (finding.grade == Grade::probable && !settled) {
        decision.reason = Reason::settling;
        return decision;
    }
    const bool counted = stream.suspended || (stream.episode && stream.episode->suspends);
    // By the newest event of all: what is decided late must not fall out of the hour early.
    if (!counted && !breaker_.allow(std::max(now, newest_), active_.count(), newest_pool(finding))) {
        decision.action = Action::review;
        decision.reason = Reason::breaker;
        return decision;
    }
    if (stream.episode) stream.episode->suspends = true;
    if (stream.history)
        for (const Session& session : stream.history->sessions())
            if (!session.ended) decision.open_addresses.push_back(session.addresses.front());
    apply_mode(decision);
    stream.suspended = stream.suspended || decision.enforced;
    return decision;
}

config::Mode Detector::mode(Rule rule) const {
    const std::string_view name = to_string(rule);
    for (const std::string_view of : {name, name.substr(0, name.find('.'))})
        if (const auto own = settings_.rule_modes.find(std::string(of)); own != settings_.rule_modes.end())
            return own->second;
    return settings_.mode;
}

void Detector::apply_mode(Decision& decision) const {
    if (decision.action != Action::suspend && decision.action != Action::block) return;
    switch (mode(decision.finding.rule)) {
        case config::Mode::enforce:
            decision.enforced = true;
            break;
        case config::Mode::review:
            decision.action = Action::review;
            decision.reason = Reason::mode;
            break;
        case config::Mode::observe:
            decision.reason = Reason::mode;
            break;
    }
}

void Detector::settle(Finding finding, std::uint64_t key) {
    const Time due = finding.time + settings_.settle;
    settling_.emplace(due, Settling{std::move(finding), key});
}

// Where events come late it takes as much longer: what others did within the time of settling has to be known.
void Detector::judge_settled(std::vector<Decision>& decisions) {
    auto settled = settling_.extract(settling_.begin());
    const Finding& finding = settled.mapped().finding;
    const Time now = settled.key();
    const auto late = lateness_.worst(now);
    const Time all_is_known = finding.time + settings_.settle + late;
    if (now < all_is_known || is_in_doubt(finding, now - late)) {
        settled.key() = now < all_is_known ? all_is_known : now + settings_.settle;
        settling_.insert(std::move(settled));
        return;
    }
    decisions.push_back(decide(finding, settled.mapped().key, true, now));
}

void Detector::advance(Time now, std::vector<Decision>& decisions) {
    while (true) {
        const Time pending = pending_.empty() ? Time::max() : pending_.begin()->first;
        const Time settling = settling_.empty() ? Time::max() : settling_.begin()->first;
        if (std::min(pending, settling) > now || (pending_.empty() && settling_.empty())) return;
        if (pending <= settling)
            judge_pending(decisions);
        else
            judge_settled(decisions);
    }
}

void Detector::finish(std::vector<Decision>& decisions) {
    advance(Time::max(), decisions);
}

}  // namespace guard::detection
