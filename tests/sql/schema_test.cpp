// What the tables refuse, what they do by themselves, and how long they keep things.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "event/identity.hpp"
#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

struct Case {
    const char* statement;
    const char* constraint;  // or the column, in PostgreSQL's message
};
std::ostream& operator<<(std::ostream& stream, const Case& item) {
    return stream << item.statement;
}

#define INCIDENT "INSERT INTO guard.incident (incident_key, service, id, opened_at) VALUES "
#define INCIDENT_IN \
    "INSERT INTO guard.incident (incident_key, service, id, opened_at, state) VALUES ('k', 'pppoe', 'a', now(), "
#define DISCONNECT \
    "INSERT INTO guard.disconnect (incident_id, service, id, nas, state, done_at) VALUES (1, 'pppoe', 'taro', 'n', "
#define NOTICE "INSERT INTO guard.notice (incident_id, kind, service, id, idempotency_key, "
const std::vector<Case> kRefused{
    {INCIDENT "('k', 'sip', 'a', now())", "incident_service_check"},
    {INCIDENT "('k', 'pppoe', '', now())", "incident_id_check"},
    {INCIDENT "('k', 'pppoe', decode(repeat('61', 254), 'hex'), now())", "incident_id_check"},
    {INCIDENT "('incident-1', 'pppoe', 'a', now())", "incident_incident_key_key"},
    {INCIDENT_IN "'gone')", "incident_state_check"},
    {"INSERT INTO guard.suspension (incident_id, service, id, rule) VALUES (1, 'pppoe', 'taro', 'r')",
     "suspension_open"},
    {"UPDATE guard.suspension SET released_at = now()", "suspension_release_complete"},
    {"UPDATE guard.suspension SET released_by = 'x', release_channel = 'staff', release_reason = 'y'",
     "suspension_release_complete"},
    {"UPDATE guard.suspension SET released_at = suspended_at - interval '1 s', released_by = 'x', "
     "release_channel = 'staff', release_reason = 'y'",
     "suspension_release_later"},
    {"UPDATE guard.suspension SET released_at = now(), released_by = 'x', release_channel = 'magic', release_reason = "
     "'y'",
     "suspension_release_channel_check"},
    {"INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, summary_ja) "
     "VALUES (1, 'f', 'r', 'sure', 'suspend', now(), '', '')",
     "finding_grade_check"},
    {"INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, summary_ja) "
     "VALUES (1, 'f', 'r', 'certain', 'delete', now(), '', '')",
     "finding_action_check"},
    {"INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, summary_ja) "
     "VALUES (77, 'f', 'r', 'certain', 'suspend', now(), '', '')",
     "finding_incident_id_fkey"},
    {"INSERT INTO guard.block (block_key, source, rule, started_at, last_attempt_at, expires_at, attempts, ids, "
     "accepts, "
     "summary_en, summary_ja) VALUES ('b', '192.0.2.1', 'smtp.source', now(), now(), now() - interval '1 s', 1, 1, 0, "
     "'', '')",
     "block_in_order"},
    {"INSERT INTO guard.block (block_key, source, rule, started_at, last_attempt_at, expires_at, attempts, ids, "
     "accepts, "
     "summary_en, summary_ja, enforced) VALUES ('b', '192.0.2.1', 'smtp.source', now(), now(), now(), 1, 1, 0, '', '', "
     "false)",
     "block_reason_given"},
    {NOTICE "state) VALUES (1, 'suspended', 'pppoe', 'taro', 'n', 'sent')", "notice_sent_complete"},
    {NOTICE "state) VALUES (1, 'suspended', 'pppoe', 'taro', 'n', 'sending')", "notice_state_check"},
    {NOTICE "step) VALUES (1, 'suspended', 'pppoe', 'taro', 'n', 1)", "notice_plan_complete"},
    {NOTICE "answered_by) VALUES (1, 'suspended', 'pppoe', 'taro', 'n', 'me')", "notice_answered_complete"},
    {NOTICE "language) VALUES (1, 'suspended', 'pppoe', 'taro', 'n', 'fr')", "notice_language_check"},
    {"INSERT INTO guard.allowed (service, id, owner, reason, expires_at) VALUES ('pppoe', 'a', 'x', 'y', "
     "now() + interval '91 days')",
     "allowed_at_most_90_days"},
    {"INSERT INTO guard.allowed (service, id, owner, reason, expires_at) VALUES ('pppoe', 'a', 'x', '', now())",
     "allowed_reason_check"},
    {"INSERT INTO guard.breaker (reason) VALUES ('a'), ('b')", "breaker_open"},
    {"INSERT INTO guard.breaker (reason, closed_at) VALUES ('a', now())", "breaker_closed_complete"},
    {"INSERT INTO guard.subscriber (service, id, sessions) VALUES ('pppoe', 'a', 0)", "subscriber_sessions_check"},
    {"INSERT INTO guard.subscriber (service, id, home_region) VALUES ('pppoe', 'a', 'Tokyo')",
     "subscriber_home_region_check"},
    {"UPDATE guard.setting SET value = 'upper' WHERE key = 'id.case'", "setting_id_case"},
    {"UPDATE guard.setting SET value = E'isp.example>\\r\\nBcc: x' WHERE key = 'mail.domain'", "setting_mail_domain"},
    {"UPDATE guard.setting SET value = '30' WHERE key = 'retention.audit_days'", "setting_audit_days"},
    {"UPDATE guard.setting SET value = '0' WHERE key = 'retention.incident_days'", "setting_number"},
    {"UPDATE guard.setting SET value = '0' WHERE key = 'release.mass_count'", "setting_mass_count"},
    // States: what came after does not go back, and no case is released beside an open suspension.
    {"UPDATE guard.incident SET state = 'released'", "an incident that is"},
    {"UPDATE guard.incident SET state = 'review'", "an incident that is"},
    {"SELECT guard.staff_release('pppoe', 'taro', 'x'); UPDATE guard.incident SET state = 'suspended'",
     "an incident that is"},
    {"SELECT guard.staff_release('pppoe', 'taro', 'x'); UPDATE guard.suspension SET released_at = NULL, released_by = "
     "NULL, release_channel = NULL, release_reason = NULL",
     "a suspension can only be ended"},
    {"UPDATE guard.suspension SET id = 'jiro'", "a suspension can only be ended"},
    {DISCONNECT "'silent', now())", "disconnect_done_complete"},
    {DISCONNECT "'refused', NULL)", "disconnect_done_complete"},
    {DISCONNECT "'refused', now()); UPDATE guard.disconnect SET state = 'silent', done_at = NULL",
     "a disconnect that is"},
    {"SELECT guard.staff_release('pppoe', 'taro', '  ')", "needs a reason"},
    {"SELECT guard.staff_release('pppoe', 'taro', NULL)", "needs a reason"},
    {"SELECT guard.evidence_open(1, '')", "needs a reason"},
};

