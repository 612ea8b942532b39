// guardctl replay and a real database: findings become cases, and whoever looks at single events is recorded.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "tests/cli/replay_files.hpp"
#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

struct Isp : ReplayFiles, Database {
    Isp() {
        write("pools.csv", kPools);
        write("events.jsonl", theft("tanaka@isp.example") + guessing("198.51.100.7"));
    }
    std::string connection_of(const std::string& role) const { return cluster().connection_string(role, name()); }
    Result replay(const std::string& role, std::vector<std::string> options) const {
        options.insert(options.begin(), {"replay", "-p", "pools.csv", "-d", connection_of(role), "events.jsonl"});
        return guardctl(options);
    }
    // Everything that is in the tables, with the numbers and times that the database gives.
    std::string everything() {
        std::string text;
        for (const char* table : {"incident", "finding", "evidence", "suspension", "block", "notice", "disconnect",
                                  "progress", "breaker", "alarm", "audit"})
            text += value(std::string("SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM guard.") + table +
                          " AS t") +
                    '\n';
        return text;
    }
    std::string a_case() { return value("SELECT min(incident_id) FROM guard.incident"); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_database)

BOOST_FIXTURE_TEST_CASE(findings_become_cases_as_in_observe_mode, Isp) {
    exec("INSERT INTO guard.progress (spool, position) VALUES ('/spool', 'live position')");
    const auto result = replay("analyzer", {"--into-cases"});
    BOOST_TEST(result.status == 1, result.output);
    BOOST_TEST(contains(result.output, "cases: 1 findings and 1 sources recorded, 0 known already\n"), result.output);
    BOOST_TEST(value("SELECT service || ' ' || encode(id, 'escape') || ' ' || state FROM guard.incident") ==
               "pppoe tanaka@isp.example recorded");
    BOOST_TEST(value("SELECT rule || ' ' || action || ' ' || reason FROM guard.finding") == "pppoe.jump suspend mode");
    BOOST_TEST(value("SELECT count(*) FROM guard.evidence") == "2");
    BOOST_TEST(value("SELECT host(source) || ' ' || enforced || ' ' || reason || ' ' || (ended_at IS NOT NULL) FROM "
                     "guard.block") == "198.51.100.7 false mode true");
    for (const char* table : {"suspension", "notice", "disconnect", "breaker", "alarm"})
        BOOST_TEST(value(std::string("SELECT count(*) FROM guard.") + table) == "0", table);
    BOOST_TEST(value("SELECT position FROM guard.progress") == "live position");
    BOOST_TEST(value("SELECT actor || ' ' || action || ' ' || detail FROM guard.audit WHERE action = 'replay'") ==
               "analyzer replay {\"sources\": 1, \"findings\": 1}");
}

BOOST_FIXTURE_TEST_CASE(the_same_log_twice_changes_nothing, Isp) {
    BOOST_TEST(replay("analyzer", {"--into-cases"}).status == 1);
    const std::string once = everything();
    const auto again = replay("analyzer", {"--into-cases"});
    BOOST_TEST(again.status == 1);
    BOOST_TEST(contains(again.output, "cases: 0 findings and 0 sources recorded, 2 known already\n"), again.output);
    BOOST_TEST(everything() == once);
}

// What the analyzer recorded live stays as it is, also where its times and its verdict differ a little.
BOOST_FIXTURE_TEST_CASE(a_case_of_the_live_analyzer_is_not_touched, Isp) {
    exec(
        "INSERT INTO guard.incident (incident_key, service, id, state, opened_at) "
        "VALUES ('live', 'pppoe', 'tanaka@isp.example', 'suspended', '2026-03-21T10:05:01Z')");
    exec(
        "INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, summary_ja) "
        "SELECT incident_id, 'live/1', 'pppoe.jump', 'probable', 'suspend', opened_at, 'en', 'ja' FROM guard.incident");
    exec(
        "INSERT INTO guard.block (block_key, source, rule, started_at, last_attempt_at, expires_at, attempts, ids, "
        "accepts, "
        "summary_en, summary_ja) VALUES ('live', '198.51.100.7', 'smtp.source', '2026-03-22T03:00:11Z', "
        "'2026-03-22T03:05:00Z', '2026-03-22T03:20:00Z', 25, 25, 0, 'en', 'ja')");
    const std::string live = everything();
    BOOST_TEST(replay("analyzer", {"--into-cases"}).status == 1);
    BOOST_TEST(everything() == live);
}

BOOST_FIXTURE_TEST_CASE(what_the_breaker_held_back_opens_no_live_breaker, Isp) {
    const auto result = replay("analyzer", {"--into-cases", "--set", "guards.breaker_per_hour=0"});
    BOOST_TEST(result.status == 1);
    BOOST_TEST(value("SELECT count(*) > 0 FROM guard.finding WHERE reason = 'breaker'") == "t", result.output);
    BOOST_TEST(value("SELECT count(*) > 0 FROM guard.incident WHERE state = 'review'") == "t");
    BOOST_TEST(value("SELECT count(*) FROM guard.breaker") == "0");
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm") == "0");
}

BOOST_FIXTURE_TEST_CASE(another_normalisation_or_role_is_refused, Isp) {
    write("keep.toml", "[identity]\ncase = \"keep\"\n");
    const auto other = replay("analyzer", {"--into-cases", "-c", "keep.toml"});
    BOOST_TEST(other.status == 2);
    BOOST_TEST(contains(other.output, "found case=lower, realm=keep in the database, expected what [identity] says"),
               other.output);
    const auto desk = replay("desk", {"--into-cases", "-o", "out.jsonl"});
    BOOST_TEST(desk.status == 2);
    BOOST_TEST(contains(desk.output, "the database refused: "), desk.output);
    BOOST_TEST(value("SELECT count(*) FROM guard.incident") == "0");
    write("guard.toml", "[database]\nconnection = \"host=/nonexistent\"\n");
    const auto away = guardctl({"replay", "-p", "pools.csv", "-c", "guard.toml", "--into-cases", "events.jsonl"});
    BOOST_TEST(away.status == 2);
    BOOST_TEST(contains(away.output, "the database could not be used: "), away.output);
}

BOOST_FIXTURE_TEST_CASE(single_events_are_shown_for_a_case_and_a_reason_and_that_is_recorded, Isp) {
    BOOST_TEST(replay("analyzer", {"--into-cases"}).status == 1);
    for (const auto& options :
         {std::vector<std::string>{"--events", "all.jsonl"}, {"--explain", "tanaka@isp.example"}}) {
        const auto refused = replay("desk", options);
        BOOST_TEST(refused.status == 2);
        BOOST_TEST(contains(refused.output, "expected --case N and --reason TEXT, which are recorded"), refused.output);
        BOOST_TEST(!contains(refused.output, "tanaka"));
    }
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'read'") == "0");
    const auto unknown = replay("desk", {"--events", "all.jsonl", "--case", "999", "--reason", "call 4711"});
    BOOST_TEST(unknown.status == 2);
    BOOST_TEST(contains(unknown.output, "--case: found no case 999"), unknown.output);
    BOOST_TEST(!std::filesystem::exists(path("all.jsonl")));
    BOOST_TEST(value("SELECT object FROM guard.audit WHERE action = 'read'") == "incident:999");

    const auto life = replay("desk", {"--explain", "tanaka@isp.example", "--case", a_case(), "--reason", "call 4711"});
    BOOST_TEST(life.status == 1, life.output);
    BOOST_TEST(contains(life.output, "pppoe.jump (probable)"), life.output);
    BOOST_TEST(
        value("SELECT actor || ' ' || object || ' ' || (detail->>'purpose') FROM guard.audit WHERE action = 'read' "
              "ORDER BY audit_id DESC LIMIT 1") ==
        "desk incident:" + a_case() + " guardctl replay --explain: call 4711");
    // Of this case, and of no other ID.
    const auto other = replay("desk", {"--explain", "box1", "--case", a_case(), "--reason", "call 4711"});
    BOOST_TEST(other.status == 2);
    BOOST_TEST(contains(other.output, "--explain: found another ID than that of the case"), other.output);
    BOOST_TEST(!contains(other.output, "box1"));
    BOOST_TEST(replay("desk", {"--events", "all.jsonl", "--case", a_case(), "--reason", "call 4712"}).status == 1);
    BOOST_TEST(findings("all.jsonl").size() == 68U);
    BOOST_TEST(
        value("SELECT detail->>'purpose' FROM guard.audit WHERE action = 'read' ORDER BY audit_id DESC LIMIT 1") ==
        "guardctl replay --events: call 4712");
    // Findings and reports are what R7 lets a person see: they ask for nothing.
    BOOST_TEST(replay("desk", {"-o", "out.jsonl", "--report", "text"}).status == 1);
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'read'") == "4");
}

BOOST_FIXTURE_TEST_CASE(nothing_is_shown_while_the_database_is_away, Isp) {
    write("guard.toml", "[database]\nconnection = \"host=/nonexistent\"\n[geo]\npools = \"pools.csv\"\n");
    const auto result = guardctl({"replay", "-c", "guard.toml", "--events", "all.jsonl", "--case", "1", "--reason",
                                  "call 4711", "events.jsonl"});
    BOOST_TEST(result.status == 2);
    BOOST_TEST(contains(result.output, "the database could not be used: "), result.output);
    BOOST_TEST(!std::filesystem::exists(path("all.jsonl")));
}

// The accounting table of FreeRADIUS as a log, by the columns that an event needs.
BOOST_FIXTURE_TEST_CASE(a_table_of_freeradius_is_read, Isp) {
    exec(
        "CREATE TABLE public.radacct (username text, framedipaddress inet, acctstarttime timestamptz, "
        "acctupdatetime timestamptz, acctstoptime timestamptz)");
    exec(
        "INSERT INTO public.radacct VALUES ('Tanaka', '10.1.0.1', '2026-03-01 09:00:00Z', NULL, '2026-03-01 "
        "10:00:00Z')");
    const auto read = [this](const std::string& table) {
        return guardctl({"replay", "-p", "pools.csv", "postgresql:" + connection_of("postgres"), "--table", table,
                         "--events", "all.jsonl"});
    };
    const auto result = read("public.radacct");
    BOOST_TEST(result.status == 0, result.output);
    const auto events = findings("all.jsonl");
    BOOST_TEST_REQUIRE(events.size() == 2U);
    BOOST_TEST(events[0].at("kind") == "assign");
    BOOST_TEST(events[0].at("id") == "tanaka");
    BOOST_TEST(events[0].at("file") == "table public.radacct");
    BOOST_TEST(events[1].at("kind") == "release");
    BOOST_TEST(read("public.none").status == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
