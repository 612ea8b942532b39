// tests/chaos/run.sh: rounds of faults on a whole small ISP under load, and after each the truth against what is
// recorded, refused and sent. Read play() first; README.md in this folder says how to read what it prints.
#include <fmt/chrono.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <thread>

#include "tests/chaos/compare.hpp"
#include "tests/chaos/faults.hpp"
#include "tests/chaos/release.hpp"
#include "tests/chaos/rest.hpp"

namespace guard::chaos {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kWindow = 5s;      // in which a round's faults begin
constexpr unsigned kRounds = 20;  // of one world; then all begins anew
constexpr unsigned kThefts = 12, kReleases = 4, kOldThieves = 40;
constexpr unsigned kLeastFaults = 3, kMostFaults = 8;

struct Options {
    unsigned rounds = 5, from = 0, rate = 200;
    std::uint64_t seed = 0;
    bool keep = false;
    fs::path directory = "build/chaos";
    std::set<std::string> only;
};

// A round's faults follow from these two alone.
std::uint64_t seed_of(const Options& options, unsigned round) {
    std::seed_seq mixed{options.seed & 0xffffffff, options.seed >> 32, std::uint64_t{round}};
    std::array<std::uint32_t, 2> words{};
    mixed.generate(words.begin(), words.end());
    return std::uint64_t{words[0]} << 32 | words[1];
}

struct Totals {
    std::map<std::string_view, Happened> happened;
    Compared sum;
    unsigned rounds = 0;
    std::vector<unsigned> failed;