const std::vector<const char*> kAuditAttempts{
    "UPDATE guard.audit SET actor = 'nobody'",
    "DELETE FROM guard.audit",
    "TRUNCATE guard.audit",
    "UPDATE guard.audit SET at = now() - interval '1 year'",
    "TRUNCATE guard.audit_other",
};

struct Taro : Database {
    Taro() { suspend("taro"); }
    // As if everything had been recorded so many days ago.
    void age(int days) {
        exec("ALTER TABLE guard.audit DISABLE TRIGGER ALL");
        for (const auto* column : {"incident.recorded_at", "finding.recorded_at", "suspension.suspended_at",
                                   "suspension.released_at", "alarm.closed_at", "audit.at"}) {
            const std::string text(column), table = text.substr(0, text.find('.')),
                                            name = text.substr(text.find('.') + 1);
            exec("UPDATE guard." + table + " SET " + name + " = " + name + " - interval '" + std::to_string(days) +
                 " days'");
        }
        exec("ALTER TABLE guard.audit ENABLE TRIGGER ALL");
    }
    std::string count(const std::string& table) { return value("SELECT count(*) FROM guard." + table); }
};

std::string from_escaped(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.compare(i, 2, "\\x") == 0) {
            result += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema)

BOOST_FIXTURE_TEST_CASE(a_row_that_cannot_be_is_refused, Taro) {
    for (const Case& refused : kRefused) BOOST_TEST_CONTEXT(refused) {
            BOOST_CHECK_EXCEPTION(exec(refused.statement), pqxx::sql_error, [&](const pqxx::sql_error& error) {
                BOOST_TEST_MESSAGE(error.what());
                return std::string(error.what()).find(refused.constraint) != std::string::npos;
            });
        }
}

