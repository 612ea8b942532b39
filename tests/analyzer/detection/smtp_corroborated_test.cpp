// smtp.jump.corroborated (R2): what a traveller with a scanner at home does not do.
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(smtp_jump_corroborated_rule, MailIsp)

BOOST_AUTO_TEST_CASE(by_three_countries_suspends_at_once) {
    resident().accept(kStart, in_country("JP"));
    accept(kStart + 1h, in_country("RU"));
    BOOST_TEST(!found(Rule::smtp_jump_corroborated));
    accept(kStart + 2h, in_country("BR"));
    const Decision decision = only(Rule::smtp_jump_corroborated);
    BOOST_TEST(decision.finding.grade == Grade::certain);
    BOOST_TEST(decision.action == Action::suspend);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.decided == kStart + 2h);
    BOOST_TEST(decision.open_addresses.empty());  // there is no session to end
    BOOST_TEST(detector.take_late_sessions().empty());
    BOOST_TEST(decision.finding.summary_en ==
               "Mail was sent with the ID from Brazil 60 minutes after it had been used in Russia, at least 11,766 km "
               "away; that would be more than 11,386 km/h. It was used in 3 countries within 2 hours: Japan, Russia, "
               "Brazil.");
    BOOST_TEST(
        decision.finding.summary_ja ==
        "ロシアからメール送信の認証があった60分後に、少なくとも11,766km離れたブラジルからも認証がありました。"
        "移動したとすると時速11,386kmを超えます。2時間の間に、3か国（日本、ロシア、ブラジル）から認証がありました。");
    BOOST_TEST(decision.finding.evidence.size() == 3U);
    BOOST_TEST(decision.finding.evidence.front().region.view() == "JP");
    BOOST_TEST(only(Rule::smtp_jump).finding.incident_key == decision.finding.incident_key);
}

BOOST_AUTO_TEST_CASE(three_countries_within_a_day_on_its_boundary) {
    for (const auto& [span, found] : {std::pair{24h - 1us, true}, std::pair{24h + 0us, false}}) {
        MailIsp isp;
        isp.resident().accept(kStart, in_country("JP"));
        isp.accept(kStart + 20h, in_country("RU")).accept(kStart + span, in_country("BR"));
        BOOST_TEST(isp.found(Rule::smtp_jump_corroborated) == found);
        BOOST_TEST(isp.found(Rule::smtp_jump));
    }
}

BOOST_AUTO_TEST_CASE(a_country_that_is_familiar_is_none_of_the_two) {
    resident("user", in_country("JP"), in_country("US"));
    accept(kStart, in_country("JP")).accept(kStart + 1h, in_country("US")).accept(kStart + 2h, in_country("BR"));
    BOOST_TEST(found(Rule::smtp_jump));
    BOOST_TEST(!found(Rule::smtp_jump_corroborated));
}

// Berlin to Paris by plane: two new countries, and the step between them is possible.
BOOST_AUTO_TEST_CASE(who_passes_through_two_countries_while_a_scanner_at_home_goes_on_is_for_a_person) {
    resident().accepts(24 * 6, kStart, 10min, in_country("JP"));
    accept(kStart + 24h + 2min, in_country("DE")).accept(kStart + 24h + 2h, in_country("FR"));
    accepts(24, kStart + 26h, 10min, in_country("JP")).until(kStart + 48h);
    BOOST_TEST(only(Rule::smtp_jump).action == Action::review);
    BOOST_TEST(suspended() == 0U);
}

