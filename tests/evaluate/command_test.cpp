// guardctl evaluate as a user types it, over a directory made by hand: a few stolen IDs, a few innocents, one source.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/evaluate/files.hpp"

namespace guard::evaluate {
namespace {

using nlohmann::json;

struct Evaluation : Files {
    Evaluation() {
        write("manifest.json", R"({"subscribers":1000,"smtp":50,"days":30,"sources":100})");
        write("truth.csv",
              "id,label,attack_start\n"
              "thief1,rotation_far,2026-03-20T12:00:00Z\n"
              "thief2,rotation_far,2026-03-20T12:00:00Z\n"
              "broken,flapping,\n"
              "town,power_cut,\n"
              "198.51.100.7,guess_fast,2026-03-20T12:00:00Z\n");
        write("findings.jsonl", finding("suspend", "id", "thief1", "12:00:02") +
                                    finding("review", "id", "thief2", "12:00:01") +
                                    finding("record", "id", "broken", "12:00:00") +
                                    finding("block", "source", "198.51.100.7", "12:05:00"));
    }
    static std::string finding(const std::string& action, const std::string& key, const std::string& name,
                               const std::string& time) {
        return R"({"action":")" + action + R"(","service":")" + (key == "id" ? "pppoe" : "smtp_auth") + R"(",")" + key +
               R"(":")" + name + R"(","rule":"pppoe.jump","time":"2026-03-20T)" + time +
               R"(Z","decided":"2026-03-20T12:02:02Z"})" + '\n';
    }
    [[nodiscard]] test::Result guardctl(std::vector<std::string> arguments, const std::string& input = {}) const {
        test::ProcessOptions options;
        options.directory = directory.path();
        options.input = input;
        arguments.insert(arguments.begin(), {std::string(GUARD_BINARY_DIR) + "/bin/guardctl", "evaluate", "."});
        return run(arguments, options);
    }
    [[nodiscard]] json report(std::vector<std::string> arguments, int status = 0) const {
        arguments.insert(arguments.begin(), {"--json"});
        const auto result = guardctl(arguments);
        BOOST_TEST_REQUIRE(result.status == status, result.output);
        return json::parse(result.output);
    }
};

const json& label_of(const json& report, const std::string& label, std::size_t score = 0) {
    const json& labels = report.at("scores")[score].at("labels");
    return *std::find_if(labels.begin(), labels.end(), [&](const json& row) { return row.at("label") == label; });
}

