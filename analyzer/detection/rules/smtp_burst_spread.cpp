// smtp.burst.spread: accepts from many networks in several countries within minutes: a botnet.
#include <algorithm>
#include <set>

#include "analyzer/detection/rules/smtp_rule.hpp"

namespace guard::detection {
namespace {

struct Spread {
    std::chrono::seconds window;
    unsigned networks, countries;
};

std::optional<Match> spread_over(const SmtpRuleInput& input, const Spread& spread, Time until) {
    const Time after = until - spread.window;
    std::set<IpAddress> networks;
    std::vector<SmtpSighting> seen;  // the newest of each source
    for (const SmtpOrigin& origin : input.history.origins()) {
        if (!origin.accepted_in(after, until)) continue;
        networks.insert(origin.source.network());
        seen.push_back({origin.source, origin.location,
                        *std::prev(std::upper_bound(origin.accepts.begin(), origin.accepts.end(), until))});
    }
    if (networks.size() < spread.networks) return std::nullopt;
    std::stable_sort(seen.begin(), seen.end(),
                     [](const SmtpSighting& a, const SmtpSighting& b) { return a.time < b.time; });
    Match match{Rule::smtp_burst_spread, Grade::certain, {}, {}, {}};
    bool all_familiar = true;
    for (const SmtpSighting& sighting : seen) {
        match.evidence.push_back(sighting.evidence());
        const geo::Place place = sighting.place();
        const bool among = std::any_of(match.places.begin(), match.places.end(),
                                       [&](const geo::Place& other) { return other.country == place.country; });
        if (place.country.empty() || among) continue;
        match.places.push_back(place);
        all_familiar = all_familiar && is_familiar(input, place.country);
    }
    if (match.places.size() < spread.countries || all_familiar) return std::nullopt;
    match.count = networks.size();
    match.span = span_of(match.evidence);
    return match;
}

}  // namespace

std::optional<Match> smtp_burst_spread(const SmtpRuleInput& input) {
    const auto& smtp = input.settings.smtp;
    const auto origins = input.history.origins().size();
    if (!input.history.in_several_countries() || origins < std::min(smtp.spread_networks, smtp.slow_spread_networks))
        return std::nullopt;
    for (const Time until : input.history.window_ends(input.accept.time))
        for (const Spread& spread :
             {Spread{smtp.spread_window, smtp.spread_networks, smtp.spread_countries},
              Spread{smtp.slow_spread_window, smtp.slow_spread_networks, smtp.slow_spread_countries}})
            if (auto match = spread_over(input, spread, until)) return match;
    return std::nullopt;
}

}  // namespace guard::detection
