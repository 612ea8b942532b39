#include "cli/replay/life.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "analyzer/detection/country_names.hpp"
#include "analyzer/detection/explain_text.hpp"
#include "event/text.hpp"
#include "geo/prefectures.hpp"

namespace guard::cli {
namespace {

using detection::Decision;
using detection::Reason;

// "2026-03-20 00:12:30.000"
std::string shown(Time time) {
    std::string text = format_rfc3339(time).substr(0, 23);
    text[10] = ' ';
    return text;
}

std::string name_of(const geo::Place& place) {
    if (place.region.empty()) return std::string(detection::country_in_english(place.country.view()));
    return std::string(geo::english_name(place.region.view()));
}

std::string in_words(const detection::Step& step, bool by_country) {
    const auto name = [&](const geo::Place& place) {
        return by_country ? std::string(detection::country_in_english(place.country.view())) : name_of(place);
    };
    const std::string distance =
        step.distance > 0 ? fmt::format(", at least {} km apart,", detection::number(step.distance)) : "";
    const std::string speed =
        step.speed_kmh > 0 ? fmt::format(" (more than {} km/h)", detection::number(std::floor(step.speed_kmh))) : "";
    return fmt::format("nobody gets from {} to {}{} in {}{}", name(step.from), name(step.to), distance,
                       detection::en_span(detection::between(step.left, step.arrived)), speed);
}

// Why the action is what it is, for who has not read the catalogue in docs/operations.md.
std::string_view in_words(Reason reason) {
    switch (reason) {
        case Reason::none:
            return "";
        case Reason::settling:
            return "it waits until it is known whether many others did the same";
        case Reason::storm:
            return "many others did the same at that time: an outage or a failover, and no thief";
        case Reason::breaker:
            return "there were more suspensions than the set rate allows";
        case Reason::no_contract:
            return "no contract says how many sessions the ID may have";
        case Reason::allowed:
            return "the ID is on the allow list";
        case Reason::lag:
            return "the analyzer was behind, and what others did was not known";
        case Reason::backend:
            return "the operator's own password check was failing";
        case Reason::pool_table:
            return "an entry of the pool table that it rests on had just changed";
        case Reason::clock:
            return "the clock of the NAS at one of its places was wrong";
        case Reason::own_network:
            return "it is a gateway or one of the operator's own pools";
        case Reason::mode:
            return "the mode of the rule enforces nothing";
        case Reason::profile:
            return "the profile, or the rule, leaves this to a person";
    }
    return "";
}

std::string_view in_words(detection::Action action) {
    switch (action) {
        case detection::Action::suspend:
            return "suspend the ID";
        case detection::Action::review:
            return "leave it to a person";
        case detection::Action::block:
            return "block the source";
        case detection::Action::record:
            break;
    }
    return "record it, do nothing";
}

std::string joined(const std::vector<std::string>& parts) {
    return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace

Life::Life(std::string id, const Configuration& configuration, const Pseudonyms& pseudonyms, OutputFile& out)
    : id_(std::move(id)),
      configuration_(configuration),
      pseudonyms_(pseudonyms),
      gateways_(configuration.knowledge.gateways),
      out_(out) {
    const std::string name = pseudonyms.wanted() ? pseudonyms.shown(Service::pppoe, id_) + " (pppoe), " +
                                                       pseudonyms.shown(Service::smtp_auth, id_) + " (smtp_auth)"
                                                 : id_;
    out_.write(fmt::format("The life of {} as the detectors saw it; times in UTC.\n\nEvents\n",
                           is_plain_utf8(name) ? name : "this ID"));
}

void Life::add(const replay::Batch& batch) {
    for (const replay::StreamEvent& read : batch)
        if (read.event.id == id_) add(read);
}

std::optional<geo::Place> Life::pool_place(const Addresses& addresses) const {
    for (const IpAddress& address : addresses)
        if (auto place = configuration_.locator->in_pools(address); place && !place->region.empty()) return place;
    return std::nullopt;
}

void Life::add(const replay::StreamEvent& read) {
    const LoginEvent& event = read.event;
    ++counts_[event.kind];
    std::optional<geo::Place> place;
    if (event.service == Service::pppoe)
        place = pool_place(event.addresses);
    else if (!event.addresses.empty())
        place = configuration_.locator->anywhere(event.addresses.front());
    const std::string what = event.service == Service::pppoe ? what_pppoe(event, place) : what_smtp(event);
    std::vector<std::string> addresses;
    for (const IpAddress& address : event.addresses) addresses.push_back(address.to_string());
    out_.write(fmt::format(
        "  {}  {:9}  {:7}  {:15}  {:12}  {}\n", shown(event.time), to_string(event.service), to_string(event.kind),
        addresses.empty() ? "-" : fmt::format("{}", fmt::join(addresses, " ")), place ? name_of(*place) : "-", what));
}

std::string Life::what_pppoe(const LoginEvent& event, const std::optional<geo::Place>& place) {
    if (event.kind == Kind::reject) return "refused: counts for pppoe.reject alone, which never suspends";
    const auto& settings = configuration_.settings.detection;
    unsigned sessions = settings.pppoe.default_sessions;
    if (configuration_.knowledge.contract)
        if (const auto contract = configuration_.knowledge.contract(event.service, event.id))
            sessions = contract->sessions;
    const detection::Change change = history_.add(event, place, settings, sessions);
    if (change.repeated) return "told before: nothing changed";
    std::vector<std::string> parts;
    if (change.new_session) parts.emplace_back("a session begins");
    if (change.counted_accept)
        parts.push_back(fmt::format("authentication {} of those remembered", history_.accepts().size()));
    else if (event.kind == Kind::accept)
        parts.emplace_back("counts as one authentication with another that was just before");
    if (event.kind == Kind::alive || event.kind == Kind::release)
        parts.emplace_back(change.life_sign ? "a sign of life of its session"
                                            : "no sign of life that counts: a newer session has begun");
    if (change.unmapped) parts.emplace_back("outside every pool: where it was is not known");
    if (const std::string step = step_into(event); change.new_visit && !step.empty()) parts.push_back(step);
    return joined(parts);
}

// The step that nobody can make whose arrival (or, when the event came late, departure) this event is.
std::string Life::step_into(const LoginEvent& event) const {
    for (auto visit = history_.visits().rbegin(); visit != history_.visits().rend(); ++visit)
        if (visit->impossible && (visit->impossible->arrived == event.time || visit->impossible->left == event.time))
            return in_words(*visit->impossible, false);
    return {};
}

std::string Life::what_smtp(const LoginEvent& event) {
    if (event.kind == Kind::reject) return "refused: counts against the source, never against the ID";
    if (event.kind != Kind::accept || event.addresses.empty()) return "does not count";
    const IpAddress source = event.addresses.front().source();
    if (gateways_.touches(source)) return "through a listed gateway: counts for nothing";
    const auto locate = [this](const IpAddress& address) { return configuration_.locator->locate(address); };
    const auto& settings = configuration_.settings.detection.smtp;
    const bool is_new = smtp_history_.origin(source) == nullptr;
    const detection::SmtpChange change = smtp_history_.add(source, event.time, locate, settings);
    if (change.repeated) return "told before: nothing changed";
    std::vector<std::string> parts{is_new ? "counts; a source that is new within a day" : "counts"};
    for (const detection::SmtpJump& jump : change.jumps)
        if (const auto step = detection::impossible_smtp_step(jump.from.place(), jump.from.time, jump.to.place(),
                                                              jump.to.time, settings)) {
            parts.push_back(in_words(*step, true));
            break;  // the nearest in time
        }
    return joined(parts);
}

void Life::add(const Decision& decision) {
    const detection::Finding& finding = decision.finding;
    if (!finding.source && finding.id == pseudonyms_.shown(finding.service, id_)) decisions_.push_back(decision);
}

void Life::write_sessions() {
    if (history_.sessions().empty()) return;
    out_.write("\nPPPoE sessions that are still remembered at the end\n");
    for (const detection::Session& session : history_.sessions()) {
        std::string life = session.ended ? "ended " + shown(*session.ended) : "no end seen";
        if (session.confirmed) life += ", last sign of life " + shown(*session.confirmed);
        out_.write(fmt::format("  {}{}  {:15}  {:12}  {}\n", shown(session.began),
                               session.beginning_unknown ? " or before" : "",
                               session.addresses.empty() ? "-" : session.addresses.front().to_string(),
                               session.place ? name_of(*session.place) : "-", life));
    }
}

void Life::finish() {
    if (counts_.empty()) out_.write("  none\n");
    write_sessions();
    out_.write("\nFindings\n");
    if (decisions_.empty()) out_.write("  none\n");
    std::size_t findings = 0;
    const Decision* before = nullptr;
    for (const Decision& decision : decisions_) {
        const detection::Finding& finding = decision.finding;
        // What settles is decided twice, and told once.
        const bool again =
            before != nullptr && before->finding.rule == finding.rule && before->finding.time == finding.time;
        before = &decision;
        if (!again) {
            ++findings;
            out_.write(fmt::format("  {}  {} ({}{})\n    {}\n    {}\n", shown(finding.time), to_string(finding.rule),
                                   to_string(finding.grade),
                                   finding.learning ? ", one step lower because the ID is new" : "", finding.summary_en,
                                   finding.summary_ja));
        }
        const std::string_view reason = in_words(decision.reason);
        out_.write(fmt::format("    decided {}: {}{}{}\n", shown(decision.decided), in_words(decision.action),
                               reason.empty() ? "" : "; ", reason));
    }
    std::vector<std::string> parts;
    for (const auto& [kind, count] : counts_) parts.push_back(fmt::format("{} {}", count, to_string(kind)));
    out_.write(fmt::format("\nEvents: {}. Findings: {}.\n",
                           parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", ")), findings));
}

}  // namespace guard::cli
