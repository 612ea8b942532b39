// What ordinary life with mail looks like, and must never suspend anyone.
#include <random>

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

constexpr std::uint64_t kSeed = 20260302;

class Dice {
  public:
    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  private:
    std::mt19937_64 random_{kSeed};
};

BOOST_AUTO_TEST_SUITE(smtp_innocents)

BOOST_AUTO_TEST_CASE(a_traveller_whose_scanner_at_home_goes_on) {
    MailIsp isp;
    isp.resident().accepts(30 * 24 * 6, kStart, 10min, in_country("JP"));
    // Two weeks abroad, a mail every hour of the day, from a few networks; then home.
    MailIsp away;
    away.resident();
    std::vector<std::pair<Time, std::string>> sent;
    for (unsigned i = 0; i < 30 * 24 * 6; ++i) sent.emplace_back(kStart + i * 10min, in_country("JP"));
    for (unsigned day = 5; day < 19; ++day)
        for (unsigned hour = 0; hour < 12; ++hour)
            sent.emplace_back(kStart + day * 24h + hour * 1h + 3min, in_country("DE", day % 4, hour));
    std::sort(sent.begin(), sent.end());
    for (const auto& [time, source] : sent) away.accept(time, source);
    away.until(kStart + 40 * 24h);
    BOOST_TEST(away.suspended() == 0U);
    BOOST_TEST(away.found(Rule::smtp_jump));  // a person looks, once a day
    BOOST_TEST(away.of(Rule::smtp_jump).size() <= 15U);
}

BOOST_AUTO_TEST_CASE(a_traveller_without_a_scanner_is_not_even_looked_at) {
    MailIsp isp;
    isp.resident().accepts(10, kStart, 1h, in_country("JP"));
    isp.accepts(20, kStart + 22h, 1h, in_country("DE")).accepts(5, kStart + 44h, 20min, in_country("FR"));
    isp.accept(kStart + 60h, in_country("JP")).until(kStart + 72h);
    BOOST_TEST(isp.decisions.empty());
}

BOOST_AUTO_TEST_CASE(a_phone_behind_a_carriers_gateway_abroad) {
    Knowledge knowledge;
    for (unsigned network = 0; network < 10; ++network)
        knowledge.gateways.push_back(address(in_country("US", network)).network());
    MailIsp isp(enforced(), knowledge);
    Dice dice;
    isp.resident();
    for (unsigned i = 0; i < 3000; ++i)
        isp.accept(kStart + i * 20s,
                   dice.below(2) == 0 ? in_country("JP") : in_country("US", dice.below(10), dice.below(250)));
    BOOST_TEST(isp.decisions.empty());
}

BOOST_AUTO_TEST_CASE(a_mail_service_that_fetches_for_the_user_from_a_farm_of_servers) {
    Knowledge knowledge;
    knowledge.gateways = {address("198.18.0.0/20")};
    MailIsp isp(enforced(), knowledge);
    Dice dice;
    isp.resident();
    for (unsigned i = 0; i < 3000; ++i)
        isp.accept(kStart + i * 5s, in_country(dice.below(2) == 0 ? "US" : "JP", dice.below(10)));
    BOOST_TEST(isp.suspended() + isp.in_review() == 0U);
}

BOOST_AUTO_TEST_CASE(a_second_home_abroad_long_familiar) {
    MailIsp isp;
    isp.resident("user", in_country("JP"), in_country("FR"));
    for (unsigned i = 0; i < 2000; ++i) isp.accept(kStart + i * 2min, in_country(i % 2 == 0 ? "FR" : "JP", i / 2 % 9));
    isp.until(kStart + 10 * 24h);
    BOOST_TEST(isp.suspended() + isp.in_review() == 0U);
}

BOOST_AUTO_TEST_CASE(a_household_with_many_devices_in_the_country) {
    MailIsp isp;
    Dice dice;
    isp.resident();
    constexpr std::array<unsigned, 5> prefectures{1, 13, 27, 40, 46};
    for (unsigned i = 0; i < 2000; ++i)
        isp.accept(kStart + i * 10s, in_prefecture(prefectures[dice.below(5)], dice.below(5000)));
    BOOST_TEST(isp.decisions.empty());
}

BOOST_AUTO_TEST_CASE(a_bulk_sender_of_one_network) {
    MailIsp isp;
    isp.resident().accepts(20'000, kStart, 500ms, in_country("JP")).until(kStart + 24h);
    BOOST_TEST(isp.suspended() + isp.in_review() == 0U);
    BOOST_TEST(isp.only(Rule::smtp_burst_rate).action == Action::record);
}

BOOST_AUTO_TEST_CASE(an_old_password_in_a_mail_client) {
    MailIsp isp;
    isp.resident();
    for (unsigned i = 0; i < 20'000; ++i) isp.read(smtp(Kind::reject, "user", kStart + i * 5s, in_country("RU")));
    BOOST_TEST(isp.decisions.empty());
}

BOOST_AUTO_TEST_CASE(a_hotel_in_which_somebody_guesses) {
    MailIsp isp;
    for (unsigned n = 0; n < 30; ++n) isp.resident("guest" + std::to_string(n));
    for (unsigned n = 0; n < 30; ++n) isp.accept(kStart + n * 10min, "203.0.113.9", "guest" + std::to_string(n));
    isp.guessing(kStart + 6h, "203.0.113.9").until(kStart + 7h);
    BOOST_TEST(isp.suspended() == 0U);
    BOOST_TEST(isp.in_review() == 30U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