BOOST_DATA_TEST_CASE_F(Taro, the_audit_log_only_grows, boost::unit_test::data::make(kAuditAttempts)) {
    exec("INSERT INTO guard.audit (action, object) VALUES ('test', 'test')");
    const auto before = value("SELECT md5(string_agg(a::text, '' ORDER BY audit_id)) FROM guard.audit AS a");
    BOOST_CHECK_EXCEPTION(exec(sample), pqxx::insufficient_privilege, [](const auto& error) {
        return std::string(error.what()).find("append-only") != std::string::npos;
    });
    BOOST_TEST(value("SELECT md5(string_agg(a::text, '' ORDER BY audit_id)) FROM guard.audit AS a") == before);
}

BOOST_FIXTURE_TEST_CASE(what_a_person_writes_is_audited, Taro) {
    exec(
        "INSERT INTO guard.allowed (service, id, owner, reason, expires_at) "
        "VALUES ('pppoe', 'probe', 'noc', 'line probe', now() + interval '90 days')");
    exec("DELETE FROM guard.allowed");
    exec(
        "INSERT INTO guard.breaker (reason) VALUES ('test'); UPDATE guard.breaker SET closed_at = now(), closed_by = "
        "'x'");
    exec("UPDATE guard.setting SET value = 'en' WHERE key = 'notice.language'");
    exec("UPDATE guard.setting SET value = 'en' WHERE key = 'notice.language'");
    BOOST_TEST(value("SELECT string_agg(action || '=' || object, ';' ORDER BY audit_id) FROM guard.audit "
                     "WHERE object !~ 'radcheck|roles|_days|review|modes|version|channels|mass'") ==
               "allowed insert=allowed:pppoe:\\x70726f6265;allowed delete=allowed:pppoe:\\x70726f6265;"
               "breaker insert=breaker:1;breaker update=breaker:1;setting update=setting:notice.language");
}

BOOST_FIXTURE_TEST_CASE(staff_ends_a_suspension_with_name_and_reason, Taro) {
    BOOST_TEST(exec_as("desk", "SELECT guard.staff_release('pppoe', 'taro', 'called, new router')")[0][0].as<bool>());
    BOOST_TEST(!suspended("taro"));
    BOOST_TEST(value("SELECT released_by || '/' || release_channel || '/' || release_reason FROM guard.suspension") ==
               "desk/staff/called, new router");
    BOOST_TEST(value("SELECT actor || '/' || object || '/' || (detail ->> 'reason') FROM guard.audit "
                     "WHERE action = 'release'") == "desk/incident:1/called, new router");
    BOOST_TEST(!exec_as("desk", "SELECT guard.staff_release('pppoe', 'taro', 'again')")[0][0].as<bool>());
    BOOST_TEST(count("notice") == "1");
}

BOOST_FIXTURE_TEST_CASE(a_release_never_lies_before_its_suspension, Taro) {
    exec("UPDATE guard.suspension SET suspended_at = now() + interval '1 hour'");  // a clock that went back
    BOOST_TEST(exec_as("desk", "SELECT guard.staff_release('pppoe', 'taro', 'x')")[0][0].as<bool>());
}

