// What reaches the detectors reaches them again after a restart: the same decisions, each on record once, wherever the
// analyzer was killed.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "tests/analyzer/daemon/inputs_fixture.hpp"

namespace guard::daemon {
namespace {

using namespace std::chrono_literals;
using namespace test;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(inputs, Restarting)

BOOST_AUTO_TEST_CASE(what_was_recorded_is_read_again_without_effects_and_what_was_not_with) {
    streams["a"] = {event("thief", isp::kStart, isp::in_prefecture(1)),
                    event("thief", isp::kStart + 1min, isp::in_prefecture(46))};
    clock.pass(1min);
    restart();
    BOOST_TEST((life->inputs.stage() == Inputs::Stage::recorded));
    BOOST_TEST(run().decisions.size() == 1U);
    BOOST_TEST((life->inputs.stage() == Inputs::Stage::live));

    restart();
    BOOST_TEST(life->read().decisions.empty());
    BOOST_TEST(life->detector.streams().size() == 1U);
    clock.pass(31s);
    Batch settled = life->read();
    life->inputs.caught_up(settled);
    BOOST_REQUIRE(settled.decisions.size() == 1U);
    BOOST_TEST((settled.decisions[0].action == detection::Action::suspend));
    // Killed before it was recorded: it comes again, at the time it was decided then.
    clock.pass(1h);
    restart();
    const Batch again = life->read();
    BOOST_REQUIRE(again.decisions.size() == 1U);
    BOOST_TEST((again.decisions[0].decided == settled.decisions[0].decided));
    BOOST_TEST((again.positions == settled.positions));
}

BOOST_AUTO_TEST_CASE(a_release_takes_its_place_among_the_events_and_keeps_it) {
    restart();
    run();
    streams["a"] = {event("thief", isp::kStart, isp::in_prefecture(1)),
                    event("other", isp::kStart + 20s, isp::in_prefecture(13)),
                    event("thief", isp::kStart + 60s, isp::in_prefecture(46))};
    clock.pass(1min);
    // What was before it never counts again: no jump.
    const Release release{7, Service::pppoe, "thief", isp::kStart + 10s};
    life->inputs.told(std::vector<Release>{release});
    BOOST_TEST(run().decisions.empty());
    BOOST_TEST(life->inputs.positions().at(kControlStream) != "0");
    for (const bool told_again : {true, false}) {
        start.releases.clear();
        if (told_again) start.releases = {release};
        start.committed = {};
        restart();
        BOOST_TEST(life->read().decisions.empty());
    }
}

BOOST_AUTO_TEST_CASE(without_a_journal_releases_go_by_their_times_and_are_not_taken_twice) {
    streams["a"] = {event("thief", isp::kStart, isp::in_prefecture(1)),
                    event("thief", isp::kStart + 60s, isp::in_prefecture(46))};
    clock.pass(2min);
    start.committed = {{"a", "2"}};
    start.releases = {{7, Service::pppoe, "thief", isp::kStart + 10s}, {8, Service::pppoe, "later", isp::kStart + 90s}};
    for (int round = 0; round < 3; ++round) {
        restart();
        life->read();
        // No finding waits to settle: the release came before the second event.
        BOOST_TEST(!life->detector.next_settled());
        Batch batch;
        life->inputs.meet_database({}, {}, batch);
        life->inputs.caught_up(batch);
        start.committed = batch.positions;
    }
}

BOOST_AUTO_TEST_CASE(lag_is_that_of_the_newest_event_and_is_journalled) {
    streams["a"] = {event("one", isp::kStart, isp::in_prefecture(1)),
                    event("one", isp::kStart + 1min, isp::in_prefecture(46))};
    clock.pass(1h);
    restart();
    Batch batch = run();
    BOOST_REQUIRE(batch.decisions.size() == 1U);
    BOOST_TEST((batch.decisions[0].reason == detection::Reason::lag));
    // An event that is late by itself, among those of now.
    streams["a"].push_back(event("now", clock.time, isp::in_prefecture(13)));
    streams["a"].push_back(event("two", clock.time - 10min, isp::in_prefecture(1)));
    streams["a"].push_back(event("two", clock.time - 9min, isp::in_prefecture(46)));
    batch = run();
    BOOST_REQUIRE(batch.decisions.size() == 2U);  // it has settled long since
    BOOST_TEST((batch.decisions[0].reason == detection::Reason::settling));
    // A year later it is what it was then.
    clock.pass(365 * 24h);
    start.committed = {};
    restart();
    batch = life->read();
    BOOST_REQUIRE(batch.decisions.size() == 3U);
    BOOST_TEST((batch.decisions[0].reason == detection::Reason::lag));
    BOOST_TEST((batch.decisions[1].reason == detection::Reason::settling));
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_not_there_after_a_restart_keeps_its_position) {
    streams["a"] = {event("one", isp::kStart, isp::in_prefecture(1)), event("two", isp::kStart, isp::in_prefecture(1))};
    restart();
    run();
    const auto events = std::exchange(streams["a"], {});
    restart();
    BOOST_TEST(run().positions.at("a") == "2");
    streams["a"] = events;
    BOOST_TEST(life->read().positions.at("a") == "2");
    BOOST_TEST(life->source.passed_over == 0U);
}

BOOST_AUTO_TEST_CASE(takes_a_portion_at_a_time) {
    for (int n = 0; n < 2048; ++n) streams["a"].push_back(event("one", isp::kStart, isp::in_prefecture(1)));
    restart();
    Batch batch;
    while (life->inputs.stage() != Inputs::Stage::live) life->inputs.read(batch);
    for (const auto& [position, more] : {std::pair{"1024", true}, {"2048", true}, {"2048", false}}) {
        BOOST_TEST(life->inputs.read(batch) == more);
        BOOST_TEST(batch.positions.at("a") == position);
    }
}

// --- the clock

BOOST_AUTO_TEST_CASE(set_forward_by_an_hour_while_nothing_comes_nothing_settles_early) {
    streams["a"] = {event("thief", isp::kStart - 1min, isp::in_prefecture(1)),
                    event("thief", isp::kStart, isp::in_prefecture(46))};
    restart();
    run();
    clock.time += 1h;
    BOOST_TEST(run().decisions.empty());
    clock.pass(29s);
    BOOST_TEST(run().decisions.empty());
    clock.pass(1s);
    BOOST_TEST(run().decisions.size() == 1U);
}

BOOST_AUTO_TEST_CASE(set_back_by_an_hour_what_waits_settles_in_its_time_and_releases_do_not_wait) {
    streams["a"] = {event("thief", isp::kStart - 1min, isp::in_prefecture(1)),
                    event("thief", isp::kStart, isp::in_prefecture(46))};
    restart();
    run();
    clock.time -= 1h;
    clock.pass(30s);
    BOOST_TEST(run().decisions.size() == 1U);
    life->inputs.told(std::vector<Release>{{1, Service::pppoe, "thief", isp::kStart + 1min}});
    run();
    streams["a"].push_back(event("thief", isp::kStart + 2min, isp::in_prefecture(1)));
    clock.time += 1h + 2min;
    BOOST_TEST(run().decisions.empty());
}

BOOST_AUTO_TEST_CASE(events_from_the_future_are_taken_as_of_now_and_again_so) {
    clock.pass(1min);
    streams["a"] = {event("one", isp::kStart, isp::in_prefecture(1)),
                    event("ahead", isp::kStart + 10h, isp::in_prefecture(1)),
                    event("ahead", isp::kStart + 10h + 1s, isp::in_prefecture(13)),
                    event("one", isp::kStart + 30s, isp::in_prefecture(1), Kind::alive)};
    restart();
    run();
    BOOST_TEST(life->inputs.counters().future_events == 2U);
    BOOST_TEST((life->inputs.last_event() == clock.time));
    const Time then = clock.time;
    // Ten hours later these times are none of the future any more.
    clock.pass(24h);
    streams["a"].push_back(event("one", isp::kStart + 24h, isp::in_prefecture(1), Kind::alive));
    start.committed = {{"a", "4"}, {kControlStream, start.committed.at(kControlStream)}};
    restart();
    while (life->inputs.stage() == Inputs::Stage::recorded) {
        Batch batch;
        life->inputs.read(batch);
    }
    BOOST_TEST((life->inputs.last_event() == then));
    life->read();
    BOOST_TEST((life->inputs.last_event() == isp::kStart + 24h));
    BOOST_TEST(life->inputs.counters().future_events == 0U);
}

BOOST_AUTO_TEST_CASE(a_repeated_second_changes_nothing) {
    std::vector<LoginEvent> ordinary, leap;
    for (int n = 0; n < 40; ++n) {
        const Time time = isp::kStart + n * 100ms;
        ordinary.push_back(event("id" + std::to_string(n % 3), time, isp::in_prefecture(n % 7 == 0 ? 46 : 1)));
        leap.push_back(ordinary.back());
        if (n >= 20) leap.back().time -= 1s;
    }
    std::vector<std::size_t> found;
    for (const auto& events : {ordinary, leap}) {
        const guard::test::TemporaryDirectory directory("leap");
        streams["a"] = events;
        Life one(streams, directory.path(), clock);
        start.actions = actions();
        one.begin(start);
        std::set<std::string> ids;
        for (const auto& decision : one.read().decisions) ids.insert(decision.finding.id);
        found.push_back(ids.size());
    }
    BOOST_TEST(found[0] == 3U);
    BOOST_TEST(found[0] == found[1]);
}

// --- the disk

BOOST_AUTO_TEST_CASE(what_cannot_be_journalled_takes_effect_all_the_same) {
    restart();
    run();
    streams["a"] = {event("thief", isp::kStart, isp::in_prefecture(1)),
                    event("thief", isp::kStart + 60s, isp::in_prefecture(46))};
    std::filesystem::remove_all(state.path());
    life->inputs.set_actions(actions(config::Mode::observe));
    BOOST_TEST(life->inputs.counters().journal_failures == 1U);
    const Batch batch = run();
    BOOST_REQUIRE(batch.decisions.size() == 1U);
    BOOST_TEST(batch.positions.at(kControlStream) == "0");
    // Once there is room again the next input brings with it what is in force.
    std::filesystem::create_directory(state.path());
    life->inputs.set_breaker_open(true);
    ControlJournal again(state.path());
    const auto entries = again.take_entries();
    BOOST_TEST(std::ranges::any_of(entries, [](const ControlEntry& entry) {
        return entry.input == ControlInput(actions(config::Mode::observe));
    }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::daemon
