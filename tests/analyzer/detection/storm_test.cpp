// The storm guard: many at once are no thieves.
#include "analyzer/detection/guards/storm.hpp"

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const config::GuardSettings kGuards;

// `count` IDs from `first` make the step, one every `step`; returns the time of the last.
Time steps(StormGuard& guard, unsigned from, unsigned to, std::uint64_t first, unsigned count, Time begin,
           std::chrono::seconds step) {
    for (unsigned i = 0; i < count; ++i) guard.stepped(first + i, place(from), place(to), begin + i * step);
    return begin + (count - 1) * step;
}

bool was_mass(const StormGuard& guard, unsigned from, unsigned to, Time arrived) {
    return guard.was_mass(place(from), place(to), arrived);
}

BOOST_AUTO_TEST_SUITE(storm_by_step)

BOOST_AUTO_TEST_CASE(twenty_one_ids_in_ten_minutes) {
    StormGuard guard(kGuards);
    const Time twentieth = steps(guard, 13, 46, 1, 20, kStart, 30s);
    BOOST_TEST(!guard.involves({place(13), place(46)}, twentieth));
    guard.stepped(21, place(13), place(46), kStart + 10min);  // the first one is out of the window
    BOOST_TEST(!guard.involves({place(13), place(46)}, kStart + 10min));
    guard.stepped(22, place(13), place(46), kStart + 10min + 1s);
    BOOST_TEST(guard.involves({place(13), place(46)}, kStart + 10min + 1s));
}

BOOST_AUTO_TEST_CASE(one_id_that_goes_to_and_fro_is_none) {
    StormGuard guard(kGuards);
    for (int i = 0; i < 100; ++i) guard.stepped(7, place(13), place(46), kStart + i * 1s);
    BOOST_TEST(!guard.involves({place(13), place(46)}, kStart + 100s));
}

BOOST_AUTO_TEST_CASE(holds_for_half_an_hour_and_involves_both_directions) {
    StormGuard guard(kGuards);
    const Time last = steps(guard, 13, 46, 1, 21, kStart, 1s);
    BOOST_TEST(guard.involves({place(46), place(13)}, last + 30min - 1us));
    BOOST_TEST(!guard.involves({place(46), place(13)}, last + 30min));
    BOOST_TEST(!guard.involves({place(13), place(40)}, last));
    BOOST_TEST(!guard.involves({}, last));
}

BOOST_AUTO_TEST_CASE(the_first_of_them_are_judged_by_the_mass_and_so_is_the_way_back) {
    StormGuard guard(kGuards);
    const Time last = steps(guard, 13, 46, 1, 21, kStart, 20s);
    BOOST_TEST(was_mass(guard, 13, 46, kStart));
    BOOST_TEST(was_mass(guard, 13, 46, last - 10min));
    BOOST_TEST(!was_mass(guard, 13, 46, last - 10min - 1us));
    // Hours later, of a step that was made then.
    guard.stepped(99, place(1), place(27), kStart + 20h);
    BOOST_TEST(was_mass(guard, 13, 46, kStart));
    BOOST_TEST(!was_mass(guard, 13, 46, kStart + 2h));
    BOOST_TEST(!was_mass(guard, 46, 13, kStart));
}

// A storm that is a day old when the next one begins is known as long as that one.
BOOST_AUTO_TEST_CASE(remembered_for_a_day_after_its_end) {
    for (const auto& [later, known] : {std::pair{Microseconds{0}, true}, std::pair{Microseconds{1}, false}}) {
        StormGuard guard(kGuards);
        const Time ends = steps(guard, 13, 46, 1, 21, kStart, 1s) + 30min;
        guard.stepped(500, place(13), place(46), kStart + 12h);  // so that it is not forgotten for being idle
        steps(guard, 13, 46, 1000, 21, ends + 24h + 10min + later, 0s);
        BOOST_TEST(was_mass(guard, 13, 46, kStart) == known);
        BOOST_TEST(was_mass(guard, 13, 46, ends + 24h + 10min));
    }
}

