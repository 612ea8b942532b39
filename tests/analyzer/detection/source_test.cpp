// smtp.source (R3): the watch itself, and what the detector makes of its findings.
#include "analyzer/detection/rules/smtp_source.hpp"

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const config::SmtpSourceSettings kSource;
const IpAddress kAttacker = address("198.51.100.7");

struct Watch {
    SourceWatch watch{kSource};
    Outages outages;
    std::vector<Finding> findings;

    bool attempt(std::uint64_t id, bool accepted, Time time, const IpAddress& source = kAttacker) {
        auto finding = watch.attempt(source, id, accepted, time, outages);
        if (finding) findings.push_back(std::move(*finding));
        return !findings.empty();
    }
    // `count` rejects, one every `step`, on `ids` IDs in turn.
    bool guess(unsigned count, unsigned ids, Time from, std::chrono::seconds step) {
        for (unsigned i = 0; i < count; ++i) attempt(i % ids, false, from + i * step);
        return !findings.empty();
    }
};

BOOST_FIXTURE_TEST_SUITE(source_windows, Watch)

BOOST_AUTO_TEST_CASE(fast_twenty_rejects_on_ten_ids_in_ten_minutes) {
    BOOST_TEST(!guess(19, 10, kStart, 10s));
    BOOST_TEST(attempt(0, false, kStart + 190s));
    BOOST_REQUIRE(findings.size() == 1U);
    const Finding& finding = findings.front();
    BOOST_TEST(finding.rule == Rule::smtp_source);
    BOOST_TEST((finding.source == kAttacker));
    BOOST_TEST(finding.time == kStart + 190s);
    BOOST_TEST(finding.attempts == 20U);
    BOOST_TEST(finding.ids == 10U);
    BOOST_TEST(finding.accepts == 0U);
    BOOST_TEST(!finding.renewal);
    BOOST_TEST(finding.expires == kStart + 190s + 15min);
    BOOST_TEST(finding.incident_key == "source/198.51.100.7/2026-03-01T00:03:10.000000Z");
}

BOOST_AUTO_TEST_CASE(fast_on_nine_ids_is_a_household) {
    BOOST_TEST(!guess(500, 9, kStart, 1s));
}

BOOST_AUTO_TEST_CASE(rejects_without_an_id_count_for_their_source_and_are_no_id) {
    for (int i = 0; i < 500; ++i) attempt(SourceWatch::kNoId, false, kStart + i * 1s);
    BOOST_TEST(findings.empty());  // no window asks for rejects alone
    // Ten rejects that name their IDs, and ten that do not, in the same second and in one line.
    Watch some;
    for (unsigned id = 1; id <= 10; ++id) some.attempt(id, false, kStart);
    BOOST_TEST(some.findings.empty());
    for (unsigned i = 0; i < 3; ++i) some.attempt(SourceWatch::kNoId, false, kStart + 1s);
    BOOST_TEST(some.findings.empty());
    const auto finding = some.watch.attempt(kAttacker, SourceWatch::kNoId, false, kStart + 2s, some.outages, 7);
    BOOST_REQUIRE(finding.has_value());
    BOOST_TEST(finding->attempts == 20U);
    BOOST_TEST(finding->ids == 10U);
}

