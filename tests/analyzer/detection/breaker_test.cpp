#include "analyzer/detection/guards/breaker.hpp"

#include "analyzer/detection/guards/active_ids.hpp"
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const config::GuardSettings kGuards;

std::size_t allowed(Breaker& breaker, unsigned asked, Time from, std::chrono::seconds step, std::size_t active,
                    const std::optional<IpAddress>& pool = std::nullopt) {
    std::size_t count = 0;
    for (unsigned i = 0; i < asked; ++i)
        if (breaker.allow(from + i * step, active, pool)) ++count;
    return count;
}

BOOST_AUTO_TEST_SUITE(breaker)

BOOST_AUTO_TEST_CASE(limits_grow_with_the_operator_and_end) {
    const Breaker breaker(kGuards);
    for (const auto& [active, hourly, daily] :
         {std::tuple{0U, 3U, 10U}, std::tuple{150'000U, 3U, 15U}, std::tuple{199'999U, 3U, 19U},
          std::tuple{200'000U, 4U, 20U}, std::tuple{1'000'000U, 20U, 100U}, std::tuple{5'000'000U, 20U, 500U}}) {
        BOOST_TEST(breaker.hourly_limit(active) == hourly, active);
        BOOST_TEST(breaker.daily_limit(active) == daily, active);
    }
}

BOOST_AUTO_TEST_CASE(never_one_more_in_any_hour) {
    Breaker breaker(kGuards);
    std::vector<Time> taken;
    for (int i = 0; i < 20'000; ++i)
        if (breaker.allow(kStart + i * 7s, 1'000'000, std::nullopt)) taken.push_back(kStart + i * 7s);
    BOOST_TEST(taken.size() > 20U);
    for (std::size_t i = 20; i < taken.size(); ++i) BOOST_TEST(taken[i] - taken[i - 20] >= 1h);
}

BOOST_AUTO_TEST_CASE(on_the_boundary_of_the_hour) {
    Breaker breaker(kGuards);
    BOOST_TEST(allowed(breaker, 5, kStart, 1s, 0) == 3U);
    BOOST_TEST(!breaker.allow(kStart + 1h - 1us, 0, std::nullopt));
    BOOST_TEST(breaker.allow(kStart + 1h, 0, std::nullopt));   // the first is an hour old
    BOOST_TEST(!breaker.allow(kStart + 1h, 0, std::nullopt));  // the second is not
}

BOOST_AUTO_TEST_CASE(per_day) {
    Breaker breaker(kGuards);
    BOOST_TEST(allowed(breaker, 200, kStart, 7min, 0) == 10U);  // 23.2 hours
    BOOST_TEST(!breaker.allow(kStart + 24h - 1us, 0, std::nullopt));
    BOOST_TEST(breaker.allow(kStart + 24h, 0, std::nullopt));
}

BOOST_AUTO_TEST_CASE(per_pool) {
    Breaker breaker(kGuards);
    const auto pool = address("10.46.0.0/16"), other = address("10.13.0.0/16");
    BOOST_TEST(allowed(breaker, 10, kStart, 1s, 1'000'000, pool) == 3U);
    BOOST_TEST(allowed(breaker, 1, kStart + 20s, 1s, 1'000'000, other) == 1U);
    BOOST_TEST(allowed(breaker, 10, kStart + 21s, 1s, 1'000'000) == 10U);  // of no known pool: only the hour counts
    BOOST_TEST(!breaker.allow(kStart + 10min - 1us, 1'000'000, pool));
    BOOST_TEST(breaker.allow(kStart + 10min, 1'000'000, pool));
}

BOOST_AUTO_TEST_CASE(open_it_allows_nothing_until_a_person_closes_it) {
    Breaker breaker(kGuards);
    breaker.set_open(true);
    BOOST_TEST(!breaker.allow(kStart + 240h, 1'000'000, std::nullopt));
    breaker.set_open(false);
    BOOST_TEST(breaker.allow(kStart + 240h, 1'000'000, std::nullopt));
}

BOOST_AUTO_TEST_CASE(what_was_carried_out_before_a_restart_counts) {
    Breaker breaker(kGuards);
    for (int i = 0; i < 3; ++i) BOOST_TEST(breaker.carried_out(kStart + i * 1us, std::nullopt));
    BOOST_TEST(!breaker.allow(kStart + 30min, 0, std::nullopt));
    BOOST_TEST(breaker.allow(kStart + 1h + 2us, 0, std::nullopt));
}

BOOST_AUTO_TEST_CASE(so_it_does_for_its_pool_and_once) {
    Breaker breaker(kGuards);
    const auto pool = address("10.46.0.0/16"), other = address("10.13.0.0/16");
    for (int again = 0; again < 3; ++again)
        for (int i = 0; i < 3; ++i) BOOST_TEST(breaker.carried_out(kStart + i * 1s, pool) == (again == 0));
    BOOST_TEST(!breaker.allow(kStart + 10min - 1us, 1'000'000, pool));
    BOOST_TEST(breaker.allow(kStart + 1min, 1'000'000, other));
    BOOST_TEST(breaker.allow(kStart + 10min, 1'000'000, pool));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(active_ids)

BOOST_AUTO_TEST_CASE(each_once_for_twenty_four_hours) {
    ActiveIds active;
    std::uint32_t first = 0, second = 0;
    active.seen(first, kStart);
    active.seen(first, kStart + 10min);
    active.seen(second, kStart + 1h);
    BOOST_TEST(active.count() == 2U);
    active.seen(first, kStart + 5h);
    BOOST_TEST(active.count() == 2U);
    active.seen(first, kStart + 24h + 59min);
    BOOST_TEST(active.count() == 2U);
    active.seen(first, kStart + 25h);  // the second one was last seen in the hour 1:00
    BOOST_TEST(active.count() == 1U);
    active.seen(first, kStart + 2400h);
    BOOST_TEST(active.count() == 1U);
}

BOOST_AUTO_TEST_CASE(what_comes_late_does_not_count_twice) {
    ActiveIds active;
    std::uint32_t first = 0, second = 0;
    active.seen(first, kStart + 5h);
    active.seen(first, kStart + 4h);
    active.seen(second, kStart + 4h);
    BOOST_TEST(active.count() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

// In the detector: IDs that jump from Tokyo, and no storm is in it however many there are.
BOOST_AUTO_TEST_SUITE(breaker_in_the_detector)

config::DetectionSettings without_storms() {
    config::DetectionSettings settings = enforced();
    settings.guards.slow_step_ids = 1000;
    return settings;
}

Log thefts(unsigned count, std::chrono::seconds step) {
    Log log;
    for (unsigned i = 0; i < count; ++i) {
        const std::string id = "id" + std::to_string(i), home = in_prefecture(13, i);
        log.resident(id, home)
            .alive(id, kStart + i * step, home)
            .dial(id, kStart + i * step + 1min, in_prefecture(i % 2 == 0 ? 46 : 40, i));
    }
    return log;
}

// Of an ID that is known to be suspended, or to have been, all is remembered; of the others nothing.
BOOST_AUTO_TEST_CASE(what_the_database_alone_remembers_counts_once) {
    Isp isp(without_storms());
    isp.read(thefts(2, 60s)).until(kStart + 20min);
    BOOST_TEST(isp.suspended() == 2U);
    isp.detector.release(Service::pppoe, "id1", kStart + 20min);
    const auto of = [](const std::string& id, const char* where) {
        return CarriedOut{Service::pppoe, id, kStart + 20min, address(where)};
    };
    BOOST_TEST(!isp.detector.restore_breaker({of("id0", "10.46.0.1"), of("id1", "10.40.0.1")}));
    BOOST_TEST(isp.detector.restore_breaker({of("id0", "10.46.0.1"), of("forgotten", "10.46.0.1")}));
    BOOST_TEST(!isp.detector.restore_breaker({of("forgotten", "10.46.0.1")}));
    Log log;
    const std::string home = in_prefecture(13, 50);
    log.resident("next", home).alive("next", kStart + 29min, home).dial("next", kStart + 30min, in_prefecture(40, 50));
    isp.read(log).until(kStart + 50min);
    BOOST_TEST(isp.suspended() == 2U);  // the third of this hour was the one that it had forgotten
    BOOST_TEST(isp.in_review() == 1U);
}

BOOST_AUTO_TEST_CASE(past_the_limit_everything_goes_to_a_person) {
    Isp isp(without_storms());
    isp.read(thefts(12, 90s)).until(kStart + 1h);
    BOOST_TEST(isp.suspended() == 3U);
    BOOST_TEST(isp.in_review() == 9U);
    for (const Decision& decision : isp.decisions)
        if (decision.action == Action::review) BOOST_TEST(decision.reason == Reason::breaker);
    isp.detector.set_breaker_open(true);
    Log late;
    late.resident("late", in_prefecture(27))
        .alive("late", kStart + 5h, in_prefecture(27))
        .dial("late", kStart + 5h + 1min, in_prefecture(46, 99));
    for (const LoginEvent& event : late.events()) isp.read(event);
    isp.until(kStart + 6h);
    BOOST_TEST(!isp.suspended("late"));
}

// They arrive 119 s late, and more than an hour of their own time after the three before; it is less than an hour
// since.
BOOST_AUTO_TEST_CASE(the_hour_is_that_of_the_newest_event) {
    const auto theft = [](const std::string& id, Time time) {
        return Log()
            .resident(id, in_prefecture(13))
            .alive(id, time - 10min, in_prefecture(13))
            .accept(id, time, in_prefecture(46))
            .accept(id, time + 1min, in_prefecture(13, 1));
    };
    config::DetectionSettings settings = without_storms();
    settings.profile = config::Profile::cautious;  // the jump alone suspends nobody
    for (const auto later : {59min, 61min}) {
        Isp isp(settings);
        for (const auto* id : {"one", "two", "three"}) {
            const auto events = theft(id, kStart).events();
            for (std::size_t i = 0; i + 1 < events.size(); ++i) isp.read(events[i]);
        }
        isp.read({Service::pppoe, Kind::alive, "other", {address(in_prefecture(14))}, kStart + 3min - 1s});
        for (const auto* id : {"one", "two", "three"}) isp.read(theft(id, kStart).events().back());
        BOOST_TEST(isp.suspended() == 3U);
        isp.read(theft("four", kStart + 1min + later)).until(kStart + 4h);
        BOOST_TEST(isp.suspended("four") == (later > 1h));
    }
}

// Of one ID everything is one suspension, whether it is carried out or only said.
BOOST_AUTO_TEST_CASE(an_incident_counts_once_in_every_mode) {
    for (const auto mode : {config::Mode::enforce, config::Mode::observe}) {
        config::DetectionSettings settings = without_storms();
        settings.mode = mode;
        Isp isp(settings);
        Log log = thefts(2, 90s);
        for (int i = 0; i < 10; ++i)
            log.dial("id0", kStart + 10min + i * 5min, i % 2 == 0 ? in_prefecture(13) : in_prefecture(1));
        isp.read(log).until(kStart + 2h);
        for (const Decision& decision : isp.decisions) BOOST_TEST(decision.reason != Reason::breaker);
        BOOST_TEST(isp.found(Rule::pppoe_jump_bounce));
        BOOST_TEST(isp.found(Rule::pppoe_jump_spread));
    }
}

BOOST_AUTO_TEST_CASE(a_released_suspension_has_happened_all_the_same) {
    Isp isp(without_storms());
    isp.read(thefts(3, 90s)).until(kStart + 10min);
    BOOST_REQUIRE(isp.suspended() == 3U);
    for (int i = 0; i < 3; ++i) isp.detector.release(Service::pppoe, "id" + std::to_string(i), kStart + 11min);
    Log more;
    more.resident("more", in_prefecture(27))
        .alive("more", kStart + 12min, in_prefecture(27))
        .dial("more", kStart + 13min, in_prefecture(1, 99));
    isp.read(more).until(kStart + 30min);
    BOOST_TEST(isp.decisions.back().reason == Reason::breaker);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