    void add_round(const Compared::Round& more) {
        ++rounds;
        sum.round.messages += more.messages;
        sum.round.missing += more.missing;
        sum.round.dropped += more.dropped;
        sum.round.refused += more.refused;
        sum.round.accepted += more.accepted;
    }
    void add_world(const Compared::Standing& more) {
        sum.standing.thefts += more.thefts;
        sum.standing.not_judged += more.not_judged;
        sum.standing.suspensions += more.suspensions;
        sum.standing.releases += more.releases;
        sum.standing.moved += more.moved;
        sum.standing.moved_slowly += more.moved_slowly;
        sum.standing.recorded += more.recorded;
        sum.standing.blocks += more.blocks;
        sum.standing.disconnects += more.disconnects;
        sum.standing.mails += more.mails;
        sum.standing.again += more.again;
        sum.standing.torn += more.torn;
    }
};

constexpr Fault kFailover{"failover",
                          "radiusd",
                          1500ms,
                          1500ms,
                          [](World& world) { world.fail_over(); },
                          [](World&) {},
                          "thirty innocents are moved to a far region at once"};

// Thieves of rounds before go on trying: who is suspended must stay so.
void old_thieves_try_again(World& world) {
    std::vector<std::shared_ptr<Theft>> old = world.thefts;
    std::ranges::shuffle(old, world.random);
    unsigned count = 0;
    world.traffic->call([&] {
        for (const auto& theft : old) {
            if (theft->key().first != Service::pppoe || ++count > kOldThieves) continue;
            theft->probe_on(true);
            world.traffic->add(theft, between(world.life, 0ms, 1s));
        }
    });
}

Compared play(World& world, const Options& options, unsigned round, Totals& totals) {
    world.random.seed(seed_of(options, round));
    const auto count = std::uniform_int_distribution<unsigned>(kLeastFaults, kMostFaults)(world.random);
    auto planned = plan(world, kWindow, count, options.seed + round, options.only);
    old_thieves_try_again(world);
    world.add_thefts(round, kThefts, kWindow * 3 / 4);
    if (round % 2 == 0 && options.only.empty()) {
        world.prepare_failover(round);
        const auto at = between(world.random, 1500ms, kWindow);
        // It has to be over before the first of them has settled: no fault of radiusd meanwhile. And the thirty have to
        // be in the journal, where they were and where they are: no full disk until then.
        std::erase_if(planned, [&](const Planned& other) {
            const bool meanwhile = other.at < at + kFailover.most && at < other.until + 500ms;
            return (other.fault->part == kFailover.part && meanwhile) ||
                   (other.fault->name == "disk.spool" && other.at < at + kFailover.most);
        });
        planned.push_back({&kFailover, at, at + kFailover.most});
    }
    world.traffic->call([&] { world.traffic->set_loading(true); });
    const auto began = Clock::now();
    Releaser releaser(world, kReleases, world.random());
    carry_out(world, planned, totals.happened);
    std::this_thread::sleep_until(began + kWindow);
    const auto released = releaser.finish();
    come_to_rest(world);
    Compared compared = compare(world, released);
    world.radius_away.clear();
    std::vector<std::string_view> names;
    for (const Planned& each : planned) names.push_back(each.fault->name);
    fmt::print("round {}: {} messages, {} dropped, {} of {} thieves suspended, {} released; {} | {}\n", round,
               compared.round.messages, compared.round.dropped, compared.standing.suspensions, compared.standing.thefts,
               compared.standing.releases, world.violations.empty() ? "good" : "BAD", fmt::join(names, " "));
    return compared;
}

// All that helps to find out: the files, the logs, the database, the mails.
fs::path keep(World& world, const Options& options, unsigned round) {
    const fs::path to = options.directory / fmt::format("seed-{}-round-{}", options.seed, round);
    fs::remove_all(to);
    fs::create_directories(to);
    fs::copy(world.isp.directory(), to / "isp", fs::copy_options::recursive);
    test::write_file(to / "analyzer-now.log", world.isp.analyzer().output());
    test::write_file(to / "notifier-now.log", world.isp.notifier().output());
    test::write_file(to / "radiusd-now.log", world.isp.radius->log());
    test::write_file(to / "postgres-now.log", world.isp.postgres.server().output());
    test::write_file(to / "violations", fmt::format("{}\n", fmt::join(world.violations, "\n")));
    fs::create_directory(to / "mail");
    unsigned number = 0;
    for (const auto& mail : world.isp.mail.messages()) test::write_file(to / "mail" / std::to_string(number++), mail);
    const auto dump = test::run({"pg_dump", "--schema=guard", "--inserts", world.isp.postgres.connection_string()});
    test::write_file(to / "database.sql", dump.output);
    return to;
}

void report_failure(World& world, const Options& options, unsigned round, unsigned first) {
    for (const auto& text : world.violations) fmt::print("   VIOLATION {}\n", text);
    try {
        fmt::print("   kept in {}\n", keep(world, options, round).string());
    } catch (const std::exception& error) {
        fmt::print("   could not be kept: {}\n", error.what());
    }
    fmt::print(
        "   again: tests/chaos/run.sh --seed {} --from {} --rounds {}   (or --from {} --rounds 1, from nothing)\n",
        options.seed, first, round - first + 1, round);
}

// Up to kRounds rounds with the same servers, which keep their state. Returns how many were played.
unsigned play_world(const Options& options, unsigned first, unsigned most, Totals& totals) {
    World world(seed_of(options, first) + 1, options.rate);
    come_to_rest(world);
    Compared last;
    unsigned played = 0;
    while (played < std::min(most, kRounds) && world.violations.empty()) {
        const unsigned round = first + played++;
        try {
            last = play(world, options, round, totals);
            totals.add_round(last.round);
            if (played == std::min(most, kRounds)) {
                world.stop_analyzer();
                world.stop_notifier();
            }
        } catch (const std::exception& error) {
            world.violation(std::string("cannot go on: ") + error.what());
        }
        std::fflush(stdout);
        if (world.violations.empty() && !options.keep) continue;
        if (!world.violations.empty()) totals.failed.push_back(round);
        report_failure(world, options, round, first);
    }
    totals.add_world(last.standing);
    return played;
}

void print_totals(const Options& options, const Totals& totals, Clock::duration took) {
    fmt::print("\nseed {}, {} rounds, {} s\n\n  faults                      times  what\n", options.seed, totals.rounds,
               took / 1s);
    unsigned faults = 0;
    for (const Fault& fault : all_faults()) {
        const auto found = totals.happened.find(fault.name);
        const Happened happened = found == totals.happened.end() ? Happened{} : found->second;
        faults += happened.times;
        fmt::print(
            "  {:<26} {:>6}  {}{}\n", fault.name, happened.times, fault.what,
            happened.impossible == 0 ? "" : fmt::format(" ({} more found nothing to do it to)", happened.impossible));
    }
    const auto& [round, standing] = totals.sum;
    fmt::print("  {:<26} {:>6}\n\n  compared\n", "all", faults);
    const auto line = [](std::uint64_t number, std::string_view what) { fmt::print("  {:>10}  {}\n", number, what); };
    line(round.messages, "messages answered by radiusd");
    line(round.missing, "of them not in the journal");
    line(round.dropped, "counted as dropped by the module");
    line(standing.torn, "torn places in the journal");
    line(standing.thefts, "IDs misused");
    line(standing.not_judged, "of them with events dropped: not judged");
    line(standing.suspensions, "suspensions, each once");
    line(standing.releases, "released, by password or person");
    line(standing.moved, "innocents moved by a failover, nobody suspended");
    line(standing.moved_slowly, "more of them, too slowly to be judged");
    line(standing.recorded, "other IDs with findings, nobody suspended");
    line(standing.blocks, "guessing sources blocked");
    line(standing.disconnects, "sessions ended");
    line(standing.mails, "notices delivered");
    line(standing.again, "of them delivered again under their Message-ID, and counted");
    line(round.refused, "logins of suspended IDs at rest, all refused");
    line(round.accepted, "logins of released IDs at rest, all accepted");
    if (totals.failed.empty())
        fmt::print("\nAll as it should be.\n");
    else
        fmt::print("\nFAILED: {} of {} rounds: {}\n", totals.failed.size(), totals.rounds,
                   fmt::join(totals.failed, ", "));
}

int run(const Options& options) {
    fmt::print("chaos: seed {}, {} rounds, {} logins a second\n", options.seed, options.rounds, options.rate);
    std::fflush(stdout);
    const auto began = Clock::now();
    Totals totals;
    for (unsigned done = 0; done < options.rounds;)
        done += play_world(options, options.from + done, options.rounds - done, totals);
    print_totals(options, totals, Clock::now() - began);
    return totals.failed.empty() ? 0 : 1;
}

std::string list_of_faults() {
    std::string text = "Faults:\n";
    for (const Fault& fault : all_faults()) text += fmt::format("  {:<26} {}\n", fault.name, fault.what);
    return text;
}

}  // namespace
}  // namespace guard::chaos

