// smtp.jump.corroborated: an impossible pair of countries, the new one not familiar, and something that a traveller
// with a scanner at home does not do.
#include <algorithm>

#include "analyzer/detection/rules/smtp_rule.hpp"

namespace guard::detection {
namespace {

using std::chrono::seconds;

// The newest accept of each country in (after, until], the oldest first.
std::vector<SmtpSighting> countries_in(const SmtpHistory& history, Time after, Time until) {
    std::vector<SmtpSighting> countries;
    for (const SmtpOrigin& origin : history.origins()) {
        if (origin.location.country_text().empty() || !origin.accepted_in(after, until)) continue;
        const SmtpSighting seen{origin.source, origin.location,
                                *std::prev(std::upper_bound(origin.accepts.begin(), origin.accepts.end(), until))};
        const auto known = std::find_if(countries.begin(), countries.end(), [&](const SmtpSighting& other) {
            return other.location.country == seen.location.country;
        });
        if (known == countries.end())
            countries.push_back(seen);
        else if (known->time < seen.time)
            *known = seen;
    }
    std::stable_sort(countries.begin(), countries.end(),
                     [](const SmtpSighting& a, const SmtpSighting& b) { return a.time < b.time; });
    return countries;
}

// Three countries within a day, and the step between two that are not familiar is one nobody makes: who passes through
// two countries on a journey, while a scanner at home goes on sending, makes a possible one.
std::optional<Match> by_countries(const SmtpRuleInput& input, const SmtpJump& jump, const NewPlace& places) {
    if (is_familiar(input, places.old_place.place().country)) return std::nullopt;
    const auto& smtp = input.settings.smtp;
    for (const Time until : input.history.window_ends(input.accept.time)) {
        const Time after = until - smtp.jump_countries_window;
        if (jump.from.time <= after || jump.to.time > until) continue;
        const auto countries = countries_in(input.history, after, until);
        if (countries.size() < smtp.jump_countries) continue;
        Match match = match_of(Rule::smtp_jump_corroborated, Grade::certain, jump, places, input);
        match.corroboration = Corroboration::countries;
        match.count = countries.size();
        for (const SmtpSighting& country : countries) {
            match.evidence.push_back(country.evidence());
            const bool among = std::any_of(match.places.begin(), match.places.end(), [&](const geo::Place& place) {
                return place.country == country.place().country;
            });
            if (!among) match.places.insert(match.places.end() - 2, country.place());
        }
        match.span = span_of(match.evidence);
        return match;
    }
    return std::nullopt;
}

std::optional<Match> by_block(const SmtpRuleInput& input, const SmtpJump& jump, const NewPlace& places) {
    if (!input.source_blocked || places.new_place.source != input.accept.source) return std::nullopt;
    Match match = match_of(Rule::smtp_jump_corroborated, Grade::certain, jump, places, input);
    match.corroboration = Corroboration::blocked;
    match.evidence.push_back(input.accept.evidence());
    return match;
}

std::optional<Match> by_accepts(const SmtpRuleInput& input, const SmtpJump& jump, const NewPlace& places) {
    const auto& smtp = input.settings.smtp;
    const IpAddress network = places.new_place.source.network();
    const bool is_new = network.contains(input.accept.source);
    if (!is_new && jump.from.time != input.accept.time && jump.to.time != input.accept.time) return std::nullopt;
    auto ends = input.history.window_ends(input.accept.time);
    // Whoever sent from there may have stopped hours before the owner sends.
    if (!is_new) ends.push_back(places.new_place.time);
    for (const Time until : ends) {
        const Time after = until - smtp.jump_accepts_window;
        const std::size_t count = accepts_from(input.history, network, after, until);
        if (count < smtp.jump_accepts) continue;
        Match match = match_of(Rule::smtp_jump_corroborated, Grade::certain, jump, places, input);
        match.corroboration = Corroboration::accepts;
        match.count = count;
        match.span = span_of(accepts_as_evidence(input.history, network, after, until, count));
        const auto newest =
            accepts_as_evidence(input.history, network, after, until, kMaxEvidence - match.evidence.size());
        match.evidence.insert(match.evidence.end(), newest.begin(), newest.end());
        return match;
    }
    return std::nullopt;
}

// The same accept may stand for several things.
void drop_repeated(std::vector<Evidence>& evidence) {
    for (auto row = evidence.begin(); row != evidence.end(); ++row)
        evidence.erase(std::remove_if(row + 1, evidence.end(),
                                      [&](const Evidence& other) {
                                          return other.time == row->time && other.address == row->address;
                                      }),
                       evidence.end());
}

}  // namespace

std::optional<Match> smtp_jump_corroborated(const SmtpRuleInput& input) {
    const auto jumps = input.history.jumps();
    for (auto jump = jumps.rbegin(); jump != jumps.rend(); ++jump) {
        if (jump->to.time + input.settings.smtp.jump_countries_window <= input.accept.time) continue;
        const auto places = new_place(input, *jump);
        if (!places) continue;
        for (const auto& check : {by_block, by_countries, by_accepts})
            if (auto match = check(input, *jump, *places)) {
                drop_repeated(match->evidence);
                return match;
            }
    }
    return std::nullopt;
}

}  // namespace guard::detection
