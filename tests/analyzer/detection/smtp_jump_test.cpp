// smtp.jump (R2), and what impossible means for SMTP-AUTH.
#include <cmath>
#include <numbers>

#include "geo/distance.hpp"
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const config::SmtpSettings kSmtp;

// On the equator, so many kilometres east of the prime meridian.
geo::Place on_equator(std::string_view country, geo::Kilometres east, geo::Kilometres radius = 0) {
    geo::Place place;
    place.country = region(country);
    place.coordinates = {0, east / geo::kEarthRadius * 180 / std::numbers::pi};
    place.radius = radius;
    return place;
}

bool impossible(const geo::Place& a, const geo::Place& b, Microseconds span) {
    const bool there = impossible_smtp_step(a, kStart, b, kStart + span, kSmtp).has_value();
    BOOST_TEST(there == impossible_smtp_step(b, kStart + span, a, kStart, kSmtp).has_value());
    return there;
}

BOOST_AUTO_TEST_SUITE(smtp_impossible)

BOOST_AUTO_TEST_CASE(distance_on_its_boundary) {
    const geo::Place home = on_equator("JP", 0);
    BOOST_TEST(!impossible(home, on_equator("US", 499.9), 0s));
    BOOST_TEST(impossible(home, on_equator("US", 500.1), 0s));
    BOOST_TEST(!impossible(home, on_equator("US", 600, 100.1), 0s));  // the radius is taken off
    BOOST_TEST(impossible(home, on_equator("US", 600, 99.9), 0s));
    BOOST_TEST(!impossible(home, on_equator("JP", 5000), 0s));  // the same country
}