int main(int argc, char** argv) {
    using namespace guard::chaos;
    Options options;
    options.seed = std::random_device{}();
    CLI::App app("Takes the parts of a whole small ISP away under load, and compares what comes of it with the truth.",
                 "tests/chaos/run.sh");
    app.footer(list_of_faults());
    app.add_option("--rounds", options.rounds, "How many rounds, 5 unless given")->check(CLI::Range(1, 100000));
    app.add_option("--seed", options.seed, "What happens follows from it; random unless given");
    app.add_option("--from", options.from, "The number of the first round, 0 unless given");
    app.add_option("--only", options.only, "Only this fault; may be given more than once")->allow_extra_args(false);
    app.add_option("--rate", options.rate, "Logins a second, 200 unless given")->check(CLI::Range(1, 2000));
    app.add_option("--directory", options.directory, "Where what is kept of a failed round goes: build/chaos");
    app.add_flag("--keep", options.keep, "Keep what is left of every round, not only of one that failed");
    CLI11_PARSE(app, argc, argv);
    for (const auto& name : options.only)
        if (std::ranges::none_of(all_faults(), [&](const Fault& fault) { return fault.name == name; })) {
            fmt::print(stderr, "there is no fault {}\n{}", name, list_of_faults());
            return 2;
        }
    try {
        return run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "chaos cannot go on: {}\n", error.what());
        return 2;
    }
}
