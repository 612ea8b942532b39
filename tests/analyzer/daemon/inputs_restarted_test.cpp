// Random events, control inputs and restarts: what is decided is what is decided without restarts.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>

#include "tests/analyzer/daemon/inputs_fixture.hpp"

namespace guard::daemon {
namespace {

using namespace std::chrono_literals;
using namespace test;

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