BOOST_FIXTURE_TEST_CASE(to_open_a_record_is_recorded, Taro) {
    exec(
        "INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, summary_ja) "
        "VALUES (1, 'f', 'pppoe.jump', 'certain', 'suspend', now(), 'jump', 'jump')");
    exec(
        "INSERT INTO guard.evidence VALUES (1, 0, now(), 'accept', '10.0.0.1', 'JP-01'), "
        "(1, 1, now(), 'accept', '2001:db8::/56', NULL)");
    const auto read = [&](const char* open) {
        const auto ticket = exec_as("desk", open)[0][0].as<std::string>();
        return exec_as("desk", "SELECT * FROM guard.evidence_read('" + ticket + "')");
    };
    BOOST_TEST(read("SELECT guard.evidence_open(1, 'subscriber called')").size() == 2U);
    BOOST_TEST(read("SELECT guard.evidence_open(77, 'curious')").empty());
    BOOST_TEST(
        value("SELECT string_agg(actor || ' ' || object || ' ' || (detail ->> 'purpose'), ',' ORDER BY audit_id) "
              "FROM guard.audit WHERE action = 'read'") ==
        "desk incident:1 subscriber called,desk incident:77 curious");
    BOOST_TEST(exec_as("desk", "SELECT id_text || rule || summary_en FROM guard.suspended")[0][0].as<std::string>() ==
               "taropppoe.jumpjump");
}

BOOST_FIXTURE_TEST_CASE(a_notice_is_complete_when_it_is_queued, Taro) {
    exec(
        "INSERT INTO guard.subscriber (service, id, mail, language) VALUES ('pppoe', 'taro', 'taro@mail.example', "
        "'en')");
    exec_as("notifier", "SELECT guard.configure_notices('isp.example', 'ja', 3600)");
    exec(NOTICE "created_at) VALUES (1, 'suspended', 'pppoe', 'taro', 'suspended:incident-1', '2026-03-01T00:00:00Z')");
    exec(NOTICE "created_at) VALUES (1, 'suspended', 'pppoe', 'hanako', 'other', '2026-03-01T00:00:00Z')");
    // 40 hexadecimal digits of sha256("notice:suspended:incident-1"), as sha256sum counts them.
    ProcessOptions options;
    options.input = "notice:suspended:incident-1";
    const auto digest = run({"sha256sum"}, options).output.substr(0, 40);
    const auto row =
        exec("SELECT language, give_up_at AT TIME ZONE 'UTC', message_id, state FROM guard.notice ORDER BY 1");
    BOOST_TEST(row[0][0].as<std::string>() == "en");
    BOOST_TEST(row[0][1].as<std::string>() == "2026-03-01 01:00:00");
    BOOST_TEST(row[0][2].as<std::string>() == "<" + digest + "@isp.example>");
    BOOST_TEST(row[0][3].as<std::string>() == "queued");
    BOOST_TEST(row[1][0].as<std::string>() == "ja");
    BOOST_CHECK_THROW(exec(NOTICE "state) VALUES (1, 'suspended', 'pppoe', 'taro', 'other', 'queued')"),
                      pqxx::unique_violation);
}

BOOST_FIXTURE_TEST_CASE(who_waits_is_woken, Taro) {
    struct Receiver : pqxx::notification_receiver {
        using notification_receiver::notification_receiver;
        void operator()(const std::string& payload, int) override { heard += "[" + channel() + payload + "]"; }
        std::string heard;
    };
    const auto listener = connect("analyzer");
    Receiver enforcement(*listener, "guard_enforcement"), notice(*listener, "guard_notice");
    suspend("hanako");
    (void)listener->await_notification(5, 0);
    BOOST_TEST(enforcement.heard == "[guard_enforcement]");
    BOOST_TEST(notice.heard.empty());
    exec("SELECT guard.staff_release('pppoe', 'hanako', 'x')");
    for (int i = 0; i < 5 && (notice.heard.empty() || enforcement.heard.size() < 30); ++i)
        (void)listener->await_notification(5, 0);
    BOOST_TEST(enforcement.heard == "[guard_enforcement][guard_enforcement]");
    BOOST_TEST(notice.heard == "[guard_notice]");
}

