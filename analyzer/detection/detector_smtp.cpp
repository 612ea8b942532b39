// The part of Detector that follows SMTP-AUTH: IDs (R2) and sources (R3).
#include <array>

#include "analyzer/detection/detector.hpp"

namespace guard::detection {
namespace {

// The most certain first.
constexpr std::array<std::pair<Rule, SmtpRule>, 4> kSmtpRules{{{Rule::smtp_jump_corroborated, smtp_jump_corroborated},
                                                               {Rule::smtp_burst_spread, smtp_burst_spread},
                                                               {Rule::smtp_jump, smtp_jump},
                                                               {Rule::smtp_burst_rate, smtp_burst_rate}}};

std::uint32_t hash_of_network(const IpAddress& address) {
    return static_cast<std::uint32_t>(IpAddressHash{}(address.network()));
}

}  // namespace

geo::Location Detector::whereabouts(const IpAddress& source) const {
    return locator_->locate(source);
}

void Detector::on_smtp(const LoginEventView& event, std::uint64_t key, std::vector<Decision>& decisions) {
    if (event.addresses.empty() || (event.kind != Kind::accept && event.kind != Kind::reject)) return;
    const bool accepted = event.kind == Kind::accept;
    const IpAddress& address = event.addresses.front();
    PackedStream* const known = streams_.find(key);
    // What we refuse ourselves says nothing about the backend: the owners of suspended IDs go on trying.
    const bool is_ours = !accepted && known != nullptr &&
                         (streams_.is_suspended(*known) || sources_.block_at(address.source(), event.time) != nullptr);
    if (known != nullptr && !is_ours && streams_.knows_network(*known, hash_of_network(address)))
        backend_.attempt(accepted, event.time);
    if (accepted) on_smtp_accept(event, address.source(), open_stream(key, known), decisions);
    on_source(address.source(), sources_.attempt(address.source(), key, accepted, event.time, backend_.outages()),
              decisions);
}

void Detector::on_rejects(const LoginEventView& event, std::uint32_t attempts, std::vector<Decision>& decisions) {
    const bool counted = event.service == Service::smtp_auth && event.kind == Kind::reject && !event.addresses.empty();
    if (!event.id.empty()) {
        on_event(event, decisions);
        if (attempts > 0) --attempts;
    }
    if (!counted || attempts == 0) return;
    advance(event.time, decisions);
    newest_ = std::max(newest_, event.time);
    if (event.id.empty()) ++counters_.events;
    const IpAddress source = event.addresses.front().source();
    on_source(source, sources_.attempt(source, SourceWatch::kNoId, false, event.time, backend_.outages(), attempts),
              decisions);
}

void Detector::on_source(const IpAddress& source, std::optional<Finding> finding, std::vector<Decision>& decisions) {
    if (!finding) return;
    const Finding block = *finding;
    raise_source(std::move(*finding), decisions);
    if (block.renewal || is_own(source)) return;
    // The passwords it had guessed before it was found.
    for (const FirstUse& use : first_uses_.of(source, block.time - settings_.smtp.hit_window))
        raise_hit(use, block, decisions);
}

void Detector::on_smtp_accept(const LoginEventView& event, const IpAddress& source, Stream& stream,
                              std::vector<Decision>& decisions) {
    const std::uint64_t key = stream.key;
    if (!stream.networks) stream.networks = std::make_unique<KnownNetworks>();
    if (stream.learned.first_seen == Time{})
        stream.learned.first_seen = std::chrono::floor<std::chrono::seconds>(event.time);
    const bool new_network = stream.networks->use(hash_of_network(source), event.time);
    active_.seen(stream.active_hour, event.time);
    if (gateways_.touches(source)) return;  // who is behind it is not there

    const LocateSource locate = [this](const IpAddress& where) { return whereabouts(where); };
    if (!stream.smtp) {
        stream.smtp = std::make_unique<SmtpHistory>();
        stream.located = generation_;
    }
    if (std::exchange(stream.located, generation_) != generation_) stream.smtp->relocate(locate, settings_.smtp);
    const SmtpChange change = stream.smtp->add(source, event.time, locate, settings_.smtp);
    if (change.repeated) {
        ++counters_.repeated;
        return;
    }
    const SmtpSighting present{source, stream.smtp->origin(source)->location, event.time};
    const geo::Place place = present.place();
    if (!place.country.empty()) storm_.accepted(key, place, event.time);
    if (change.before) storm_.stepped(key, change.before->place(), place, event.time);

    const Finding* block = nullptr;
    if (new_network || !stream.smtp->jumps().empty()) block = sources_.block_at(source, event.time);
    apply_smtp_rules({*stream.smtp, stream.learned.familiarity, present, change, settings_,
                      block != nullptr && block->time <= event.time && !is_own(source)},
                     {event.service, event.id, key, stream}, decisions);
    if (new_network && !is_own(source)) {
        if (block != nullptr) raise_hit({source, key, std::string(event.id), event.time}, *block, decisions);
        first_uses_.add(source, key, event.id, event.time);
    }
    // After the rules: what took part in a finding is not learned.
    if (!place.country.empty()) stream.learned.familiarity.sight(place.country, event.time, settings_);
}

void Detector::apply_smtp_rules(const SmtpRuleInput& input, const Subject& subject, std::vector<Decision>& decisions) {
    const Time now = input.accept.time;
    for (const auto& [rule, check] : kSmtpRules) {
        const bool spoken = subject.stream.has_spoken(rule, now);
        if (spoken && !is_about_regions(rule)) continue;
        const auto match = check(input);
        if (!match) continue;
        quarantine(*match, now, subject.stream);
        if (!spoken) raise(*match, subject, now, decisions);
    }
}

void Detector::raise_hit(const FirstUse& use, const Finding& block, std::vector<Decision>& decisions) {
    Stream* const known = known_stream(use.key);
    if (known == nullptr) return;
    Stream& stream = *known;
    const Time now = std::max(use.time, block.time);
    if (stream.has_spoken(Rule::smtp_source_hit, now) || (stream.smtp && stream.smtp->released_at(use.time))) return;
    if (use.time + settings_.smtp.hit_window <= block.time) return;
    raise(smtp_source_hit(use, block, whereabouts(use.source)), {Service::smtp_auth, use.id, use.key, stream}, now,
          decisions);
}

}  // namespace guard::detection
