// Who may do what. A role that may do more than it needs is a fault, so both sides are listed.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

struct Case {
    const char* role;
    const char* statement;
};
std::ostream& operator<<(std::ostream& stream, const Case& item) {
    return stream << item.role << ": " << item.statement;
}

const std::vector<Case> kAllowed{
    {"analyzer", "INSERT INTO guard.incident (incident_key, service, id, opened_at) VALUES ('k', 'pppoe', 'a', now())"},
    {"analyzer", "INSERT INTO guard.suspension (incident_id, service, id, rule) VALUES (1, 'pppoe', 'a', 'r')"},
    {"analyzer",
     "INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id) "
     "VALUES (1, 'suspended', 'n', 'pppoe', 'a') ON CONFLICT DO NOTHING"},
    {"analyzer", "UPDATE guard.incident SET state = 'suspended'"},
    {"analyzer",
     "INSERT INTO guard.progress (spool, position) VALUES ('a', 'b') "
     "ON CONFLICT (spool) DO UPDATE SET position = 'c'"},
    {"analyzer", "INSERT INTO guard.audit (action, object) VALUES ('a', 'b')"},
    {"analyzer", "SELECT sessions, home_region FROM guard.subscriber WHERE service = 'pppoe'"},
    {"analyzer", "SELECT * FROM guard.allowed"},
    {"analyzer", "SELECT guard.normalise_id('A')"},
    {"analyzer", "SELECT guard.publish_setting('rules.version', '2')"},
    {"analyzer", "SELECT * FROM guard.check_retention()"},
    {"analyzer", "SELECT guard.join_mass_event(1, 'JP-01', now())"},
    {"analyzer", "INSERT INTO guard.breaker (reason) VALUES ('a') ON CONFLICT DO NOTHING RETURNING 1"},
    {"analyzer", "SELECT guard.raise_alarm('breaker', 'x')"},
    {"analyzer", "UPDATE guard.disconnect SET state = 'silent', tries = 1, due_at = now(), last_answer = 'x'"},
    {"analyzer", "UPDATE guard.block SET ended_at = expires_at"},
    {"directory", "SELECT guard.password_changed_by('pppoe', 'taro', 'portal')"},
    {"desk", "SELECT guard.mass_open(1, 'shift')"},
    {"desk", "SELECT guard.decide_mass_event(1, 'ordinary', 'failover')"},
    {"desk", "SELECT * FROM guard.mass_events"},
    {"notifier",
     "UPDATE guard.notice SET state = 'dead', plan = 'mail', step = 1, plan_at = NULL, escalate_at = now()"},
    {"notifier", "UPDATE guard.delivery SET state = 'sending', leased_by = 'me', lease_until = now(), answer = 'x'"},
    {"notifier",
     "INSERT INTO guard.delivery (notice_id, step, channel) SELECT notice_id, 1, 'mail' FROM guard.notice LIMIT 0"},
    {"notifier", "SELECT name, mail, language, phone, postal_code, postal_address FROM guard.subscriber"},
    {"notifier", "SELECT guard.reserve_pace('mail', '', 1, interval '1 s')"},
    {"notifier", "SELECT guard.record_bounce('<a@b>', '5.1.1', true)"},
    {"notifier", "SELECT summary_ja FROM guard.finding"},
    {"desk", "SELECT * FROM guard.suspended"},
    {"desk", "SELECT guard.staff_release('pppoe', 'taro', 'asked')"},
    {"desk", "SELECT guard.evidence_open(1, 'asked')"},
    {"desk", "SELECT * FROM guard.incidents"},
    {"desk", "SELECT guard.decide_incident(1, 'misuse', 'called')"},
    {"desk", "SELECT guard.close_breaker('looked')"},
    {"desk", "SELECT * FROM guard.alarm, guard.breaker, guard.allowed, guard.block"},
    {"desk", "SELECT guard.allow_id('pppoe', 'a', 'noc', 'probe', now() + interval '1 day')"},
    {"desk", "SELECT guard.undo_request('pppoe.jump', NULL, '2026-01-01', '2027-01-01', 'wrong pools')"},
    {"desk", "SELECT * FROM guard.status()"},
    {"importer", "INSERT INTO guard.subscriber (service, id) VALUES ('pppoe', 'a')"},
    {"importer", "SELECT guard.note_import(1, 0, 0)"},
    {"janitor", "SELECT * FROM guard.apply_retention()"},
    {"janitor", "SELECT * FROM guard.check_retention()"},
    {"analyzer", "SELECT guard.escalate_reviews(), guard.seal_audit()"},
    {"analyzer", "SELECT incident_id, outcome, decided_at FROM guard.review"},
    {"desk", "SELECT * FROM guard.notices"},
    {"desk", "SELECT guard.phone_list_open('morning shift')"},
    {"desk", "SELECT guard.notice_answered(1, 'called')"},
    {"desk", "SELECT guard.resend_notice(1, NULL, 'asked')"},
    {"desk", "SELECT guard.cancel_notice(1, 'wrong')"},
    {"auditor", "SELECT channel, state, sum(maybe_twice) FROM guard.delivery GROUP BY 1, 2"},
    {"auditor", "SELECT * FROM guard.audit_log"},
    {"auditor", "SELECT * FROM guard.verify_audit()"},
    {"auditor", "SELECT * FROM guard.transparency('2026-11-01')"},
    {"auditor", "SELECT * FROM guard.block"},
    {"auditor", "SELECT state, count(*) FROM guard.notice GROUP BY 1"},
};

