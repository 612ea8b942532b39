// The rules about many accepts or sessions, and rejects.
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const std::string kTokyo = in_prefecture(13), kKagoshima = in_prefecture(46);

Knowledge contract_of(unsigned sessions) {
    Knowledge knowledge;
    knowledge.contract = [sessions](Service, const std::string&) { return std::optional(Contract{sessions, {}}); };
    return knowledge;
}

struct Bursts {
    Log log;
    Bursts() { log.resident("id", kTokyo); }
    // `count` sessions in that prefecture, one every `step`.
    void redial(unsigned prefecture, unsigned count, Time from, std::chrono::seconds step) {
        for (unsigned i = 0; i < count; ++i) log.dial("id", from + i * step, in_prefecture(prefecture, 100 + i));
    }
    [[nodiscard]] Isp told(Knowledge knowledge = {}) const {
        Isp isp(enforced(), std::move(knowledge));
        isp.read(log).until(kStart + 10 * 24h);
        return isp;
    }
};

BOOST_FIXTURE_TEST_SUITE(pppoe_burst_far, Bursts)

BOOST_AUTO_TEST_CASE(fires_on_the_tenth_accept) {
    redial(13, 5, kStart, 60s);
    redial(46, 5, kStart + 5min, 59s);
    const Decision decision = told().only(Rule::pppoe_burst_far);
    BOOST_TEST(decision.finding.grade == Grade::certain);
    BOOST_TEST(decision.decided == kStart + 5min + 4 * 59s);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.finding.evidence.size() == 10U);
    BOOST_TEST(decision.finding.summary_en.find("10 authentications in 8 minutes") == 0U);
}

BOOST_AUTO_TEST_CASE(nine_are_not_enough) {
    redial(13, 5, kStart, 60s);
    redial(46, 4, kStart + 5min, 60s);
    BOOST_TEST(!told().found(Rule::pppoe_burst_far));
}

BOOST_AUTO_TEST_CASE(within_ten_minutes) {
    for (const bool in_time : {true, false}) {
        Bursts bursts;
        bursts.redial(13, 5, kStart, 60s);
        bursts.redial(46, 4, kStart + 5min, 60s);
        bursts.log.dial("id", kStart + (in_time ? 10min - 1us : 10min + 0us), in_prefecture(46, 200));
        BOOST_TEST(bursts.told().found(Rule::pppoe_burst_far) == in_time);
    }
}

BOOST_AUTO_TEST_CASE(the_step_must_be_among_them) {
    // Kagoshima since a quarter of an hour, in daily contact with Tokyo before: only the jump was impossible.
    log.alive("id", kStart, kTokyo).dial("id", kStart + 1min, kKagoshima);
    redial(46, 10, kStart + 15min, 50s);
    const Isp isp = told();
    BOOST_TEST(isp.found(Rule::pppoe_jump));
    BOOST_TEST(!isp.found(Rule::pppoe_burst_far));
}

BOOST_AUTO_TEST_CASE(the_step_must_be_within_the_ten_minutes) {
    for (const bool in_time : {true, false}) {
        Bursts bursts;
        bursts.log.alive("id", kStart + (in_time ? 1us : 0us), kTokyo);
        bursts.redial(46, 10, kStart + 60s, 60s);
        BOOST_TEST(bursts.told().found(Rule::pppoe_burst_far) == in_time);
    }
}

BOOST_AUTO_TEST_CASE(not_between_two_homes) {
    for (const auto day : {-10 * 24h, -5 * 24h})
        log.dial("id", kStart + day, kKagoshima).release("id", kStart + day + 1h, kKagoshima);
    redial(13, 5, kStart, 60s);
    redial(46, 5, kStart + 5min, 50s);
    BOOST_TEST(!told().found(Rule::pppoe_burst_far));
    BOOST_TEST(told().found(Rule::pppoe_churn));
}

BOOST_AUTO_TEST_CASE(not_within_a_contract_for_two_places) {
    redial(13, 5, kStart, 60s);
    redial(46, 5, kStart + 5min, 50s);
    BOOST_TEST(!told(contract_of(2)).found(Rule::pppoe_burst_far));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pppoe_burst_live, Bursts)

