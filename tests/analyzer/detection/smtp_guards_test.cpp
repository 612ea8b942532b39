// What holds findings about SMTP-AUTH IDs back, and what ends them: storm, lag, pool table, breaker, allow list, modes,
// release, reload, snapshot.
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

// In Japan and Russia and Brazil: certain.
void steal(MailIsp& isp, const std::string& id, Time from) {
    isp.accept(from, in_country("JP"), id);
    isp.accept(from + 20min, in_country("RU"), id).accept(from + 40min, in_country("BR"), id);
}

BOOST_AUTO_TEST_SUITE(smtp_guards)

BOOST_AUTO_TEST_CASE(many_that_make_the_same_step_are_a_storm) {
    MailIsp isp;
    // A carrier's network is labelled with another country from one day to the next.
    for (unsigned n = 0; n < 40; ++n) isp.resident("user" + std::to_string(n));
    for (unsigned n = 0; n < 40; ++n) {
        const std::string id = "user" + std::to_string(n);
        isp.accept(kStart + n * 10s, in_country("JP"), id).accept(kStart + n * 10s + 5s, in_country("KR"), id);
    }
    const auto jumps = isp.of(Rule::smtp_jump);
    BOOST_REQUIRE(jumps.size() == 40U);
    BOOST_TEST(jumps[0].reason == Reason::profile);
    BOOST_TEST(jumps[39].reason == Reason::storm);
    BOOST_TEST(isp.suspended() == 0U);
}

BOOST_AUTO_TEST_CASE(a_certain_jump_in_a_storm_is_for_a_person) {
    for (const bool storm : {true, false}) {
        MailIsp isp;
        isp.resident();
        steal(isp, "user", kStart);
        BOOST_TEST(isp.suspended("user"));
        MailIsp other;
        other.resident();
        if (storm)
            for (unsigned n = 0; n < 40; ++n)
                for (const char* country : {"RU", "BR"})
                    other.accept(kStart + 40min - 10s + n * 1ms, in_country(country), "user" + std::to_string(n));
        steal(other, "user", kStart);
        BOOST_TEST(other.only(Rule::smtp_jump_corroborated).reason == (storm ? Reason::storm : Reason::none));
    }
}

