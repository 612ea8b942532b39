// The same events live, through a spool and with the analyzer killed at random, and replayed from a file by guardctl:
// the same findings to the byte.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <memory>
#include <random>
#include <sstream>
#include <tuple>

#include "analyzer/daemon/inputs.hpp"
#include "analyzer/daemon/spool_source.hpp"
#include "cli/finding_json.hpp"
#include "cli/replay/tally.hpp"
#include "config/options.hpp"
#include "spool/writer.hpp"
#include "tests/cli/replay_files.hpp"
#include "tests/simulate/simulated.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;
using namespace daemon;

struct SetClock final : Clock {
    Time time{};
    [[nodiscard]] Time now() const override { return time; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(time.time_since_epoch());
    }
};

std::string json_of(const LoginEvent& event) {
    std::string addresses;
    for (const IpAddress& address : event.addresses)
        addresses += (addresses.empty() ? "\"" : ",\"") + address.to_string() + '"';
    return R"({"time":")" + format_rfc3339(event.time) + R"(","service":")" + std::string(to_string(event.service)) +
           R"(","kind":")" + std::string(to_string(event.kind)) + R"(","id":")" + event.id + R"(","address":[)" +
           addresses + "]}\n";
}

struct Life {
    SpoolSource source;
    detection::Detector detector;
    ControlJournal journal;
    Inputs inputs;

    Life(const config::DetectionSettings& settings, std::shared_ptr<const geo::Locator> locator,
         const std::filesystem::path& spool, const std::filesystem::path& state, const Clock& clock)
        : source({spool}, 24h * 365),
          detector(settings, std::move(locator), {}, HashKey{7}),
          journal(state),
          inputs(detector, source, journal, clock, settings.guards.max_lag) {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(live_replay, ReplayFiles)

BOOST_AUTO_TEST_CASE(live_with_restarts_and_replayed_the_findings_are_the_same_bytes) {
    const char* wanted = std::getenv("GUARD_TEST_SEED");
    const std::uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 20261122;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    simulate::Arguments arguments;
    arguments.seed = seed;
    arguments.subscribers = 200;
    arguments.smtp = 60;
    arguments.days = 2;
    arguments.thieves = 3;
    const simulate::test::Simulated simulated(arguments);
    auto events = simulated.events;
    std::sort(events.begin(), events.end(), [](const LoginEvent& a, const LoginEvent& b) {
        return std::tie(a.time, a.service, a.id, a.kind, a.addresses) <
               std::tie(b.time, b.service, b.id, b.kind, b.addresses);
    });
    std::string lines;
    for (const LoginEvent& event : events) lines += json_of(event);
    write("events.jsonl", lines);
    const auto from = simulated.directory.path().string();
    write("guard.toml", "[geo]\npools = \"" + from + "/pools.csv\"\nmmdb = \"" + from +
                            "/world.mmdb\"\n[detection]\nmode = \"enforce\"\nlearning = \"12h\"\n");
    const auto replayed = guardctl(
        {"replay", "--config", path("guard.toml"), "--format", "jsonl", "--findings", "out.jsonl", "events.jsonl"});
    BOOST_TEST_REQUIRE(replayed.status == 1, replayed.output);

    auto settings = config::load(path("guard.toml")).value().detection;
    settings.guards.max_lag = 24h;  // who was away lags, and replay never does
    const TemporaryDirectory spool("spool"), state("state");
    spool::Writer writer({spool.path(), 256 * 1024, 1 << 30, 24h * 365, "v1"}, [](const std::string&) {});
    SetClock clock;
    std::unique_ptr<Life> life;
    Positions committed;
    std::string recorded;
    Batch batch;
    int restarts = 0;
    const auto start = [&] {
        batch = {};
        life = std::make_unique<Life>(settings, simulated.locator, spool.path(), state.path(), clock);
        Inputs::Start how;
        how.committed = committed;
        how.actions = {settings.mode, settings.profile, settings.rule_modes};
        how.contracts = std::make_shared<const Contracts>();
        life->inputs.begin(std::move(how));
        while (life->inputs.stage() != Inputs::Stage::live) life->inputs.read(batch);
    };
    const auto commit = [&] {
        life->inputs.sync();
        // Replay tells of a finding once: when it is decided.
        for (const auto& decision : batch.decisions)
            if (cli::is_final(decision)) recorded += cli::to_json(decision) + '\n';
        if (!batch.positions.empty()) committed = batch.positions;
        batch = {};
    };
    clock.time = events.front().time;
    start();
    for (std::size_t at = 0; at < events.size();) {
        clock.time = events[at].time;
        for (const Time until = events[at].time + 60s; at < events.size() && events[at].time < until; ++at)
            BOOST_REQUIRE(writer.append(events[at], clock.time));
        while (life->inputs.read(batch)) {
        }
        life->inputs.caught_up(batch);
        if (random() % 4 == 0) commit();
        if (random() % 150 != 0) continue;
        start();
        ++restarts;
    }
    clock.time += 24h;
    static_cast<void>(life->inputs.read(batch));
    life->inputs.caught_up(batch);
    commit();
    BOOST_TEST(restarts > 5);
    BOOST_TEST(recorded.size() > 10'000U);
    std::istringstream one(recorded), other(read_file(path("out.jsonl")));
    for (std::string live, replayed_line; std::getline(one, live) && std::getline(other, replayed_line);)
        BOOST_REQUIRE_EQUAL(live, replayed_line);
    BOOST_TEST((recorded == read_file(path("out.jsonl"))));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