BOOST_AUTO_TEST_CASE(fires_when_the_older_session_shows_life) {
    redial(13, 10, kStart, 60s);
    log.alive("id", kStart + 40min, kTokyo);
    const Decision decision = told().only(Rule::pppoe_burst_live);
    BOOST_TEST(decision.finding.grade == Grade::certain);
    BOOST_TEST(decision.finding.time == kStart + 40min);
    BOOST_TEST(decision.decided == kStart + 40min + kWaits);
    BOOST_TEST(decision.finding.evidence.size() == 12U);
    BOOST_TEST(decision.finding.summary_en ==
               "10 authentications in 9 minutes while the session from Tokyo that was there before them stayed up.");
}

BOOST_AUTO_TEST_CASE(or_on_the_tenth_accept_if_it_has_shown_it_before) {
    redial(13, 8, kStart, 60s);
    log.alive("id", kStart + 9min + 10s, kTokyo);  // 5 min and 10 s after the fifth
    redial(13, 2, kStart + 9min + 20s, 15s);
    const Decision decision = told().only(Rule::pppoe_burst_live);
    BOOST_TEST(decision.finding.time == kStart + 9min + 35s);
    BOOST_TEST(decision.decided == kStart + 9min + 10s + kWaits);
}

BOOST_AUTO_TEST_CASE(later_than_dead_peer_time_after_the_fifth) {
    for (const bool live : {true, false}) {
        Bursts bursts;
        bursts.redial(13, 10, kStart, 60s);
        bursts.log.alive("id", kStart + 4min + (live ? 300s + 1us : 300s), kTokyo);
        BOOST_TEST(bursts.told().found(Rule::pppoe_burst_live) == live);
    }
}

BOOST_AUTO_TEST_CASE(nine_accepts_or_too_slow) {
    redial(13, 9, kStart, 60s);
    log.alive("id", kStart + 40min, kTokyo);
    BOOST_TEST(!told().found(Rule::pppoe_burst_live));
    Bursts slow;
    slow.redial(13, 30, kStart, 67s);  // ten in 10 min 3 s
    slow.log.alive("id", kStart + 50min, kTokyo);
    BOOST_TEST(!slow.told().found(Rule::pppoe_burst_live));
    for (const bool in_time : {true, false}) {
        Bursts bursts;
        bursts.redial(13, 9, kStart, 60s);
        bursts.log.dial("id", kStart + (in_time ? 10min - 1us : 10min + 0us), in_prefecture(13, 200))
            .alive("id", kStart + 40min, kTokyo);
        BOOST_TEST(bursts.told().found(Rule::pppoe_burst_live) == in_time);
    }
}

BOOST_AUTO_TEST_CASE(two_hours_after_the_tenth_it_is_no_news) {
    for (const bool in_time : {true, false}) {
        Bursts bursts;
        bursts.redial(13, 10, kStart, 60s);
        bursts.log.alive("id", kStart + 9min + 2h - (in_time ? 1us : 0us), kTokyo);
        BOOST_TEST(bursts.told().found(Rule::pppoe_burst_live) == in_time);
    }
}

BOOST_AUTO_TEST_CASE(a_session_of_the_burst_itself_is_not_older) {
    redial(13, 10, kStart, 60s);
    log.alive("id", kStart + 40min, in_prefecture(13, 109)).release("id", kStart + 41min, in_prefecture(13, 104));
    log.alive("id", kStart + 42min, in_prefecture(13, 100));  // began with the first of them
    BOOST_TEST(!told().found(Rule::pppoe_burst_live));
}

// Within the 120 s it turns out that another session had begun at that address: the sign was one of that.
BOOST_AUTO_TEST_CASE(a_sign_that_turns_out_to_be_of_another_session_is_none) {
    for (const bool another : {true, false}) {
        Bursts bursts;
        bursts.redial(13, 10, kStart, 60s);
        Isp isp;
        isp.read(bursts.log.alive("id", kStart + 40min, kTokyo));
        if (another) isp.read({Service::pppoe, Kind::accept, "id", {address(kTokyo)}, kStart + 39min});
        isp.until(kStart + 24h);
        BOOST_TEST(isp.found(Rule::pppoe_burst_live) == !another);
    }
}

BOOST_AUTO_TEST_CASE(where_nothing_comes_late_nothing_waits) {
    config::DetectionSettings settings = enforced();
    settings.reorder = 0s;
    redial(13, 10, kStart, 60s);
    Isp isp(settings);
    isp.read(log.alive("id", kStart + 40min, kTokyo)).until(kStart + 24h);
    BOOST_TEST(isp.only(Rule::pppoe_burst_live).decided == kStart + 40min);
}

