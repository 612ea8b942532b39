// guardctl replay as a user types it.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "analyzer/daemon/state_lock.hpp"
#include "tests/cli/replay_files.hpp"

namespace guard::test {
namespace {

using Files = ReplayFiles;

}  // namespace

BOOST_AUTO_TEST_SUITE(replay)

BOOST_AUTO_TEST_CASE(a_theft_is_found_and_written_as_json) {
    const Files files;
    files.write("pools.csv", kPools);
    files.write("events.jsonl", theft("Tanaka@ISP.example"));
    const auto result = files.guardctl(
        {"replay", "--format", "jsonl", "--pools", "pools.csv", "--findings", "out.jsonl", "events.jsonl"});
    BOOST_TEST(result.status == 1, result.output);
    const auto findings = files.findings();
    BOOST_TEST_REQUIRE(findings.size() == 1u);
    BOOST_TEST(findings[0].at("rule") == "pppoe.jump");
    BOOST_TEST(findings[0].at("action") == "suspend");
    BOOST_TEST(findings[0].at("grade") == "probable");
    BOOST_TEST(findings[0].at("id") == "tanaka@isp.example");
    BOOST_TEST(findings[0].at("time") == "2026-03-21T10:05:00.500000Z");
    BOOST_TEST(findings[0].at("decided") == "2026-03-21T10:07:00.500000Z");  // it settled
    BOOST_TEST(findings[0].at("enforced") == true);
    BOOST_TEST(findings[0].at("evidence").size() == 2u);
    BOOST_TEST(findings[0].at("evidence")[1].at("address") == "10.46.0.1");
    BOOST_TEST(findings[0].at("evidence")[1].at("region") == "JP-46");
    BOOST_TEST(findings[0].at("summary_ja").get<std::string>().find("鹿児島県") != std::string::npos);
    BOOST_TEST(findings[0].at("summary_en").get<std::string>().find("Kagoshima") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_profile_decides_what_suspends) {
    const Files files;
    files.write("pools.csv", kPools);
    files.write("events.jsonl", theft("a"));
    files.write("cautious.toml", "[detection]\nprofile = \"cautious\"\n");
    const auto action = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"replay", "--pools", "pools.csv", "-o", "out.jsonl", "events.jsonl"});
        BOOST_TEST(files.guardctl(std::move(arguments)).status == 1);
        const auto findings = files.findings();
        BOOST_TEST_REQUIRE(findings.size() == 1u);
        return findings[0].at("action").get<std::string>();
    };
    BOOST_TEST(action({"--profile", "guideline"}) == "suspend");
    BOOST_TEST(action({"--profile", "cautious"}) == "review");
    BOOST_TEST(action({"--config", "cautious.toml"}) == "review");
    BOOST_TEST(action({"--config", "cautious.toml", "--profile", "guideline"}) == "suspend");
}

BOOST_AUTO_TEST_CASE(a_contract_for_two_sessions_allows_a_second_place) {
    const Files files;
    files.write("pools.csv", kPools);
    files.write("events.jsonl", theft("a"));
    files.write("one.csv", "id,sessions\nA,1\n");
    files.write("two.csv", "id,sessions\nA,2\n");
    files.write("bad.csv", "id,sessions\na,none\n");
    const auto found = [&](const std::string& contracts) {
        const int status = files
                               .guardctl({"replay", "--pools", "pools.csv", "--contracts", contracts, "-o", "out.jsonl",
                                          "events.jsonl"})
                               .status;
        BOOST_TEST(status == (files.findings().empty() ? 0 : 1));
        return files.findings().size();
    };
    BOOST_TEST(found("one.csv") == 1u);
    BOOST_TEST(found("two.csv") == 0u);
    const auto result = files.guardctl({"replay", "--pools", "pools.csv", "--contracts", "bad.csv", "events.jsonl"});
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.output.find("bad.csv:2: found \"none\"") != std::string::npos, result.output);
}

BOOST_AUTO_TEST_CASE(findings_go_to_standard_output) {
    const Files files;
    files.write("pools.csv", kPools);
    files.write("events.jsonl", theft("a"));
    const std::string command = std::string(GUARD_BINARY_DIR) + "/bin/guardctl replay -p pools.csv -o - events.jsonl";
    ProcessOptions options;
    options.directory = files.directory.path();
    const Result result = run({"sh", "-c", command + " 2>/dev/null"}, options);
    BOOST_TEST(result.status == 1);
    BOOST_TEST(nlohmann::json::parse(result.output).at("rule") == "pppoe.jump");
    BOOST_TEST(run({"sh", "-c", command + " >/dev/full"}, options).status == 2);
}

BOOST_AUTO_TEST_CASE(a_line_cut_in_half_is_named_counted_and_passed_over) {
    const Files files;
    files.write("pools.csv", kPools);
    files.write("events.jsonl", "{\"time\":\"2026-03-01T00:0\n" + theft("a"));
    const auto result = files.guardctl({"replay", "--pools", "pools.csv", "--findings", "out.jsonl", "events.jsonl"});
    BOOST_TEST(result.status == 1);
    BOOST_TEST(result.output.find("events.jsonl:1: found") != std::string::npos, result.output);
    BOOST_TEST(result.output.find("1 malformed lines skipped") != std::string::npos, result.output);
    BOOST_TEST(files.findings().size() == 1u);
}

