// smtp.source.hit (R2): an ID whose password a guessing source hit.
#include "analyzer/detection/rules/smtp_source_hit.hpp"

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const std::string kAttacker = "198.51.100.7";  // of no known place

BOOST_FIXTURE_TEST_SUITE(smtp_source_hit_rule, MailIsp)

BOOST_AUTO_TEST_CASE(accepted_while_the_source_is_blocked) {
    resident().guessing(kStart, kAttacker).accept(kStart + 5min, kAttacker);
    const Decision decision = only(Rule::smtp_source_hit);
    BOOST_TEST(decision.finding.grade == Grade::certain);
    BOOST_TEST(decision.action == Action::suspend);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.finding.id == "user");
    BOOST_TEST(!decision.finding.source.has_value());
    BOOST_TEST(decision.finding.time == kStart + 5min);
    BOOST_TEST(decision.finding.summary_en ==
               "The ID was used from 198.51.100.7, a network it had never used, when that address was found guessing "
               "passwords (20 attempts). The password was probably guessed.");
    BOOST_TEST(
        decision.finding.summary_ja ==
        "このIDで使われたことのないネットワークの198.51.100.7から認証がありました。この接続元はすでに、20回の試行により"
        "パスワードを次々に試す攻撃と判定されています。パスワードが推測されたとみられます。");
}

BOOST_AUTO_TEST_CASE(accepted_before_the_block_is_found_at_the_block) {
    resident().accept(kStart, kAttacker);
    BOOST_TEST(decisions.empty());
    guessing(kStart + 3h, kAttacker);
    const Decision decision = only(Rule::smtp_source_hit);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.finding.time == kStart + 3h);
    BOOST_REQUIRE(decision.finding.evidence.size() == 1U);
    BOOST_TEST(decision.finding.evidence[0].time == kStart);
    BOOST_TEST(decision.finding.evidence[0].address->to_string() == kAttacker);
    BOOST_TEST(decision.finding.summary_en ==
               "The ID was used from 198.51.100.7, a network it had never used, 3 hours before that address was found "
               "guessing passwords (20 attempts). The password was probably guessed.");
    BOOST_TEST(decision.finding.summary_ja.find("この接続元はその3時間後に、20回の試行により") != std::string::npos);
    // The block's own finding has no ID in it (R3).
    BOOST_TEST(told({only(Rule::smtp_source)}).find("user") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_day_before_the_block_on_its_boundary) {
    for (const auto& [before, found] : {std::pair{24h - 1us, true}, std::pair{24h + 0us, false}}) {
        MailIsp isp;
        isp.resident().accept(kStart + 24h - before, kAttacker).guessing(kStart + 24h, kAttacker);
        BOOST_TEST(isp.found(Rule::smtp_source_hit) == found);
    }
}

BOOST_AUTO_TEST_CASE(after_the_end_of_the_block_it_is_none) {
    for (const auto& [after, found] : {std::pair{15min - 1us, true}, std::pair{15min + 0us, false}}) {
        MailIsp isp;
        isp.resident().guessing(kStart, kAttacker).accept(kStart + after, kAttacker);
        BOOST_TEST(isp.found(Rule::smtp_source_hit) == found);
    }
}

BOOST_AUTO_TEST_CASE(a_network_that_the_id_has_used_is_none) {
    resident("user", in_country("JP"), "198.51.100.200");
    accept(kStart, kAttacker).guessing(kStart + 1h, kAttacker).accept(kStart + 61min, kAttacker);
    BOOST_TEST(!found(Rule::smtp_source_hit));
}

BOOST_AUTO_TEST_CASE(other_sources_of_the_network_are_none) {
    resident().accept(kStart, "198.51.100.8").guessing(kStart + 1h, kAttacker);
    BOOST_TEST(!found(Rule::smtp_source_hit));
}

BOOST_AUTO_TEST_CASE(gateways_and_own_pools_are_none) {
    Knowledge knowledge;
    knowledge.gateways = {address("203.0.113.0/28")};
    MailIsp isp(enforced(), knowledge);
    isp.resident();
    for (const std::string source : {"203.0.113.5", "10.46.3.3"})
        isp.accept(kStart, source).guessing(kStart + 1h, source).accept(kStart + 61min, source, "second");
    BOOST_TEST(!isp.found(Rule::smtp_source_hit));
}

BOOST_AUTO_TEST_CASE(several_ids_of_one_source_each_once) {
    for (const std::string id : {"a", "b"}) resident(id).accepts(5, kStart, 1min, kAttacker, id);
    guessing(kStart + 1h, kAttacker).accepts(5, kStart + 61min, 1min, kAttacker, "a");
    BOOST_TEST(of(Rule::smtp_source_hit).size() == 2U);
    BOOST_TEST(suspended() == 2U);
}

