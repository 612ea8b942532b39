// Deliveries: which states follow which, what their outcome makes of the notice, what the desk may do, and what becomes
// of the notices of an older schema.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "sql/migrate.hpp"
#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

const std::vector<std::string> kStates{"queued", "sending", "accepted", "answered", "bounced", "dead", "cancelled"};

// What has to go with a state.
std::string columns_of(const std::string& state) {
    const auto given = [&](const char* in, const char* value) {
        return std::string(in).find(' ' + state + ' ') != std::string::npos ? value : "NULL";
    };
    return "leased_by = " + std::string(given(" sending ", "'me'")) + ", lease_until = " + given(" sending ", "now()") +
           ", accepted_at = " + given(" accepted answered bounced ", "now()") +
           ", bounced_at = " + given(" bounced ", "now()") + ", answered_at = " + given(" answered ", "now()") +
           ", done_at = " + given(" dead cancelled ", "now()");
}

struct Case : Database {
    Case() {
        suspend("taro");
        exec("INSERT INTO guard.subscriber (service, id, name, phone) VALUES ('pppoe', 'taro', 'Taro', '0312345678')");
        exec(
            "INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id, plan, step) "
            "VALUES (1, 'suspended', 'k', 'pppoe', 'taro', 'mail+sms, phone_list', 1)");
    }
    void add(const std::string& channel, const std::string& state = "queued", int copy = 1) {
        exec("INSERT INTO guard.delivery (notice_id, step, channel, copy) VALUES (1, 1, '" + channel + "', " +
             std::to_string(copy) + ")");
        force(channel, state);
    }
    // Without the rules of what follows what.
    void force(const std::string& channel, const std::string& state) {
        exec("SET LOCAL session_replication_role = replica; UPDATE guard.delivery SET state = '" + state + "', " +
             columns_of(state) + " WHERE channel = '" + channel + "'");
    }
    std::string states() {
        return value(
            "SELECT string_agg(channel || copy || '=' || state, ' ' ORDER BY delivery_id) FROM guard.delivery");
    }
    std::string notice() {
        return value("SELECT state || CASE WHEN plan_at <= now() THEN ' due' ELSE '' END FROM guard.notice");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(delivery)

BOOST_FIXTURE_TEST_CASE(only_these_states_follow_each_other, Case) {
    const std::set<std::string> allowed{"queued sending",    "queued dead",      "queued cancelled",
                                        "sending queued",    "sending accepted", "sending dead",
                                        "accepted answered", "accepted bounced", "accepted cancelled"};
    add("mail");
    for (const auto& from : kStates)
        for (const auto& to : kStates) {
            force("mail", from);

            bool moved = true;
            try {
                exec("UPDATE guard.delivery SET state = '" + to + "', " + columns_of(to));
            } catch (const pqxx::sql_error& error) {
                BOOST_TEST(std::string(error.what()).find("cannot become") != std::string::npos, error.what());
                moved = false;
            }
            BOOST_TEST(moved == (from == to || allowed.contains(from + ' ' + to)), from << " to " << to);
        }
}

BOOST_FIXTURE_TEST_CASE(a_state_has_what_belongs_to_it_and_nothing_else, Case) {
    add("mail");
    for (const auto& state : kStates)
        for (const auto* column : {"leased_by", "lease_until", "accepted_at", "bounced_at", "answered_at", "done_at"}) {
            force("mail", state);
            const bool has = value("SELECT " + std::string(column) + " IS NOT NULL FROM guard.delivery") == "t";
            if (state == "queued" && std::string(column).starts_with("lease")) continue;  // both or neither: claimed
            if (state == "cancelled" && std::string(column) == "accepted_at") continue;   // taken off the phone list
            const std::string other = has ? "NULL" : std::string(column) == "leased_by" ? "'x'" : "now()";
            BOOST_CHECK_THROW(exec("UPDATE guard.delivery SET " + std::string(column) + " = " + other),
                              pqxx::sql_error);
        }
    BOOST_CHECK_THROW(add("mail"), pqxx::unique_violation);
    BOOST_CHECK_THROW(add("Pigeon!"), pqxx::check_violation);
}

BOOST_FIXTURE_TEST_CASE(its_key_and_message_id_are_made_once_and_tell_nothing, Case) {
    add("mail");
    add("sms");
    add("mail", "queued", 2);
    BOOST_TEST(
        value("SELECT d.message_id = n.message_id FROM guard.delivery AS d JOIN guard.notice AS n USING (notice_id) "
              "WHERE channel = 'mail' AND copy = 1") == "t");
    BOOST_TEST(value("SELECT count(DISTINCT message_id) || '/' || count(DISTINCT key) FROM guard.delivery") == "3/3");
    BOOST_TEST(value("SELECT bool_and(key ~ '^[0-9a-f]{40}$' AND message_id ~ '^<[0-9a-f]{40}@[a-z.-]+>$') "
                     "FROM guard.delivery") == "t");
}

BOOST_FIXTURE_TEST_CASE(what_becomes_of_a_delivery_moves_its_notice, Case) {
    exec("UPDATE guard.notice SET plan_at = NULL");
    add("mail", "sending");
    add("sms", "sending");
    exec("UPDATE guard.delivery SET state = 'dead', " + columns_of("dead") + " WHERE channel = 'sms'");
    BOOST_TEST(notice() == "queued due");
    exec("UPDATE guard.notice SET plan_at = NULL");
    exec("UPDATE guard.delivery SET state = 'accepted', " + columns_of("accepted") + " WHERE channel = 'mail'");
    BOOST_TEST(notice() == "sent");
    BOOST_TEST(value("SELECT sent_at = accepted_at FROM guard.notice JOIN guard.delivery USING (notice_id) "
                     "WHERE channel = 'mail'") == "t");
}

BOOST_FIXTURE_TEST_CASE(a_returned_mail_is_found_by_its_message_id, Case) {
    add("mail", "accepted");
    exec("UPDATE guard.notice SET state = 'sent', sent_at = now(), plan_at = NULL");
    const auto id = value("SELECT message_id FROM guard.delivery");
    const auto bounce = [&](const std::string& message, const std::string& status, bool permanent) {
        return exec_as("notifier", "SELECT guard.record_bounce('" + message + "', '" + status + "', " +
                                       (permanent ? "true" : "false") + ")")[0][0]
            .as<std::string>();
    };
    BOOST_TEST(bounce("<other@isp.example>", "5.1.1", true) == "unknown");
    BOOST_TEST(bounce(id, "4.4.1", false) == "noted");
    BOOST_TEST(notice() == "sent");
    BOOST_TEST(bounce(id, "5.1.1", true) == "bounced");
    BOOST_TEST(bounce(id, "5.1.1", true) == "already");
    BOOST_TEST(notice() == "sent due");  // somebody has to think about the next step
    BOOST_TEST(value("SELECT answer FROM guard.delivery") == " / returned: 5.1.1");
    BOOST_CHECK_THROW(bounce(id, "5.1.1 <taro@mail.example>", true), pqxx::check_violation);
}

BOOST_FIXTURE_TEST_CASE(who_was_reached_is_told_no_more, Case) {
    add("mail", "accepted");
    add("phone_list", "accepted");
    add("letter");
    add("sms", "sending");
    exec("UPDATE guard.notice SET state = 'sent', sent_at = now()");
    BOOST_TEST(exec_as("desk", "SELECT guard.notice_answered(1, 'called, knows')")[0][0].as<bool>());
    BOOST_TEST(states() == "mail1=accepted phone_list1=answered letter1=cancelled sms1=sending");
    BOOST_TEST(value("SELECT answered_by || plan_at IS NULL FROM guard.notice") == "t");
    BOOST_TEST(value("SELECT actor || detail::text FROM guard.audit WHERE action = 'notice answered'") ==
               R"(desk{"reason": "called, knows"})");
    BOOST_TEST(!exec_as("desk", "SELECT guard.notice_answered(1, 'again')")[0][0].as<bool>());
    BOOST_TEST(!exec_as("desk", "SELECT guard.notice_answered(77, 'other')")[0][0].as<bool>());
    BOOST_CHECK_THROW(exec_as("desk", "SELECT guard.notice_answered(1, ' ')"), pqxx::check_violation);
}

BOOST_FIXTURE_TEST_CASE(sent_again_is_another_copy_under_another_message_id, Case) {
    const auto resend = [&](const std::string& channel) {
        return exec_as("desk", "SELECT guard.resend_notice(1, " + channel + ", 'lost it')")[0][0].as<int>();
    };
    add("mail", "accepted");
    add("sms", "dead");
    exec("UPDATE guard.notice SET state = 'dead'");
    BOOST_TEST(resend("'letter'") == 1);
    BOOST_TEST(resend("NULL") == 2);  // not the letter: it is on its way
    BOOST_TEST(resend("NULL") == 0);
    BOOST_TEST(states() == "mail1=accepted sms1=dead letter1=queued mail2=queued sms2=queued");
    BOOST_TEST(notice() == "queued due");
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'notice resend'") == "2");
}

BOOST_FIXTURE_TEST_CASE(cancelled_is_what_has_not_gone, Case) {
    add("mail");
    add("sms", "sending");
    add("letter", "accepted");
    add("phone_list", "accepted");
    BOOST_TEST(exec_as("desk", "SELECT guard.cancel_notice(1, 'wrong pool table')")[0][0].as<int>() == 3);
    BOOST_TEST(states() == "mail1=cancelled sms1=sending letter1=accepted phone_list1=cancelled");
    BOOST_TEST(notice() == "cancelled");
    BOOST_TEST(exec_as("desk", "SELECT guard.cancel_notice(1, 'again')")[0][0].as<int>() == 0);
    // What was under way has arrived: then the notice was sent.
    exec("UPDATE guard.delivery SET state = 'accepted', " + columns_of("accepted") + " WHERE channel = 'sms'");
    BOOST_TEST(notice() == "sent");
}

BOOST_FIXTURE_TEST_CASE(names_and_numbers_are_shown_to_the_desk_for_calls_alone_and_recorded, Case) {
    add("phone_list");
    const auto ticket = [&](const char* open) { return exec_as("desk", open)[0][0].as<std::string>(); };
    const auto list = [&] {
        return exec_as("desk", "SELECT incident_id, name, phone FROM guard.phone_list_read('" +
                                   ticket("SELECT guard.phone_list_open('morning')") + "')");
    };
    BOOST_TEST(list().empty());
    force("phone_list", "accepted");
    const auto row = list()[0];
    BOOST_TEST(row[1].as<std::string>() + row[2].as<std::string>() == "Taro0312345678");
    const auto of_case = ticket("SELECT guard.evidence_open(1, 'call 4711')");
    BOOST_TEST(exec_as("desk", "SELECT * FROM guard.notices_read('" + of_case + "')").size() == 1U);
    BOOST_CHECK_THROW(exec_as("desk", "SELECT * FROM guard.phone_list_read('" + of_case + "')"),
                      pqxx::insufficient_privilege);
    BOOST_TEST(value("SELECT string_agg(object || detail::text, ' ' ORDER BY audit_id) FROM guard.audit WHERE action = "
                     "'read'") == R"(phone_list{"purpose": "morning"} phone_list{"purpose": "morning"} )"
                                  R"(incident:1{"purpose": "call 4711"})");
    BOOST_CHECK_THROW(exec_as("desk", "SELECT guard.phone_list_open('')"), pqxx::check_violation);
}

BOOST_FIXTURE_TEST_CASE(a_rate_gives_moments_in_a_row, Case) {
    const auto reserve = [&](const std::string& channel, int wanted) {
        return exec("SELECT round(extract(epoch FROM guard.reserve_pace('" + channel + "', '', " +
                    std::to_string(wanted) + ", interval '10 s') - now()))")[0][0]
            .as<int>();
    };
    BOOST_TEST(reserve("mail", 3) == 0);
    BOOST_TEST(reserve("mail", 2) == 30);
    BOOST_TEST(reserve("sms", 1) == 0);
    BOOST_TEST(reserve("mail", 1) == 50);
    exec("UPDATE guard.pace SET next_at = now() - interval '1 h'");
    BOOST_TEST(reserve("mail", 1) == 0);  // what was not used is not saved up
}

BOOST_AUTO_TEST_CASE(notices_of_the_schema_before_go_on_where_they_were) {
    Database old(Database::Content::empty);
    sql::apply(old.connection(), sql::migrations().first(5));
    old.suspend("taro");
    const auto add = [&](const std::string& key, const std::string& more_columns, const std::string& values) {
        old.exec("INSERT INTO guard.notice (incident_id, kind, service, id, idempotency_key, state" + more_columns +
                 ") VALUES (1, 'suspended', 'pppoe', 'taro', '" + key + "', " + values + ")");
    };
    add("new", "", "'queued'");
    add("tried", ", tries, last_answer, recipient_masked", "'queued', 2, '451 later', 'ta***@mail.example'");
    add("sending", ", tries, leased_by, lease_until", "'sending', 1, 'w', now() + interval '5 min'");
    add("sent", ", tries, sent_at, last_answer", "'sent', 1, '2026-03-01T00:00:00Z', '250 OK'");
    add("dead", ", tries, last_answer", "'dead', 9, '550 no'");
    add("cancelled", "", "'cancelled'");
    const auto before = old.value("SELECT string_agg(message_id, ' ' ORDER BY notice_id) FROM guard.notice");
    sql::apply(old.connection());
    BOOST_TEST(
        old.value("SELECT string_agg(concat_ws('/', idempotency_key, n.state, n.step, d.state, d.tries, d.answer, "
                  "d.leased_by, n.plan_at IS NOT NULL), ' ' ORDER BY notice_id) "
                  "FROM guard.notice AS n LEFT JOIN guard.delivery AS d USING (notice_id)") ==
        "new/queued/0/t tried/queued/1/queued/2/451 later/f sending/queued/1/sending/1/w/f "
        "sent/sent/1/accepted/1/250 OK/f dead/dead/1/dead/9/550 no/f cancelled/cancelled/0/f");
    BOOST_TEST(old.value("SELECT string_agg(message_id, ' ' ORDER BY notice_id) FROM guard.notice") == before);
    BOOST_TEST(old.value("SELECT bool_and(d.message_id = n.message_id) FROM guard.delivery AS d JOIN guard.notice AS n "
                         "USING (notice_id)") == "t");
    BOOST_TEST(old.value("SELECT accepted_at AT TIME ZONE 'UTC' FROM guard.delivery WHERE state = 'accepted'") ==
               "2026-03-01 00:00:00");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