BOOST_AUTO_TEST_CASE(all_mistakes_of_a_pool_file_are_named_with_their_lines) {
    const Files files;
    files.write("pools.csv", std::string(kPools) + "10.1.0.0/16,JP,JP-01\nten,JP\n");
    files.write("events.jsonl", theft("a"));
    const auto result = files.guardctl({"replay", "--pools", "pools.csv", "--findings", "out.jsonl", "events.jsonl"});
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.output.find("pools.csv:4:") != std::string::npos, result.output);
    BOOST_TEST(result.output.find("pools.csv:5:") != std::string::npos, result.output);
    BOOST_TEST(!std::filesystem::exists(files.path("out.jsonl")));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened_is_named_with_what_was_expected) {
    const Files files;
    files.write("pools.csv", kPools);
    files.write("events.jsonl", theft("a"));
    files.write("bad.toml", "[detection]\nmoed = \"enforce\"\n");
    const auto message = [&](std::vector<std::string> arguments) {
        const auto result = files.guardctl(std::move(arguments));
        BOOST_TEST(result.status == 2, result.output);
        BOOST_TEST(result.output.find("expected") != std::string::npos, result.output);
        return result.output;
    };
    BOOST_TEST(message({"replay", "--pools", "pools.csv", "--geo", "none.mmdb", "events.jsonl"}).find("none.mmdb") !=
               std::string::npos);
    BOOST_TEST(message({"replay", "--pools", "none.csv", "events.jsonl"}).find("none.csv") != std::string::npos);
    BOOST_TEST(message({"replay", "--pools", "pools.csv", "none.jsonl"}).find("none.jsonl") != std::string::npos);
    BOOST_TEST(message({"replay", "--pools", "pools.csv", "-o", "none/out", "events.jsonl"}).find("none/out") !=
               std::string::npos);
    BOOST_TEST(message({"replay", "--config", "bad.toml", "--pools", "pools.csv", "events.jsonl"})
                   .find("bad.toml:2: detection.moed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(any_order_within_two_minutes_gives_the_same_findings) {
    const Files files;
    files.write("pools.csv", kPools);
    const std::string before = theft("a"), first = event("2026-03-22T09:00:00Z", "accept", "b", "10.1.0.9"),
                      second = event("2026-03-22T09:01:30Z", "accept", "b", "10.46.0.9");
    files.write("sorted.jsonl", before + first + second);
    files.write("shuffled.jsonl", before + second + first);
    for (const char* name : {"sorted", "shuffled"})
        BOOST_TEST(files
                       .guardctl({"replay", "--pools", "pools.csv", "-o", std::string(name) + ".out",
                                  std::string(name) + ".jsonl"})
                       .status == 1);
    BOOST_TEST(read_file(files.path("sorted.out")) == read_file(files.path("shuffled.out")));
}

BOOST_AUTO_TEST_CASE(standard_input_is_read_and_several_files_are_one_log) {
    const Files files;
    files.write("pools.csv", kPools);
    const std::string text = theft("a");
    const std::size_t half = text.find('\n', text.size() / 2) + 1;
    files.write("1.jsonl", text.substr(0, half));
    files.write("2.jsonl", text.substr(half));
    BOOST_TEST(files.guardctl({"replay", "--pools", "pools.csv", "-o", "out.jsonl", "1.jsonl", "2.jsonl"}).status == 1);
    BOOST_TEST(files.findings().size() == 1u);
    BOOST_TEST(files.guardctl({"replay", "--pools", "pools.csv", "-o", "out.jsonl", "-"}, text).status == 1);
    BOOST_TEST(files.findings().size() == 1u);
}

BOOST_AUTO_TEST_CASE(learning_makes_regions_familiar_for_the_next_run_and_twice_changes_nothing) {
    const Files files;
    files.write("pools.csv", kPools);
    std::string both;  // at home in both regions, by slow travel
    for (int day = 1; day <= 20; ++day) {
        const std::string date = "2026-03-" + std::string(day < 10 ? "0" : "") + std::to_string(day);
        both += event(date + "T06:00:00Z", "accept", "a", day % 2 == 0 ? "10.1.0.1" : "10.46.0.1");
    }
    files.write("history.jsonl", both);
    files.write("day.jsonl", event("2026-03-21T06:00:00Z", "accept", "a", "10.1.0.1") +
                                 event("2026-03-21T06:10:00Z", "accept", "a", "10.46.0.1"));
    std::filesystem::create_directory(files.path("state"));
    const auto learn = [&] {
        return files.guardctl({"replay", "--pools", "pools.csv", "--learn", "--state", "state", "history.jsonl"});
    };
    BOOST_TEST(learn().status == 0);
    const std::string learned = read_file(files.path("state/state.snapshot"));
    BOOST_TEST(learn().status == 0);
    BOOST_TEST((read_file(files.path("state/state.snapshot")) == learned));
    BOOST_TEST(learned.find("10.") == std::string::npos);
    {
        const daemon::StateLock analyzer(files.path("state"));
        const auto refused = learn();
        BOOST_TEST(refused.status == 2);
        BOOST_TEST(refused.output.find("is in use by process") != std::string::npos, refused.output);
    }

    BOOST_TEST(
        files.guardctl({"replay", "--pools", "pools.csv", "-o", "with.out", "--state", "state", "day.jsonl"}).status ==
        0);
    BOOST_TEST(files.findings("with.out").empty());  // both places are familiar
    BOOST_TEST(files.guardctl({"replay", "--pools", "pools.csv", "-o", "without.out", "day.jsonl"}).status == 1);
    BOOST_TEST(files.findings("without.out").size() == 1u);
    BOOST_TEST(files.guardctl({"replay", "--pools", "pools.csv", "--learn", "history.jsonl"}).status ==
               2);  // where to?
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
