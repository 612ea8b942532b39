// What reaches the detectors reaches them again after a restart: the same decisions, each on record once, wherever the
// analyzer was killed.
#include "analyzer/daemon/inputs.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>

#include "tests/analyzer/daemon/vector_source.hpp"
#include "tests/analyzer/detection/scenario.hpp"
#include "tests/support/process.hpp"

namespace guard::daemon {
namespace {

namespace isp = guard::detection::test;
using namespace std::chrono_literals;

struct FakeClock final : Clock {
    Time time = isp::kStart;
    std::chrono::steady_clock::time_point interval{1h};

    [[nodiscard]] Time now() const override { return time; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return interval; }
    void pass(Microseconds span) {
        time += span;
        interval += span;
    }
};

config::DetectionSettings settings() {
    auto result = isp::enforced();
    result.learning = 0s;
    result.settle = 30s;
    result.guards.breaker_per_hour = result.guards.breaker_per_day = result.guards.breaker_per_pool = 1000;
    result.guards.breaker_per_hour_share = 1;
    result.guards.step_ids = result.guards.slow_step_ids = 1000;
    return result;
}

Actions actions(config::Mode mode = config::Mode::enforce) {
    return {mode, config::Profile::guideline, {}};
}

// One process: all that is gone when it is killed.
struct Life {
    test::VectorSource source;
    detection::Detector detector{settings(), isp::world(), {}, isp::kKey};
    ControlJournal journal;
    Inputs inputs;

    Life(const test::VectorSource::Streams& streams, const std::filesystem::path& state, const Clock& clock,
         std::chrono::seconds max_lag = 120s)
        : source(streams), journal(state), inputs(detector, source, journal, clock, max_lag) {}

    void begin(Inputs::Start start) {
        if (!start.contracts) start.contracts = std::make_shared<const Contracts>();
        inputs.begin(std::move(start));
    }
    // Until nothing is left to read.
    Batch read() {
        Batch all;
        while (inputs.read(all)) {
        }
        return all;
    }
};

LoginEvent event(const std::string& id, Time time, const std::string& where, Kind kind = Kind::assign) {
    return {Service::pppoe, kind, id, {isp::address(where)}, time};
}

struct Restarting {
    guard::test::TemporaryDirectory state{"inputs"};
    test::VectorSource::Streams streams;
    FakeClock clock;
    std::unique_ptr<Life> life;
    Inputs::Start start;