const json& target_of(const json& report, const std::string& name) {
    const json& targets = report.at("targets");
    return *std::find_if(targets.begin(), targets.end(),
                         [&](const json& row) { return row.at("target").get<std::string>().starts_with(name); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command)

BOOST_AUTO_TEST_CASE(the_numbers_are_those_worked_out_by_hand) {
    const Evaluation evaluation;
    const json report = evaluation.report({"--findings", "findings.jsonl"});
    const json& thieves = label_of(report, "rotation_far");
    BOOST_TEST(thieves.at("count") == 2);
    BOOST_TEST(thieves.at("suspended") == 1);
    BOOST_TEST(thieves.at("review") == 1);
    BOOST_TEST(thieves.at("neither") == 0);
    BOOST_TEST(thieves.at("seconds_to_finding").at("median") == 1);
    BOOST_TEST(thieves.at("seconds_to_finding").at("p95") == 2);
    BOOST_TEST(thieves.at("seconds_to_stop").at("median") == 122);
    BOOST_TEST(thieves.at("seconds_to_stop").at("p95").is_null());  // one was never suspended
    BOOST_TEST(label_of(report, "guess_fast").at("suspended") == 1);
    BOOST_TEST(label_of(report, "guess_fast").at("seconds_to_finding").at("median") == 300);
    BOOST_TEST(label_of(report, "flapping").at("neither") == 1);
    const json& ordinary = report.at("scores")[0].at("labels")[0];
    BOOST_TEST(ordinary.at("label").is_null());
    BOOST_TEST(ordinary.at("count") == 1000 + 50 - 4);
    BOOST_TEST(ordinary.at("suspended") == 0);

    const json& innocents = target_of(report, "innocent IDs");
    BOOST_TEST(innocents.at("hits") == 0);
    BOOST_TEST(innocents.at("base").get<double>() == 998 * 30 / 1e6, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(innocents.at("outcome") == "too little data");
    BOOST_TEST(target_of(report, "suspended in a mass event").at("outcome") == "kept");
    BOOST_TEST(target_of(report, "found: resale").at("outcome") == "not in the data");
}

BOOST_AUTO_TEST_CASE(a_missed_target_is_exit_code_1_and_named) {
    const Evaluation evaluation;
    BOOST_TEST(evaluation.guardctl({"--findings", "findings.jsonl"}).status == 0);
    const std::string findings = test::read_file(evaluation.path("findings.jsonl"));
    const auto result = evaluation.guardctl({"--findings", "-", "--wrong", "wrong.jsonl"},
                                            findings + Evaluation::finding("suspend", "id", "town", "12:00:00"));
    BOOST_TEST(result.status == 1, result.output);
    const auto row = result.output.find("suspended in a mass event");
    BOOST_TEST_REQUIRE(row != std::string::npos);
    BOOST_TEST(result.output.substr(row, result.output.find('\n', row) - row).ends_with("1 of 1  missed"),
               result.output);
    BOOST_TEST(test::read_file(evaluation.path("wrong.jsonl")) ==
               R"({"what":"innocent_suspended","label":"power_cut","service":"pppoe","id":"town",)"
               R"("time":"2026-03-20T12:00:00.000000Z","rule":"pppoe.jump"})"
               "\n");
}

BOOST_AUTO_TEST_CASE(days_and_profile_can_be_given) {
    const Evaluation evaluation;
    const json report = evaluation.report({"--findings", "findings.jsonl", "--days", "3", "--profile", "cautious"});
    BOOST_TEST(report.at("days") == 3);
    BOOST_TEST(report.at("profile") == "cautious");
    BOOST_TEST(target_of(report, "innocent IDs").at("limit") == 0.1);
    BOOST_TEST(evaluation.guardctl({"--findings", "findings.jsonl", "--days", "0"}).status == 2);
}

BOOST_AUTO_TEST_CASE(a_second_run_is_compared_line_by_line) {
    const Evaluation evaluation;
    const std::string findings = test::read_file(evaluation.path("findings.jsonl"));
    evaluation.write("same.jsonl", findings);
    evaluation.write("more.jsonl", findings + Evaluation::finding("review", "id", "town", "12:00:00"));
    BOOST_TEST(
        target_of(evaluation.report({"--findings", "findings.jsonl", "--again", "same.jsonl"}), "findings that differ")
            .at("outcome") == "kept");
    BOOST_TEST(target_of(evaluation.report({"--findings", "findings.jsonl", "--again", "more.jsonl"}, 1),
                         "findings that differ")
                   .at("hits") == 1);
}

BOOST_AUTO_TEST_CASE(the_naive_rules_are_measured_beside) {
    const Evaluation evaluation;
    evaluation.write("pools.csv", "10.1.0.0/16,JP,JP-01\n10.46.0.0/16,JP,JP-46\n");
    std::ostringstream events;  // a line that flaps: ten accepts in nine minutes
    for (int i = 0; i < 10; ++i)
        events << R"({"time":"2026-03-20T12:0)" << i << R"(:00Z","service":"pppoe","kind":"accept","id":"broken",)"
               << R"("address":"10.1.0.)" << i % 4 << "\"}\n";
    evaluation.write("events.jsonl", events.str());
    // Too little data for the guard's targets; that the naive rules miss theirs does not matter.
    const json report = evaluation.report({"--findings", "findings.jsonl", "--baselines"});
    BOOST_TEST(report.at("scores").size() == 4U);
    BOOST_TEST(label_of(report, "flapping", 1).at("suspended") == 1);
    BOOST_TEST(label_of(report, "flapping", 2).at("suspended") == 0);
    BOOST_TEST(label_of(report, "flapping", 3).at("suspended") == 0);
    BOOST_TEST(report.at("scores")[1].at("innocent_suspended") == 1);
    const auto text = evaluation.guardctl({"--findings", "findings.jsonl", "--baselines"});
    BOOST_TEST(text.output.find("10 logins in 10 min") != std::string::npos, text.output);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_named_and_exit_code_2) {
    const Evaluation evaluation;
    const auto fault = [&](std::vector<std::string> arguments, const std::string& message) {
        const auto result = evaluation.guardctl(std::move(arguments));
        BOOST_TEST(result.status == 2, result.output);
        BOOST_TEST(result.output.find(message) != std::string::npos, result.output);
    };
    fault({"--findings", "none.jsonl"}, "none.jsonl: found");
    fault({"--findings", "findings.jsonl", "--baselines"}, "pools.csv");
    fault({"--findings", "-", "--again", "findings.jsonl"}, "found standard input");
    fault({"--findings", "findings.jsonl", "--wrong", "none/wrong"}, "none/wrong");
    evaluation.write("findings.jsonl", "{}\n");
    fault({"--findings", "findings.jsonl"}, "findings.jsonl:1: found no \"action\"");
    evaluation.write("truth.csv", "id,label,attack_start\na,magic,\n");
    fault({"--findings", "findings.jsonl"}, "truth.csv:2: found \"magic\"");
    std::filesystem::remove(evaluation.path("truth.csv"));
    fault({"--findings", "findings.jsonl"}, "truth.csv: found");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::evaluate