BOOST_AUTO_TEST_CASE(what_goes_on_all_day_is_usual) {
    StormGuard guard(kGuards);
    Time now = kStart;
    for (std::uint64_t id = 0; now < kStart + 48h; ++id, now += 40s)
        guard.stepped(id, place(13), place(14), now);  // 15 in ten minutes
    BOOST_TEST(!guard.involves({place(13), place(14)}, now));
    for (std::uint64_t id = 0; id < 10; ++id)
        guard.stepped(1'000'000 + id, place(13), place(14), now);  // 25: not five times the usual
    BOOST_TEST(!guard.involves({place(13), place(14)}, now));
    for (std::uint64_t id = 0; id < 60; ++id) guard.stepped(2'000'000 + id, place(13), place(14), now);
    BOOST_TEST(guard.involves({place(13), place(14)}, now));
}

BOOST_AUTO_TEST_CASE(a_second_failover_is_one_as_well) {
    StormGuard guard(kGuards);
    steps(guard, 13, 46, 1, 200, kStart, 1s);
    const Time again = steps(guard, 13, 46, 1000, 200, kStart + 45min, 1s);
    BOOST_TEST(was_mass(guard, 13, 46, again));
}

BOOST_AUTO_TEST_CASE(of_a_pool_with_others_beside_it) {
    // Half go to one pool of Kagoshima, half to the other: the region counts all, the pool its own.
    StormGuard guard(kGuards);
    geo::Place second = locator()->in_pools(address("10.146.0.1")).value();
    for (std::uint64_t id = 0; id < 22; ++id)
        guard.stepped(id, place(13), id % 2 == 0 ? place(46) : second, kStart + id * 1s);
    BOOST_TEST(guard.involves({place(13), place(46)}, kStart + 22s));
    BOOST_TEST(guard.involves({place(13), second}, kStart + 22s));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(slow_storm)

BOOST_AUTO_TEST_CASE(three_ids_in_an_hour_that_make_the_same_impossible_step) {
    StormGuard guard(kGuards);
    const auto jump = [&](std::uint64_t id, unsigned to, Time time) { guard.jumped(id, place(13), place(to), time); };
    jump(1, 46, kStart);
    BOOST_TEST(!guard.is_nearly_slow_mass(place(13), place(46), kStart));
    jump(1, 46, kStart + 1min);
    jump(2, 1, kStart + 2min);  // another step
    BOOST_TEST(!guard.is_nearly_slow_mass(place(13), place(46), kStart + 2min));
    jump(2, 46, kStart + 30min);
    BOOST_TEST(guard.is_nearly_slow_mass(place(13), place(46), kStart + 30min));
    jump(3, 46, kStart + 61min);  // the first was there an hour ago
    BOOST_TEST(!guard.involves_slowly({place(13), place(46)}, kStart + 61min));
    jump(4, 46, kStart + 62min);
    BOOST_TEST(guard.involves_slowly({place(13), place(46)}, kStart + 62min));
    BOOST_TEST(guard.involves_slowly({place(46), place(13)}, kStart + 92min - 1us));
    BOOST_TEST(!guard.involves_slowly({place(46), place(13)}, kStart + 92min));
    BOOST_TEST(!guard.involves({place(13), place(46)}, kStart + 62min));
    BOOST_TEST(guard.was_slow_mass(place(13), place(46), kStart + 30min));
    BOOST_TEST(!guard.was_slow_mass(place(46), place(13), kStart + 30min));
}

// A failover that takes an hour, one line every `step`; each is back after `away`.
Log failover(unsigned count, std::chrono::seconds step, std::chrono::minutes away) {
    Log log;
    for (unsigned i = 0; i < count; ++i) {
        const std::string id = "id" + std::to_string(i), home = in_prefecture(13, i), elsewhere = in_prefecture(46, i);
        const Time leaves = kStart + 10min + i * step;
        log.resident(id, home).alive(id, leaves - 10min, home).dial(id, leaves, elsewhere);
        log.dial(id, leaves + away, in_prefecture(13, 5000 + i));
    }
    return log;
}

BOOST_AUTO_TEST_CASE(a_failover_of_a_few_lines_suspends_nobody_there_and_back) {
    for (const unsigned count : {4U, 12U, 40U, 200U}) {
        for (const auto away : {45min, 90min}) {  // within the hour in which a bounce is certain, and after it
            Isp isp;
            isp.read(failover(count, std::min<std::chrono::seconds>(110s, 3600s / count), away)).until(kStart + 5h);
            BOOST_TEST(isp.suspended() == 0U, count << " lines, away for " << away.count() << " min");
            BOOST_TEST(isp.in_review() == count);
        }
    }
}

// Two thieves from one place who share the home of their victims: the second waits for a third and is suspended when
// none came. What is not shared does not wait.
BOOST_AUTO_TEST_CASE(two_thieves_are_no_failover) {
    Isp isp;
    Log log;
    for (const auto& [id, time, where] :
         {std::tuple{"first", kStart, 46U}, {"second", kStart + 20min, 46U}, {"other", kStart + 21min, 1U}})
        log.resident(id, in_prefecture(13))
            .alive(id, time - 5min, in_prefecture(13))
            .dial(id, time, in_prefecture(where));
    isp.read(log).until(kStart + 2h);
    BOOST_TEST(isp.suspended_at("first").value() == kStart + 2min);
    BOOST_TEST(isp.suspended_at("second").value() == kStart + 30min);
    BOOST_TEST(isp.suspended_at("other").value() == kStart + 23min);
}

// Contracts for two sessions, one in each region: their steps are nobody's, and a thief there does not wait for them.
BOOST_AUTO_TEST_CASE(who_has_sessions_in_both_regions_makes_no_mass) {
    Knowledge knowledge;
    knowledge.contract = [](Service, const std::string& id) {
        return std::optional(Contract{id == "victim" ? 1U : 2U, {}});
    };
    Isp isp(enforced(), knowledge);
    Log log;
    for (unsigned i = 0; i < 5; ++i) {
        const std::string id = "office" + std::to_string(i);
        log.resident(id, in_prefecture(13, i)).dial(id, kStart - 47h, in_prefecture(46, i));
        log.alive_every(1h, id, kStart - 10h + i * 1min, kStart + 2h, in_prefecture(13, i));
        log.alive_every(1h, id, kStart - 10h + i * 1min + 30s, kStart + 2h, in_prefecture(46, i));
    }
    log.resident("victim", in_prefecture(13, 50)).alive("victim", kStart + 50min, in_prefecture(13, 50));
    log.dial("victim", kStart + 55min, in_prefecture(46, 50));
    isp.read(log).until(kStart + 3h);
    BOOST_TEST(isp.suspended_at("victim").value() == kStart + 57min);
}

// So few may as well be a gang: a person looks, and meanwhile nobody is at home there.
BOOST_AUTO_TEST_CASE(what_a_few_did_does_not_make_a_region_familiar) {
    Isp isp;
    Log log;
    for (unsigned i = 0; i < 4; ++i) {
        const std::string id = "id" + std::to_string(i), home = in_prefecture(13, i), there = in_prefecture(46, i);
        log.resident(id, home).alive(id, kStart, home).dial(id, kStart + i * 1min, there);
        log.alive_every(1h, id, kStart + 1h, kStart + 48h, there);
    }
    isp.read(log).until(kStart + 49h);
    BOOST_TEST(isp.suspended() == 0U);
    BOOST_TEST(isp.in_review() == 4U);
    isp.detector.streams().each_learned([](std::uint64_t, const Learned& learned) {
        BOOST_TEST(!learned.familiarity.is_familiar(region("JP-46"), kStart + 48h, enforced()));
    });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(storm_by_accepts)

// `usual` IDs in any five minutes for a day; then `count` at once.
bool stormy_with(unsigned usual, unsigned count) {
    StormGuard guard(kGuards);
    Time now = kStart;
    std::uint64_t id = 0;
    for (; usual > 0 && now < kStart + 24h; now += 300s / usual) guard.accepted(++id, place(13), now);
    now = std::max(now, kStart + 24h) + 5min;
    for (unsigned i = 0; i < count; ++i) guard.accepted(++id, place(13), now);
    return guard.involves({place(13)}, now);
}

BOOST_AUTO_TEST_CASE(five_times_the_usual_and_fifty) {
    BOOST_TEST(!stormy_with(0, 50));
    BOOST_TEST(stormy_with(0, 51));
    BOOST_TEST(!stormy_with(20, 140));
    BOOST_TEST(stormy_with(20, 160));
}

BOOST_AUTO_TEST_CASE(of_that_region_alone_and_for_half_an_hour_after) {
    StormGuard guard(kGuards);
    for (std::uint64_t id = 0; id < 60; ++id) guard.accepted(id, place(13), kStart);
    BOOST_TEST(guard.involves({place(46), place(13)}, kStart + 30min - 1us));
    BOOST_TEST(!guard.involves({place(13)}, kStart + 30min));
    BOOST_TEST(!guard.involves({place(46)}, kStart));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(storm_in_the_detector)

BOOST_AUTO_TEST_CASE(holds_a_rate_of_one_region_too) {
    Isp isp;
    Log log;
    log.resident("looping", in_prefecture(13));
    for (unsigned i = 0; i < 60; ++i)
        log.dial("town" + std::to_string(i), kStart + i * 1s, in_prefecture(13, 1000 + i));
    for (unsigned i = 0; i < 40; ++i) log.dial("looping", kStart + i * 2s, in_prefecture(13, 5000 + i));
    isp.read(log).until(kStart + 1h);
    BOOST_TEST(isp.only(Rule::pppoe_burst_rate).reason == Reason::storm);
    BOOST_TEST(isp.suspended() == 0U);
}

BOOST_AUTO_TEST_CASE(counts_starts_where_accepts_have_no_address) {
    Isp isp;
    Log log;
    log.resident("looping", in_prefecture(13));
    for (unsigned i = 0; i < 60; ++i)
        log.accept("town" + std::to_string(i), kStart + i * 1s)
            .assign("town" + std::to_string(i), kStart + i * 1s + 500ms, in_prefecture(13, 1000 + i));
    for (unsigned i = 0; i < 40; ++i) log.dial("looping", kStart + i * 2s, in_prefecture(13, 5000 + i));
    isp.read(log).until(kStart + 1h);
    BOOST_TEST(isp.only(Rule::pppoe_burst_rate).reason == Reason::storm);
}

// Away with many others and home again at leisure, so that neither step is a finding. A day later nothing of it excuses
// the next stay there.
BOOST_AUTO_TEST_CASE(who_was_moved_with_others_is_so_for_a_day) {
    const Time moved = kStart + 10min;
    for (const auto& [when, reason] :
         {std::pair{moved + 24h - 1us, Reason::storm}, std::pair{moved + 24h, Reason::none}}) {
        Isp isp;
        Log log;
        log.resident("victim", in_prefecture(13, 100)).dial("victim", moved, in_prefecture(46, 100));
        log.dial("victim", moved + 5h, in_prefecture(13, 101));
        for (unsigned i = 0; i < 40; ++i) {
            const std::string id = "id" + std::to_string(i);
            log.resident(id, in_prefecture(13, i)).dial(id, moved + i * 5s, in_prefecture(46, i));
        }
        log.alive("victim", when - 5min, in_prefecture(13, 101)).dial("victim", when, in_prefecture(46, 101));
        isp.read(log).until(when + 1h);
        BOOST_TEST(isp.only(Rule::pppoe_jump).reason == reason);
        BOOST_TEST(isp.suspended("victim") == (reason == Reason::none));
    }
}

// A failover takes the line away and brings it back: the regions it touched are learned as ever.
BOOST_AUTO_TEST_CASE(what_many_did_is_not_held_against_the_region) {
    Isp isp;
    Log log;
    for (unsigned i = 0; i < 40; ++i) {
        const std::string id = "id" + std::to_string(i);
        log.resident(id, in_prefecture(13, i)).alive(id, kStart, in_prefecture(13, i));
        log.dial(id, kStart + 10min + i * 5s, in_prefecture(46, i))
            .alive_every(1h, id, kStart + 1h, kStart + 24h, in_prefecture(46, i));
    }
    isp.read(log).until(kStart + 25h);
    BOOST_TEST(isp.suspended() == 0U);
    BOOST_TEST(isp.in_review() == 40U);
    for (const Learned& learned : all_learned(isp.detector))
        BOOST_TEST(learned.familiarity.is_familiar(region("JP-46"), kStart + 24h, enforced()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