    void restart() {
        life = std::make_unique<Life>(streams, state.path(), clock);
        if (start.actions == Actions{}) start.actions = actions();
        life->begin(start);
    }
    // Everything that is there, and recorded.
    Batch run() {
        Batch batch = life->read();
        life->inputs.caught_up(batch);
        start.committed = batch.positions;
        return batch;
    }
};

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
        life->inputs.meet_database({}, batch);
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

// --- restarts at random

namespace {

struct Step {
    Microseconds pass{};
    std::vector<LoginEvent> events[2];
    std::vector<Release> releases;
    std::vector<Verdict> verdicts;
    std::optional<bool> breaker;
    std::optional<Actions> actions;
    std::optional<AllowList> allowed;
    std::optional<Contracts> contracts;
    bool idle = false, commit = false;
};

std::string random_id(std::mt19937_64& random) {
    return "id" + std::to_string(random() % 25) + (random() % 10 == 0 ? std::string("\0\xff", 2) : "");
}

// Two streams, or one with events of a clock that is wrong: what such a one holds up is merged otherwise when it is
// read again.
std::vector<Step> random_steps(std::mt19937_64& random, int count, bool wrong_clock) {
    std::vector<Step> steps;
    Time time = isp::kStart;
    std::int64_t number = 0;
    AllowList allowed;
    Contracts contracts;
    constexpr unsigned kPrefectures[] = {1, 13, 27, 40, 46};
    for (int n = 0; n < count; ++n) {
        Step step;
        const auto any = random() % 100;
        step.pass = any < 5 ? 15min : any < 60 ? 5s : 40s;
        const Time until = time + step.pass;
        for (auto left = random() % 12; left > 0; --left) {
            const bool mail = random() % 4 == 0;
            constexpr Kind kKinds[] = {Kind::accept, Kind::reject, Kind::assign, Kind::alive, Kind::release};
            LoginEvent one{mail ? Service::smtp_auth : Service::pppoe,
                           kKinds[random() % (mail ? 2 : 5)],
                           random_id(random),
                           {},
                           time + Microseconds{random() % 5'000'000}};
            if (mail || one.kind != Kind::reject)
                one.addresses = {
                    isp::address(isp::in_prefecture(kPrefectures[random() % 5], static_cast<unsigned>(random() % 4)))};
            if (wrong_clock && random() % 30 == 0) one.time += 3h;
            step.events[wrong_clock ? 0 : random() % 2].push_back(std::move(one));
        }
        for (auto& stream : step.events) std::ranges::stable_sort(stream, {}, &LoginEvent::time);
        time = until;
        if (random() % 6 == 0) step.releases.push_back({++number, Service::pppoe, random_id(random), time - 2s});
        if (random() % 6 == 0)
            step.verdicts.push_back({static_cast<Verdict::Kind>(random() % 3),
                                     ++number,
                                     Service::pppoe,
                                     random_id(random),
                                     time - 1s,
                                     {isp::region("JP-46")}});
        if (random() % 10 == 0) step.breaker = random() % 3 == 0;
        if (random() % 10 == 0) step.actions = actions(static_cast<config::Mode>(random() % 3));
        if (random() % 10 == 0) {
            allowed.entries[{Service::pppoe, random_id(random)}] = time + 1h;
            step.allowed = allowed;
        }
        if (random() % 10 == 0) {
            contracts[{Service::pppoe, random_id(random)}].sessions = static_cast<unsigned>(1 + random() % 3);
            if (random() % 3 == 0) contracts.erase(contracts.begin());
            step.contracts = contracts;
        }
        step.idle = random() % 3 != 0;
        step.commit = random() % 3 == 0;
        steps.push_back(std::move(step));
    }
    steps.back().commit = true;
    return steps;
}

std::string shown(const detection::Decision& decision) {
    return decision.finding.key() + ' ' + std::string(to_string(decision.action)) + ' ' +
           std::string(to_string(decision.reason)) + (decision.enforced ? " enforced " : " ") +
           format_rfc3339(decision.decided) + ' ' + decision.finding.summary_en;
}

// A script, the process that works through it, and what of it is on record: files and database.
class Scripted {
  public:
    explicit Scripted(const std::vector<Step>& steps) : steps_(steps) { start(); }

    // `kill`: after how many steps; the journal is cut off somewhere behind what was synced.
    void run(const std::set<std::size_t>& kills, std::mt19937_64& random) {
        std::set<std::size_t> left = kills;
        for (std::size_t at = 0; at < steps_.size();) {
            work(at);
            number_after_[at] = life_->journal.last();
            if (left.erase(at) == 0) {
                ++at;
                continue;
            }
            life_.reset();
            at = kill(at, random);
            told_ = at;
            start();
        }
    }
    [[nodiscard]] const std::vector<std::string>& recorded() const { return recorded_; }
    [[nodiscard]] std::size_t cut() const { return cut_; }

  private:
    void work(std::size_t at) {
        const Step& step = steps_[at];
        clock_.time = isp::kStart;
        clock_.interval = {};
        for (std::size_t n = 0; n <= at; ++n) clock_.pass(steps_[n].pass);
        append(at);
        told_ = at + 1;
        Inputs& inputs = life_->inputs;
        if (step.breaker) inputs.set_breaker_open(*step.breaker);
        if (step.actions) inputs.set_actions(*step.actions);
        if (step.allowed) inputs.set_allowed(*step.allowed);
        if (step.contracts) inputs.set_contracts(std::make_shared<const Contracts>(*step.contracts));
        inputs.told(step.releases);
        inputs.told(step.verdicts);
        while (inputs.read(batch_)) {
        }
        if (step.idle) inputs.caught_up(batch_);
        if (step.commit) {
            commit();
            recorded_steps_ = at + 1;
        }
    }

    void commit() {
        life_->inputs.sync();
        for (const auto& decision : batch_.decisions) recorded_.push_back(shown(decision));
        if (!batch_.positions.empty()) committed_ = batch_.positions;
        batch_ = {};
        synced_ = size_of_journal();
    }

    // The events of the first steps, this one included, and no others: time has not come to them.
    void append(std::size_t at) {
        if (at + 1 == appended_) return;
        if (at + 1 < appended_) {
            for (auto& [name, events] : streams_) events.clear();
            appended_ = 0;
        }
        for (; appended_ <= at; ++appended_)
            for (const std::size_t stream : {std::size_t{0}, std::size_t{1}})
                std::ranges::copy(steps_[appended_].events[stream],
                                  std::back_inserter(streams_[stream == 0 ? "a" : "b"]));
    }

