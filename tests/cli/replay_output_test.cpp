// What guardctl replay writes: events, reports, the life of an ID, its account of every line; and how it ends.
#define BOOST_TEST_DYN_LINK
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "cli/replay/document.hpp"
#include "cli/replay/read_progress.hpp"
#include "tests/cli/replay_files.hpp"

namespace guard::test {
namespace {

struct Files : ReplayFiles {
    Files() {
        write("pools.csv", kPools);
        write("events.jsonl", theft("tanaka@isp.example"));
        write("quiet.jsonl", event("2026-03-22T09:00:00Z", "accept", "b", "10.1.0.9"));
    }
};

const std::string kReplay = "$GUARDCTL replay -p pools.csv ";

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_output)

BOOST_FIXTURE_TEST_CASE(the_exit_code_says_whether_there_are_findings, Files) {
    BOOST_TEST(shell(kReplay + "quiet.jsonl").status == 0);
    BOOST_TEST(shell(kReplay + "events.jsonl").status == 1);
    BOOST_TEST(shell(kReplay + "none.jsonl").status == 2);
    BOOST_TEST(shell(kReplay).status == 2);
}

BOOST_FIXTURE_TEST_CASE(results_go_to_standard_output_and_messages_to_standard_error, Files) {
    BOOST_TEST(shell(kReplay + "events.jsonl 2>/dev/null").output == "");
    BOOST_TEST(nlohmann::json::parse(shell(kReplay + "--report json events.jsonl 2>/dev/null").output).is_object());
    const std::string messages = shell(kReplay + "-o out.jsonl events.jsonl 2>&1 >/dev/null").output;
    BOOST_TEST(messages.starts_with("43 events, 0 malformed lines skipped, 1 IDs; findings: 1 suspend, "), messages);
    BOOST_TEST(contains(messages, "\n43 lines: 43 events, 0 ignored, 0 malformed\n"), messages);
    BOOST_TEST(!contains(messages, "\r"));  // no progress where there is no terminal
    BOOST_TEST(!contains(messages, "tanaka"));
}

BOOST_FIXTURE_TEST_CASE(every_event_is_written_with_its_origin_and_reads_back, Files) {
    write("more.jsonl",
          "\n{\"time\":\"nonsense\"}\n" + mail_event("2026-03-22T03:00:00Z", "reject", "m@x", "198.51.100.7"));
    const auto result = shell(kReplay + "--events all.jsonl events.jsonl more.jsonl");
    BOOST_TEST(result.status == 1, result.output);
    const auto events = findings("all.jsonl");
    BOOST_TEST_REQUIRE(events.size() == 44U);
    const std::string first = R"({"time":"2026-03-01T09:00:00.000000Z","service":"pppoe","kind":"accept",)"
                              R"("id":"tanaka@isp.example","address":"10.1.0.1","file":"events.jsonl","line":1})";
    BOOST_TEST(read_file(path("all.jsonl")).substr(0, first.size()) == first);
    const std::string last =
        R"({"time":"2026-03-22T03:00:00.000000Z","service":"smtp_auth","kind":"reject","id":"m@x",)"
        R"("address":"198.51.100.7","protocol":"smtp","attempts":1,"file":"more.jsonl","line":3})";
    BOOST_TEST(events.back() == nlohmann::json::parse(last));
    BOOST_TEST(contains(result.output, "more.jsonl:2: found "), result.output);
    BOOST_TEST(contains(result.output, "\nmore.jsonl: 3 lines: 1 events, 1 ignored (1 blank), 1 malformed\n"),
               result.output);
    BOOST_TEST(contains(result.output, "\n46 lines: 44 events, 1 ignored (1 blank), 1 malformed\n"), result.output);

    BOOST_TEST(shell(kReplay + "-o a.out events.jsonl more.jsonl; " + kReplay + "-o b.out all.jsonl; cmp a.out b.out")
                   .status == 0);
    BOOST_TEST(findings("a.out").size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_report_counts_by_action_rule_hour_and_source, Files) {
    write("guess.jsonl", guessing("198.51.100.7"));
    const auto json =
        nlohmann::json::parse(shell(kReplay + "--report json events.jsonl guess.jsonl 2>/dev/null").output);
    BOOST_TEST(json.at("ids_suspended") == 1);
    BOOST_TEST(json.at("ids_in_review") == 0);
    BOOST_TEST(json.at("sources_blocked") == 1);
    BOOST_TEST(json.at("interrupted") == false);
    BOOST_TEST(json.at("findings") == nlohmann::json({{"suspend", 1}, {"review", 0}, {"block", 1}, {"record", 0}}));
    BOOST_TEST_REQUIRE(json.at("rules").size() == 2U);
    BOOST_TEST(json.at("rules")[0].at("rule") == "pppoe.jump");
    BOOST_TEST(json.at("rules")[0].at("subjects") == 1);
    BOOST_TEST(json.at("hours")[0].at("hour") == "2026-03-21T10:00:00.000000Z");
    BOOST_TEST(json.at("hours")[0].at("rules") == nlohmann::json({{"pppoe.jump", 1}}));
    BOOST_TEST_REQUIRE(json.at("sources").size() == 1U);
    BOOST_TEST(json.at("sources")[0].at("source") == "198.51.100.7");
    BOOST_TEST(json.at("sources")[0].at("attempts").get<int>() >= 20);
    BOOST_TEST(json.at("inputs")[1].at("input") == "guess.jsonl");
    BOOST_TEST(json.at("inputs")[1].at("events_by_protocol") == nlohmann::json({{"smtp", 25}}));
    BOOST_TEST(json.at("period").at("from") == "2026-03-01T09:00:00.000000Z");

    const std::string text = shell(kReplay + "--report text events.jsonl guess.jsonl 2>/dev/null").output;
    for (const char* part : {"Events from 2026-03-01 09:00:00 to ", "  IDs suspended ", "  pppoe.jump ",
                             "  smtp.source ", "  2026-03-21 10:00 ", "  198.51.100.7  block ", "By hour (UTC)"})
        BOOST_TEST(contains(text, part), part);
    const std::string markdown = shell(kReplay + "--report md events.jsonl guess.jsonl 2>/dev/null").output;
    for (const char* part : {"# Replay: ", "\n## By rule\n\n| rule | suspend |", "\n|---|---:|", "| pppoe.jump | 1 |"})
        BOOST_TEST(contains(markdown, part), part);
    for (const std::string& report : {text, markdown, json.dump()}) {
        BOOST_TEST(!contains(report, "tanaka"));
        BOOST_TEST(!contains(report, "box"));
    }
}

BOOST_FIXTURE_TEST_CASE(the_life_of_an_id_is_told_in_plain_words, Files) {
    const auto result = shell(kReplay + "--explain TANAKA@isp.example events.jsonl 2>/dev/null");
    BOOST_TEST(result.status == 1);
    const std::string& life = result.output;
    for (const char* part :
         {"The life of tanaka@isp.example as the detectors saw it",
          "  2026-03-01 09:00:00.000  pppoe      accept   10.1.0.1 ",
          "Hokkaido      a session begins; authentication 1 of those remembered", "a sign of life of its session",
          "Kagoshima     a session begins", "nobody gets from Hokkaido to Kagoshima, at least 1,",
          " in 5 minutes (more than ", "\nPPPoE sessions that are still remembered at the end\n",
          "  2026-03-21 10:05:00.500  pppoe.jump (probable)\n",
          "    decided 2026-03-21 10:05:00.500: suspend the ID; it waits until it is known whether many others did the "
          "same",
          "    decided 2026-03-21 10:07:00.500: suspend the ID\n", "\nEvents: 22 accept, 21 alive. Findings: 1.\n"})
        BOOST_TEST(contains(life, part), part << "\n" << life);

    const auto stranger = shell(kReplay + "--explain nobody events.jsonl 2>/dev/null");
    BOOST_TEST(contains(stranger.output, "Events: none. Findings: 0."), stranger.output);
    BOOST_TEST(!contains(stranger.output, "tanaka"));
}

BOOST_FIXTURE_TEST_CASE(the_life_of_a_mailbox_tells_its_refusals_from_its_logins, Files) {
    write("gateways.txt", "192.0.2.0/24\n");
    write("mail.jsonl", mail_event("2026-03-22T03:00:00Z", "accept", "m@x", "10.1.0.5") +
                            mail_event("2026-03-22T03:01:00Z", "reject", "m@x", "198.51.100.7") +
                            mail_event("2026-03-22T03:02:00Z", "accept", "m@x", "192.0.2.9"));
    const auto life = shell(kReplay + "--gateways gateways.txt --explain m@x mail.jsonl 2>/dev/null").output;
    BOOST_TEST(contains(life, "Hokkaido      counts; a source that is new within a day"), life);
    BOOST_TEST(contains(life, "refused: counts against the source, never against the ID"), life);
    BOOST_TEST(contains(life, "through a listed gateway: counts for nothing"), life);
}

BOOST_FIXTURE_TEST_CASE(outputs_are_tried_before_the_run_and_keep_off_the_logs, Files) {
    const auto refused = [this](const std::string& arguments, const std::string& message) {
        const auto result = shell(kReplay + arguments);
        BOOST_TEST(result.status == 2, arguments);
        BOOST_TEST(contains(result.output, message), arguments << ": " << result.output);
        BOOST_TEST(!contains(result.output, "events, "), "it ran: " << arguments);
    };
    refused("-o none/out events.jsonl", "none/out: cannot be written");
    refused("--events none/out events.jsonl", "none/out: cannot be written");
    const std::string log = read_file(path("events.jsonl"));
    refused("-o events.jsonl events.jsonl", "--findings events.jsonl: found one of the logs");
    refused("--events ./events.jsonl events.jsonl", "--events ./events.jsonl: found one of the logs");
    BOOST_TEST(read_file(path("events.jsonl")) == log);
    refused("-o out --events out events.jsonl", "--events out: found the file of --findings");
    refused("-o - --report text events.jsonl", "found --findings - and --report writing to standard output");
    refused("--events - --explain a events.jsonl", "found --events - and --explain writing to standard output");
    refused("- -", "found standard input twice");
    refused("--report html events.jsonl", "--report: ");
    refused("--explain '' events.jsonl", "--explain: found an ID of 0 bytes, expected one of 1 to 253");
    BOOST_TEST(!std::filesystem::exists(path("out")));
}

BOOST_FIXTURE_TEST_CASE(a_full_disk_is_an_error, Files) {
    for (const char* arguments :
         {"-o /dev/full", "--events /dev/full", "--report text >/dev/full", "--explain b >/dev/full"}) {
        const auto result = shell(kReplay + "events.jsonl " + arguments);
        BOOST_TEST(result.status == 2, arguments);
        BOOST_TEST(contains(result.output, "could not be written: No space left on device"), result.output);
    }
}

// Standard input goes on for ever: what came before the interrupt is told.
BOOST_FIXTURE_TEST_CASE(an_interrupt_ends_with_what_was_found_so_far, Files) {
    ProcessOptions options;
    options.directory = directory.path();
    options.env["GUARDCTL"] = std::string(GUARD_BINARY_DIR) + "/bin/guardctl";
    BOOST_REQUIRE(run({"mkfifo", path("log")}).status == 0);
    // Enough for a block of the reader to be full, so that events are seen before the end; the writer keeps the pipe
    // open.
    std::string many;
    for (int i = 0; i < 30'000; ++i)
        many += event("2026-03-25T09:" + std::to_string(10 + i / 600) + ":" + std::to_string(10 + i / 12 % 50) + "Z",
                      "alive", "b" + std::to_string(i), "10.1.0.9");
    write("many.jsonl", many);
    Process writer({"/bin/sh", "-c", "exec 3>log; cat events.jsonl many.jsonl >&3; echo written; exec sleep 60"},
                   options);
    Process reader(
        {"/bin/sh", "-c", "exec $GUARDCTL replay -p pools.csv --learn --state . --report json -o out.jsonl log"},
        options);
    BOOST_REQUIRE(writer.wait_for_output("written", std::chrono::seconds(20)));
    reader.signal(SIGINT);
    BOOST_TEST_REQUIRE(reader.wait(std::chrono::seconds(20)).has_value());
    BOOST_TEST(*reader.wait({}) == 2);
    BOOST_TEST(contains(reader.output(), "interrupted: this is what was found until then\n"), reader.output());
    BOOST_TEST(contains(reader.output(), "\"interrupted\": true"));
    BOOST_TEST(contains(reader.output(), "nothing was learned: not everything was read"));
    BOOST_TEST(!std::filesystem::exists(path("state.snapshot")));
}

BOOST_AUTO_TEST_CASE(the_line_of_progress_has_a_bar_a_rate_and_the_time_left) {
    using std::chrono::duration;
    BOOST_TEST(cli::progress_line({1'200'000, 50, 100}, duration<double>(3)) ==
               "[##########----------] 50 %, 1,200,000 events, 400,000/s, 3 s left");
    BOOST_TEST(cli::progress_line({1000, 10, 100}, duration<double>(60)) ==
               "[##------------------] 10 %, 1,000 events, 17/s, 9 min left");
    BOOST_TEST(cli::progress_line({7, 1, 1000}, duration<double>(1)) == "[--------------------] 0 %, 7 events, 7/s");
    BOOST_TEST(cli::progress_line({7, 1000, 0}, duration<double>(1)) == "7 events, 7/s");  // of a pipe
    BOOST_TEST(cli::progress_line({7, 2000, 1000}, duration<double>(0)).starts_with("[####################] 100 %"));
}

BOOST_AUTO_TEST_CASE(on_a_terminal_there_is_progress) {
    const Files files;
    std::string many;
    for (int i = 0; i < 400'000; ++i)
        many += event("2026-03-25T09:" + std::to_string(10 + i / 8000) + ":" + std::to_string(10 + i / 160 % 50) + "Z",
                      "alive", "b" + std::to_string(i % 1000), "10.1.0.9");
    files.write("many.jsonl", many);
    // script(1) gives it a terminal.
    const auto result = files.shell("script -qec \"$GUARDCTL replay -p pools.csv many.jsonl\" /dev/null");
    BOOST_TEST(contains(result.output, " events, "), result.output);
    BOOST_TEST(contains(result.output, "\r\x1b[K"), result.output);
}

BOOST_AUTO_TEST_CASE(a_document_is_text_or_markdown) {
    const cli::Document document{
        "T", {"line"}, {{"A", {"name", "n"}, {{"ü|b", "5"}, {"c", "12"}}, 1, {}}, {"B", {"x"}, {}, 1, "none"}}};
    BOOST_TEST(rendered(document, cli::Format::text) ==
               "T\nline\n\nA\n  name   n\n  ü|b    5\n  c     12\n\nB\n  none\n");
    BOOST_TEST(rendered(document, cli::Format::markdown) ==
               "# T\n\nline\n\n## A\n\n| name | n |\n|---|---:|\n| ü\\|b | 5 |\n| c | 12 |\n\n## B\n\nnone\n");
}

// PPPoE and mail of eighteen days in two files, with thieves among them.
BOOST_FIXTURE_TEST_CASE(any_number_of_threads_writes_the_same_bytes, Files) {
    BOOST_TEST_REQUIRE(
        shell("$GUARDCTL simulate --seed 5 --subscribers 200 --smtp 50 --days 18 --scenario single_far,guess_fast "
              "--out isp >/dev/null 2>&1 && head -n 50000 isp/events.jsonl >log.1 && tail -n +50001 isp/events.jsonl "
              ">log")
            .status == 0);
    const auto with = [this](const std::string& threads) {
        shell("$GUARDCTL replay -p isp/pools.csv -g isp/world.mmdb log log.1 --threads " + threads +
              " -o found --events events --report json >report 2>messages");
        return read_file(path("found")) + read_file(path("events")) + read_file(path("report")) +
               read_file(path("messages"));
    };
    const std::string one = with("1");
    BOOST_TEST(contains(one, "pppoe.jump"));
    BOOST_TEST((with("2") == one));
    BOOST_TEST((with("5") == one));
}

// Rows in the order of radacctid, or in any other: what is found is what is found in the order of time.
BOOST_AUTO_TEST_CASE(a_wrong_clock_is_told_of_and_holds_back_a_jump_there) {
    const Files files;
    files.write("pools.csv", kPools);
    std::string text;
    for (int line = 10; line < 26; ++line) {
        const std::string id = "line" + std::to_string(line), where = "10.46.1." + std::to_string(line);
        const std::string minute = "2026-03-21T09:" + std::to_string(line) + ':';
        text += event(minute + "00Z", "assign", id, where) + event(minute + "45Z", "accept", id, where);
    }
    files.write("events.jsonl", theft("a"));
    files.write("skewed.jsonl", text);
    const std::string what = "pool 10.46.0.0/16: its Starts are told to be 45 s earlier than their accepts";
    for (const bool skewed : {false, true}) {
        std::vector<std::string> arguments{"replay",    "--pools",  "pools.csv", "-o",
                                           "out.jsonl", "--report", "md",        "events.jsonl"};
        if (skewed) arguments.emplace_back("skewed.jsonl");
        const auto result = files.guardctl(arguments);
        BOOST_TEST(result.status == 1);
        BOOST_TEST(contains(result.output, "warning: " + what) == skewed, result.output);
        BOOST_TEST(contains(result.output, what + ": the clock of the NAS is wrong: jumps there go to a person.") ==
                   skewed);
        const auto findings = files.findings();
        BOOST_TEST_REQUIRE(findings.size() == 1u);
        BOOST_TEST(findings[0].at("action") == (skewed ? "review" : "suspend"));
        BOOST_TEST(findings[0].value("reason", "") == (skewed ? "clock" : ""));
        arguments[6] = "json";
        const auto counted = files.guardctl(arguments).output;
        BOOST_TEST(contains(counted, "\"seconds\": -45") == skewed, counted);
    }
}

BOOST_AUTO_TEST_CASE(a_table_in_any_order_leads_to_the_same_findings) {
    const Files files;
    std::vector<std::string> rows;
    for (int session = 0; session < 40; ++session) {
        const bool far = session % 2 == 1;
        rows.push_back(fmt::format("u{},2026-03-01 {:02}:{:02}:00+00,2026-03-02 00:00:00+00,10.{}.0.{}\n", session / 4,
                                   10 + session % 4, session, far ? 46 : 1, session));
    }
    const std::string header = "username,acctstarttime,acctstoptime,framedipaddress\n";
    const auto findings_of = [&] {
        std::string text = header;
        for (const std::string& row : rows) text += row;
        files.write("sessions.csv", text);
        const auto result = files.guardctl({"replay", "-p", "pools.csv", "sessions.csv", "--findings", "found.jsonl"});
        BOOST_TEST(result.status == 1, result.output);
        BOOST_TEST(!contains(result.output, "warning"), result.output);
        return read_file(files.path("found.jsonl"));
    };
    const std::string in_one_order = findings_of();
    BOOST_TEST(contains(in_one_order, "pppoe.jump"));
    std::reverse(rows.begin(), rows.end());
    BOOST_TEST(findings_of() == in_one_order);
    std::sort(rows.begin(), rows.end(),
              [](const std::string& a, const std::string& b) { return a.substr(a.find(',')) < b.substr(b.find(',')); });
    BOOST_TEST(findings_of() == in_one_order);
}

// Logins to the same accounts by other protocols are counted, each apart, whether they are wanted or not.
BOOST_AUTO_TEST_CASE(imap_and_pop3_are_counted_apart) {
    const Files files;
    const auto login = [](const char* protocol) {
        return std::string("Mar  1 09:00:01 mx dovecot: ") + protocol +
               "-login: Login: user=<a>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.9\n";
    };
    files.write("mail.log", login("imap") + login("pop3") + login("imap") + login("submission"));
    const std::string command = "$GUARDCTL replay -p pools.csv --year 2026 mail.log ";
    const auto output = [&](const std::string& options) { return files.shell(command + options).output; };
    BOOST_TEST(contains(output(""), "1 events, 3 ignored (3 not wanted; of those not wanted 2 imap, 1 pop3)"),
               output(""));
    BOOST_TEST(contains(output("--include imap"), "3 events, 1 ignored (1 not wanted; of those not wanted 1 pop3)"));
    BOOST_TEST(contains(output("--service pppoe"), "of those not wanted 1 smtp, 2 imap, 1 pop3"));
    const auto json = nlohmann::json::parse(output("--report json --include pop3 2>/dev/null"));
    BOOST_TEST(json.at("inputs")[0].at("events_by_protocol") == nlohmann::json({{"smtp", 1}, {"pop3", 1}}));
    BOOST_TEST(json.at("inputs")[0].at("not_wanted_by_protocol") == nlohmann::json({{"imap", 2}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