BOOST_AUTO_TEST_CASE(while_the_analyzer_lags_places_decide_nothing) {
    MailIsp isp;
    isp.detector.set_lagging(true);
    isp.resident();
    steal(isp, "user", kStart);
    BOOST_TEST(isp.only(Rule::smtp_jump_corroborated).reason == Reason::lag);
    BOOST_TEST(isp.suspended() == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_that_changed_decides_nothing_for_a_day) {
    for (const auto& [later, reason] :
         {std::pair{24h - 41min, Reason::pool_table}, std::pair{24h + 0min, Reason::none}}) {
        MailIsp isp;
        isp.resident().accept(kStart, in_country("JP"), "other");
        std::string rows = pool_rows();
        rows.replace(rows.find("10.13.0.0/16,JP,JP-13"), 21, "10.13.0.0/16,JP,JP-14");
        isp.detector.set_locator(world(rows));
        steal(isp, "user", kStart + later);
        BOOST_TEST(isp.only(Rule::smtp_jump_corroborated).reason == reason);
    }
}

BOOST_AUTO_TEST_CASE(the_breaker_counts_them) {
    MailIsp isp;
    for (unsigned n = 0; n < 6; ++n) {
        isp.resident("user" + std::to_string(n));
        isp.accept(kStart + n * 1s, "198.51.100." + std::to_string(n + 1), "user" + std::to_string(n));
    }
    for (unsigned n = 0; n < 6; ++n) isp.guessing(kStart + 1h + n * 1min, "198.51.100." + std::to_string(n + 1));
    BOOST_TEST(isp.suspended() == 3U);  // an hour, of so few active IDs
    BOOST_TEST(isp.of(Rule::smtp_source_hit).back().reason == Reason::breaker);
}

BOOST_AUTO_TEST_CASE(networks_of_the_database_are_no_pools_to_the_breaker) {
    config::DetectionSettings settings = enforced();
    settings.guards.breaker_per_pool = 1;
    MailIsp isp(settings);
    for (const char* id : {"a", "b"}) isp.resident(id);
    for (const char* id : {"a", "b"}) steal(isp, id, kStart);
    BOOST_TEST(isp.suspended() == 2U);
}

BOOST_AUTO_TEST_CASE(allow_list_and_modes) {
    Knowledge knowledge;
    knowledge.allowed = [](Service service, const std::string& id, Time) {
        return service == Service::smtp_auth && id == "allowed";
    };
    config::DetectionSettings settings = enforced();
    settings.rule_modes["smtp.jump.corroborated"] = config::Mode::review;
    MailIsp isp(settings, knowledge);
    isp.resident("allowed").resident("user");
    steal(isp, "allowed", kStart);
    steal(isp, "user", kStart);
    const auto decisions = isp.of(Rule::smtp_jump_corroborated);
    BOOST_REQUIRE(decisions.size() == 2U);
    BOOST_TEST(decisions[0].action == Action::record);
    BOOST_TEST(decisions[0].reason == Reason::allowed);
    BOOST_TEST(decisions[1].action == Action::review);
    BOOST_TEST(decisions[1].reason == Reason::mode);
}

BOOST_AUTO_TEST_CASE(a_home_region_makes_no_jump_of_mail_certain) {
    Knowledge knowledge;
    knowledge.contract = [](Service, const std::string&) { return Contract{1, region("JP-13")}; };
    config::DetectionSettings settings = enforced();
    settings.profile = config::Profile::cautious;
    MailIsp isp(settings, knowledge);
    steal(isp, "young", kStart);
    BOOST_TEST(isp.only(Rule::smtp_jump_corroborated).finding.grade == Grade::probable);
    BOOST_TEST(isp.only(Rule::smtp_jump_corroborated).reason == Reason::profile);
}

BOOST_AUTO_TEST_CASE(a_gateway_that_is_listed_never_counts) {
    Knowledge knowledge;
    knowledge.gateways = {address("198.18.0.0/24"), address("198.18.10.1"), address("2001:db8:a000:2::25")};
    MailIsp isp(enforced(), knowledge);
    isp.resident().accept(kStart, in_country("JP"));
    isp.accept(kStart + 1s, in_country("US"))
        .accept(kStart + 2s, in_country("RU"))
        .accept(kStart + 3s, "2001:db8:a000:2::1");
    BOOST_TEST(isp.decisions.empty());
    isp.accept(kStart + 4s, in_country("RU", 0, 2));
    BOOST_TEST(isp.found(Rule::smtp_jump));
}

BOOST_AUTO_TEST_CASE(what_was_before_a_release_never_counts_even_if_it_is_told_later) {
    MailIsp isp;
    isp.resident();
    steal(isp, "user", kStart);
    BOOST_TEST(isp.suspended("user"));
    isp.detector.release(Service::smtp_auth, "user", kStart + 1h);
    isp.decisions.clear();
    isp.accept(kStart + 1h, in_country("RU")).accept(kStart + 1h + 1min, in_country("JP"));
    isp.accept(kStart + 1h - 30s, in_country("BR"));  // late
    BOOST_TEST(isp.decisions.empty());
    // The thief comes back with the new password: an incident of its own.
    isp.accept(kStart + 1h + 10min, in_country("RU"));
    BOOST_TEST(isp.found(Rule::smtp_jump));
    isp.accept(kStart + 1h + 20min, in_country("BR"));
    BOOST_TEST(isp.only(Rule::smtp_jump_corroborated).enforced);
}

BOOST_AUTO_TEST_CASE(a_release_that_comes_before_its_events_are_read_again_counts_too) {
    MailIsp isp;
    isp.resident();
    isp.detector.release(Service::smtp_auth, "user", kStart + 1h);
    steal(isp, "user", kStart);
    BOOST_TEST(isp.decisions.empty());
}

BOOST_AUTO_TEST_CASE(places_are_looked_up_again_when_the_database_is_another_one) {
    MailIsp isp;
    isp.resident().accept(kStart, in_country("US"));
    // The same address, by the new one, was in Russia: no step from there to Russia.
    std::string rows = pool_rows() + "198.18.0.0/24,RU,RU-MOW,,,55.75,37.62,20,\n";
    isp.detector.set_locator(world(rows));
    isp.accept(kStart + 1min, in_country("RU"));
    BOOST_TEST(isp.decisions.empty());
    const SmtpHistory& history = *open_stream(isp.detector).smtp;
    for (const SmtpOrigin& origin : history.origins())
        if (origin.source == address(in_country("US"))) BOOST_TEST(origin.country().view() == "RU");
}

BOOST_AUTO_TEST_CASE(pairs_are_found_again_after_a_reload) {
    MailIsp isp;
    isp.resident().accept(kStart, in_country("RU"));
    isp.detector.set_locator(world());
    isp.accept(kStart + 1h, in_country("BR"));
    BOOST_TEST(isp.found(Rule::smtp_jump));
    isp.detector.set_locator(world());
    isp.accept(kStart + 2h, in_country("JP"));
    BOOST_TEST(isp.found(Rule::smtp_jump_corroborated));
}

BOOST_AUTO_TEST_CASE(countries_and_quarantine_are_what_a_snapshot_keeps) {
    MailIsp before;
    before.resident();
    steal(before, "user", kStart);
    MailIsp after;
    before.detector.streams().each_learned(
        [&](std::uint64_t key, const Learned& learned) { after.detector.restore(key, learned); });
    after.accept(kStart + 10 * 24h, in_country("JP"));
    after.accept(kStart + 10 * 24h + 1min, in_country("RU"));
    BOOST_TEST(after.only(Rule::smtp_jump).finding.grade == Grade::probable);  // neither young, nor at home in Russia
    BOOST_TEST(after.only(Rule::smtp_jump).finding.places.back().country.view() == "RU");
}

BOOST_AUTO_TEST_CASE(a_day_later_nothing_of_the_addresses_is_left) {
    MailIsp isp;
    isp.resident().accept(kStart, in_country("JP"));
    isp.detector.forget(kStart + 23h);
    BOOST_TEST((open_stream(isp.detector).smtp != nullptr));
    isp.detector.forget(kStart + 24h + 2min);
    BOOST_TEST((open_stream(isp.detector).smtp == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