BOOST_AUTO_TEST_CASE(only_where_the_contract_allows_one) {
    redial(13, 10, kStart, 60s);
    log.alive("id", kStart + 40min, kTokyo);
    BOOST_TEST(!told(contract_of(2)).found(Rule::pppoe_burst_live));
    BOOST_TEST(told(contract_of(1)).found(Rule::pppoe_burst_live));
}

BOOST_AUTO_TEST_CASE(a_settings_file_may_ask_for_more_accepts_than_are_kept_by_default) {
    redial(13, 400, kStart, 20s);
    log.alive("id", kStart + 130min, kTokyo);
    config::DetectionSettings settings = enforced();
    settings.pppoe.burst_accepts = 300;
    settings.pppoe.burst_window = 2h;
    Isp isp(settings);
    isp.read(log).until(kStart + 24h);
    BOOST_TEST(isp.found(Rule::pppoe_burst_live));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pppoe_burst_sessions, Bursts)

// Sessions beside the subscriber's own that all show life at twenty minutes past.
void share(Log& log, unsigned others) {
    for (unsigned i = 0; i < others; ++i) log.dial("id", kStart + i * 2min, in_prefecture(13, 100 + i));
    for (unsigned i = 0; i < others; ++i) log.alive("id", kStart + 20min + i * 10s, in_prefecture(13, 100 + i));
    log.alive("id", kStart + 30min, kTokyo);
}

BOOST_AUTO_TEST_CASE(two_more_than_the_contract) {
    share(log, 2);
    const Decision decision = told(contract_of(1)).only(Rule::pppoe_burst_sessions);
    BOOST_TEST(decision.finding.grade == Grade::certain);
    BOOST_TEST(decision.enforced);
    BOOST_TEST(decision.decided == kStart + 30min + kWaits);
    BOOST_TEST(decision.open_addresses.size() == 3U);
    BOOST_TEST(decision.finding.summary_en.find("3 sessions were up at the same time") == 0U);
    BOOST_TEST(!told(contract_of(2)).found(Rule::pppoe_burst_sessions));
}

BOOST_AUTO_TEST_CASE(one_more_is_not_enough) {
    share(log, 1);
    BOOST_TEST(!told(contract_of(1)).found(Rule::pppoe_burst_sessions));
}

BOOST_AUTO_TEST_CASE(of_a_contract_for_many_sessions) {
    for (const unsigned limit : {22U, 23U, 60U, 200U}) {
        for (const unsigned others : {limit, limit + 1}) {
            Log many;
            many.resident("id", kTokyo);
            for (unsigned i = 0; i < others; ++i) many.dial("id", kStart + i * 30s, in_prefecture(13, 100 + i));
            for (unsigned i = 0; i < others; ++i) many.alive("id", kStart + 3h + i * 1s, in_prefecture(13, 100 + i));
            many.alive("id", kStart + 3h + 10min, kTokyo);
            Isp isp(enforced(), contract_of(limit));
            isp.read(many).until(kStart + 5h);
            BOOST_TEST(isp.found(Rule::pppoe_burst_sessions) == (others == limit + 1),
                       limit << " allowed, " << others + 1 << " up");
        }
    }
}

BOOST_AUTO_TEST_CASE(without_a_contract_a_person_decides) {
    share(log, 2);
    const Decision decision = told().only(Rule::pppoe_burst_sessions);
    BOOST_TEST(decision.action == Action::review);
    BOOST_TEST(decision.reason == Reason::no_contract);
    BOOST_TEST(!decision.enforced);
}

BOOST_AUTO_TEST_CASE(a_session_that_ended_before_is_not_beside_them) {
    log.release("id", kStart - 1min, kTokyo);
    for (unsigned i = 0; i < 2; ++i) log.dial("id", kStart + i * 2min, in_prefecture(13, 100 + i));
    for (unsigned i = 0; i < 2; ++i) log.alive("id", kStart + 20min + i * 10s, in_prefecture(13, 100 + i));
    BOOST_TEST(!told(contract_of(1)).found(Rule::pppoe_burst_sessions));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pppoe_burst_rate, Bursts)