BOOST_AUTO_TEST_CASE(by_a_source_that_is_blocked_now) {
    for (const bool blocked : {true, false}) {
        MailIsp isp;
        // The network is one that the ID knows: smtp.source.hit says nothing.
        isp.accept(kStart - 17 * 24h, in_country("RU", 0, 9)).resident();
        if (blocked) isp.guessing(kStart + 30min, in_country("RU"));
        isp.accept(kStart + 32min, in_country("JP")).accept(kStart + 40min, in_country("RU"));
        BOOST_TEST(isp.found(Rule::smtp_jump_corroborated) == blocked);
        BOOST_TEST(isp.found(Rule::smtp_jump));
        BOOST_TEST(!isp.found(Rule::smtp_source_hit));
        if (!blocked) continue;
        BOOST_TEST(isp.only(Rule::smtp_jump_corroborated).enforced);
        BOOST_TEST(
            isp.only(Rule::smtp_jump_corroborated)
                .finding.summary_en.find("The address in Russia is blocked at the moment, for guessing passwords.") !=
            std::string::npos);
        BOOST_TEST(
            isp.only(Rule::smtp_jump_corroborated)
                .finding.summary_ja.find("ロシアの接続元は、パスワードを次々に試しているため、現在遮断しています。") !=
            std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_block_that_is_over_corroborates_nothing) {
    accept(kStart - 17 * 24h, in_country("RU", 0, 9)).resident();
    guessing(kStart, in_country("RU"));
    accept(kStart + 14min, in_country("JP")).accept(kStart + 15min, in_country("RU"));
    BOOST_TEST(found(Rule::smtp_jump));
    BOOST_TEST(!found(Rule::smtp_jump_corroborated));
}

BOOST_AUTO_TEST_CASE(a_block_that_began_after_an_accept_told_late_corroborates_nothing) {
    for (const auto& [time, blocked] : {std::pair{kStart - 1us, false}, std::pair{kStart, true}}) {
        MailIsp isp;
        isp.accept(kStart - 17 * 24h, in_country("RU", 0, 9)).resident().accept(kStart - 5min, in_country("JP"));
        isp.guessing(kStart, in_country("RU")).accept(time, in_country("RU"));
        BOOST_TEST(isp.found(Rule::smtp_jump));
        BOOST_TEST(isp.found(Rule::smtp_jump_corroborated) == blocked);
    }
}

BOOST_AUTO_TEST_CASE(by_fifty_accepts_from_the_new_network_on_its_boundary) {
    resident().accept(kStart, in_country("JP"));
    accepts(49, kStart + 1min, 1min, in_country("RU", 0, 1));
    BOOST_TEST(!found(Rule::smtp_jump_corroborated));
    accept(kStart + 50min, in_country("RU", 0, 200));  // another host of the network
    const Decision decision = only(Rule::smtp_jump_corroborated);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.finding.time == kStart + 50min);
    BOOST_TEST(decision.finding.summary_en.find(
                   " There were 50 authentications from one network in Russia in 49 minutes.") != std::string::npos);
    BOOST_TEST(decision.finding.summary_ja.find("ロシアの同じネットワークから、49分の間に50回の認証がありました。") !=
               std::string::npos);
    BOOST_TEST(decision.finding.evidence.size() >= kMaxEvidence - 1);
    BOOST_TEST(decision.finding.evidence.front().region.view() == "JP");
}

BOOST_AUTO_TEST_CASE(fifty_accepts_in_sixty_minutes_on_its_boundary) {
    for (const auto& [last, found] : {std::pair{60min - 1us, true}, std::pair{60min + 0us, false}}) {
        MailIsp isp;
        isp.resident().accept(kStart, in_country("JP")).accepts(49, kStart + 1min, 1s, in_country("RU"));
        isp.accept(kStart + 1min + last, in_country("RU"));
        BOOST_TEST(isp.found(Rule::smtp_jump_corroborated) == found);
    }
}

BOOST_AUTO_TEST_CASE(fifty_accepts_from_two_networks_are_not_from_one) {
    resident().accept(kStart, in_country("JP"));
    accepts(49, kStart + 1min, 10s, in_country("RU", 0)).accepts(49, kStart + 20min, 10s, in_country("RU", 1));
    BOOST_TEST(!found(Rule::smtp_jump_corroborated));
}

BOOST_AUTO_TEST_CASE(fifty_accepts_and_the_jump_is_seen_only_when_the_victim_sends) {
    // The victim's last mail is days old: nothing is impossible until the next one.
    resident().accepts(60, kStart + 24h, 30s, in_country("RU"));
    BOOST_TEST(decisions.empty());
    accept(kStart + 24h + 31min, in_country("JP"));
    BOOST_TEST(only(Rule::smtp_jump_corroborated).enforced);
    BOOST_TEST(only(Rule::smtp_jump_corroborated).finding.places.back().country.view() == "RU");
}

// The first of them are too soon after the victim, the last are not.
BOOST_AUTO_TEST_CASE(fifty_accepts_the_last_of_which_anyone_could_have_made) {
    resident().accept(kStart, in_country("JP")).accepts(49, kStart + 10min, 1min, in_country("TH"));
    BOOST_TEST(!found(Rule::smtp_jump_corroborated));
    accept(kStart + 59min, in_country("TH"));
    BOOST_TEST(only(Rule::smtp_jump_corroborated).finding.time == kStart + 59min);
}

BOOST_AUTO_TEST_CASE(fifty_accepts_that_ended_hours_before_the_victim_sends) {
    for (const unsigned count : {49U, 50U}) {
        MailIsp isp;
        isp.resident().accepts(count, kStart + 24h, 30s, in_country("RU")).accept(kStart + 28h, in_country("JP"));
        BOOST_TEST(isp.found(Rule::smtp_jump));
        BOOST_TEST(isp.found(Rule::smtp_jump_corroborated) == (count == 50));
        if (count == 50) BOOST_TEST(isp.only(Rule::smtp_jump_corroborated).finding.time == kStart + 28h);
    }
}

// Of Australia the country alone is known, and how large it is: nobody is there from Tokyo within four hours and a
// half.
BOOST_AUTO_TEST_CASE(fifty_accepts_from_a_country_that_is_too_far) {
    for (const auto& [country, after, found] : {std::tuple{"AU", 4h + 25min, true},
                                                {"AU", 4h + 35min, false},
                                                {"TH", 0h + 27min, true},
                                                {"TH", 0h + 29min, false}}) {
        MailIsp isp;
        isp.resident().accepts(60, kStart, 30s, in_country(country));
        BOOST_TEST(isp.decisions.empty());
        isp.accept(kStart + 29min + 30s + after, in_country("JP"));
        BOOST_TEST(isp.found(Rule::smtp_jump_corroborated) == found, country);
        if (!found) continue;
        const Finding finding = isp.only(Rule::smtp_jump_corroborated).finding;
        BOOST_TEST(finding.places.back().country.view() == country);
        BOOST_TEST(finding.summary_en.find("too soon for anyone to travel") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_young_id_settles_first) {
    accept(kStart, in_country("JP")).accept(kStart + 1h, in_country("RU")).accept(kStart + 2h, in_country("BR"));
    BOOST_TEST(only(Rule::smtp_jump_corroborated).reason == Reason::settling);
    BOOST_TEST(only(Rule::smtp_jump_corroborated).finding.grade == Grade::probable);
    until(kStart + 2h + 120s);
    BOOST_TEST(only(Rule::smtp_jump_corroborated).enforced);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
