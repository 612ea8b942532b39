// What people of the desk do: verdicts, evidence by ticket, breaker, alarms, allow list, blocks, undo.
#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

// Two cases in review and one suspension, in mode enforce.
struct Desk : Database {
    Desk() {
        exec(
            R"(UPDATE guard.setting SET value = '{"": "enforce", "pppoe.churn": "observe"}' WHERE key = 'detection.modes')");
        suspend("taro");
        add_case("hanako", "pppoe.jump", "review");
        add_case("jiro", "pppoe.churn", "review");
        finding(1, "pppoe.jump", "suspend");
    }
    void add_case(const std::string& id, const std::string& rule, const std::string& state) {
        const auto number = value("INSERT INTO guard.incident (incident_key, service, id, state, opened_at) VALUES ('" +
                                  id + "', 'pppoe', '" + id + "', '" + state + "', now()) RETURNING incident_id");
        finding(std::stol(number), rule, state == "review" ? "review" : "record");
    }
    void finding(long incident, const std::string& rule, const std::string& action) {
        exec(
            "INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, "
            "summary_ja) "
            "VALUES (" +
            std::to_string(incident) + ", 'f" + std::to_string(incident) + rule + "', '" + rule + "', 'probable', '" +
            action + "', now(), 'from here to there', 'x')");
    }
    std::string decide(int incident, const std::string& verdict, const std::string& who = "desk") {
        return exec_as(who, "SELECT guard.decide_incident(" + std::to_string(incident) + ", '" + verdict +
                                "', 'called')")[0][0]
            .as<std::string>();
    }
    std::string state(int incident) {
        return value("SELECT state FROM guard.incident WHERE incident_id = " + std::to_string(incident));
    }
    std::string audit(const std::string& action) {
        return value(
            "SELECT string_agg(actor || ' ' || object, ',' ORDER BY audit_id) FROM guard.audit WHERE action = '" +
            action + "'");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(verdicts)

BOOST_FIXTURE_TEST_CASE(confirmed_misuse_suspends_and_tells_the_subscriber, Desk) {
    exec("INSERT INTO guard.breaker (reason) VALUES ('open')");  // limits machines, not people
    BOOST_TEST(decide(2, "misuse") == "suspended");
    BOOST_TEST(suspended("hanako"));
    BOOST_TEST(state(2) == "suspended");
    BOOST_TEST(value("SELECT kind FROM guard.notice WHERE incident_id = 2") == "suspended");
    BOOST_TEST(audit("suspend") == "desk incident:2");
    BOOST_TEST(audit("incident misuse") == "desk incident:2");
    BOOST_TEST(value("SELECT outcome || ' ' || decided_by || ' ' || reason FROM guard.review WHERE incident_id = 2") ==
               "misuse desk called");
}

BOOST_FIXTURE_TEST_CASE(in_mode_observe_a_verdict_suspends_nobody, Desk) {
    BOOST_TEST(decide(3, "misuse") == "observed");
    BOOST_TEST(!suspended("jiro"));
    BOOST_TEST(state(3) == "closed");
    BOOST_TEST(value("SELECT outcome FROM guard.review WHERE incident_id = 3") == "misuse");
}

BOOST_FIXTURE_TEST_CASE(who_is_on_the_allow_list_is_not_suspended_by_a_person_either, Desk) {
    exec_as("desk", "SELECT guard.allow_id('pppoe', 'hanako', 'noc', 'probe', now() + interval '1 day')");
    BOOST_TEST(decide(2, "misuse") == "allowed");
    BOOST_TEST(!suspended("hanako"));
    BOOST_TEST(state(2) == "review");
}

BOOST_FIXTURE_TEST_CASE(a_verdict_is_given_once_and_only_misuse_is_taken_back, Desk) {
    BOOST_TEST(decide(2, "misuse") == "suspended");
    BOOST_TEST(decide(2, "misuse", "sato") == "decided");
    BOOST_TEST(decide(2, "ordinary", "sato") == "released");
    BOOST_TEST(!suspended("hanako"));
    BOOST_TEST(decide(2, "misuse") == "decided");
    BOOST_TEST(decide(2, "dismissed") == "decided");
    BOOST_TEST(decide(99, "dismissed") == "unknown");
    BOOST_TEST(value("SELECT decided_by FROM guard.review WHERE incident_id = 2") == "sato");
}

BOOST_FIXTURE_TEST_CASE(a_closed_case_that_suspends_after_all_is_open_and_judged_anew, Desk) {
    BOOST_TEST(decide(2, "dismissed") == "closed");
    finding(2, "pppoe.burst.far", "suspend");
    exec_as("analyzer",
            "INSERT INTO guard.suspension (incident_id, service, id, rule) VALUES (2, 'pppoe', 'hanako', "
            "'pppoe.burst.far')");
    BOOST_TEST(state(2) == "suspended");
    BOOST_TEST(decide(2, "misuse") == "confirmed");
    BOOST_TEST(suspended("hanako"));
    BOOST_TEST(decide(2, "misuse") == "decided");
}

BOOST_FIXTURE_TEST_CASE(ordinary_and_dismissed_end_what_the_case_led_to, Desk) {
    BOOST_TEST(decide(1, "dismissed") == "released");
    BOOST_TEST(!suspended("taro"));
    BOOST_TEST(state(1) == "released");
    BOOST_TEST(decide(3, "ordinary") == "closed");
    BOOST_TEST(state(3) == "closed");
    BOOST_TEST(audit("incident ordinary") == "desk incident:3");
}

BOOST_FIXTURE_TEST_CASE(two_people_at_once_give_one_verdict, Desk) {
    const auto first = connect("desk"), second = connect("sato");
    pqxx::work one(*first);
    BOOST_TEST(one.exec1("SELECT guard.decide_incident(2, 'misuse', 'x')")[0].as<std::string>() == "suspended");
    std::string other;
    std::thread waiting([&] {
        pqxx::work two(*second);
        other = two.exec1("SELECT guard.decide_incident(2, 'dismissed', 'y')")[0].as<std::string>();
        two.commit();
    });
    BOOST_TEST(wait_until([&] { return value("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0"; },
                          std::chrono::seconds(10)));
    one.commit();
    waiting.join();
    BOOST_TEST(other == "released");  // the second saw what the first had done, and took it back
    BOOST_TEST(value("SELECT count(*) FROM guard.suspension WHERE incident_id = 2") == "1");
    BOOST_TEST(!suspended("hanako"));
}

BOOST_FIXTURE_TEST_CASE(past_its_time_a_review_raises_an_alarm_and_does_nothing_else, Desk) {
    BOOST_TEST(exec_as("analyzer", "SELECT guard.escalate_reviews()")[0][0].as<int>() == 0);
    exec("UPDATE guard.review SET due_at = now() - interval '1 second' WHERE incident_id = 2");
    BOOST_TEST(exec_as("analyzer", "SELECT guard.escalate_reviews()")[0][0].as<int>() == 1);
    BOOST_TEST(exec_as("analyzer", "SELECT guard.escalate_reviews()")[0][0].as<int>() == 0);
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm WHERE kind = 'review_overdue' AND closed_at IS NULL") == "1");
    BOOST_TEST(state(2) == "review");
    BOOST_TEST(suspended("taro"));
    BOOST_TEST(!suspended("hanako"));
    BOOST_TEST(audit("review overdue") == "guard incident:2");
    BOOST_TEST(exec_as("desk", "SELECT number FROM guard.status() WHERE what = 'review overdue'")[0][0].as<int>() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(evidence)

BOOST_FIXTURE_TEST_CASE(a_rollback_hides_nothing_because_nothing_was_read, Desk) {
    const auto connection = connect("desk");
    std::string ticket;
    {
        pqxx::work transaction(*connection);
        ticket = transaction.exec1("SELECT guard.evidence_open(1, 'curious')")[0].as<std::string>();
        BOOST_CHECK_THROW(transaction.exec("SELECT * FROM guard.evidence_read('" + ticket + "')"),
                          pqxx::insufficient_privilege);
    }
    BOOST_CHECK_THROW(exec_as("desk", "SELECT * FROM guard.evidence_read('" + ticket + "')"),
                      pqxx::insufficient_privilege);
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'read'") == "0");
}

BOOST_FIXTURE_TEST_CASE(a_savepoint_rolled_back_hides_nothing_either, Desk) {
    const auto connection = connect("desk");
    pqxx::work transaction(*connection);
    transaction.exec("SAVEPOINT here");
    const auto ticket = transaction.exec1("SELECT guard.evidence_open(1, 'curious')")[0].as<std::string>();
    transaction.exec("ROLLBACK TO here");
    transaction.commit();
    BOOST_CHECK_THROW(exec_as("desk", "SELECT * FROM guard.evidence_read('" + ticket + "')"),
                      pqxx::insufficient_privilege);
}

BOOST_FIXTURE_TEST_CASE(a_ticket_is_for_who_asked_and_for_a_quarter_of_an_hour, Desk) {
    const auto ticket = exec_as("desk", "SELECT guard.evidence_open(1, 'ticket 17')")[0][0].as<std::string>();
    BOOST_TEST(exec_as("desk", "SELECT * FROM guard.evidence_read('" + ticket + "')").size() == 1U);
    BOOST_TEST(exec_as("desk", "SELECT id FROM guard.incident_read('" + ticket + "')")[0][0].as<std::string>() ==
               "taro");
    BOOST_CHECK_THROW(exec_as("sato", "SELECT * FROM guard.evidence_read('" + ticket + "')"),
                      pqxx::insufficient_privilege);
    exec("UPDATE guard.evidence_ticket SET opened_at = now() - interval '16 minutes'");
    BOOST_CHECK_THROW(exec_as("desk", "SELECT * FROM guard.evidence_read('" + ticket + "')"),
                      pqxx::insufficient_privilege);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(desk)

BOOST_FIXTURE_TEST_CASE(of_two_who_close_the_breaker_one_did, Desk) {
    exec("INSERT INTO guard.breaker (reason) VALUES ('too many'); SELECT guard.raise_alarm('breaker', 'x')");
    const auto first = connect("desk"), second = connect("sato");
    pqxx::work one(*first);
    BOOST_TEST(one.exec1("SELECT guard.close_breaker('pools were wrong')")[0].as<bool>());
    bool other = true;
    std::thread waiting([&] {
        pqxx::work two(*second);
        other = two.exec1("SELECT guard.close_breaker('me too')")[0].as<bool>();
        two.commit();
    });
    BOOST_TEST(wait_until([&] { return value("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0"; },
                          std::chrono::seconds(10)));
    one.commit();
    waiting.join();
    BOOST_TEST(!other);
    BOOST_TEST(value("SELECT closed_by FROM guard.breaker") == "desk");
    BOOST_TEST(audit("breaker close") == "desk breaker:1");
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm WHERE closed_at IS NULL") == "0");
}

BOOST_FIXTURE_TEST_CASE(the_allow_list_ends_and_longer_needs_a_name, Desk) {
    const auto allow = [&](const char* until, const char* approval) {
        exec_as("desk", "SELECT guard.allow_id('pppoe', 'secret-probe', 'noc', 'line probe', now() + interval '" +
                            std::string(until) + "', " + approval + ")");
    };
    allow("90 days", "NULL");
    allow("366 days", "'K. Suzuki'");
    for (const auto& [until, approval] :
         {std::pair{"91 days", "NULL"}, {"367 days", "'K. Suzuki'"}, {"-1 day", "NULL"}, {"10 days", "' '"}})
        BOOST_CHECK_EXCEPTION(allow(until, approval), pqxx::check_violation, [](const auto& error) {
            return std::string(error.what()).find("probe'") == std::string::npos &&
                   std::string(error.what()).find("7365637265742d") == std::string::npos;  // no ID in the message
        });
    BOOST_TEST(exec_as("sato", "SELECT guard.disallow_id('pppoe', 'secret-probe', 'gone')")[0][0].as<bool>());
    BOOST_TEST(!exec_as("sato", "SELECT guard.disallow_id('pppoe', 'secret-probe', 'gone')")[0][0].as<bool>());
    // The auditor sees who did what for how long, and not for whom.
    const auto seen =
        exec_as("auditor", "SELECT string_agg(l::text, ' ') FROM guard.audit_log AS l")[0][0].as<std::string>();
    BOOST_TEST(seen.find("line probe") != std::string::npos);
    BOOST_TEST(seen.find("K. Suzuki") != std::string::npos);
    BOOST_TEST(seen.find("secret") == std::string::npos);
    BOOST_TEST(seen.find("7365637265742d") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_block_is_lifted_once, Desk) {
    exec(
        "INSERT INTO guard.block (block_key, source, rule, started_at, last_attempt_at, expires_at, attempts, ids, "
        "accepts, "
        "summary_en, summary_ja) VALUES ('k', '198.51.100.1', 'smtp.source', now(), now(), now() + interval '1 hour', "
        "20, "
        "10, 0, '', '')");
    BOOST_TEST(exec_as("desk", "SELECT guard.lift_block(1, 'our own scanner')")[0][0].as<bool>());
    BOOST_TEST(!exec_as("desk", "SELECT guard.lift_block(1, 'again')")[0][0].as<bool>());
    BOOST_TEST(value("SELECT ended_at < expires_at FROM guard.block") == "t");
    BOOST_TEST(audit("block lift") == "desk block:1");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(mass_events)

// Forty IDs that went from Sapporo to Tokyo together, one of them also for a reason of its own.
struct Failover : Desk {
    Failover() {
        for (int i = 0; i < 40; ++i) join("line" + std::to_string(i), "JP-01 JP-13", i);
    }
    void join(const std::string& id, const std::string& regions, int minutes) {
        add_case(id, "pppoe.jump", "review");
        const auto number = value("SELECT max(incident_id) FROM guard.incident");
        exec("UPDATE guard.finding SET reason = 'storm' WHERE incident_id = " + number);
        exec_as("analyzer", "SELECT guard.join_mass_event(" + number + ", '" + regions +
                                "', '2026-11-22 03:00Z'::timestamptz + interval '" + std::to_string(minutes) +
                                " minutes')");
    }
    std::string events() {
        return value(
            "SELECT string_agg(mass_event_id || ':' || incidents || '/' || waiting, ' ' ORDER BY "
            "mass_event_id) FROM guard.mass_events");
    }
};

BOOST_FIXTURE_TEST_CASE(many_that_did_the_same_are_one_row, Failover) {
    BOOST_TEST(events() == "1:40/40");
    BOOST_TEST(value("SELECT regions || ' ' || (last_at - first_at) FROM guard.mass_events") == "JP-01 JP-13 00:39:00");
    join("elsewhere", "JP-04 JP-13", 39);
    join("next day", "JP-01 JP-13", 39 + 31);
    BOOST_TEST(events() == "1:40/40 2:1/1 3:1/1");
    // Who also waits for a reason of its own is judged alone.
    exec("UPDATE guard.finding SET reason = 'profile' WHERE incident_id = 4");
    BOOST_TEST(events() == "1:39/39 2:1/1 3:1/1");
    BOOST_TEST(value("SELECT count(*) FROM guard.incidents WHERE waiting AND mass_event IS NULL") == "3");
}

BOOST_FIXTURE_TEST_CASE(all_are_judged_at_once_and_each_teaches, Failover) {
    exec("UPDATE guard.finding SET reason = 'profile' WHERE incident_id = 4");
    const auto decide_all = [&](const char* verdict) {
        return exec_as("desk",
                       std::string("SELECT guard.decide_mass_event(1, '") + verdict + "', 'failover of bras3')");
    };
    BOOST_CHECK_THROW(decide_all("misuse"), pqxx::check_violation);
    BOOST_TEST(decide_all("ordinary")[0][0].as<int>() == 39);
    BOOST_TEST(value("SELECT count(*) FROM guard.review WHERE outcome = 'ordinary' AND decided_by = 'desk'") == "39");
    BOOST_TEST(state(4) == "review");
    BOOST_TEST(state(5) == "closed");
    BOOST_TEST(value("SELECT outcome || ' ' || decided_by FROM guard.mass_events") == "ordinary desk");
    BOOST_TEST(audit("mass event ordinary") == "desk mass event:1");
    BOOST_TEST(decide_all("dismissed")[0][0].as<int>() == 0);
    BOOST_TEST(exec_as("desk", "SELECT guard.decide_mass_event(7, 'ordinary', 'x')")[0][0].is_null());
    // What comes afterwards is another event.
    join("late", "JP-01 JP-13", 40);
    BOOST_TEST(value("SELECT waiting FROM guard.mass_events WHERE mass_event_id = 2") == "1");
}

BOOST_FIXTURE_TEST_CASE(the_ids_behind_it_are_read_by_ticket, Failover) {
    const auto ticket = exec_as("desk", "SELECT guard.mass_open(1, 'shift')")[0][0].as<std::string>();
    BOOST_TEST(audit("read") == "desk mass event:1");
    const auto behind = exec_as("desk", "SELECT * FROM guard.mass_read('" + ticket + "')");
    BOOST_TEST(behind.size() == 40U);
    BOOST_TEST(behind[0]["id"].as<std::string>() == "line0");
    BOOST_TEST(behind[0]["waiting"].as<bool>());
    // It opens neither a case nor the phone list, and a ticket of a case no mass event.
    for (const auto* what : {"evidence_read", "phone_list_read", "disconnects_read"})
        BOOST_CHECK_THROW(exec_as("desk", std::string("SELECT * FROM guard.") + what + "('" + ticket + "')"),
                          pqxx::insufficient_privilege);
    const auto of_case = exec_as("desk", "SELECT guard.evidence_open(4, 'shift')")[0][0].as<std::string>();
    BOOST_TEST(exec_as("desk", "SELECT * FROM guard.mass_read('" + of_case + "')").empty());
    BOOST_CHECK_THROW(exec_as("sato", "SELECT * FROM guard.mass_read('" + ticket + "')"), pqxx::insufficient_privilege);
}

BOOST_FIXTURE_TEST_CASE(it_goes_with_the_last_of_its_cases, Failover) {
    BOOST_TEST(exec_as("desk", "SELECT guard.decide_mass_event(1, 'dismissed', 'x')")[0][0].as<int>() == 40);
    exec("DELETE FROM guard.incident WHERE mass_event_id = 1 AND incident_id < 20");
    BOOST_TEST(value("SELECT count(*) FROM guard.mass_event") == "1");
    exec("DELETE FROM guard.incident WHERE mass_event_id = 1");
    BOOST_TEST(value("SELECT count(*) FROM guard.mass_event") == "0");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(undo)

constexpr auto kRequest = "SELECT guard.undo_request('pppoe.jump', NULL, '2026-01-01', '2100-01-01', 'wrong pools')";

BOOST_FIXTURE_TEST_CASE(it_takes_two_people, Desk) {
    BOOST_TEST(exec_as("desk", kRequest)[0][0].as<int>() == 1);
    BOOST_CHECK_THROW(exec_as("desk", "SELECT * FROM guard.undo_approve(1)"), pqxx::insufficient_privilege);
    BOOST_TEST(suspended("taro"));
    const auto done = exec_as("sato", "SELECT * FROM guard.undo_approve(1)")[0];
    BOOST_TEST(done["suspensions"].as<int>() == 1);
    BOOST_TEST(done["reviews"].as<int>() == 1);  // hanako's; jiro's is another rule's
    BOOST_TEST(!suspended("taro"));
    BOOST_TEST(state(2) == "closed");
    BOOST_TEST(state(3) == "review");
    BOOST_TEST(value("SELECT suspensions || ' ' || reviews FROM guard.undo") == "1 1");
    BOOST_TEST(audit("undo") == "sato undo:1");
    BOOST_CHECK_THROW(exec_as("sato", "SELECT * FROM guard.undo_approve(1)"), pqxx::sql_error);
}

BOOST_FIXTURE_TEST_CASE(it_undoes_no_more_than_was_asked_for, Desk) {
    exec_as("desk", kRequest);  // the time that it names has not ended
    suspend("saburo");
    const auto done = exec_as("sato", "SELECT * FROM guard.undo_approve(1)")[0];
    BOOST_TEST(done["suspensions"].as<int>() == 1);
    BOOST_TEST(!suspended("taro"));
    BOOST_TEST(suspended("saburo"));
}

BOOST_FIXTURE_TEST_CASE(if_there_is_more_after_all_nothing_is_undone, Desk) {
    exec_as("desk", kRequest);
    suspend("saburo");
    exec("UPDATE guard.suspension SET suspended_at = '2026-02-01' WHERE id = 'saburo'");
    BOOST_CHECK_THROW(exec_as("sato", "SELECT * FROM guard.undo_approve(1)"), pqxx::sql_error);
    BOOST_TEST(suspended("taro"));
    BOOST_TEST(suspended("saburo"));
}

BOOST_FIXTURE_TEST_CASE(another_version_and_another_time_stay, Desk) {
    exec("UPDATE guard.setting SET value = '2' WHERE key = 'rules.version'");
    suspend("saburo");
    finding(4, "pppoe.jump", "suspend");
    const auto count = [&](const std::string& version, const std::string& since) {
        return exec_as("desk", "SELECT suspensions FROM guard.undo_count('pppoe.jump', " + version + ", '" + since +
                                   "', '2100-01-01')")[0][0]
            .as<int>();
    };
    BOOST_TEST(count("NULL", "2026-01-01") == 2);
    BOOST_TEST(count("'2'", "2026-01-01") == 1);
    BOOST_TEST(count("'3'", "2026-01-01") == 0);
    BOOST_TEST(count("NULL", "2099-01-01") == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
