#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "analyzer/detection/history.hpp"
#include "analyzer/detection/rules/rule.hpp"
#include "analyzer/detection/smtp_history.hpp"
#include "cli/geo.hpp"
#include "event/text.hpp"
#include "geo/distance.hpp"

namespace guard::cli {
namespace {

using nlohmann::ordered_json;
using std::chrono::seconds;

// The longest time within which nobody makes the step; none when it is possible at any speed. `impossible` asks the
// very function that judges steps: what that takes for impossible in one span it does in every shorter one.
template <class Impossible>
std::optional<seconds> longest_impossible(Impossible impossible) {
    seconds possible = std::chrono::years{100}, longest{0};
    if (!impossible(longest)) return std::nullopt;
    while (possible - longest > seconds{1}) {
        const seconds middle = longest + (possible - longest) / 2;
        (impossible(middle) ? longest : possible) = middle;
    }
    return longest;
}

std::optional<seconds> impossible_for_pppoe(const geo::Place& a, const geo::Place& b,
                                            const config::PppoeSettings& settings) {
    return longest_impossible([&](seconds span) {
        return detection::History::impossible_step(a, Time{}, b, Time{} + span, settings).has_value();
    });
}

std::optional<seconds> impossible_for_smtp(const geo::Place& a, const geo::Place& b,
                                           const config::SmtpSettings& settings) {
    return longest_impossible([&](seconds span) {
        return detection::impossible_smtp_step(a, Time{}, b, Time{} + span, settings).has_value();
    });
}

geo::Place as_of_smtp(const GeoFiles& files, const IpAddress& address) {
    return files.locator->widened(files.locator->locate(address)).to_place(address);
}

struct Pair {
    Whereabouts a, b;
    bool country_only = false, same_region = false;
    geo::Kilometres middles = 0, least = 0;
    bool far = false;  // by the rules of PPPoE
    std::optional<seconds> impossible;
    std::string not_compared;  // why PPPoE does not; empty: it does
    std::optional<seconds> impossible_smtp;
};

std::string without_region(const GeoFiles& files, const Whereabouts& whereabouts) {
    const std::string address = whereabouts.address.to_string();
    if (whereabouts.pool == nullptr) return address + " is outside every pool";
    if (files.locator->in_pools(whereabouts.address)) return "the pool of " + address + " names no region";
    return "the pool of " + address + " has no place";
}

Pair compare(const GeoFiles& files, const IpAddress& a, const IpAddress& b) {
    Pair pair;
    pair.a = where_is(files, a);
    pair.b = where_is(files, b);
    for (const Whereabouts* one : {&pair.a, &pair.b})
        if (!one->pppoe && pair.not_compared.empty()) pair.not_compared = without_region(files, *one);
    if (pair.a.place && pair.b.place) {
        pair.country_only = pair.a.place->country_only || pair.b.place->country_only;
        pair.same_region = !pair.a.place->region.empty() && pair.a.place->region == pair.b.place->region;
        pair.middles = geo::great_circle(pair.a.place->coordinates, pair.b.place->coordinates);
        pair.least = geo::lower_bound_distance(*pair.a.place, *pair.b.place);
        pair.impossible_smtp = impossible_for_smtp(as_of_smtp(files, a), as_of_smtp(files, b), files.detection.smtp);
    }
    if (pair.not_compared.empty()) {
        pair.far = detection::far_apart(*pair.a.pppoe, *pair.b.pppoe, files.detection);
        pair.impossible = impossible_for_pppoe(*pair.a.pppoe, *pair.b.pppoe, files.detection.pppoe);
    }
    return pair;
}

std::string span_text(seconds span) {
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(span);
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(span - hours);
    std::string text;
    if (hours.count() > 0) text += fmt::format("{} h ", hours.count());
    if (span >= std::chrono::minutes{1}) text += fmt::format("{} min ", minutes.count());
    return text + fmt::format("{} s", (span - hours - minutes).count());
}

std::string place_text(const GeoFiles& files, const Whereabouts& whereabouts) {
    const std::string address = whereabouts.address.to_string();
    if (!whereabouts.place) return address + ": nowhere: " + why_nowhere(files, whereabouts).why;
    const geo::Place& place = *whereabouts.place;
    return fmt::format("{}: {}, {:.4f} {:.4f}, radius {} km; {}", address, region_text(place),
                       place.coordinates.latitude, place.coordinates.longitude, with_commas(place.radius),
                       source_text(files, whereabouts));
}

std::string far_text(const Pair& pair, const config::PppoeSettings& settings) {
    if (!pair.not_compared.empty()) return "not compared: " + pair.not_compared;
    const std::string limit = fmt::format("detection.pppoe.min_distance_km = {}", settings.min_distance_km);
    if (pair.far) return "far apart: other region, and not nearer than " + limit;
    return std::string("not far apart: ") + (pair.same_region ? "same region" : "nearer than " + limit);
}

std::string impossible_text(const Pair& pair, const config::PppoeSettings& settings) {
    if (!pair.impossible) return "possible in any time";
    return fmt::format(
        "impossible within {}: faster than detection.pppoe.max_speed_kmh = {}, what clocks may be off allowed for",
        span_text(*pair.impossible), settings.max_speed_kmh);
}

std::string region_comparison(const Pair& pair) {
    if (pair.same_region) return "the same";
    return pair.a.place->region.empty() || pair.b.place->region.empty() ? "not known of both" : "another";
}

std::string smtp_text(const Pair& pair, const config::SmtpSettings& settings) {
    if (pair.a.place->country == pair.b.place->country) return "possible in any time: the same country";
    if (!pair.impossible_smtp)
        return fmt::format("possible in any time: nearer than detection.smtp.min_distance_km = {}",
                           settings.min_distance_km);
    return fmt::format(
        "impossible within {}: {}faster than detection.smtp.max_speed_kmh = {}", span_text(*pair.impossible_smtp),
        pair.country_only ? fmt::format("from border to border, {} km at least; ", settings.min_distance_km) : "",
        settings.max_speed_kmh);
}

void print_text(const GeoFiles& files, const Pair& pair) {
    const auto line = [](const char* what, const std::string& text) { fmt::print("{:14}  {}\n", what, text); };
    line("A", place_text(files, pair.a));
    line("B", place_text(files, pair.b));
    if (!pair.a.place || !pair.b.place) return;
    line("between", fmt::format("{} km from middle to middle", with_commas(pair.middles)));
    line("radii", fmt::format("{} km and {} km", with_commas(pair.a.place->radius), with_commas(pair.b.place->radius)));
    line("least distance", with_commas(pair.least) + " km");
    line("region", region_comparison(pair));
    line("country only", !pair.country_only ? "no"
                         : pair.a.place->country == pair.b.place->country
                             ? "yes, and it is the same: the distance says nothing"
                             : "yes, and it is another");
    line("PPPoE", far_text(pair, files.detection.pppoe));
    if (pair.not_compared.empty()) line("a step", impossible_text(pair, files.detection.pppoe));
    line("SMTP-AUTH", smtp_text(pair, files.detection.smtp));
}

void print_json(const GeoFiles& files, const Pair& pair) {
    ordered_json object;
    object["a"] = to_json(files, pair.a);
    object["b"] = to_json(files, pair.b);
    const bool known = pair.a.place && pair.b.place;
    const auto if_known = [&](const ordered_json& value) { return known ? value : ordered_json(); };
    object["distance_km"] = if_known(pair.middles);
    object["least_distance_km"] = if_known(pair.least);
    object["same_region"] = if_known(pair.same_region);
    object["country_only"] = if_known(pair.country_only);
    ordered_json& pppoe = object["pppoe"];
    pppoe["compared"] = pair.not_compared.empty();
    if (pair.not_compared.empty()) {
        pppoe["far"] = pair.far;
        pppoe["impossible_within_seconds"] = pair.impossible ? ordered_json(pair.impossible->count()) : ordered_json();
        pppoe["min_distance_km"] = files.detection.pppoe.min_distance_km;
        pppoe["max_speed_kmh"] = files.detection.pppoe.max_speed_kmh;
    } else {
        pppoe["explanation"] = pair.not_compared;
    }
    ordered_json& smtp = object["smtp_auth"];
    smtp["compared"] = known;
    if (known) {
        smtp["same_country"] = pair.a.place->country == pair.b.place->country;
        smtp["impossible_within_seconds"] =
            pair.impossible_smtp ? ordered_json(pair.impossible_smtp->count()) : ordered_json();
        smtp["min_distance_km"] = files.detection.smtp.min_distance_km;
        smtp["max_speed_kmh"] = files.detection.smtp.max_speed_kmh;
    } else {
        smtp["explanation"] = "one of the two is nowhere";
    }
    fmt::print("{}\n", dump(object));
}

}  // namespace

int geo_distance(const GeoOptions& options) {
    std::vector<IpAddress> addresses;
    for (const std::string& text : options.addresses)
        if (const auto address = address_or_say(text, "guardctl geo distance")) addresses.push_back(*address);
    if (addresses.size() != 2) return kCouldNotRun;
    return with_geo_files(options, "geo distance", [&](const GeoFiles& files) {
        const Pair pair = compare(files, addresses[0], addresses[1]);
        if (options.json)
            print_json(files, pair);
        else
            print_text(files, pair);
        return pair.a.place && pair.b.place ? kDone : kNo;
    });
}

}  // namespace guard::cli