BOOST_FIXTURE_TEST_CASE(the_same_alarm_is_raised_once_while_it_is_open, Taro) {
    for (int i = 0; i < 3; ++i) exec_as("notifier", "SELECT guard.raise_alarm('mail', 'down')");
    BOOST_TEST(count("alarm") == "1");
    exec("UPDATE guard.alarm SET closed_at = now()");
    exec("SELECT guard.raise_alarm('mail', 'down')");
    BOOST_TEST(count("alarm") == "2");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(normalisation)

BOOST_FIXTURE_TEST_CASE(it_is_that_of_the_module, Database) {
    std::ifstream file(GUARD_SOURCE_DIR "/tests/data/id_vectors.tsv");
    BOOST_REQUIRE(file);
    int vectors = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') continue;
        std::istringstream columns(line);
        std::string letter_case, realm, input, expected;
        std::getline(columns, letter_case, '\t');
        std::getline(columns, realm, '\t');
        std::getline(columns, input, '\t');
        std::getline(columns, expected, '\t');
        BOOST_TEST_CONTEXT(line) {
            pqxx::work transaction(connection());
            transaction.exec_params("UPDATE guard.setting SET value = $1 WHERE key = 'id.case'", letter_case);
            transaction.exec_params("UPDATE guard.setting SET value = $1 WHERE key = 'id.realm'", realm);
            const auto raw = from_escaped(input);
            const auto field =
                transaction.exec_params("SELECT guard.normalise_id($1::bytea)", pqxx::binarystring(raw))[0][0];
            BOOST_TEST((field.is_null() ? std::string() : pqxx::binarystring(field).str()) == from_escaped(expected));
            ++vectors;
        }
    }
    BOOST_TEST(vectors >= 20);
}

// Every byte, in every place that matters, against the C++ that radiusd runs.
BOOST_FIXTURE_TEST_CASE(it_agrees_with_the_module_on_every_byte, Database) {
    using Id = IdNormalisation;
    for (const auto letter_case : {Id::Case::lower, Id::Case::keep})
        for (const auto realm : {Id::Realm::keep, Id::Realm::strip}) {
            const Id normalise{letter_case, realm};
            pqxx::work transaction(connection());
            transaction.exec_params("UPDATE guard.setting SET value = $1 WHERE key = 'id.case'",
                                    letter_case == Id::Case::lower ? "lower" : "keep");
            transaction.exec_params("UPDATE guard.setting SET value = $1 WHERE key = 'id.realm'",
                                    realm == Id::Realm::strip ? "strip" : "keep");
            for (int byte = 0; byte < 256; ++byte) {
                const auto letter = std::string(1, static_cast<char>(byte));
                const auto name = letter + "a@b" + letter + "C" + letter;
                const auto field =
                    transaction.exec_params("SELECT guard.normalise_id($1::bytea)", pqxx::binarystring(name))[0][0];
                BOOST_TEST_CONTEXT("byte " << byte) {
                    BOOST_TEST(pqxx::binarystring(field).str() == normalise(name).value());
                }
            }
        }
}