BOOST_AUTO_TEST_CASE(thirty_in_sixty_seconds) {
    redial(13, 30, kStart, 2s);
    const Decision decision = told().only(Rule::pppoe_burst_rate);
    BOOST_TEST(decision.finding.grade == Grade::probable);
    BOOST_TEST(decision.finding.time == kStart + 58s);
    BOOST_TEST(decision.decided == kStart + 58s + 120s);
    BOOST_TEST(decision.finding.places.size() == 1U);
    BOOST_TEST(decision.enforced);
}

BOOST_AUTO_TEST_CASE(not_twenty_nine_and_not_in_sixty_one) {
    redial(13, 29, kStart, 2s);
    BOOST_TEST(!told().found(Rule::pppoe_burst_rate));
    redial(13, 1, kStart + 60s, 2s);
    BOOST_TEST(!told().found(Rule::pppoe_burst_rate));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pppoe_churn, Bursts)

BOOST_AUTO_TEST_CASE(ten_accepts_and_nothing_else) {
    redial(13, 10, kStart, 60s);
    const Decision decision = told().only(Rule::pppoe_churn);
    BOOST_TEST(decision.finding.grade == Grade::notable);
    BOOST_TEST(decision.action == Action::record);
    BOOST_TEST(!decision.enforced);
}

BOOST_AUTO_TEST_CASE(nine_are_none_and_neither_are_slow_ones) {
    redial(13, 9, kStart, 60s);
    BOOST_TEST(told().decisions.empty());
    Bursts slow;
    slow.redial(13, 10, kStart, 67s);
    BOOST_TEST(slow.told().decisions.empty());
}

BOOST_AUTO_TEST_CASE(not_beside_another_burst) {
    redial(13, 5, kStart, 60s);
    redial(46, 20, kStart + 5min, 20s);
    const Isp isp = told();
    BOOST_TEST(isp.found(Rule::pppoe_burst_far));
    BOOST_TEST(!isp.found(Rule::pppoe_churn));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(pppoe_reject, Bursts)

BOOST_AUTO_TEST_CASE(twenty_in_ten_minutes) {
    for (int i = 0; i < 20; ++i) log.reject("id", kStart + i * 30s);
    const Decision decision = told().only(Rule::pppoe_reject);
    BOOST_TEST(decision.action == Action::record);
    BOOST_TEST(decision.finding.grade == Grade::notable);
    BOOST_TEST(decision.finding.time == kStart + 19 * 30s);
    BOOST_TEST(decision.finding.evidence.size() == 20U);
}

BOOST_AUTO_TEST_CASE(not_nineteen_and_not_slower) {
    for (int i = 0; i < 19; ++i) log.reject("id", kStart + i * 30s);
    BOOST_TEST(told().decisions.empty());
    log.reject("id", kStart + 10min);
    BOOST_TEST(told().decisions.empty());
}

BOOST_AUTO_TEST_CASE(never_a_suspension_however_many) {
    for (int i = 0; i < 40'000; ++i) log.reject("id", kStart + i * 5s);
    const Isp isp = told();
    BOOST_TEST(isp.decisions.size() == 3U);  // one a day: 40,000 * 5 s are 2.3 days
    for (const Decision& decision : isp.decisions) BOOST_TEST(decision.action == Action::record);
}

BOOST_AUTO_TEST_CASE(names_that_do_not_exist_fill_no_memory) {
    for (int i = 0; i < 1000; ++i) log.reject("nobody" + std::to_string(i), kStart + i * 1s);
    BOOST_TEST(told().detector.streams().size() == 1U);
    MailIsp mail;
    for (int i = 0; i < 1000; ++i)
        mail.read(smtp(Kind::reject, "nobody" + std::to_string(i), kStart + i * 1s, in_country("RU")));
    BOOST_TEST(mail.detector.streams().empty());
}

BOOST_AUTO_TEST_CASE(past_a_hundred_thousand_names_the_watch_starts_afresh) {
    for (const std::uint64_t names : {100'000U, 100'001U}) {
        RejectWatch watch(enforced().pppoe);
        for (int i = 0; i < 19; ++i) BOOST_TEST(!watch.rejected(1, kStart + i * 1s));
        for (std::uint64_t name = 2; name <= names; ++name) static_cast<void>(watch.rejected(name, kStart + 20s));
        BOOST_TEST(watch.rejected(1, kStart + 30s).has_value() == (names == 100'000U));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