// A carrier's NAT that nobody listed: phones in plenty, and somebody behind it guesses.
BOOST_AUTO_TEST_CASE(where_many_log_in_it_is_for_a_person) {
    for (const unsigned ids : {2U, 3U}) {  // of 10 rejected and these, a fifth
        MailIsp isp;
        for (unsigned n = 0; n < ids; ++n) {
            isp.resident("phone" + std::to_string(n));
            isp.accept(kStart + n * 1min, kAttacker, "phone" + std::to_string(n));
        }
        isp.guessing(kStart + 1h, kAttacker).until(kStart + 2h);
        BOOST_TEST(isp.of(Rule::smtp_source_hit).size() == ids);
        BOOST_TEST(isp.suspended() == (ids == 2 ? 2U : 0U));
        if (ids > 2) BOOST_TEST(isp.of(Rule::smtp_source_hit).front().reason == Reason::storm);
    }
}

BOOST_AUTO_TEST_CASE(a_fifth_is_not_many) {
    MailIsp isp;
    for (const auto* id : {"victim0", "victim1"}) isp.resident(id).accept(kStart, kAttacker, id);
    isp.guessing(kStart + 1h, kAttacker).until(kStart + 2h);  // on ten IDs, these two among them
    BOOST_TEST(isp.suspended() == 2U);
}

BOOST_AUTO_TEST_CASE(while_our_own_backend_fails_it_is_for_a_person) {
    for (unsigned n = 0; n < 40; ++n)
        accept(kStart - 1h, "192.0.2." + std::to_string(n + 1), "known" + std::to_string(n));
    for (unsigned n = 0; n < 40; ++n)
        read(smtp(Kind::reject, "known" + std::to_string(n), kStart, "192.0.2." + std::to_string(n + 1)));
    resident("other").accept(kStart + 1s, kAttacker, "other").guessing(kStart + 1min, kAttacker);
    BOOST_TEST(only(Rule::smtp_source_hit).action == Action::review);
    BOOST_TEST(only(Rule::smtp_source_hit).reason == Reason::backend);
}

BOOST_AUTO_TEST_CASE(what_was_before_a_release_never_counts) {
    resident().accept(kStart, kAttacker);
    detector.release(Service::smtp_auth, "user", kStart + 1h);
    guessing(kStart + 2h, kAttacker);
    BOOST_TEST(!found(Rule::smtp_source_hit));
}

BOOST_AUTO_TEST_CASE(a_young_id_settles_first) {
    accept(kStart, kAttacker).guessing(kStart + 1h, kAttacker);
    BOOST_TEST(only(Rule::smtp_source_hit).reason == Reason::settling);
    until(kStart + 1h + 120s);
    BOOST_TEST(only(Rule::smtp_source_hit).enforced);
}

BOOST_AUTO_TEST_CASE(it_is_found_whatever_the_mode_says_of_blocks) {
    config::DetectionSettings settings = enforced();
    settings.rule_modes["smtp.source"] = config::Mode::observe;
    MailIsp isp(settings);
    isp.resident().guessing(kStart, kAttacker).accept(kStart + 5min, kAttacker);
    BOOST_TEST(isp.only(Rule::smtp_source_hit).enforced);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(smtp_first_uses)

BOOST_AUTO_TEST_CASE(bounded_in_number_and_time) {
    FirstUses uses(24h);
    const auto nth = [](std::uint32_t n) { return IpAddress::ipv4(0x0a000000 + n); };
    for (std::uint32_t n = 0; n < FirstUses::kMax + 10; ++n) uses.add(nth(n), n, "id", kStart);
    BOOST_TEST(uses.size() == FirstUses::kMax);
    BOOST_TEST(uses.of(nth(9), Time{}).empty());
    BOOST_TEST(uses.of(nth(10), Time{}).size() == 1U);
    uses.add(nth(7), 1, "id", kStart + 25h);
    BOOST_TEST(uses.size() == 1U);
    BOOST_TEST(uses.of(nth(7), kStart + 25h - 1us).size() == 1U);
    BOOST_TEST(uses.of(nth(7), kStart + 25h).empty());
}

BOOST_AUTO_TEST_CASE(of_one_id_the_earliest) {
    FirstUses uses(24h);
    const IpAddress source = address("198.51.100.7");
    for (const auto& [key, after] : {std::pair{1U, 9s}, std::pair{2U, 3s}, std::pair{1U, 5s}})
        uses.add(source, key, "id" + std::to_string(key), kStart + after);
    const auto found = uses.of(source, Time{});
    BOOST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0].id == "id1");
    BOOST_TEST(found[0].time == kStart + 5s);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