    // What people and files told until now comes again, as the database has it; going on at step `told_`.
    void start() {
        batch_ = {};
        if (told_ < steps_.size()) append(told_);
        // Who was away lags: no decision is to depend on that here.
        life_ = std::make_unique<Life>(streams_, state_.path(), clock_, 24h);
        Inputs::Start start;
        start.committed = committed_;
        start.since = isp::kStart - 48h;
        start.actions = actions();
        start.contracts = std::make_shared<const Contracts>();
        for (std::size_t step = 0; step < told_; ++step) {
            std::ranges::copy(steps_[step].releases, std::back_inserter(start.releases));
            std::ranges::copy(steps_[step].verdicts, std::back_inserter(start.verdicts));
            if (steps_[step].contracts) start.contracts = std::make_shared<const Contracts>(*steps_[step].contracts);
        }
        life_->begin(std::move(start));
        while (life_->inputs.stage() != Inputs::Stage::live) life_->inputs.read(batch_);
    }

    // Of the last file; the others are whole.
    [[nodiscard]] std::pair<std::filesystem::path, std::uintmax_t> size_of_journal() const {
        std::pair<std::filesystem::path, std::uintmax_t> last;
        for (const auto& file : std::filesystem::directory_iterator(state_.path()))
            if (file.path() > last.first) last = {file.path(), file.file_size()};
        return last;
    }

    // Returns the step to go on at, once more: the last one that has anything in what is left of the journal, or the
    // one behind what is recorded.
    std::size_t kill(std::size_t at, std::mt19937_64& random) {
        auto kept = size_of_journal();
        const std::uintmax_t least = synced_.first == kept.first ? synced_.second : 0;
        if (kept.second > least && random() % 3 != 0) {
            kept.second = least + random() % (kept.second - least);
            std::filesystem::resize_file(kept.first, kept.second);
            ++cut_;
        }
        const std::uint64_t left = ControlJournal(state_.path()).last();
        for (std::size_t step = at; step > recorded_steps_; --step)
            if (number_after_[step - 1] < left) return step;
        return recorded_steps_;
    }

    const std::vector<Step>& steps_;
    guard::test::TemporaryDirectory state_{"scripted"};
    test::VectorSource::Streams streams_;
    FakeClock clock_;
    std::unique_ptr<Life> life_;
    Batch batch_;
    // What outlives the process.
    Positions committed_;
    std::vector<std::string> recorded_;
    std::size_t appended_ = 0, told_ = 0, recorded_steps_ = 0, cut_ = 0;
    std::pair<std::filesystem::path, std::uintmax_t> synced_;
    std::map<std::size_t, std::uint64_t> number_after_;  // of the journal, by step
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* wanted = std::getenv(variable);
    return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : otherwise;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inputs_restarted)

// GUARD_TEST_SEED and GUARD_TEST_ROUNDS look for more.
BOOST_AUTO_TEST_CASE(decisions_with_random_controls_and_restarts_are_those_without_restarts) {
    const std::uint64_t seed = number_from("GUARD_TEST_SEED", 20261122);
    BOOST_TEST_MESSAGE("seed " << seed);
    std::size_t decisions = 0, cut = 0;
    for (std::uint64_t round = 0; round < number_from("GUARD_TEST_ROUNDS", 12); ++round) {
        std::mt19937_64 random(seed + round);
        const auto steps = random_steps(random, 60, round % 2 == 1);
        Scripted without(steps), with(steps);
        without.run({}, random);
        std::set<std::size_t> kills;
        for (int n = 0; n < 8; ++n) kills.insert(random() % steps.size());
        with.run(kills, random);
        const auto [first, other] = std::ranges::mismatch(with.recorded(), without.recorded());
        BOOST_REQUIRE_MESSAGE(with.recorded() == without.recorded(),
                              "seed " << seed + round << ", decision " << first - with.recorded().begin() << ": "
                                      << (first == with.recorded().end() ? "none" : *first) << " instead of "
                                      << (other == without.recorded().end() ? "none" : *other));
        decisions += without.recorded().size();
        cut += with.cut();
    }
    BOOST_TEST(decisions > 200U);
    BOOST_TEST(cut > 5U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::daemon
