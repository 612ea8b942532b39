// Which events guardctl replay takes, and what it says to options that are wrong.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "tests/cli/replay_files.hpp"

namespace guard::test {
namespace {

struct Files : ReplayFiles {
    Files() {
        write("pools.csv", kPools);
        write("events.jsonl", theft("a") + event("2026-03-22T09:00:00Z", "accept", "b", "10.1.0.9"));
        write("mail.jsonl", mail_event("2026-03-22T03:00:00Z", "accept", "a", "10.1.0.5"));
    }
    // How many events were read with these options, and how many were not wanted.
    std::pair<std::size_t, std::size_t> read(const std::string& options) const {
        const auto result = shell("$GUARDCTL replay -p pools.csv --report json --events all.jsonl " + options +
                                  " events.jsonl mail.jsonl 2>messages");
        BOOST_TEST(result.status != 2, read_file(path("messages")));
        const auto inputs = nlohmann::json::parse(result.output).at("inputs");
        std::size_t events = 0, not_wanted = 0;
        for (const auto& input : inputs) {
            events += input.at("events").get<std::size_t>();
            not_wanted += input.at("ignored").value("not wanted", std::size_t{0});
        }
        BOOST_TEST(findings("all.jsonl").size() == events);
        return {events, not_wanted};
    }
    std::string refused(const std::string& options) const {
        const auto result = shell("$GUARDCTL replay -p pools.csv " + options + " events.jsonl");
        BOOST_TEST(result.status == 2, options);
        return result.output;
    }
};
using Counts = std::pair<std::size_t, std::size_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_options)

BOOST_FIXTURE_TEST_CASE(only_what_was_asked_for_is_read, Files) {
    BOOST_TEST((read("") == Counts(45, 0)));
    BOOST_TEST((read("--service pppoe") == Counts(44, 1)));
    BOOST_TEST((read("--service smtp_auth") == Counts(1, 44)));
    BOOST_TEST((read("--id B") == Counts(1, 44)));  // normalised
    BOOST_TEST((read("--since 2026-03-22") == Counts(2, 43)));
    BOOST_TEST((read("--since 2026-03-22T09:00:00+00:00") == Counts(1, 44)));
    BOOST_TEST((read("--until 2026-03-22T12:00:00+09:00") == Counts(43, 2)));  // it is before, not until with
    BOOST_TEST((read("--since 2026-03-22 --until 2026-03-23 --service pppoe") == Counts(1, 44)));
    BOOST_TEST((read("--include imap,pop3 --include imap") == Counts(45, 0)));
    BOOST_TEST((read("--format jsonl --threads 2 --year 2026 --zone Asia/Tokyo") == Counts(45, 0)));
    BOOST_TEST((read("--threads 1") == Counts(45, 0)));
}

BOOST_FIXTURE_TEST_CASE(each_wrong_use_has_a_message, Files) {
    BOOST_TEST(contains(refused("--service sip"), "--service: "));
    BOOST_TEST(
        contains(refused("--since yesterday"), "--since: found no time, expected one as 2026-03-20T09:12:30+09:00"));
    BOOST_TEST(contains(refused("--until 2026-13-01"), "--until: found no time"));
    BOOST_TEST(contains(refused("--since 2026-03-22 --until 2026-03-21"), "found --since that is not before --until"));
    BOOST_TEST(contains(refused("--include smtp"), "--include: "));
    BOOST_TEST(contains(refused("--format syslogg"), "--format: "));
    BOOST_TEST(contains(refused("--year 26"), "--year: "));
    BOOST_TEST(contains(refused("--threads 0"), "--threads: "));
    BOOST_TEST(contains(refused("--zone Asia/Tokio"), "a time zone that the system does not know"));
    BOOST_TEST(contains(refused("--id ''"), "--id"));
    BOOST_TEST(contains(refused("--explain " + std::string(254, 'x')),
                        "--explain: found an ID of 254 bytes, expected one of 1 to 253"));
    BOOST_TEST(contains(refused("--profile bold"), "--profile: "));
    BOOST_TEST(contains(refused("--case 7 --events -"), "found one of --case and --reason, expected both or neither"));
    BOOST_TEST(contains(refused("--reason why --events -"), "found one of --case and --reason"));
    BOOST_TEST(contains(refused("--case 7 --reason why"), "found --case, expected it with --events or --explain"));
    BOOST_TEST(contains(refused("--case 7 --reason why --events -"), "found --case without a database"));
    BOOST_TEST(contains(refused("--case 7 --events - --reason " + std::string(401, 'x')), "--reason: found 401 bytes"));
    BOOST_TEST(contains(refused("--into-cases"), "--into-cases: found no database"));
    BOOST_TEST(contains(refused("--case seven --reason why --events -"), "--case"));
}

BOOST_FIXTURE_TEST_CASE(mail_that_no_rule_names_is_off_and_the_help_says_why, Files) {
    const std::string help = shell("$GUARDCTL replay --help").output;
    BOOST_TEST(contains(help, "Off by default"), help);
    BOOST_TEST(contains(help, "counsel"), help);
    BOOST_TEST(contains(help, "Exit codes: 0 nothing found, 1 findings, 2 could not run"), help);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