const std::vector<Case> kRefused{
    {"analyzer", "UPDATE guard.suspension SET released_at = now()"},
    {"analyzer", "DELETE FROM guard.suspension"},
    {"analyzer", "SELECT guard.release_suspension('pppoe', 'taro', 'staff', 'me', 'no')"},
    {"analyzer", "SELECT guard.staff_release('pppoe', 'taro', 'no')"},
    {"analyzer", "UPDATE guard.finding SET summary_en = 'no'"},
    {"analyzer", "SELECT mail FROM guard.subscriber"},
    {"analyzer", "UPDATE guard.setting SET value = 'analyzer' WHERE key = 'trusted_password_roles'"},
    {"analyzer", "SELECT guard.publish_setting('retention.audit_days', '365')"},
    {"analyzer", "SELECT guard.publish_setting('review.due_seconds', '1')"},
    {"analyzer", "INSERT INTO guard.setting (key, value) VALUES ('a', 'b')"},
    {"analyzer", "INSERT INTO guard.audit (actor, action, object) VALUES ('sato', 'release', 'incident:1')"},
    {"analyzer", "INSERT INTO guard.audit (action, object, at) VALUES ('a', 'b', '2020-01-01')"},
    {"analyzer", "INSERT INTO guard.alarm (kind) VALUES ('a')"},
    {"analyzer", "UPDATE guard.alarm SET closed_at = now()"},
    {"analyzer", "SELECT state FROM guard.notice"},
    {"analyzer", "UPDATE guard.block SET source = '192.0.2.1'"},
    {"analyzer", "UPDATE guard.disconnect SET id = 'jiro'"},
    {"analyzer",
     "INSERT INTO guard.suspension (incident_id, service, id, rule, released_at, released_by, release_channel, "
     "release_reason) VALUES (1, 'pppoe', 'b', 'r', now(), 'x', 'staff', 'y')"},
    {"analyzer", "SELECT * FROM guard.mass_event"},
    {"analyzer", "SELECT guard.decide_mass_event(1, 'ordinary', 'no')"},
    {"analyzer", "SELECT guard.password_changed_by('pppoe', 'taro', 'portal')"},
    {"desk", "SELECT guard.password_changed_by('pppoe', 'taro', 'portal')"},
    {"desk", "SELECT * FROM guard.mass_event"},
    {"desk", "SELECT guard.publish_setting('rules.version', '2')"},
    {"notifier", "SELECT guard.publish_setting('rules.version', '2')"},
    {"auditor", "SELECT guard.mass_open(1, 'no')"},
    {"directory", "SELECT * FROM guard.password_change"},
    {"analyzer", "SELECT * FROM guard.audit"},
    {"analyzer",
     "INSERT INTO guard.allowed (service, id, owner, reason, expires_at) VALUES ('pppoe', 'a', 'x', 'y', now())"},
    {"analyzer", "UPDATE guard.breaker SET closed_at = now(), closed_by = 'me'"},
    {"notifier", "SELECT id FROM guard.incident"},
    {"notifier", "SELECT * FROM guard.evidence"},
    {"notifier", "UPDATE guard.notice SET message_id = 'x'"},
    {"notifier", "UPDATE guard.notice SET sent_at = now()"},
    {"notifier", "UPDATE guard.delivery SET message_id = 'x'"},
    {"notifier", "UPDATE guard.delivery SET bounced_at = now()"},
    {"notifier", "DELETE FROM guard.delivery"},
    {"notifier", "SELECT * FROM guard.pace"},
    {"notifier", "SELECT guard.resend_notice(1, NULL, 'no')"},
    {"analyzer", "SELECT phone FROM guard.subscriber"},
    {"analyzer", "SELECT postal_address FROM guard.subscriber"},
    {"analyzer", "SELECT * FROM guard.delivery"},
    {"notifier",
     "INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id) "
     "VALUES (1, 'suspended', 'n', 'pppoe', 'a')"},
    {"notifier", "UPDATE guard.setting SET value = 'notifier' WHERE key = 'trusted_password_roles'"},
    {"notifier", "SELECT home_region FROM guard.subscriber"},
    {"desk", "SELECT * FROM guard.incident"},
    {"desk", "SELECT * FROM guard.suspension"},
    {"desk", "SELECT * FROM guard.evidence"},
    {"desk", "SELECT * FROM guard.subscriber"},
    {"desk", "SELECT * FROM guard.notice"},
    {"desk", "SELECT * FROM guard.delivery"},
    {"desk", "SELECT guard.record_bounce('<a@b>', '5.1.1', true)"},
    {"desk", "SELECT * FROM guard.audit"},
    {"desk", "UPDATE guard.suspension SET released_at = now()"},
    {"desk", "SELECT guard.release_suspension('pppoe', 'taro', 'staff', 'another', 'no')"},
    {"desk", "SELECT guard.password_changed('pppoe', 'taro')"},
    {"desk", "INSERT INTO guard.audit (action, object) VALUES ('a', 'b')"},
    {"auditor", "SELECT id FROM guard.incident"},
    {"auditor", "SELECT * FROM guard.audit"},
    {"auditor", "SELECT * FROM guard.audit_other"},
    {"auditor", "SELECT * FROM guard.allowed"},
    {"auditor", "SELECT guard.decide_incident(1, 'ordinary', 'no')"},
    {"auditor", "SELECT * FROM guard.evidence_open(1, 'no')"},
    {"desk", "SELECT * FROM guard.evidence_ticket"},
    {"desk", "SELECT * FROM guard.review"},
    {"desk", "UPDATE guard.breaker SET closed_at = now(), closed_by = 'another'"},
    {"desk",
     "INSERT INTO guard.allowed (service, id, owner, reason, expires_at) VALUES ('pppoe', 'a', 'x', 'y', now())"},
    {"desk", "UPDATE guard.block SET ended_at = now()"},
    {"desk", "SELECT guard.undo_scope('pppoe.jump', NULL, '2026-01-01', '2027-01-01')"},
    {"desk", "SELECT guard.apply_retention()"},
    {"desk", "SELECT guard.suspend_by_person(i, 'no') FROM guard.incident AS i"},
    {"desk", "SELECT * FROM guard.dead_letter"},
    {"analyzer", "SELECT * FROM guard.dead_letter"},
    {"analyzer", "SELECT guard.dead_letters_open('no')"},
    {"auditor", "SELECT guard.dead_letters_open('no')"},
    {"analyzer", "SELECT guard.decide_incident(1, 'ordinary', 'no')"},
    {"analyzer", "SELECT guard.close_breaker('no')"},
    {"analyzer", "UPDATE guard.review SET outcome = 'ordinary'"},
    {"analyzer", "SELECT decided_by FROM guard.review"},
    {"importer", "SELECT * FROM guard.incident"},
    {"importer", "SELECT * FROM guard.suspended"},
    {"importer", "INSERT INTO guard.audit (action, object) VALUES ('a', 'b')"},
    {"janitor", "SELECT * FROM guard.incident"},
    {"janitor", "DELETE FROM guard.audit"},
    {"janitor", "SELECT guard.drop_incidents(ARRAY[1])"},
    {"janitor", "UPDATE guard.setting SET value = '1' WHERE key = 'retention.incident_days'"},
    {"auditor", "SELECT id FROM guard.suspension"},
    {"auditor", "SELECT id FROM guard.notice"},
    {"auditor", "SELECT recipient_masked FROM guard.delivery"},
    {"auditor", "SELECT answer FROM guard.delivery"},
    {"auditor", "SELECT guard.phone_list_open('no')"},
    {"auditor", "SELECT * FROM guard.evidence"},
    {"auditor", "SELECT * FROM guard.subscriber"},
    {"auditor", "SELECT guard.staff_release('pppoe', 'taro', 'no')"},
    {"clerk", "SELECT * FROM guard.suspended"},
    {"clerk", "SELECT guard.staff_release('pppoe', 'taro', 'no')"},
    {"portal", "SELECT * FROM guard.suspension"},
};

