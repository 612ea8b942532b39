#include "analyzer/detection/detector.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "analyzer/detection/explain.hpp"
#include "event/text.hpp"

namespace guard::detection {
namespace {

constexpr auto kDay = std::chrono::hours{24};

// The findings of an ID belong to one incident until nothing was found for a day.
Episode& episode_at(Stream& stream, Service service, std::string_view id, Time now) {
    if (!stream.episode || now > stream.episode->last_finding + kDay) {
        stream.episode = std::make_unique<Episode>();
        stream.episode->incident_key =
            std::string(to_string(service)) + '/' + hexadecimal(id) + '/' + format_rfc3339(now);
    }
    stream.episode->last_finding = std::max(stream.episode->last_finding, now);
    return *stream.episode;
}

// What some PPPoE rule at least asks for; of nearly all events none has anything to say, and this is cheaper to see.
bool may_match(const History& history, const Change& change, const config::PppoeSettings& settings) {
    if (change.new_visit && history.visits().size() > 1) return true;
    const bool many_accepts = history.accepts().size() >= std::min(settings.burst_accepts, settings.burst_rate_accepts);
    if (change.life_sign && history.sessions().size() > 1) return true;
    return many_accepts && (change.counted_accept || change.new_visit || change.life_sign);
}

bool same_place(const geo::Pool& pool, const geo::Pool* other) {
    if (other == nullptr || pool.place.has_value() != other->place.has_value()) return false;
    return !pool.place ||
           (pool.place->region == other->place->region && pool.place->coordinates == other->place->coordinates &&
            pool.place->radius == other->place->radius);
}

}  // namespace

Detector::Detector(config::DetectionSettings settings, std::shared_ptr<const geo::Locator> locator, Knowledge knowledge,
                   HashKey key, StreamLimits limits)
    : settings_(std::move(settings)),
      key_(key),
      locator_(std::move(locator)),
      knowledge_(std::move(knowledge)),
      streams_(limits),
      rejects_(settings_.pppoe),
      sources_(settings_.smtp_source),
      first_uses_(settings_.smtp.hit_window),
      storm_(settings_.guards),
      breaker_(settings_.guards),
      backend_(settings_.guards),
      clocks_(settings_.guards),
      gateways_(knowledge_.gateways) {
    number_regions();
}

void Detector::set_knowledge(Knowledge knowledge) {
    knowledge_ = std::move(knowledge);
    gateways_ = PrefixSet(knowledge_.gateways);
}

std::uint64_t Detector::stream_key(Service service, std::string_view id) const {
    return keyed_hash(key_, static_cast<std::uint8_t>(service),
                      {reinterpret_cast<const std::uint8_t*>(id.data()), id.size()})
        .low;
}

unsigned Detector::sessions_allowed(const LoginEventView& event) const {
    if (knowledge_.contract)
        if (const auto contract = knowledge_.contract(event.service, std::string(event.id))) return contract->sessions;
    return settings_.pppoe.default_sessions;
}

std::optional<geo::Place> Detector::pool_place(std::span<const IpAddress> addresses) const {
    for (const IpAddress& address : addresses)
        if (auto place = locator_->in_pools(address); place && !place->region.empty()) return place;
    return std::nullopt;
}

Stream& Detector::open_stream(std::uint64_t key) {
    return open_stream(key, streams_.find(key));
}

Stream& Detector::open_stream(std::uint64_t key, PackedStream* known) {
    return streams_.open(known != nullptr ? *known : streams_.add(key), world());
}

Stream* Detector::known_stream(std::uint64_t key) {
    PackedStream* const known = streams_.find(key);
    return known != nullptr ? &streams_.open(*known, world()) : nullptr;
}

void Detector::on_event(const LoginEventView& event, std::vector<Decision>& decisions) {
    on_event(event, stream_key(event.service, event.id), decisions);
}

void Detector::on_events(std::span<const LoginEventView> events, std::vector<Decision>& decisions) {
    constexpr std::size_t kAhead = 16;  // the index first, and when that has come the record
    std::array<std::uint64_t, 2 * kAhead> keys{};
    const auto key_of = [&](std::size_t at) -> std::uint64_t& { return keys[at % keys.size()]; };
    for (std::size_t at = 0; at < events.size() + 2 * kAhead; ++at) {
        if (at >= 2 * kAhead) on_event(events[at - 2 * kAhead], key_of(at - 2 * kAhead), decisions);
        if (at >= kAhead && at - kAhead < events.size()) streams_.prefetch_record(key_of(at - kAhead));
        if (at < events.size()) {
            key_of(at) = stream_key(events[at].service, events[at].id);
            streams_.prefetch_index(key_of(at));
        }
    }
}

void Detector::on_event(const LoginEventView& event, std::uint64_t key, std::vector<Decision>& decisions) {
    advance(event.time, decisions);
    // Radiusd tells of these at once. Accounting comes late for reasons of its own, of one NAS or one line.
    if (event.service == Service::pppoe && event.kind == Kind::accept && event.time + settings_.reorder >= newest_)
        lateness_.seen(event.time, newest_);
    newest_ = std::max(newest_, event.time);
    ++counters_.events;
    streams_.sweep(newest_, world());
    if (event.service == Service::pppoe)
        on_pppoe(event, key, decisions);
    else
        on_smtp(event, key, decisions);
}

void Detector::on_pppoe(const LoginEventView& event, std::uint64_t key, std::vector<Decision>& decisions) {
    if (event.kind == Kind::reject) {
        on_pppoe_reject(event, key, decisions);
        return;
    }
    if (on_quiet_line(event, key)) return;
    Stream& stream = open_stream(key);
    if (!stream.history) {
        stream.history = std::make_unique<History>();
        stream.located = generation_;
    }
    if (stream.learned.first_seen == Time{})
        stream.learned.first_seen = std::chrono::floor<std::chrono::seconds>(event.time);
    active_.seen(stream.active_hour, event.time);

    if (std::exchange(stream.located, generation_) != generation_)
        stream.history->relocate([this](std::span<const IpAddress> addresses) { return pool_place(addresses); },
                                 settings_);

    const auto place = pool_place(event.addresses);
    const unsigned allowed = stream.history->is_crowded() ? sessions_allowed(event) : settings_.pppoe.default_sessions;
    const Change change = stream.history->add(event, place, settings_, allowed);
    if (change.repeated) {
        ++counters_.repeated;
        return;
    }
    if (change.unmapped) ++counters_.unmapped;
    const bool begins = event.kind == Kind::accept || event.kind == Kind::assign;
    const bool came_up = begins || (event.kind == Kind::alive && change.new_session);
    if (stream.suspended && came_up && !event.addresses.empty())
        late_sessions_.push_back(
            {event.service, std::string(event.id), {event.addresses.begin(), event.addresses.end()}});
    if (place) note_place(event, change, *place, key, stream);
    if (change.clocks) clocks_.began(change.clocks->pool, key, change.clocks->start_after_accept, event.time);

    if (may_match(*stream.history, change, settings_.pppoe))
        apply_rules({*stream.history, stream.learned.familiarity, event, change, settings_, sessions_allowed(event)},
                    key, stream, decisions);
    // After the rules: what took part in a finding is not learned.
    if (place && (begins || change.life_sign)) stream.learned.familiarity.sight(place->region, event.time, settings_);
}

void Detector::note_place(const LoginEventView& event, const Change& change, const geo::Place& place, std::uint64_t key,
                          Stream& stream) {
    // Where the NAS gives the address, an Access-Accept has none and the Start is the first to tell where it is.
    if (event.kind == Kind::accept || event.kind == Kind::assign) storm_.accepted(key, place, event.time);
    const auto& visits = stream.history->visits();
    if (change.new_visit && visits.size() >= 2)
        storm_.stepped(key, visits[visits.size() - 2].place, visits.back().place, event.time);
}

void Detector::apply_rules(const RuleInput& input, std::uint64_t key, Stream& stream,
                           std::vector<Decision>& decisions) {
    const Subject subject{input.event.service, input.event.id, key, stream};
    for (const auto& [rule, check] : kPppoeRules) {
        const bool spoken = stream.has_spoken(rule, input.event.time);
        if (spoken && !is_about_regions(rule)) continue;
        const auto match = check(input);
        if (!match) continue;
        // Only what would be a finding: a contract for sessions in two places makes such steps every hour.
        if (rule == Rule::pppoe_jump)
            storm_.jumped(key, match->steps.back().from, match->steps.back().to, input.event.time);
        if (!spoken && wait_for_order(input, *match, key, newest_)) continue;
        quarantine(*match, input.event.time, stream);
        if (!spoken) raise(*match, subject, input.event.time, decisions);
    }
    for (const Rule rule : {Rule::pppoe_burst_far, Rule::pppoe_burst_live, Rule::pppoe_burst_sessions,
                            Rule::pppoe_burst_rate, Rule::pppoe_churn})
        if (stream.has_spoken(rule, input.event.time)) return;
    if (const auto match = pppoe_churn(input)) raise(*match, subject, input.event.time, decisions);
}

void Detector::raise(const Match& match, const Subject& subject, Time now, std::vector<Decision>& decisions,
                     Time decided) {
    Stream& stream = subject.stream;
    Finding finding;
    finding.rule = match.rule;
    finding.grade = match.grade;
    finding.service = subject.service;
    finding.id = subject.id;
    finding.steps = match.steps;
    finding.places = match.places;
    finding.evidence = match.evidence;
    std::stable_sort(finding.evidence.begin(), finding.evidence.end(),
                     [](const Evidence& a, const Evidence& b) { return a.time < b.time; });
    if (finding.evidence.size() > kMaxEvidence)
        finding.evidence.erase(finding.evidence.begin(), finding.evidence.end() - kMaxEvidence);
    // Of the event that completed it, not of one that came late and made it visible.
    finding.time = finding.evidence.empty() ? now : std::max(now, finding.evidence.back().time);
    Episode& episode = episode_at(stream, subject.service, subject.id, finding.time);
    episode.fired.push_back(match.rule);
    finding.incident_key = episode.incident_key;
    finding.learning = finding.time < stream.learned.first_seen + settings_.learning;
    if (finding.learning && finding.grade != Grade::notable)
        finding.grade = finding.grade == Grade::certain ? Grade::probable : Grade::notable;
    explain(finding, match);

    decisions.push_back(decide(finding, subject.key, false, std::max(finding.time, decided)));
    if (decisions.back().reason == Reason::settling) settle(std::move(finding), subject.key);
}

// A region (or country) that took part in a finding is not learned, or a thief would be at home in time. Where the ID
// was known first is its home, as far as anyone can tell, and what many did at once is ordinary.
void Detector::quarantine(const Match& match, Time now, Stream& stream) {
    if (!is_about_regions(match.rule) || is_mass(match.places, match.steps, stream, now)) return;
    Familiarity& familiarity = stream.learned.familiarity;
    const bool dismissed = stream.episode && stream.episode->dismissed;
    for (const geo::Place& place : match.places)
        if (!familiarity.is_familiar(place.region, now, settings_) && familiarity.first_known() != place.region &&
            !(dismissed && familiarity.is_being_learned(place.region)))
            familiarity.quarantine(place.region, now, settings_);
}

void Detector::on_pppoe_reject(const LoginEventView& event, std::uint64_t key, std::vector<Decision>& decisions) {
    const auto match = rejects_.rejected(key, event.time);
    if (!match) return;
    Finding finding;
    finding.rule = match->rule;
    finding.grade = match->grade;
    finding.service = event.service;
    finding.id = event.id;
    finding.time = event.time;
    finding.evidence = match->evidence;
    finding.incident_key = "rejects/" + hexadecimal(event.id) + '/' + format_rfc3339(event.time);
    explain(finding, *match);
    Decision decision{std::move(finding), Action::record, Reason::none, false, event.time};
    decisions.push_back(std::move(decision));
}

void Detector::set_locator(std::shared_ptr<const geo::Locator> locator) {
    const auto before = std::exchange(locator_, std::move(locator));
    note_changed_pools(before->pools());
    clocks_.keep(locator_->pools());
    ++generation_;
    number_regions();
    streams_.relocate_packed();
}

void Detector::note_changed_pools(const geo::PoolTable& before) {
    std::erase_if(changed_pools_, [this](const auto& changed) { return changed.second + kDay <= newest_; });
    const auto note = [this](const geo::PoolTable& table, const geo::PoolTable& other) {
        for (const geo::Pool& pool : table.pools())
            if (!same_place(pool, other.find(pool.prefix))) changed_pools_.emplace_back(pool.prefix, newest_);
    };
    note(locator_->pools(), before);
    note(before, locator_->pools());
}

void Detector::number_regions() {
    region_of_pool_.clear();
    for (const geo::Pool& pool : locator_->pools().pools())
        region_of_pool_.push_back(pool.place ? streams_.regions().number(pool.place->region) : 0);
}

void Detector::release(Service service, const std::string& id, Time now) {
    const std::uint64_t key = stream_key(service, id);
    Stream* const stream = known_stream(key);
    if (stream == nullptr) return;
    if (stream->history) stream->history->release(now);
    if (service == Service::smtp_auth) {
        if (!stream->smtp) stream->smtp = std::make_unique<SmtpHistory>();
        stream->smtp->release(now);
    }
    stream->learned.familiarity.absolve_all();  // dealt with: who is there from now on is the subscriber
    stream->episode.reset();
    stream->suspended = false;
    drop_undecided(key, now);
}

void Detector::drop_undecided(std::uint64_t key, Time until) {
    std::erase_if(settling_,
                  [&](const auto& entry) { return entry.second.key == key && entry.second.finding.time <= until; });
    std::erase_if(pending_, [&](const auto& entry) { return entry.second.key == key && entry.second.time <= until; });
}

void Detector::suspend_by_person(Service service, const std::string& id, Time now) {
    const std::uint64_t key = stream_key(service, id);
    Stream& stream = open_stream(key);
    drop_undecided(key, now);
    if (std::exchange(stream.suspended, true) || !stream.history) return;
    for (const Session& session : stream.history->sessions())
        if (!session.ended && !session.discounted) late_sessions_.push_back({service, id, session.addresses});
}

void Detector::found_ordinary(Service service, const std::string& id, const std::vector<geo::Code>& places, Time now) {
    dismiss(service, id, now);
    Stream* const stream = known_stream(stream_key(service, id));
    if (stream == nullptr) return;
    for (std::size_t i = 0; i < std::min(places.size(), Familiarity::kMaxLearned); ++i)
        stream->learned.familiarity.make_familiar(places[i], now, settings_);
}

void Detector::dismiss(Service service, const std::string& id, Time now) {
    const std::uint64_t key = stream_key(service, id);
    Stream* const stream = known_stream(key);
    if (stream == nullptr) return;
    stream->learned.familiarity.acquit(settings_);
    if (stream->episode) {
        stream->episode->last_finding = std::max(stream->episode->last_finding, now);
        stream->episode->dismissed = true;
    }
    drop_undecided(key, now);
}

bool Detector::restore_suspensions(const std::vector<OpenSuspension>& open) {
    std::set<std::uint64_t> suspended;
    for (const OpenSuspension& suspension : open) {
        const std::uint64_t key = stream_key(suspension.service, suspension.id);
        suspended.insert(key);
        static_cast<void>(open_stream(key));
    }
    // An ID that was added above and is suspended by this alone is a change, too.
    return streams_.set_suspended([&](std::uint64_t key) { return suspended.contains(key); }) > 0;
}

bool Detector::restore_breaker(const std::vector<CarriedOut>& suspensions) {
    bool any = false;
    for (const CarriedOut& suspension : suspensions) {
        const Stream* const stream = known_stream(stream_key(suspension.service, suspension.id));
        // Whoever was released was suspended: it is in the journal before that.
        const bool known = stream != nullptr && (stream->suspended || (stream->episode && stream->episode->suspends) ||
                                                 (stream->history && stream->history->was_released()) ||
                                                 (stream->smtp && stream->smtp->released_at(suspension.time)));
        if (known) continue;
        const geo::Pool* const pool = suspension.address ? locator_->pools().find(*suspension.address) : nullptr;
        any =
            breaker_.carried_out(suspension.time, pool != nullptr ? std::optional(pool->prefix) : std::nullopt) || any;
    }
    return any;
}

void Detector::set_actions(const config::DetectionSettings& settings) {
    settings_.mode = settings.mode;
    settings_.rule_modes = settings.rule_modes;
    settings_.profile = settings.profile;
}

void Detector::restore(std::uint64_t key, const Learned& learned) {
    PackedStream* const known = streams_.find(key);
    streams_.set_learned(known != nullptr ? *known : streams_.add(key), learned);
}

std::size_t Detector::forget(Time now, std::size_t most) {
    clocks_.forget(now);
    return streams_.forget(now, settings_, most);
}

DetectorCounters Detector::counters() const {
    DetectorCounters counters = counters_;
    counters.sources_forgotten = sources_.forgotten();
    counters.packed_lossily = streams_.packed_lossily();
    return counters;
}

}  // namespace guard::detection
