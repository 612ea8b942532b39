// guardctl as people use it, against a real PostgreSQL: what it prints, how it ends, and whose name the log has.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

struct Shell : Database {
    Shell() {
        exec(R"(UPDATE guard.setting SET value = '{"": "enforce"}' WHERE key = 'detection.modes')");
        for (const auto* id : {"hanako", "jiro"})
            exec("WITH i AS (INSERT INTO guard.incident (incident_key, service, id, state, opened_at) VALUES ('" +
                 std::string(id) + "', 'pppoe', '" + id +
                 "', 'review', now()) RETURNING incident_id), f AS (INSERT INTO guard.finding (incident_id, "
                 "finding_key, rule, "
                 "grade, action, event_time, summary_en, summary_ja) SELECT incident_id, '" +
                 id +
                 "', 'pppoe.jump', 'probable', 'review', now(), 'from Hokkaido to Kagoshima', '北海道から' FROM i "
                 "RETURNING finding_id) INSERT INTO guard.evidence SELECT finding_id, 0, now(), 'accept', '10.1.2.3', "
                 "'JP-01' "
                 "FROM f");
    }
    Result guardctl(const std::string& role, std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), GUARD_BINARY_DIR "/bin/guardctl");
        arguments.insert(arguments.end(), {"--database", cluster().connection_string(role, name())});
        return run(arguments);
    }
};

