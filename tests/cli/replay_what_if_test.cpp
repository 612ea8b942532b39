// Thresholds tried out: --set and --compare of guardctl replay.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "cli/replay/comparison.hpp"
#include "tests/cli/replay_files.hpp"

namespace guard::test {
namespace {

struct Files : ReplayFiles {
    Files() {
        write("pools.csv", kPools);
        write("events.jsonl", theft("tanaka@isp.example"));
        write("near.toml", "[detection.pppoe]\nmin_distance_km = 100\n");
        write("far.toml", "[detection.pppoe]\nmin_distance_km = 5000\n");
        write("cautious.toml", "[detection]\nprofile = \"cautious\"\n");
    }
};

const std::string kReplay = "$GUARDCTL replay -p pools.csv ";

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_what_if)

BOOST_FIXTURE_TEST_CASE(a_setting_is_tried_out_by_its_name, Files) {
    BOOST_TEST(shell(kReplay + "--set pppoe.min_distance_km=1000 events.jsonl").status == 1);
    BOOST_TEST(shell(kReplay + "--set pppoe.min_distance_km=5000 events.jsonl").status == 0);
    BOOST_TEST(shell(kReplay + "--config far.toml --set detection.pppoe.min_distance_km=100 events.jsonl").status == 1);
    BOOST_TEST(shell(kReplay + "-o out.jsonl --set settle=5m --set profile=cautious events.jsonl").status == 1);
    BOOST_TEST(findings().at(0).at("action") == "review");

    const auto refused = shell(kReplay + "--set pppoe.burst.rate.count=20 --set settle=never events.jsonl");
    BOOST_TEST(refused.status == 2);
    BOOST_TEST(refused.output ==
                   "--set detection.pppoe.burst.rate.count: found an unknown key, expected perhaps "
                   "detection.pppoe.burst_rate_accepts\n"
                   "--set detection.settle: found \"never\", expected a duration from 0s to 1h\n",
               refused.output);
}

BOOST_FIXTURE_TEST_CASE(configurations_are_compared_in_one_reading, Files) {
    const auto result =
        shell(kReplay + "events.jsonl --compare near.toml far.toml cautious.toml --report json 2>messages");
    BOOST_TEST(result.status == 1, result.output);
    const auto json = nlohmann::json::parse(result.output);
    BOOST_TEST_REQUIRE(json.at("configurations").size() == 3U);
    BOOST_TEST(
        json.at("configurations")[0] ==
        nlohmann::json({{"name", "near.toml"}, {"ids_suspended", 1}, {"ids_in_review", 0}, {"sources_blocked", 0}}));
    BOOST_TEST(json.at("configurations")[1].at("ids_suspended") == 0);
    BOOST_TEST(json.at("configurations")[2].at("ids_in_review") == 1);
    BOOST_TEST_REQUIRE(json.at("differences").size() == 1U);
    BOOST_TEST(json.at("differences")[0].at("rule") == "pppoe.jump");
    BOOST_TEST(json.at("differences")[0].at("id") == "t***@isp.example");
    BOOST_TEST(json.at("differences")[0].at("actions") == nlohmann::json({"suspend", nullptr, "review"}));
    // Read once.
    BOOST_TEST(read_file(path("messages")).starts_with("43 events, "), read_file(path("messages")));

    const std::string text =
        shell(kReplay + "--config near.toml --compare far.toml -- events.jsonl 2>/dev/null").output;
    for (const char* part : {"near.toml  far.toml\n", "  IDs suspended            1         0\n", "Differences: 1\n",
                             "  pppoe.jump  pppoe    1  t***@isp.example  suspend    -\n"})
        BOOST_TEST(contains(text, part), part << "\n" << text);
    BOOST_TEST(!contains(text, "tanaka"));
}

BOOST_FIXTURE_TEST_CASE(each_finds_what_it_finds_alone, Files) {
    BOOST_TEST(
        shell("$GUARDCTL simulate --seed 5 --subscribers 200 --smtp 50 --days 18 --scenario single_far,guess_fast "
              "--out isp >/dev/null 2>&1")
            .status == 0);
    const std::string files = "-p isp/pools.csv --gateways isp/gateways.txt -g isp/world.mmdb isp/events.jsonl ";
    shell("$GUARDCTL replay " + files + "--config near.toml -o alone.jsonl");
    shell("$GUARDCTL replay " + files +
          "--config near.toml -o beside.jsonl --compare far.toml cautious.toml >/dev/null");
    BOOST_TEST(!read_file(path("alone.jsonl")).empty());
    BOOST_TEST((read_file(path("alone.jsonl")) == read_file(path("beside.jsonl"))));
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_compared_is_refused, Files) {
    write("other.toml", "[identity]\ncase = \"keep\"\n");
    write("late.toml", "[detection]\nreorder = \"1m\"\n");
    const auto message = [this](const std::string& arguments) {
        const auto result = shell(kReplay + arguments);
        BOOST_TEST(result.status == 2, arguments);
        return result.output;
    };
    BOOST_TEST(
        contains(message("events.jsonl --compare near.toml"), "--compare: found one configuration, expected two"));
    BOOST_TEST(
        contains(message("events.jsonl --compare near.toml other.toml"), "other.toml: found another [identity]"));
    BOOST_TEST(
        contains(message("events.jsonl --compare near.toml late.toml"), "late.toml: found another detection.reorder"));
    BOOST_TEST(contains(message("events.jsonl --compare near.toml none.toml"), "none.toml: found No such file"));
    BOOST_TEST(contains(message("events.jsonl --learn --state . --compare near.toml far.toml"),
                        "found --learn with --compare"));
    BOOST_TEST(contains(message("events.jsonl --into-cases --compare near.toml far.toml"),
                        "found --into-cases with --compare"));
    BOOST_TEST(contains(message("events.jsonl -o - --compare near.toml far.toml"),
                        "found --findings - and --compare writing"));
}

BOOST_AUTO_TEST_CASE(a_mask_tells_little) {
    BOOST_TEST(cli::masked("tanaka@isp.example") == "t***@isp.example");
    BOOST_TEST(cli::masked("abc@isp.example") == "***@isp.example");
    BOOST_TEST(cli::masked("tanaka") == "t***");
    BOOST_TEST(cli::masked("a@b@isp.example") == "***@isp.example");
    BOOST_TEST(cli::masked("田中花子@isp.example") == "***@isp.example");
    BOOST_TEST(cli::masked("bad\xff@isp.example") == "***");
    BOOST_TEST(cli::masked("") == "***");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