BOOST_AUTO_TEST_CASE(one_line_of_very_many_rejects_is_kept_within_bounds) {
    for (unsigned id = 1; id <= 10; ++id) attempt(id, false, kStart);
    BOOST_REQUIRE(watch.attempt(kAttacker, SourceWatch::kNoId, false, kStart, outages, 4'000'000'000));
}

BOOST_AUTO_TEST_CASE(fast_window_on_its_boundary) {
    for (const bool in_time : {true, false}) {
        Watch other;
        other.guess(19, 10, kStart, 10s);
        BOOST_TEST(other.attempt(9, false, kStart + (in_time ? 10min - 1us : 10min + 0us)) == in_time);
    }
}

BOOST_AUTO_TEST_CASE(fast_with_five_in_a_hundred_accepted) {
    for (const unsigned accepts : {1U, 2U}) {
        Watch other;
        for (unsigned i = 0; i < accepts; ++i) other.attempt(100 + i, true, kStart);
        // 1 of 20 is 5 %; with 2 it takes 38 rejects.
        const unsigned enough = accepts == 1 ? 20 : 38;
        BOOST_TEST(!other.guess(enough - 1, 10, kStart + 1s, 5s));
        BOOST_TEST(other.attempt(0, false, kStart + 400s));
        BOOST_TEST(other.findings.front().accepts == accepts);
    }
}

BOOST_AUTO_TEST_CASE(medium_fifteen_ids_in_an_hour) {
    BOOST_TEST(!guess(14, 14, kStart, 4min));
    BOOST_TEST(attempt(14, false, kStart + 60min - 1us));
    BOOST_TEST(findings.front().ids == 15U);
    Watch late;
    late.guess(14, 14, kStart, 4min);
    BOOST_TEST(!late.attempt(14, false, kStart + 60min));
}

BOOST_AUTO_TEST_CASE(medium_with_one_in_five_accepted) {
    for (const unsigned accepts : {3U, 4U}) {
        Watch other;
        for (unsigned i = 0; i < accepts; ++i) other.attempt(100 + i, true, kStart);
        BOOST_TEST(other.guess(15, 15, kStart + 1s, 3min) == (accepts == 3));  // 3 of 18, 4 of 19
    }
}

BOOST_AUTO_TEST_CASE(slow_thirty_ids_in_a_day) {
    BOOST_TEST(!guess(29, 29, kStart, 48min));
    BOOST_TEST(attempt(29, false, kStart + 24h - 1us));
    BOOST_TEST((findings.front().quiet == 60min));
    BOOST_TEST(findings.front().expires == kStart + 25h - 1us);
    Watch late;
    late.guess(29, 29, kStart, 48min);
    BOOST_TEST(!late.attempt(29, false, kStart + 24h));
}

BOOST_AUTO_TEST_CASE(slow_with_two_in_a_hundred_accepted) {
    attempt(100, true, kStart);
    BOOST_TEST(!guess(48, 40, kStart + 1min, 29min));  // 1 of 49
    BOOST_TEST(attempt(48, false, kStart + 48 * 29min + 1min));
}

BOOST_AUTO_TEST_CASE(a_busy_gateway_is_none) {
    for (unsigned i = 0; i < 20'000; ++i) attempt(i % 800, i % 20 != 0, kStart + i * 4s);
    BOOST_TEST(findings.empty());
}

BOOST_AUTO_TEST_CASE(who_logs_in_completes_no_attack) {
    for (unsigned i = 0; i < 5; ++i) attempt(100 + i, true, kStart);
    guess(15, 15, kStart + 1min, 3min);  // 5 accepts of 20: too many
    BOOST_TEST(findings.empty());
    // An hour after the accepts the share is small; but it is the subscriber who comes back.
    BOOST_TEST(!attempt(100, true, kStart + 60min + 30s));
    BOOST_TEST(attempt(50, false, kStart + 60min + 40s));
}

BOOST_AUTO_TEST_CASE(attempts_that_come_late_take_their_place) {
    Watch in_order, shuffled;
    in_order.guess(20, 10, kStart, 10s);
    for (unsigned i = 0; i < 20; ++i) {
        const unsigned n = i % 2 == 0 ? i + 1 : i - 1;
        shuffled.attempt(n % 10, false, kStart + n * 10s);
    }
    BOOST_REQUIRE(shuffled.findings.size() == 1U);
    BOOST_TEST(shuffled.findings.front().key() == in_order.findings.front().key());
}

BOOST_AUTO_TEST_CASE(addresses_of_one_64_are_the_callers_business_and_others_are_apart) {
    for (unsigned i = 0; i < 30; ++i) attempt(i, false, kStart + i * 1s, address("203.0.113." + std::to_string(i + 1)));
    BOOST_TEST(findings.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(blocks, Watch)

BOOST_AUTO_TEST_CASE(every_attempt_puts_off_the_end_and_a_tenth_of_the_quiet_time_is_told) {
    guess(20, 10, kStart, 1s);
    const Time told = findings.front().expires;
    attempt(3, false, kStart + 19s + 90s - 1us);
    BOOST_TEST(findings.size() == 1U);
    attempt(3, true, kStart + 19s + 90s);  // refused or accepted: an attempt
    BOOST_REQUIRE(findings.size() == 2U);
    BOOST_TEST(findings[1].renewal);
    BOOST_TEST(findings[1].expires == told + 90s);
    BOOST_TEST(findings[1].attempts == 22U);
    BOOST_TEST(findings[1].accepts == 1U);
    BOOST_TEST(findings[1].key() == findings[0].key());
}

BOOST_AUTO_TEST_CASE(it_ends_by_itself_and_begins_anew_as_another) {
    guess(20, 10, kStart, 1s);
    const Time ends = findings.front().expires;
    attempt(0, false, ends);  // the block is over; one reject in ten minutes, ten IDs in the hour
    BOOST_TEST(findings.size() == 1U);
    guess(20, 10, ends + 10s, 1s);
    BOOST_REQUIRE(findings.size() >= 2U);
    BOOST_TEST(!findings[1].renewal);
    BOOST_TEST(findings[1].key() != findings[0].key());
}

BOOST_AUTO_TEST_CASE(no_id_is_in_a_finding) {
    guess(2000, 500, kStart, 1s);
    for (const Finding& finding : findings) {
        BOOST_TEST(finding.id.empty());
        BOOST_TEST(finding.evidence.size() <= kMaxEvidence);
        for (const Evidence& evidence : finding.evidence) BOOST_TEST((evidence.address == kAttacker));
    }
}

BOOST_AUTO_TEST_CASE(who_was_not_seen_for_the_longest_window_is_dropped) {
    const IpAddress once = address("198.51.100.1"), twice = address("198.51.100.2");
    const auto is_known = [&](const IpAddress& source) { return watch.mostly_guesses(source); };
    for (const IpAddress& source : {once, twice}) attempt(1, false, kStart, source);
    attempt(1, false, kStart + 1h, twice);
    attempt(1, false, kStart + 24h);
    BOOST_TEST(is_known(once));
    attempt(1, false, kStart + 24h + 20min);
    BOOST_TEST(!is_known(once));
    BOOST_TEST(is_known(twice));
    attempt(1, false, kStart + 25h + 20min);
    BOOST_TEST(!is_known(twice));
    BOOST_TEST(is_known(kAttacker));
    BOOST_TEST(watch.forgotten() == 0U);
}

BOOST_AUTO_TEST_CASE(memory_is_bounded_and_old_sources_make_room) {
    const auto nth = [](std::uint32_t n) { return IpAddress::ipv4(0x0a000000 + n); };
    for (std::uint32_t n = 0; n < 200'000; ++n) attempt(1, false, kStart + n * 1ms, nth(n));
    attempt(1, false, kStart + 30min, nth(300'000));
    BOOST_TEST(watch.forgotten() == 1U);
    // An hour later those who were not seen since give way.
    for (unsigned i = 0; i < 20; ++i) attempt(i % 10, false, kStart + 65min + i * 1s);
    BOOST_TEST(findings.size() == 1U);
    BOOST_TEST(watch.forgotten() == 200'001U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sources_in_the_detector)

// 20 rejects on 10 IDs from `source`.
void attack(Isp& isp, std::string_view source, Time from, unsigned first_id = 0) {
    for (unsigned i = 0; i < 20; ++i)
        isp.read(smtp(Kind::reject, "user" + std::to_string(first_id + i % 10), from + i * 1s, source));
}

BOOST_AUTO_TEST_CASE(blocked_at_once) {
    Isp isp;
    attack(isp, "198.51.100.7", kStart);
    const Decision decision = isp.only(Rule::smtp_source);
    BOOST_TEST(decision.action == Action::block);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.finding.id.empty());
    BOOST_TEST(decision.finding.summary_en ==
               "20 attempts on 10 IDs in 19 seconds from 198.51.100.7, 0 of them accepted: password guessing.");
    BOOST_TEST(decision.finding.summary_ja.find("198.51.100.7") == 0U);
    BOOST_TEST(told(isp.decisions).find("user") == std::string::npos);
    BOOST_TEST(isp.detector.streams().empty());  // nobody logged in
}

BOOST_AUTO_TEST_CASE(what_a_log_tells_in_sum_or_without_an_id_counts_for_the_source) {
    Isp isp;
    const auto reject = [&](const std::string& id, Time time, std::uint32_t attempts) {
        isp.detector.on_rejects(smtp(Kind::reject, id, time, "198.51.100.7"), attempts, isp.decisions);
    };
    for (unsigned i = 0; i < 10; ++i) reject("user" + std::to_string(i), kStart + i * 1s, 1);
    reject("", kStart + 10s, 5);
    BOOST_TEST(isp.decisions.empty());
    reject("user0", kStart + 11s, 5);  // one of user0 and four more
    const Decision decision = isp.only(Rule::smtp_source);
    BOOST_TEST(decision.action == Action::block);
    BOOST_TEST(decision.finding.attempts == 20U);
    BOOST_TEST(decision.finding.ids == 10U);

    Isp anonymous;
    for (unsigned i = 0; i < 300; ++i)
        anonymous.detector.on_rejects(smtp(Kind::reject, "", kStart + i * 1s, "198.51.100.7"), 1, anonymous.decisions);
    BOOST_TEST(anonymous.decisions.empty());
    BOOST_TEST(anonymous.detector.streams().empty());
}

BOOST_AUTO_TEST_CASE(a_64_is_one_source) {
    Isp isp;
    for (unsigned i = 0; i < 20; ++i)
        isp.read(smtp(Kind::reject, "user" + std::to_string(i), kStart + i * 1s,
                      "2001:db8:ffff:1::" + std::to_string(i + 1)));
    BOOST_TEST(isp.only(Rule::smtp_source).finding.source->to_string() == "2001:db8:ffff:1::/64");
}

BOOST_AUTO_TEST_CASE(own_pools_and_gateways_are_never_blocked) {
    Knowledge knowledge;
    knowledge.gateways = {address("203.0.113.0/28"), address("2001:db8:ffff:2::25")};
    Isp isp(enforced(), knowledge);
    for (const char* source : {"203.0.113.5", "2001:db8:ffff:2::1", "10.13.0.9", "2001:db8:4600:7::1"}) {
        attack(isp, source, kStart);
        BOOST_TEST(isp.decisions.back().action == Action::record, source);
        BOOST_TEST(isp.decisions.back().reason == Reason::own_network, source);
        BOOST_TEST(!isp.decisions.back().enforced, source);
    }
    const std::size_t before = isp.decisions.size();
    attack(isp, "203.0.113.5", kStart + 10min);  // goes on: told once
    BOOST_TEST(isp.decisions.size() == before);
    attack(isp, "203.0.113.16", kStart + 20min);
    BOOST_TEST(isp.decisions.back().enforced);
}

BOOST_AUTO_TEST_CASE(modes) {
    for (const auto& [mode, action] :
         {std::pair{config::Mode::observe, Action::block}, std::pair{config::Mode::review, Action::review}}) {
        config::DetectionSettings settings;
        settings.mode = mode;
        Isp isp(settings);
        attack(isp, "198.51.100.7", kStart);
        BOOST_TEST(isp.decisions.back().action == action);
        BOOST_TEST(isp.decisions.back().reason == Reason::mode);
        BOOST_TEST(!isp.decisions.back().enforced);
    }
}

// `rejected` of a hundred attempts of a hundred IDs from networks they are known from.
void known_users(Isp& isp, Time from, unsigned rejected) {
    for (unsigned i = 0; i < 100; ++i)
        isp.read(smtp(i < rejected ? Kind::reject : Kind::accept, "known" + std::to_string(i), from + i * 1s,
                      "192.0.2." + std::to_string(i + 1)));
}

BOOST_AUTO_TEST_CASE(while_our_own_backend_fails_no_block_begins_and_then_it_does) {
    Isp isp;
    for (int window = 0; window < 10; ++window) known_users(isp, kStart + window * 5min, 0);
    known_users(isp, kStart + 1h, 40);
    attack(isp, "198.51.100.7", kStart + 1h + 2min);
    BOOST_REQUIRE(isp.found(Rule::smtp_source));
    BOOST_TEST(isp.decisions.back().action == Action::review);
    BOOST_TEST(isp.decisions.back().reason == Reason::backend);
    const std::string held = isp.decisions.back().finding.key();
    attack(isp, "198.51.100.7", kStart + 1h + 4min);
    BOOST_TEST(isp.decisions.back().finding.key() == held);
    // The attack outlasts the outage: then it is blocked, as a block of its own.
    attack(isp, "198.51.100.7", kStart + 1h + 12min);
    BOOST_TEST(isp.decisions.back().enforced);
    BOOST_TEST(isp.decisions.back().action == Action::block);
    BOOST_TEST(!isp.decisions.back().finding.renewal);
    BOOST_TEST(isp.decisions.back().finding.key() != held);
    const std::string blocked = isp.decisions.back().finding.incident_key;
    attack(isp, "198.51.100.7", kStart + 1h + 15min);
    BOOST_TEST(isp.decisions.back().finding.incident_key == blocked);
    BOOST_TEST(isp.decisions.back().finding.renewal);
}

// The owners of suspended IDs go on trying from where they always were, and so does who sits behind a blocked source.
BOOST_AUTO_TEST_CASE(what_we_refuse_ourselves_is_no_outage) {
    for (const bool suspended : {true, false}) {
        Isp isp;
        for (int window = 0; window < 10; ++window) known_users(isp, kStart + window * 5min, 0);
        for (unsigned i = 0; suspended && i < 40; ++i)
            isp.detector.suspend_by_person(Service::smtp_auth, "known" + std::to_string(i), kStart + 55min);
        known_users(isp, kStart + 1h, 40);
        attack(isp, "198.51.100.7", kStart + 1h + 2min);
        BOOST_TEST(isp.decisions.back().enforced == suspended);
    }
    Isp isp;
    for (int window = 0; window < 10; ++window) known_users(isp, kStart + window * 5min, 0);
    for (unsigned i = 0; i < 30; ++i) attack(isp, "192.0.2." + std::to_string(i + 1), kStart + 1h);
    known_users(isp, kStart + 1h + 1min, 30);
    attack(isp, "198.51.100.7", kStart + 1h + 3min);
    BOOST_TEST(isp.decisions.back().enforced);
}

// Many who are behind one address were rejected in the outage: a mistyped password after it completes nothing.
BOOST_AUTO_TEST_CASE(what_an_outage_rejected_does_not_count_when_it_is_over) {
    for (const bool outage : {true, false}) {
        Isp isp;
        for (int window = 0; window < 10; ++window) known_users(isp, kStart + window * 5min, 0);
        known_users(isp, kStart + 1h, outage ? 40 : 0);
        for (unsigned i = 0; i < 19; ++i)
            isp.read(smtp(Kind::reject, "mobile" + std::to_string(i), kStart + 1h + 2min + i * 1s, "203.0.113.80"));
        known_users(isp, kStart + 1h + 10min, 0);
        const std::size_t before = isp.decisions.size();
        for (unsigned i = 0; i < 3; ++i)
            isp.read(smtp(Kind::reject, "mobile" + std::to_string(i), kStart + 1h + 13min + i * 1s, "203.0.113.80"));
        const auto blocked = [](const Decision& decision) { return decision.action == Action::block; };
        BOOST_TEST(std::any_of(isp.decisions.begin(), isp.decisions.end(), blocked) == !outage);
        if (outage) BOOST_TEST(isp.decisions.size() == before);
    }
}

BOOST_AUTO_TEST_CASE(the_backend_guard_on_its_boundary) {
    for (const unsigned rejected : {20U, 25U}) {
        Isp isp;
        known_users(isp, kStart, 0);
        // The rejected ones come first, and the share is looked at from the twentieth attempt on: accepts before them.
        for (unsigned i = rejected; i < 100; ++i)
            isp.read(smtp(Kind::accept, "known" + std::to_string(i), kStart + 1h, "192.0.2." + std::to_string(i + 1)));
        for (unsigned i = 0; i < rejected; ++i)
            isp.read(
                smtp(Kind::reject, "known" + std::to_string(i), kStart + 1h + 10s, "192.0.2." + std::to_string(i + 1)));
        attack(isp, "198.51.100.7", kStart + 1h + 1min);
        BOOST_TEST((isp.decisions.back().reason == Reason::backend) == (rejected == 25));
    }
}

BOOST_AUTO_TEST_CASE(a_wave_of_guessing_does_not_trip_it) {
    Isp isp;
    known_users(isp, kStart, 0);
    for (unsigned wave = 0; wave < 50; ++wave)
        attack(isp, "198.51.100." + std::to_string(wave + 1), kStart + 1h + wave * 2s, wave);
    std::size_t blocks = 0;
    for (const Decision& decision : isp.decisions)
        if (decision.enforced && !decision.finding.renewal) ++blocks;
    BOOST_TEST(blocks == 50U);
}

BOOST_AUTO_TEST_CASE(who_is_known_by_a_network_that_fails_all_day_is_usual) {
    Isp isp;
    known_users(isp, kStart - 1h, 0);
    for (int window = 0; window < 100; ++window) known_users(isp, kStart + window * 5min, 30);
    attack(isp, "198.51.100.7", kStart + 500min);
    BOOST_TEST(isp.decisions.back().enforced);  // 30 % are rejected, and always were: not five times the usual
}

BOOST_AUTO_TEST_CASE(an_attack_suspends_nobody) {
    Isp isp;
    known_users(isp, kStart, 0);
    for (unsigned i = 0; i < 3000; ++i) isp.read(smtp(Kind::reject, "known0", kStart + 1h + i * 1s, "198.51.100.7"));
    for (const Decision& decision : isp.decisions) BOOST_TEST(decision.action != Action::suspend);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