bool has(const Result& result, const std::string& text) {
    return result.output.find(text) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(guardctl_desk)

BOOST_FIXTURE_TEST_CASE(a_case_is_listed_without_its_id_read_with_a_reason_and_decided_once, Shell) {
    const auto list = guardctl("desk", {"incidents", "list"});
    BOOST_TEST(list.status == 0);
    BOOST_TEST(has(list, "2 incidents"), list.output);
    BOOST_TEST(!has(list, "hanako"), list.output);
    const auto show = guardctl("desk", {"incidents", "show", "1", "--reason", "ticket 17"});
    BOOST_TEST(show.status == 0, show.output);
    for (const auto* text : {"hanako", "北海道から", "10.1.2.3", "JP-01"}) BOOST_TEST(has(show, text), show.output);
    BOOST_TEST(value("SELECT actor || (detail ->> 'purpose') FROM guard.audit WHERE action = 'read'") ==
               "deskticket 17");
    const auto json = guardctl("desk", {"incidents", "show", "1", "--reason", "x", "--json"});
    BOOST_TEST(nlohmann::json::parse(json.output)["findings"][0]["address"] == "10.1.2.3");

    BOOST_TEST(guardctl("desk", {"incidents", "confirm", "1"}).status == 2);  // no reason
    const auto confirmed = guardctl("desk", {"incidents", "confirm", "1", "--reason", "sure"});
    BOOST_TEST(confirmed.status == 0, confirmed.output);
    BOOST_TEST(suspended("hanako"));
    BOOST_TEST(guardctl("sato", {"incidents", "confirm", "1", "--reason", "sure"}).status == 1);
    BOOST_TEST(guardctl("sato", {"incidents", "ordinary", "2", "--reason", "second home"}).status == 0);
    BOOST_TEST(guardctl("sato", {"incidents", "dismiss", "99", "--reason", "x"}).status == 1);
    BOOST_TEST(value("SELECT string_agg(outcome || '=' || decided_by, ' ' ORDER BY incident_id) FROM guard.review") ==
               "misuse=desk ordinary=sato");
    BOOST_TEST(guardctl("auditor", {"incidents", "confirm", "1", "--reason", "x"}).status == 2);  // no right
    const auto suspended_show = guardctl("desk", {"suspended", "show", "HANAKO", "--reason", "called"});
    BOOST_TEST(has(suspended_show, "10.1.2.3"), suspended_show.output);
}

BOOST_FIXTURE_TEST_CASE(what_many_did_is_one_row_and_is_judged_at_once, Shell) {
    exec(
        "UPDATE guard.finding SET reason = 'storm'; SELECT guard.join_mass_event(incident_id, 'JP-01 JP-46', now()) "
        "FROM guard.incident");
    const auto list = guardctl("desk", {"incidents", "list"});
    BOOST_TEST(has(list, "JP-01 JP-46"), list.output);
    BOOST_TEST(has(list, "2 incidents"), list.output);
    const auto row = nlohmann::json::parse(guardctl("desk", {"incidents", "list", "--json"}).output);
    BOOST_TEST(row["mass"] == 1);
    BOOST_TEST(row["cases"] == 2);
    BOOST_TEST(row["incident"].is_null());
    const auto show = guardctl("desk", {"incidents", "show", "1", "--mass", "--reason", "failover?"});
    for (const auto* text : {"hanako", "jiro", "北海道から", "2 incidents"}) BOOST_TEST(has(show, text), show.output);
    BOOST_TEST(guardctl("desk", {"incidents", "show", "9", "--mass", "--reason", "x"}).status == 1);
    BOOST_TEST(guardctl("desk", {"incidents", "confirm", "1", "--mass", "--reason", "x"}).status == 2);
    BOOST_TEST(has(guardctl("desk", {"incidents", "dismiss", "1", "--mass", "--reason", "x"}), "2 incidents closed"));
    BOOST_TEST(guardctl("desk", {"incidents", "dismiss", "1", "--mass", "--reason", "x"}).status == 1);
    BOOST_TEST(has(guardctl("desk", {"incidents", "list"}), "0 incidents"));
}

BOOST_FIXTURE_TEST_CASE(a_case_shows_what_the_nas_answered, Shell) {
    exec(
        "INSERT INTO guard.disconnect (incident_id, service, id, address, nas, state, tries, last_answer, done_at) "
        "VALUES "
        "(1, 'pppoe', 'hanako', '10.1.2.3', 'bras1', 'refused', 1, 'Disconnect-NAK Session-Context-Not-Found (503)', "
        "now()), (1, 'pppoe', 'hanako', '10.1.2.4', 'bras2', 'silent', 2, 'no answer', NULL)");
    const auto show = guardctl("desk", {"incidents", "show", "1", "--reason", "x"});
    BOOST_TEST(has(show, "Session-Context-Not-Found (503)"), show.output);
    BOOST_TEST(has(show, "no answer"), show.output);
    const auto json = guardctl("desk", {"incidents", "show", "1", "--reason", "x", "--json"});
    BOOST_TEST(nlohmann::json::parse(json.output)["disconnects"][0]["state"] == "refused");
}

BOOST_FIXTURE_TEST_CASE(a_password_changed_elsewhere_counts_through_a_channel_that_is_named, Shell) {
    suspend("taro");
    const auto changed = [&](const char* channel) {
        return guardctl("directory", {"password-changed", "TARO", "--channel", channel, "--json"});
    };
    BOOST_TEST(changed("shop").status == 1);
    BOOST_TEST(suspended("taro"));
    exec("UPDATE guard.setting SET value = 'shop' WHERE key = 'trusted_password_channels'");
    const auto done = changed("shop");
    BOOST_TEST(done.status == 0, done.output);
    BOOST_TEST(nlohmann::json::parse(done.output)["result"] == "released");
    BOOST_TEST(!suspended("taro"));
    BOOST_TEST(changed("shop").status == 1);
    BOOST_TEST(guardctl("desk", {"password-changed", "taro", "--channel", "shop"}).status == 2);  // no right
}

BOOST_FIXTURE_TEST_CASE(status_says_with_its_code_whether_a_person_is_wanted, Shell) {
    const auto status = guardctl("desk", {"status"});
    BOOST_TEST(status.status == 1);
    BOOST_TEST(has(status, "in review"), status.output);
    for (const auto* number : {"1", "2"}) guardctl("desk", {"incidents", "dismiss", number, "--reason", "x"});
    BOOST_TEST(guardctl("desk", {"status", "--json"}).status == 0);
}

BOOST_FIXTURE_TEST_CASE(breaker_alarms_blocks_and_allow_list, Shell) {
    exec("INSERT INTO guard.breaker (reason) VALUES ('too many'); SELECT guard.raise_alarm('notice_dead', 'case 4')");
    exec(
        "INSERT INTO guard.block (block_key, source, rule, started_at, last_attempt_at, expires_at, attempts, ids, "
        "accepts, "
        "summary_en, summary_ja) VALUES ('k', '198.51.100.1', 'smtp.source', now(), now(), now() + interval '1 hour', "
        "20, "
        "10, 0, 'guessing', '')");
    BOOST_TEST(guardctl("desk", {"breaker", "show"}).status == 1);
    BOOST_TEST(guardctl("desk", {"breaker", "close", "--reason", "pools mended"}).status == 0);
    BOOST_TEST(guardctl("desk", {"breaker", "close", "--reason", "again"}).status == 1);
    BOOST_TEST(guardctl("desk", {"breaker", "show"}).status == 0);
    BOOST_TEST(has(guardctl("desk", {"alarms", "list"}), "notice_dead"));
    BOOST_TEST(guardctl("desk", {"alarms", "close", "1", "--reason", "phoned"}).status == 0);
    BOOST_TEST(has(guardctl("desk", {"alarms", "list"}), "0 alarms"));
    BOOST_TEST(has(guardctl("desk", {"alarms", "list", "--all"}), "notice_dead"));
    BOOST_TEST(has(guardctl("desk", {"blocks", "list"}), "198.51.100.1"));
    BOOST_TEST(has(guardctl("desk", {"blocks", "show", "1"}), "guessing"));
    BOOST_TEST(guardctl("desk", {"blocks", "lift", "1", "--reason", "ours"}).status == 0);
    BOOST_TEST(guardctl("desk", {"blocks", "lift", "1", "--reason", "ours"}).status == 1);
    const std::vector<std::string> add{"allow", "add", "Probe@ISP", "--owner", "noc", "--reason", "probe"};
    const auto with_days = [&](const char* days) {
        auto arguments = add;
        arguments.insert(arguments.end(), {"--days", days});
        return arguments;
    };
    BOOST_TEST(guardctl("desk", add).status == 2);  // no expiry
    const auto too_long = guardctl("desk", with_days("91"));
    BOOST_TEST(too_long.status == 2);
    BOOST_TEST(!has(too_long, "probe@isp"), too_long.output);
    BOOST_TEST(guardctl("desk", with_days("90")).status == 0);
    BOOST_TEST(has(guardctl("desk", {"allow", "list"}), "probe@isp"));
    BOOST_TEST(guardctl("desk", {"allow", "remove", "PROBE@isp", "--reason", "gone"}).status == 0);
    BOOST_TEST(guardctl("desk", {"allow", "remove", "PROBE@isp", "--reason", "gone"}).status == 1);
}

BOOST_FIXTURE_TEST_CASE(undo_counts_asks_and_needs_another_person, Shell) {
    guardctl("desk", {"incidents", "confirm", "1", "--reason", "x"});
    std::vector<std::string> request{"undo",     "request",
                                     "--rule",   "pppoe.jump",
                                     "--from",   "2026-01-01T00:00:00Z",
                                     "--to",     "2100-01-01T00:00:00Z",
                                     "--reason", "wrong pools"};
    auto dry = request;
    dry.emplace_back("--dry-run");
    BOOST_TEST(has(guardctl("desk", dry), "would be undone: 1 suspensions, 0 blocks, 1 reviews"));
    BOOST_TEST(value("SELECT count(*) FROM guard.undo") == "0");
    BOOST_TEST(guardctl("desk", request).status == 0);
    BOOST_TEST(guardctl("desk", {"undo", "approve", "1"}).status == 2);
    BOOST_TEST(guardctl("sato", {"undo", "approve", "1", "--dry-run"}).status == 0);
    BOOST_TEST(suspended("hanako"));
    BOOST_TEST(has(guardctl("sato", {"undo", "approve", "1"}), "undone: 1 suspensions, 0 blocks, 1 reviews"));
    BOOST_TEST(!suspended("hanako"));
    request[5] = "yesterday";
    BOOST_TEST(guardctl("desk", request).status == 2);
}

BOOST_FIXTURE_TEST_CASE(retention_and_audit_say_how_it_stands, Shell) {
    BOOST_TEST(guardctl("janitor", {"retention", "check"}).status == 0);
    exec("INSERT INTO guard.alarm (kind, closed_at) VALUES ('old', now() - interval '1 year')");
    BOOST_TEST(guardctl("janitor", {"retention", "check"}).status == 1);
    BOOST_TEST(guardctl("janitor", {"retention", "run"}).status == 0);
    BOOST_TEST(guardctl("janitor", {"retention", "check", "--grace-hours", "0"}).status == 0);
    BOOST_TEST(has(guardctl("auditor", {"audit", "list"}), "retention"));
    const auto verified = guardctl("auditor", {"audit", "verify", "--json"});
    BOOST_TEST(verified.status == 0, verified.output);
    const auto hash = nlohmann::json::parse(verified.output)["last_hash"].get<std::string>();
    BOOST_TEST(guardctl("auditor", {"audit", "verify", "--known", hash}).status == 0);
    BOOST_TEST(guardctl("auditor", {"audit", "verify", "--known", std::string(64, '0')}).status == 1);
    exec("ALTER TABLE guard.audit DISABLE TRIGGER ALL; UPDATE guard.audit SET actor = 'nobody'");
    BOOST_TEST(guardctl("auditor", {"audit", "verify"}).status == 1);
}

BOOST_FIXTURE_TEST_CASE(the_account_leaves_small_counts_out, Shell) {
    for (int i = 0; i < 6; ++i) suspend("s" + std::to_string(i));
    guardctl("desk", {"incidents", "confirm", "1", "--reason", "x"});
    const auto month = value("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')");
    const auto report = guardctl("auditor", {"report", "transparency", "--month", month, "--format", "json"});
    BOOST_TEST(report.status == 0, report.output);
    const auto document = nlohmann::json::parse(report.output);
    BOOST_TEST(document["suspensions"]["all"]["count"] == 7);
    BOOST_TEST(document["suspensions_ended"]["still suspended"]["count"] == 7);
    BOOST_TEST(document["reviews"]["misuse"]["count"].is_null());
    BOOST_TEST(has(guardctl("auditor", {"report", "transparency", "--month", month}), "| all | count | 7 |"));
    BOOST_TEST(has(guardctl("auditor", {"report", "transparency", "--month", month, "--format", "csv"}),
                   month + ",suspensions,\"all\",count,7"));
    BOOST_TEST(guardctl("auditor", {"report", "transparency", "--month", "October"}).status == 2);
    BOOST_TEST(guardctl("desk", {"report", "transparency", "--month", month}).status == 2);
}

BOOST_FIXTURE_TEST_CASE(subscribers_are_imported_all_or_none, Shell) {
    const TemporaryDirectory directory{"import"};
    const auto file = directory.path() / "subscribers.csv";
    const auto import = [&](const std::string& text, std::vector<std::string> options = {}) {
        write_file(file, text);
        options.insert(options.begin(), {"subscribers", "import", file.string()});
        return guardctl("importer", options);
    };
    BOOST_TEST(
        has(import("id,name,sessions,phone\nHanako@isp,田中 花子,2,03-1234\nb,,,\nc\\t\\N,x,,\n"), "3 new, 0 changed"));
    BOOST_TEST(value("SELECT name || sessions || phone || language FROM guard.subscriber WHERE id = 'hanako@isp'") ==
               "田中 花子203-1234ja");
    BOOST_TEST(value("SELECT count(*) FROM guard.subscriber WHERE name IS NULL AND sessions = 1") == "1");
    const auto bad = import("id,sessions\nd,1\nhanako@isp,0\n");
    BOOST_TEST(bad.status == 1);
    BOOST_TEST(has(bad, "nothing was imported"));
    BOOST_TEST(value("SELECT count(*) FROM guard.subscriber") == "3");
    // What a file does not name stays as it is.
    BOOST_TEST(has(import("id,language\nhanako@isp,en\nb,ja\n"), "0 new, 1 changed, 1 the same, 0 removed"));
    BOOST_TEST(value("SELECT name || language FROM guard.subscriber WHERE id = 'hanako@isp'") == "田中 花子en");
    BOOST_TEST(has(import("id\nb\n", {"--replace", "--dry-run"}), "2 removed"));
    BOOST_TEST(value("SELECT count(*) FROM guard.subscriber") == "3");
    BOOST_TEST(has(import("id\nb\n", {"--replace"}), "0 new, 0 changed, 1 the same, 2 removed"));
    BOOST_TEST(value("SELECT count(*) FROM guard.subscriber") == "1");
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'subscribers import'") == "3");
    BOOST_TEST(guardctl("desk", {"subscribers", "import", file.string()}).status == 2);
    // From a view of the operator's, through a pipe.
    exec("CREATE VIEW contracts AS SELECT 'view@isp' AS id, '山田 \"太郎\"' AS name, 3 AS sessions");
    const auto piped =
        run({"sh", "-c",
             "psql \"$1\" -c 'COPY (SELECT * FROM contracts) TO STDOUT CSV HEADER' | \"$0\" subscribers import - "
             "--replace --database \"$2\"",
             GUARD_BINARY_DIR "/bin/guardctl", cluster().connection_string("postgres", name()),
             cluster().connection_string("importer", name())});
    BOOST_TEST(has(piped, "1 new, 0 changed, 0 the same, 1 removed"), piped.output);
    BOOST_TEST(value("SELECT name || sessions FROM guard.subscriber") == "山田 \"太郎\"3");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
