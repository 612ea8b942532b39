#include "analyzer/detection/detector.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "analyzer/detection/explain.hpp"

namespace guard::detection {
namespace {

constexpr auto kDay = std::chrono::hours{24};

// The most certain first; churn, the least, speaks only when no other burst did.
constexpr std::array<std::pair<Rule, PppoeRule>, 8> kPppoeRules{{{Rule::pppoe_burst_far, pppoe_burst_far},
                                                                 {Rule::pppoe_jump_bounce, pppoe_jump_bounce},
                                                                 {Rule::pppoe_jump_spread, pppoe_jump_spread},
                                                                 {Rule::pppoe_jump_live, pppoe_jump_live},
                                                                 {Rule::pppoe_burst_live, pppoe_burst_live},
                                                                 {Rule::pppoe_burst_sessions, pppoe_burst_sessions},
                                                                 {Rule::pppoe_jump, pppoe_jump},
                                                                 {Rule::pppoe_burst_rate, pppoe_burst_rate}}};

bool is_about_regions(const Finding& finding) { return !finding.steps.empty(); }

// Each rule speaks once an incident.
bool has_spoken(const Stream& stream, Rule rule, Time now) {
    if (!stream.episode || now > stream.episode->last_finding + kDay) return false;
    const auto& fired = stream.episode->fired;
    return std::find(fired.begin(), fired.end(), rule) != fired.end();
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char byte : bytes) {
        text += digits[static_cast<unsigned char>(byte) >> 4];
        text += digits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

// The findings of an ID belong to one incident until nothing was found for a day.
Episode& episode_at(Stream& stream, Service service, const std::string& id, Time now) {
    if (!stream.episode || now > stream.episode->last_finding + kDay) {
        stream.episode = std::make_unique<Episode>();
        stream.episode->incident_key = std::string(to_string(service)) + '/' + hex(id) + '/' + format_rfc3339(now);
    }
    stream.episode->last_finding = std::max(stream.episode->last_finding, now);
    return *stream.episode;
}

std::optional<IpAddress> newest_pool(const Finding& finding) {
    if (finding.places.empty()) return std::nullopt;
    return finding.places.back().network;
}

}  // namespace

Detector::Detector(config::DetectionSettings settings, std::shared_ptr<const geo::Locator> locator, Knowledge knowledge,
                   HashKey key)
    : settings_(std::move(settings)),
      key_(key),
      locator_(std::move(locator)),
      knowledge_(std::move(knowledge)),
      rejects_(settings_.pppoe),
      sources_(settings_.smtp_source),
      storm_(settings_.guards),
      breaker_(settings_.guards),
      backend_(settings_.guards) {}

std::uint64_t Detector::stream_key(Service service, const std::string& id) const {
    std::string bytes(1, static_cast<char>(service));
    bytes += id;
    return keyed_hash(key_, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}).low;
}

std::optional<geo::Place> Detector::pool_place(const Addresses& addresses) const {
    for (const IpAddress& address : addresses)
        if (auto place = locator_->in_pools(address); place && !place->region.empty()) return place;
    return std::nullopt;
}

void Detector::on_event(const LoginEvent& event, std::vector<Decision>& decisions) {
    advance(event.time, decisions);
    ++counters_.events;
    if (event.service == Service::pppoe)
        on_pppoe(event, decisions);
    else
        on_smtp(event, decisions);
}

void Detector::on_pppoe(const LoginEvent& event, std::vector<Decision>& decisions) {
    const std::uint64_t key = stream_key(event.service, event.id);
    if (event.kind == Kind::reject) {
        on_pppoe_reject(event, key, decisions);
        return;
    }
    auto& slot = streams_[key];
    if (!slot) slot = std::make_unique<Stream>();
    Stream& stream = *slot;
    if (!stream.history) stream.history = std::make_unique<History>();
    if (stream.learned.first_seen == Time{}) stream.learned.first_seen = event.time;
    active_.seen(stream.active_hour, event.time);

    const auto place = pool_place(event.addresses);
    const Change change = stream.history->add(event, place, settings_);
    if (change.repeated) {
        ++counters_.repeated;
        return;
    }
    if (change.unmapped) ++counters_.unmapped;
    const bool begins = event.kind == Kind::accept || event.kind == Kind::assign;
    if (stream.suspended && begins && !event.addresses.empty())
        late_sessions_.push_back({event.service, event.id, event.addresses});
    if (place) note_place(event, change, *place, key, stream);

    unsigned allowed = settings_.pppoe.default_sessions;
    if (knowledge_.contract)
        if (const auto contract = knowledge_.contract(event.service, event.id)) allowed = contract->sessions;
    apply_rules({*stream.history, stream.learned.familiarity, event, change, settings_, allowed}, key, stream, decisions);
    // After the rules: what took part in a finding is not learned.
    if (place && (begins || change.life_sign) && !stream.quarantined(place->region, event.time))
        stream.learned.familiarity.sight(place->region, event.time, settings_);
}

void Detector::note_place(const LoginEvent& event, const Change& change, const geo::Place& place, std::uint64_t key,
                          Stream& stream) {
    if (event.kind == Kind::accept) storm_.accepted(key, place, event.time);
    const auto& visits = stream.history->visits();
    if (change.new_visit && visits.size() >= 2)
        storm_.stepped(key, visits[visits.size() - 2].place, visits.back().place, event.time);
}

void Detector::apply_rules(const RuleInput& input, std::uint64_t key, Stream& stream, std::vector<Decision>& decisions) {
    for (const auto& [rule, check] : kPppoeRules) {
        if (has_spoken(stream, rule, input.event.time)) continue;
        if (const auto match = check(input)) raise(*match, input, key, stream, decisions);
    }
    for (const Rule rule : {Rule::pppoe_burst_far, Rule::pppoe_burst_live, Rule::pppoe_burst_sessions, Rule::pppoe_burst_rate,
                            Rule::pppoe_churn})
        if (has_spoken(stream, rule, input.event.time)) return;
    if (const auto match = pppoe_churn(input)) raise(*match, input, key, stream, decisions);
}

void Detector::raise(const Match& match, const RuleInput& input, std::uint64_t key, Stream& stream,
                     std::vector<Decision>& decisions) {
    const LoginEvent& event = input.event;
    Episode& episode = episode_at(stream, event.service, event.id, event.time);
    episode.fired.push_back(match.rule);

    Finding finding;
    finding.rule = match.rule;
    finding.grade = match.grade;
    finding.service = event.service;
    finding.id = event.id;
    finding.time = event.time;
    finding.incident_key = episode.incident_key;
    finding.steps = match.steps;
    finding.places = match.places;
    finding.evidence = match.evidence;
    std::stable_sort(finding.evidence.begin(), finding.evidence.end(),
                     [](const Evidence& a, const Evidence& b) { return a.time < b.time; });
    if (finding.evidence.size() > kMaxEvidence)
        finding.evidence.erase(finding.evidence.begin(), finding.evidence.end() - kMaxEvidence);
    finding.learning = event.time < stream.learned.first_seen + settings_.learning;
    if (finding.learning && finding.grade != Grade::notable)
        finding.grade = finding.grade == Grade::certain ? Grade::probable : Grade::notable;
    explain(finding, match);

    for (const geo::Place& place : finding.places) {
        if (stream.learned.familiarity.is_familiar(place.region, event.time, settings_)) continue;
        stream.learned.familiarity.unlearn(place.region, event.time, settings_);
        std::erase_if(stream.quarantine, [&](const auto& entry) { return entry.first == place.region; });
        if (is_about_regions(finding))
            stream.quarantine.emplace_back(place.region, event.time + settings_.familiar_window);
    }
    decisions.push_back(decide(finding, key, false, event.time));
    if (decisions.back().reason == Reason::settling) settle(std::move(finding), key);
}

void Detector::on_pppoe_reject(const LoginEvent& event, std::uint64_t key, std::vector<Decision>& decisions) {
    const auto match = rejects_.rejected(key, event.time);
    if (!match) return;
    Finding finding;
    finding.rule = match->rule;
    finding.grade = match->grade;
    finding.service = event.service;
    finding.id = event.id;
    finding.time = event.time;
    finding.evidence = match->evidence;
    finding.incident_key = "rejects/" + hex(event.id) + '/' + format_rfc3339(event.time);
    explain(finding, *match);
    Decision decision{std::move(finding), Action::record, Reason::none, false, event.time};
    decisions.push_back(std::move(decision));
}

void Detector::on_smtp(const LoginEvent& event, std::vector<Decision>& decisions) {
    if (event.addresses.empty() || (event.kind != Kind::accept && event.kind != Kind::reject)) return;
    const std::uint64_t key = stream_key(event.service, event.id);
    const bool accepted = event.kind == Kind::accept;
    const IpAddress& address = event.addresses.front();
    const auto network = static_cast<std::uint32_t>(IpAddressHash{}(address.network()));
    const auto known = streams_.find(key);
    if (known != streams_.end() && known->second->networks && known->second->networks->contains(network))
        backend_.attempt(accepted, event.time);
    if (accepted) {
        auto& slot = streams_[key];
        if (!slot) slot = std::make_unique<Stream>();
        if (!slot->networks) slot->networks = std::make_unique<KnownNetworks>();
        if (slot->learned.first_seen == Time{}) slot->learned.first_seen = event.time;
        slot->networks->add(network);
        active_.seen(slot->active_hour, event.time);
    }
    if (auto finding = sources_.attempt(address.source(), key, accepted, event.time)) raise_source(std::move(*finding), decisions);
}

void Detector::raise_source(Finding finding, std::vector<Decision>& decisions) {
    const Time now = finding.time;
    auto& [incident, action] = judged_sources_[*finding.source];
    const bool judged = finding.renewal && incident == finding.incident_key;
    if (judged && action != Action::block) return;
    Decision decision{std::move(finding), Action::block, Reason::none, false, now};
    if (!judged) {
        if (is_own(*decision.finding.source)) {
            decision.action = Action::record;
            decision.reason = Reason::own_network;
        } else if (backend_.failing(now)) {
            decision.action = Action::review;
            decision.reason = Reason::backend;
        }
        incident = decision.finding.incident_key;
        action = decision.action;
    }
    explain_source(decision.finding);
    apply_mode(decision);
    decisions.push_back(std::move(decision));
}

bool Detector::is_own(const IpAddress& source) const {
    if (locator_->pools().find(source) != nullptr) return true;
    return std::any_of(knowledge_.gateways.begin(), knowledge_.gateways.end(),
                       [&](const IpAddress& gateway) { return gateway.contains(source) || source.contains(gateway); });
}

// Why a finding that would suspend goes to a person instead, or is only recorded.
Reason Detector::held_back(const Finding& finding, Time now) const {
    if (knowledge_.allowed && knowledge_.allowed(finding.service, finding.id, now)) return Reason::allowed;
    const bool has_contract = knowledge_.contract && knowledge_.contract(finding.service, finding.id);
    if (finding.rule == Rule::pppoe_burst_sessions && !has_contract) return Reason::no_contract;
    if (storm_.involves(finding.places, now)) return Reason::storm;
    for (const Step& step : finding.steps)
        if (storm_.was_mass(step)) return Reason::storm;
    if (is_about_regions(finding) && lagging_) return Reason::lag;
    return Reason::none;
}

Decision Detector::decide(const Finding& finding, std::uint64_t key, bool settled, Time now) {
    Stream& stream = *streams_.at(key);
    Decision decision{finding, Action::record, Reason::none, false, now};
    Grade grade = finding.grade;
    if (grade == Grade::probable && is_about_regions(finding) && knowledge_.contract)
        if (const auto contract = knowledge_.contract(finding.service, finding.id);
            contract && !contract->home_region.empty() && finding.places.back().region != contract->home_region)
            grade = Grade::certain;  // counts for the profile; it settles all the same, since a failover leaves home too
    if (grade == Grade::notable) return decision;

    decision.reason = held_back(finding, now);
    if (decision.reason == Reason::allowed) return decision;
    decision.action = Action::review;
    if (decision.reason != Reason::none) return decision;
    if (grade == Grade::probable && settings_.profile == config::Profile::cautious) {
        decision.reason = Reason::profile;
        return decision;
    }
    decision.action = Action::suspend;
    if (finding.grade == Grade::probable && !settled) {
        decision.reason = Reason::settling;
        return decision;
    }
    if (!stream.suspended && !breaker_.allow(now, active_.count(), newest_pool(finding))) {
        decision.action = Action::review;
        decision.reason = Reason::breaker;
        return decision;
    }
    if (stream.history)
        for (const Session& session : stream.history->sessions())
            if (!session.ended && !session.discounted) decision.open_addresses.push_back(session.addresses.front());
    apply_mode(decision);
    stream.suspended = stream.suspended || decision.enforced;
    return decision;
}

config::Mode Detector::mode(Rule rule) const {
    const auto own = settings_.rule_modes.find(std::string(to_string(rule)));
    return own != settings_.rule_modes.end() ? own->second : settings_.mode;
}

void Detector::apply_mode(Decision& decision) const {
    if (decision.action != Action::suspend && decision.action != Action::block) return;
    switch (mode(decision.finding.rule)) {
        case config::Mode::enforce: decision.enforced = true; break;
        case config::Mode::review:
            decision.action = Action::review;
            decision.reason = Reason::mode;
            break;
        case config::Mode::observe: decision.reason = Reason::mode; break;
    }
}

void Detector::settle(Finding finding, std::uint64_t key) {
    const Time due = finding.time + settings_.settle;
    settling_.emplace(due, Settling{std::move(finding), key});
}

void Detector::advance(Time now, std::vector<Decision>& decisions) {
    while (!settling_.empty() && settling_.begin()->first <= now) {
        auto settled = settling_.extract(settling_.begin());
        decisions.push_back(decide(settled.mapped().finding, settled.mapped().key, true, settled.key()));
    }
}

void Detector::finish(std::vector<Decision>& decisions) { advance(Time::max(), decisions); }

void Detector::release(Service service, const std::string& id, Time now) {
    const std::uint64_t key = stream_key(service, id);
    const auto found = streams_.find(key);
    if (found == streams_.end()) return;
    Stream& stream = *found->second;
    if (stream.history) stream.history->release(now);
    stream.episode.reset();
    stream.suspended = false;
    std::erase_if(settling_, [&](const auto& entry) { return entry.second.key == key && entry.second.finding.time <= now; });
}

void Detector::restore_suspensions(const std::vector<OpenSuspension>& open) {
    std::set<std::uint64_t> suspended;
    for (const OpenSuspension& suspension : open) {
        const std::uint64_t key = stream_key(suspension.service, suspension.id);
        suspended.insert(key);
        auto& slot = streams_[key];
        if (!slot) slot = std::make_unique<Stream>();
        if (!slot->suspended) breaker_.carried_out(suspension.since);
    }
    for (auto& [key, stream] : streams_) stream->suspended = suspended.contains(key);
}

void Detector::restore(std::uint64_t key, const Learned& learned) {
    auto& slot = streams_[key];
    if (!slot) slot = std::make_unique<Stream>();
    slot->learned = learned;
}

DetectorCounters Detector::counters() const {
    DetectorCounters counters = counters_;
    counters.sources_forgotten = sources_.forgotten();
    return counters;
}

}  // namespace guard::detection