struct Taro : Database {
    Taro() { suspend("taro"); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(roles)

BOOST_DATA_TEST_CASE_F(Taro, it_may, boost::unit_test::data::make(kAllowed)) {
    BOOST_CHECK_NO_THROW(exec_as(sample.role, sample.statement));
}

// What is refused changes nothing, so one database is enough for all of them.
BOOST_FIXTURE_TEST_CASE(it_may_not, Taro) {
    for (const Case& refused : kRefused) BOOST_TEST_CONTEXT(refused) {
            BOOST_CHECK_THROW(exec_as(refused.role, refused.statement), pqxx::insufficient_privilege);
            BOOST_TEST(suspended("taro"));
        }
}

BOOST_FIXTURE_TEST_CASE(nobody_else_may_call_or_read_anything, Database) {
    BOOST_TEST(
        value("SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc AS p "
              "WHERE pronamespace = 'guard'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE') "
              "AND p.proname NOT IN ('normalised', 'stored_bytes')") == "");
    // Those two are for an index on the operator's table; to call them by name takes more.
    BOOST_CHECK_THROW(exec_as("clerk", "SELECT guard.stored_bytes('a')"), pqxx::insufficient_privilege);
    BOOST_TEST(value("SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class AS c "
                     "WHERE relnamespace = 'guard'::regnamespace AND relkind IN ('r', 'v', 'p') "
                     "AND has_any_column_privilege('public', c.oid, 'SELECT, INSERT, UPDATE')") == "");
}

BOOST_FIXTURE_TEST_CASE(a_function_with_its_owners_rights_has_a_fixed_search_path, Database) {
    BOOST_TEST(value("SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc AS p "
                     "WHERE pronamespace = 'guard'::regnamespace AND prosecdef "
                     "AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)") == "");
    BOOST_TEST(value("SELECT count(*) FROM pg_proc WHERE pronamespace = 'guard'::regnamespace AND prosecdef") != "0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
