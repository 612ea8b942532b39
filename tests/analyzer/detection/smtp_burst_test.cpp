// smtp.burst.spread and smtp.burst.rate (R2).
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(smtp_burst_spread_rule, MailIsp)

// Accepts from `networks` networks in turn over `countries`, the first at `from` and the last at `until`.
void spread(MailIsp& isp, unsigned networks, const std::vector<std::string>& countries, Time from, Time until) {
    for (unsigned n = 0; n < networks; ++n) {
        const Time time = n + 1 == networks ? until : from + n * 1s;
        isp.accept(time, in_country(countries[n % countries.size()], n / static_cast<unsigned>(countries.size())));
    }
}

BOOST_AUTO_TEST_CASE(five_networks_in_two_countries_within_ten_minutes) {
    resident();
    spread(*this, 5, {"RU", "BR"}, kStart, kStart + 10min - 1us);
    const Decision decision = only(Rule::smtp_burst_spread);
    BOOST_TEST(decision.finding.grade == Grade::certain);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.action == Action::suspend);
    BOOST_TEST(decision.finding.summary_en ==
               "Mail was sent with the ID from 5 different networks in 2 countries within 9 minutes: Russia, Brazil.");
    BOOST_TEST(decision.finding.summary_ja ==
               "9分の間に、2か国（ロシア、ブラジル）にある5の異なるネットワークから、メール送信の認証がありました。");
    BOOST_TEST(decision.finding.evidence.size() == 5U);
}

BOOST_AUTO_TEST_CASE(the_short_window_on_its_boundary) {
    resident();
    spread(*this, 5, {"RU", "BR"}, kStart, kStart + 10min);
    BOOST_TEST(!found(Rule::smtp_burst_spread));
}

BOOST_AUTO_TEST_CASE(four_networks_or_one_country_are_none) {
    MailIsp four, one;
    four.resident();
    spread(four, 4, {"RU", "BR"}, kStart, kStart + 1min);
    BOOST_TEST(!four.found(Rule::smtp_burst_spread));
    one.resident();
    spread(one, 8, {"RU"}, kStart, kStart + 1min);
    BOOST_TEST(!one.found(Rule::smtp_burst_spread));
}

BOOST_AUTO_TEST_CASE(hosts_of_one_network_are_one_network) {
    resident().accept(kStart, in_country("BR"));
    for (unsigned host = 1; host < 20; ++host) accept(kStart + host * 1s, in_country("RU", host % 3, host));
    BOOST_TEST(!found(Rule::smtp_burst_spread));
}

BOOST_AUTO_TEST_CASE(ten_networks_in_three_countries_within_the_hour_on_its_boundary) {
    for (const auto& [last, found] : {std::pair{60min - 1us, true}, std::pair{60min + 0us, false}}) {
        MailIsp isp;
        isp.resident();
        for (unsigned n = 0; n < 9; ++n)
            isp.accept(kStart + n * 4min, in_country(std::array{"RU", "BR", "US"}[n % 3], n / 3));
        BOOST_TEST(!isp.found(Rule::smtp_burst_spread));
        isp.accept(kStart + last, in_country("RU", 9));
        BOOST_TEST(isp.found(Rule::smtp_burst_spread) == found);
    }
}

BOOST_AUTO_TEST_CASE(ten_networks_in_two_countries_over_an_hour_are_none) {
    resident();
    for (unsigned n = 0; n < 14; ++n) accept(kStart + n * 4min, in_country(n % 2 == 0 ? "RU" : "BR", n / 2));
    BOOST_TEST(!found(Rule::smtp_burst_spread));
}

BOOST_AUTO_TEST_CASE(silent_when_all_countries_are_familiar) {
    resident("user", in_country("JP"), in_country("US"));
    spread(*this, 8, {"JP", "US"}, kStart, kStart + 1min);
    BOOST_TEST(!found(Rule::smtp_burst_spread));
    accept(kStart + 2min, in_country("RU"));
    BOOST_TEST(found(Rule::smtp_burst_spread));
}

BOOST_AUTO_TEST_CASE(a_botnet_is_found_within_a_minute_and_memory_is_bounded) {
    resident();
    constexpr std::array countries{"US", "RU", "BR", "KR", "DE", "FR", "VN", "TH"};
    for (unsigned n = 0; n < 5000; ++n)
        accept(kStart + n * 10s, in_country(countries[n % 8], n / 8 % 10, 1 + n / 80 % 250));
    BOOST_TEST(suspended_at("user").value_or(Time::max()) <= kStart + 1min);
    const SmtpHistory& history = *open_stream(detector).smtp;
    BOOST_TEST(history.origins().size() <= SmtpHistory::kMaxOrigins);
    BOOST_TEST(history.jumps().size() <= SmtpHistory::kMaxJumps);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(smtp_burst_rate_rule, MailIsp)

BOOST_AUTO_TEST_CASE(three_hundred_accepts_in_ten_minutes_are_recorded) {
    resident().accepts(299, kStart, 2s, in_country("JP"));
    BOOST_TEST(decisions.empty());
    accept(kStart + 599s, in_country("JP", 0, 77));
    const Decision decision = only(Rule::smtp_burst_rate);
    BOOST_TEST(decision.finding.grade == Grade::notable);
    BOOST_TEST(decision.action == Action::record);
    BOOST_TEST(decision.finding.summary_en ==
               "300 authentications for sending mail in 9 minutes from one network, more than a person makes.");
    BOOST_TEST(decision.finding.summary_ja ==
               "9分の間に、同じネットワークから300回のメール送信の認証がありました。人の操作では起こらない頻度です。");
    BOOST_TEST(decision.finding.evidence.size() == kMaxEvidence);
    BOOST_TEST(decision.finding.evidence.back().time == kStart + 599s);
}

BOOST_AUTO_TEST_CASE(the_window_on_its_boundary) {
    for (const auto& [last, found] : {std::pair{600s - 1us, true}, std::pair{600s + 0us, false}}) {
        MailIsp isp;
        isp.resident().accepts(299, kStart, 1s, in_country("JP"));
        isp.accept(kStart + last, in_country("JP"));
        BOOST_TEST(isp.found(Rule::smtp_burst_rate) == found);
    }
}

BOOST_AUTO_TEST_CASE(two_networks_share_nothing_and_an_accept_told_twice_is_one) {
    resident().accepts(299, kStart, 1s, in_country("JP", 0)).accepts(299, kStart, 1s, in_country("JP", 1));
    accepts(299, kStart, 1s, in_country("JP", 0));
    BOOST_TEST(decisions.empty());
    BOOST_TEST(detector.counters().repeated == 299U);
}

BOOST_AUTO_TEST_CASE(a_bulk_sender_all_day_is_one_record_and_bounded) {
    resident().accepts(86'400, kStart, 1s, in_country("JP"));
    BOOST_TEST(of(Rule::smtp_burst_rate).size() == 1U);
    BOOST_TEST(suspended() + in_review() == 0U);
    BOOST_TEST(open_stream(detector).smtp->origins().front().accepts.size() < 9'000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