BOOST_FIXTURE_TEST_CASE(text_counts_with_its_stored_bytes, Database) {
    BOOST_TEST(value("SELECT guard.normalise_id('Ä\\x41b@ISP'::text)") == "\\xc3845c7834316240697370");
    BOOST_TEST(value("SELECT guard.normalise_id(''::text) IS NULL") == "t");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(retention)

BOOST_FIXTURE_TEST_CASE(what_led_to_nothing_goes_first, Taro) {
    exec("INSERT INTO guard.incident (incident_key, service, id, opened_at) VALUES ('quiet', 'pppoe', 'a', now())");
    exec(
        "INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, summary_ja) "
        "SELECT incident_id, 'f', 'pppoe.jump', 'probable', 'record', now(), '', '' FROM guard.incident "
        "WHERE incident_key = 'quiet'");
    exec("INSERT INTO guard.evidence VALUES (1, 0, now(), 'accept', '10.0.0.1', 'JP-01')");
    age(29);
    exec_as("analyzer", "SELECT * FROM guard.apply_retention()");
    BOOST_TEST(count("incident") == "2");
    age(2);
    exec_as("analyzer", "SELECT * FROM guard.apply_retention()");
    BOOST_TEST(count("incident") == "1");
    BOOST_TEST(count("evidence") == "0");
}

BOOST_FIXTURE_TEST_CASE(a_suspension_is_kept_while_it_lasts_and_for_its_term, Taro) {
    exec("INSERT INTO guard.disconnect (incident_id, service, id, nas) VALUES (1, 'pppoe', 'taro', 'bras1')");
    age(1000);
    exec("SELECT * FROM guard.apply_retention()");
    BOOST_TEST(suspended("taro"));
    exec("SELECT guard.staff_release('pppoe', 'taro', 'x')");
    age(179);
    exec("UPDATE guard.notice SET state = 'cancelled'");
    exec("SELECT * FROM guard.apply_retention()");
    BOOST_TEST(count("incident") == "1");
    exec("UPDATE guard.notice SET state = 'queued'");
    age(2);
    exec("SELECT * FROM guard.apply_retention()");
    BOOST_TEST(count("incident") == "1");  // a notice is still on its way
    exec("UPDATE guard.notice SET state = 'dead'");
    exec("SELECT * FROM guard.apply_retention()");
    for (const auto* table : {"incident", "suspension", "disconnect"}) BOOST_TEST(count(table) == "0");
}

// What remains of a case is that the subscriber was told: when, how, with what answer, and not who.
BOOST_FIXTURE_TEST_CASE(the_proof_of_a_notice_outlives_its_case_without_the_id, Taro) {
    exec("UPDATE guard.incident SET incident_key = 'pppoe/7461726f/2026'");
    exec("SELECT guard.staff_release('pppoe', 'taro', 'x')");
    exec("UPDATE guard.notice SET plan = 'mail', step = 1");
    exec(
        "INSERT INTO guard.delivery (notice_id, step, channel, state, accepted_at, recipient_masked, answer) "
        "VALUES (1, 1, 'mail', 'accepted', now(), 'ta***@mail.example', '250 OK')");
    exec("UPDATE guard.notice SET state = 'sent', sent_at = now(), plan_at = NULL");
    const auto age_proof = [&](int days) {
        age(days);
        const auto back = " - interval '" + std::to_string(days) + " days'";
        exec("UPDATE guard.delivery SET accepted_at = accepted_at" + back);
        exec("UPDATE guard.notice SET sent_at = sent_at" + back + ", created_at = created_at" + back);
    };
    age_proof(181);
    exec_as("analyzer", "SELECT * FROM guard.apply_retention()");
    BOOST_TEST(count("incident") == "0");
    BOOST_TEST(value("SELECT incident_id || coalesce(encode(id, 'escape'), ' nobody ') || channel || answer "
                     "FROM guard.notice JOIN guard.delivery USING (notice_id)") == "1 nobody mail250 OK");
    BOOST_TEST(value("SELECT (n::text || d::text) ~ 'taro|7461726f' FROM guard.notice AS n JOIN guard.delivery AS d "
                     "USING (notice_id)") == "f");
    age_proof(183);
    exec("SELECT * FROM guard.apply_retention()");
    BOOST_TEST(count("notice") == "1");  // 364 days
    age_proof(2);
    exec("SELECT * FROM guard.apply_retention()");
    BOOST_TEST(count("notice") == "0");
    BOOST_TEST(count("delivery") == "0");
}

BOOST_FIXTURE_TEST_CASE(the_audit_log_outlives_what_it_is_about_and_then_goes, Taro) {
    exec("SELECT guard.staff_release('pppoe', 'taro', 'x')");
    age(1094);
    exec("SELECT * FROM guard.apply_retention()");
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'release'") == "1");
    age(33);  // the log goes by months
    exec("SELECT * FROM guard.apply_retention()");
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'release'") == "0");
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'retention'") != "0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