BOOST_AUTO_TEST_CASE(speed_on_its_boundary) {
    // 2,000 km at 1,000 km/h are two hours, of which two minutes are for clocks.
    const geo::Place home = on_equator("JP", 0), away = on_equator("US", 2000.01);
    BOOST_TEST(impossible(home, away, 2h - 120s));
    BOOST_TEST(!impossible(home, away, 2h - 119s));
    const auto step = impossible_smtp_step(home, kStart, away, kStart + 58min, kSmtp);
    BOOST_REQUIRE(step.has_value());
    BOOST_TEST(step->distance == 2000.01, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(step->speed_kmh == 2000.01, boost::test_tools::tolerance(1e-9));
}

// By the country as a whole, and no nearer than min_distance_km wherever that is.
BOOST_AUTO_TEST_CASE(country_only_counts_from_its_border) {
    const geo::Place home = on_equator("JP", 0);
    // 500 km at 1,000 km/h are half an hour, of which two minutes are for clocks; 9,000 are nine hours.
    for (const auto& [middle, span] : {std::pair{1.0, 28min}, std::pair{1'500.0, 28min}, std::pair{10'000.0, 538min}}) {
        geo::Place wide = on_equator("US", middle, 1000);
        wide.country_only = true;
        BOOST_TEST(impossible(home, wide, span - 1s));
        BOOST_TEST(!impossible(home, wide, span + (middle > 1'500 ? 1s : 0s)));  // an arc has its rounding
        const auto step = impossible_smtp_step(home, kStart, wide, kStart + 1min, kSmtp);
        BOOST_TEST((step->distance == 0 && step->speed_kmh == 0));
        wide.country = region("JP");
        BOOST_TEST(!impossible(home, wide, 0s));
    }
}

BOOST_AUTO_TEST_CASE(too_soon_between_any_two_countries) {
    BOOST_TEST(too_soon_between_countries(kStart, kStart + 28min - 1us, kSmtp));
    BOOST_TEST(!too_soon_between_countries(kStart, kStart + 28min, kSmtp));
    BOOST_TEST(too_soon_between_countries(kStart + 28min - 1us, kStart, kSmtp));
}

BOOST_AUTO_TEST_CASE(a_place_without_country_is_not_compared) {
    BOOST_TEST(!impossible(on_equator("JP", 0), geo::Place{}, 0s));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(smtp_jump_rule, MailIsp)

BOOST_AUTO_TEST_CASE(fires_for_a_person_in_both_profiles) {
    for (const config::Profile profile : {config::Profile::guideline, config::Profile::cautious}) {
        config::DetectionSettings settings = enforced();
        settings.profile = profile;
        MailIsp isp(settings);
        isp.resident().accept(kStart, in_country("JP")).accept(kStart + 90min, in_country("RU")).until(kStart + 24h);
        const Decision decision = isp.only(Rule::smtp_jump);
        BOOST_TEST(decision.finding.grade == Grade::probable);
        BOOST_TEST(decision.action == Action::review);
        BOOST_TEST(decision.reason == Reason::profile);
        BOOST_TEST(isp.decisions.size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(says_what_it_saw) {
    resident().accept(kStart, in_country("JP")).accept(kStart + 90min, in_country("RU"));
    const Finding finding = only(Rule::smtp_jump).finding;
    BOOST_TEST((finding.service == Service::smtp_auth));
    BOOST_TEST(finding.id == "user");
    BOOST_TEST(finding.time == kStart + 90min);
    BOOST_TEST(
        finding.summary_en ==
        "Mail was sent with the ID from Russia 90 minutes after it had been used in Japan, at least 7,408 km away; "
        "that would be more than 4,831 km/h.");
    BOOST_TEST(finding.summary_ja ==
               "日本からメール送信の認証があった90分後に、少なくとも7,408km離れたロシアからも認証がありました。"
               "移動したとすると時速4,831kmを超えます。");
    BOOST_REQUIRE(finding.evidence.size() == 2U);
    BOOST_TEST(finding.evidence[0].address->to_string() == in_country("JP"));
    BOOST_TEST(finding.evidence[0].region.view() == "JP");
    BOOST_TEST(finding.evidence[1].address->to_string() == in_country("RU"));
    BOOST_TEST(finding.evidence[1].region.view() == "RU");
    BOOST_TEST(finding.evidence[1].time == kStart + 90min);
    BOOST_REQUIRE(finding.places.size() == 2U);
    BOOST_TEST(finding.places.back().country.view() == "RU");
}

BOOST_AUTO_TEST_CASE(a_place_known_by_its_country_alone_has_no_distance_in_the_sentence) {
    resident().accept(kStart, in_country("JP")).accept(kStart + 5min, in_country("VN"));
    BOOST_TEST(
        only(Rule::smtp_jump).finding.summary_en ==
        "Mail was sent with the ID from Vietnam 5 minutes after it had been used in Japan, too soon for anyone to "
        "travel from the one to the other.");
    BOOST_TEST(only(Rule::smtp_jump).finding.summary_ja ==
               "日本からメール送信の認証があった5分後に、ベトナムからも認証がありました。この時間で移動することはできま"
               "せん。");
}

// However large the country is: nothing says more than that it was used in two.
BOOST_AUTO_TEST_CASE(by_the_country_alone_a_person_is_asked_within_28_minutes) {
    const auto found_after = [](const char* country, Microseconds after) {
        MailIsp isp;
        isp.resident().accept(kStart, in_country("JP")).accept(kStart + after, in_country(country));
        MailIsp other_way;
        other_way.resident().accept(kStart, in_country(country)).accept(kStart + after, in_country("JP"));
        BOOST_TEST(isp.found(Rule::smtp_jump) == other_way.found(Rule::smtp_jump));
        return isp.found(Rule::smtp_jump);
    };
    for (const char* country : {"AU", "TH"}) {
        BOOST_TEST(found_after(country, 28min - 1us), country);
        BOOST_TEST(!found_after(country, 28min), country);
    }
    BOOST_TEST(found_after("RU", 4h));
}

BOOST_AUTO_TEST_CASE(time_on_its_boundary) {
    const geo::Place tokyo = place(13), moscow = *world()->anywhere(address(in_country("RU")));
    const double hours = geo::lower_bound_distance(tokyo, moscow) / 1000;
    const auto longest =
        std::chrono::floor<std::chrono::seconds>(std::chrono::duration<double, std::ratio<3600>>(hours)) - 120s;
    for (const auto& [span, found] : {std::pair{longest - 1s, true}, std::pair{longest + 1s, false}}) {
        MailIsp isp;
        isp.resident().accept(kStart, in_country("JP")).accept(kStart + span, in_country("RU"));
        BOOST_TEST(isp.found(Rule::smtp_jump) == found);
    }
}

BOOST_AUTO_TEST_CASE(the_victim_may_be_the_one_who_completes_it) {
    resident().accept(kStart, in_country("RU")).accept(kStart + 5min, in_country("JP"));
    const Finding finding = only(Rule::smtp_jump).finding;
    BOOST_TEST(finding.places.back().country.view() == "RU");  // the new place
    BOOST_TEST(finding.steps.back().to.country.view() == "JP");
    BOOST_TEST(finding.summary_en.find("from Japan 5 minutes after it had been used in Russia") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_two_that_are_not_familiar_the_one_known_for_longer_is_home) {
    accept(kStart - 16 * 24h, in_country("JP"))
        .accept(kStart, in_country("RU"))
        .accept(kStart + 5min, in_country("JP"));
    BOOST_TEST(only(Rule::smtp_jump).finding.places.front().country.view() == "JP");
    BOOST_TEST(only(Rule::smtp_jump).finding.places.back().country.view() == "RU");
}

BOOST_AUTO_TEST_CASE(an_accept_that_comes_late_is_compared_with_those_after_it) {
    resident().accept(kStart - 9h, in_country("JP")).accept(kStart + 30s, in_country("JP"));
    BOOST_TEST(decisions.empty());
    accept(kStart, in_country("RU"));
    const Finding finding = only(Rule::smtp_jump).finding;
    BOOST_TEST(finding.time == kStart + 30s);  // of the event that completed it
    BOOST_TEST((finding.steps.back().arrived - finding.steps.back().left == 30s));
}

BOOST_AUTO_TEST_CASE(accepts_that_alternate_are_compared_with_the_nearest_of_the_other_country) {
    // The scanner at home goes on; the thief comes once. Between the two there are minutes, not hours.
    resident().accepts(100, kStart, 10min, in_country("JP")).accept(kStart + 500min + 1s, in_country("US"));
    const Finding finding = only(Rule::smtp_jump).finding;
    BOOST_TEST((finding.steps.back().arrived - finding.steps.back().left < 17h));
}

BOOST_AUTO_TEST_CASE(silent_when_both_countries_are_familiar) {
    resident("user", in_country("JP"), in_country("US"));
    accept(kStart, in_country("JP")).accept(kStart + 1min, in_country("US"));
    BOOST_TEST(of(Rule::smtp_jump).empty());
}

BOOST_AUTO_TEST_CASE(a_country_is_familiar_from_the_second_day_on) {
    for (const auto& [apart, found] : {std::pair{20h - 1s, true}, std::pair{20h + 0s, false}}) {
        MailIsp isp;
        isp.resident();
        isp.accept(kStart + 24h, in_country("US")).accept(kStart + 24h + apart, in_country("US"));
        isp.accept(kStart + 24h + apart + 1min, in_country("JP"));
        BOOST_TEST(isp.found(Rule::smtp_jump) == found);
    }
}

BOOST_AUTO_TEST_CASE(silent_within_a_country_and_where_the_place_is_not_known) {
    resident().accept(kStart, in_prefecture(1)).accept(kStart + 1s, in_prefecture(46));
    accept(kStart + 2s, "198.51.100.7");
    BOOST_TEST(decisions.empty());
}

BOOST_AUTO_TEST_CASE(a_young_id_is_only_recorded) {
    accept(kStart, in_country("JP")).accept(kStart + 1min, in_country("RU")).until(kStart + 1h);
    const Decision decision = only(Rule::smtp_jump);
    BOOST_TEST(decision.finding.grade == Grade::notable);
    BOOST_TEST(decision.finding.learning);
    BOOST_TEST(decision.action == Action::record);
}

BOOST_AUTO_TEST_CASE(an_ipv6_source_is_told_by_its_64) {
    resident().accept(kStart, in_country("JP")).accept(kStart + 1min, "2001:db8:a000:1:2:3:4:5");
    BOOST_TEST(only(Rule::smtp_jump).finding.evidence.back().address->to_string() == "2001:db8:a000:1::/64");
    BOOST_TEST(only(Rule::smtp_jump).finding.evidence.back().region.view() == "US");
}

BOOST_AUTO_TEST_CASE(each_incident_is_told_once_and_once_a_day) {
    resident().accept(kStart, in_country("JP"));
    accepts(49, kStart + 1min, 2h, in_country("RU")).accept(kStart + 2min, in_country("JP"));
    for (int hour = 0; hour < 72; ++hour)
        accept(kStart + hour * 1h + 3min, in_country("JP")).accept(kStart + hour * 1h + 5min, in_country("RU"));
    BOOST_TEST(of(Rule::smtp_jump).size() == 3U);
    BOOST_TEST(of(Rule::smtp_jump)[0].finding.incident_key != of(Rule::smtp_jump)[1].finding.incident_key);
}

BOOST_AUTO_TEST_CASE(a_country_that_took_part_does_not_become_familiar) {
    resident();
    for (int day = 0; day < 20; ++day)
        accept(kStart + day * 24h, in_country("JP")).accept(kStart + day * 24h + 5min, in_country("RU"));
    BOOST_TEST(of(Rule::smtp_jump).back().finding.time > kStart + 18 * 24h);
}

BOOST_AUTO_TEST_CASE(pppoe_and_mail_of_one_name_are_never_compared) {
    Log log;
    log.resident("user", in_prefecture(13)).alive("user", kStart, in_prefecture(13));
    read(log);
    accept(kStart + 1min, in_country("RU"));
    BOOST_TEST(decisions.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
