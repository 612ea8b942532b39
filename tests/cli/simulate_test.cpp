// guardctl simulate as a user types it, and what replay makes of it.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/process.hpp"

namespace guard::test {
namespace {

struct Files {
    TemporaryDirectory directory{"simulate"};

    std::string path(const std::string& name) const { return (directory.path() / name).string(); }
    Result shell(const std::string& command) const {
        ProcessOptions options;
        options.directory = directory.path();
        options.env["GUARDCTL"] = std::string(GUARD_BINARY_DIR) + "/bin/guardctl";
        return run({"/bin/sh", "-c", command}, options, std::chrono::seconds(100));
    }
};

constexpr const char* kReplay =
    "$GUARDCTL replay --pools isp/pools.csv --gateways isp/gateways.txt --geo isp/world.mmdb -o findings ";

}  // namespace

BOOST_AUTO_TEST_SUITE(simulate)

BOOST_AUTO_TEST_CASE(replay_reads_every_event_and_finds_the_thieves) {
    const Files files;
    const auto made = files.shell(
        "$GUARDCTL simulate --seed 5 --subscribers 200 --smtp 50 --days 18 --scenario single_far,guess_fast --out isp");
    BOOST_TEST_REQUIRE(made.status == 0, made.output);
    const auto manifest = nlohmann::json::parse(read_file(files.path("isp/manifest.json")));
    const std::string events = std::to_string(manifest.at("events").get<std::size_t>());
    BOOST_TEST(made.output.find(events + " events") != std::string::npos, made.output);
    const auto replayed = files.shell(kReplay + std::string("isp/events.jsonl"));
    BOOST_TEST_REQUIRE(replayed.status == 1, replayed.output);
    BOOST_TEST(replayed.output.find(events + " events, 0 malformed") != std::string::npos, replayed.output);
    BOOST_TEST(replayed.output.find("outside every pool") == std::string::npos, replayed.output);
    const std::string findings = read_file(files.path("findings"));
    BOOST_TEST(findings.find("pppoe.jump.live") != std::string::npos);
    BOOST_TEST(findings.find("smtp.source") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pipe_takes_the_same_events_as_a_file) {
    const Files files;
    const std::string arguments = "--subscribers 200 --smtp 0 --days 1 --scenario flapping ";
    BOOST_TEST(files.shell("$GUARDCTL simulate " + arguments + "--out file").status == 0);
    BOOST_TEST(files.shell("$GUARDCTL simulate " + arguments + "--out isp --events - >piped").status == 0);
    BOOST_TEST((read_file(files.path("piped")) == read_file(files.path("file/events.jsonl"))));
    BOOST_TEST(!std::filesystem::exists(files.path("isp/events.jsonl")));
    BOOST_TEST((read_file(files.path("file/truth.csv")) == read_file(files.path("isp/truth.csv"))));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_with_what_was_expected) {
    const Files files;
    const auto message = [&](const std::string& arguments) {
        const auto result = files.shell("$GUARDCTL simulate " + arguments);
        BOOST_TEST(result.status == 2, result.output);
        return result.output;
    };
    BOOST_TEST(message("--out isp --scenario flaping").find("\"flaping\", expected names of: all ordinary") !=
               std::string::npos);
    BOOST_TEST(message("--out isp --subscribers 3").find("found 3, expected 200 to 5000000") != std::string::npos);
    BOOST_TEST(message("--out /dev/null/isp").find("guardctl simulate") != std::string::npos);
    BOOST_TEST(message("--out isp --subscribers 200 --events none/file").find("none/file") != std::string::npos);
    write_file(files.path("mine"), "mine");
    BOOST_TEST(message("--out .").find("expected an empty directory, or --force") != std::string::npos);
    BOOST_TEST(message("").find("--out") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_told_and_leaves_no_manifest) {
    const Files files;
    const auto result = files.shell("$GUARDCTL simulate --subscribers 200 --days 2 --out isp --events /dev/full");
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.output.find("No space left") != std::string::npos, result.output);
    BOOST_TEST(!std::filesystem::exists(files.path("isp/manifest.json")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
