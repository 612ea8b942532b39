// When a changed password ends a suspension, and when it does not.
#include <boost/test/unit_test.hpp>
#include <chrono>

#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

constexpr auto kId = "taro@isp.example";

struct Suspended : Database {
    Suspended() {
        exec(
            "INSERT INTO radcheck (username, attribute, op, value) VALUES "
            "('taro@isp.example', 'Cleartext-Password', ':=', 'stolen'), "
            "('taro@isp.example', 'Simultaneous-Use', ':=', '1'), "
            "('hanako@isp.example', 'Cleartext-Password', ':=', 'hers')");
        suspend(kId);
    }
    std::string last_outcome() {
        return value("SELECT outcome FROM guard.password_change ORDER BY change_id DESC LIMIT 1");
    }
    std::string last_audit() { return value("SELECT action FROM guard.audit ORDER BY audit_id DESC LIMIT 1"); }
    std::string alarms() { return value("SELECT count(*) FROM guard.alarm"); }
};

constexpr auto kChange =
    "UPDATE radcheck SET value = 'fresh' WHERE username = 'taro@isp.example' "
    "AND attribute LIKE '%-Password'";
constexpr auto kReload =
    "DELETE FROM radcheck; INSERT INTO radcheck (username, attribute, op, value) VALUES "
    "('taro@isp.example', 'Cleartext-Password', ':=', 'stolen'), "
    "('hanako@isp.example', 'Cleartext-Password', ':=', 'hers')";

}  // namespace

BOOST_AUTO_TEST_SUITE(radcheck)

BOOST_FIXTURE_TEST_CASE(a_change_by_a_trusted_role_releases_and_says_so_everywhere, Suspended) {
    exec(
        "INSERT INTO guard.disconnect (incident_id, service, id, nas) "
        "SELECT incident_id, service, id, 'bras1' FROM guard.suspension");
    exec_as("portal", kChange);
    BOOST_TEST(!suspended(kId));
    const auto row = exec(
        "SELECT released_by, release_channel, release_reason, i.state, d.state, "
        "(SELECT count(*) FROM guard.known_password), n.kind, n.state, n.idempotency_key "
        "FROM guard.suspension JOIN guard.incident i USING (incident_id) "
        "JOIN guard.disconnect d USING (incident_id) JOIN guard.notice n USING (incident_id)");
    BOOST_REQUIRE(row.size() == 1);
    const std::vector<std::string> expected{"portal",   "password",  "the password was changed",
                                            "released", "cancelled", "0",
                                            "released", "queued",    "released:incident-1:1"};
    for (std::size_t i = 0; i < expected.size(); ++i)
        BOOST_TEST(row[0][static_cast<int>(i)].as<std::string>() == expected[i]);
    BOOST_TEST(last_audit() == "release");
    BOOST_TEST(last_outcome() == "released");
}

BOOST_FIXTURE_TEST_CASE(the_role_must_be_trusted, Suspended) {
    exec_as("clerk", kChange);
    BOOST_TEST(suspended(kId));
    BOOST_TEST(last_audit() == "password changed by an untrusted role");
    BOOST_TEST(value("SELECT actor FROM guard.audit ORDER BY audit_id DESC LIMIT 1") == "clerk");
    // That value is the thief's now, perhaps: a reload of the same by a trusted role is no change.
    exec_as("portal", "UPDATE radcheck SET value = 'other' WHERE username = 'hanako@isp.example'");
    exec_as("portal",
            "DELETE FROM radcheck; INSERT INTO radcheck (username, attribute, op, value) "
            "VALUES ('taro@isp.example', 'Cleartext-Password', ':=', 'fresh')");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(last_outcome() == "same");
    exec_as("portal", "UPDATE radcheck SET value = 'really new'");
    BOOST_TEST(!suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(a_superuser_is_not_trusted_by_being_one, Suspended) {
    exec_as("dba", kChange);
    BOOST_TEST(suspended(kId));
    BOOST_TEST(last_outcome() == "untrusted");
}

BOOST_FIXTURE_TEST_CASE(to_set_another_role_does_not_make_a_session_trusted, Suspended) {
    exec_as("dba", std::string("SET ROLE portal; ") + kChange);
    BOOST_TEST(suspended(kId));
    exec("UPDATE guard.setting SET value = '' WHERE key = 'trusted_password_roles'");
    exec_as("portal", "UPDATE radcheck SET value = 'x' WHERE attribute = 'Cleartext-Password'");
    BOOST_TEST(suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(the_same_value_again_does_not_release, Suspended) {
    exec_as("portal",
            "UPDATE radcheck SET value = 'stolen' WHERE attribute = 'Cleartext-Password' "
            "AND username = 'taro@isp.example'");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(last_outcome() == "same");
    exec_as("portal", "UPDATE radcheck SET op = '==' WHERE attribute = 'Cleartext-Password'");
    BOOST_TEST(suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(a_nightly_reload_does_not_release, Suspended) {
    exec_as("portal", kReload);
    BOOST_TEST(suspended(kId));
    BOOST_TEST(last_outcome() == "same");
    std::string truncating(kReload);
    truncating.replace(0, std::string("DELETE FROM").size(), "TRUNCATE");
    exec_as("portal", truncating);
    BOOST_TEST(suspended(kId));
    // In two transactions, with the table empty between them.
    exec_as("portal", "DELETE FROM radcheck");
    exec_as("portal", kReload);
    BOOST_TEST(suspended(kId));
    // And one in which the password has changed does release.
    truncating.replace(truncating.find("stolen"), 6, "fresh!");
    exec_as("portal", truncating);
    BOOST_TEST(!suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(a_reload_judged_in_the_middle_by_the_session_does_not_release, Suspended) {
    exec_as("portal", std::string("SET CONSTRAINTS ALL IMMEDIATE; ") + kReload);
    BOOST_TEST(suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(a_delete_alone_does_not_release, Suspended) {
    exec_as("portal", "DELETE FROM radcheck WHERE username = 'taro@isp.example'");
    BOOST_TEST(suspended(kId));
    exec_as("portal",
            "INSERT INTO radcheck (username, attribute, op, value) VALUES "
            "('taro@isp.example', 'Cleartext-Password', ':=', 'fresh'); DELETE FROM radcheck");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(last_outcome() == "gone");
}

BOOST_FIXTURE_TEST_CASE(another_attribute_or_another_name_does_not_release, Suspended) {
    exec_as("portal", "UPDATE radcheck SET value = '2' WHERE attribute = 'Simultaneous-Use'");
    exec_as("portal",
            "INSERT INTO radcheck (username, attribute, value) VALUES ('taro@isp.example', 'Password-Hint', 'x')");
    exec_as("portal", "UPDATE radcheck SET value = 'new' WHERE username = 'hanako@isp.example'");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(value("SELECT count(*) FROM guard.password_change") == "0");
}

BOOST_FIXTURE_TEST_CASE(the_name_may_be_written_in_another_case, Suspended) {
    exec_as("portal",
            "DELETE FROM radcheck; INSERT INTO radcheck (username, attribute, op, value) "
            "VALUES ('Taro@ISP.Example', 'Cleartext-Password', ':=', 'fresh')");
    BOOST_TEST(!suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(the_name_may_carry_a_realm_that_is_stripped, Suspended) {
    exec("UPDATE guard.setting SET value = 'strip' WHERE key = 'id.realm'");
    suspend("hanako");
    exec_as("portal", "UPDATE radcheck SET value = 'new' WHERE username = 'hanako@isp.example'");
    BOOST_TEST(!suspended("hanako"));
    BOOST_TEST(value("SELECT count(*) FROM guard.known_password WHERE suspension_id = 2") == "0");
}

BOOST_FIXTURE_TEST_CASE(the_old_password_must_be_gone, Suspended) {
    exec_as("portal",
            "INSERT INTO radcheck (username, attribute, op, value) "
            "VALUES ('taro@isp.example', 'Cleartext-Password', ':=', 'fresh')");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(last_audit() == "password added, the old one remains");
    exec_as("portal", "DELETE FROM radcheck WHERE value = 'stolen'");
    BOOST_TEST(suspended(kId));  // a DELETE alone
    exec_as("portal", "UPDATE radcheck SET value = value WHERE attribute = 'Cleartext-Password'");
    BOOST_TEST(!suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(two_forms_changed_one_after_the_other_release_with_the_second, Suspended) {
    exec(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES ('jiro', 'Cleartext-Password', ':=', 'a'), "
        "('jiro', 'NT-Password', ':=', 'b')");
    suspend("jiro");
    exec_as("portal", "UPDATE radcheck SET value = 'b2' WHERE username = 'jiro' AND attribute = 'NT-Password'");
    BOOST_TEST(suspended("jiro"));
    exec_as("portal", "UPDATE radcheck SET value = 'a2' WHERE username = 'jiro' AND attribute = 'Cleartext-Password'");
    BOOST_TEST(!suspended("jiro"));
}

BOOST_FIXTURE_TEST_CASE(another_way_to_store_a_password_is_no_change_that_can_be_seen, Suspended) {
    exec_as("portal",
            "UPDATE radcheck SET attribute = 'Crypt-Password', value = '$6$x$y' "
            "WHERE username = 'taro@isp.example' AND attribute = 'Cleartext-Password'");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(last_outcome() == "other_kind");
    exec_as("portal", kChange);
    BOOST_TEST(!suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(the_first_password_ever_seen_is_no_change, Suspended) {
    suspend("jiro");
    exec_as("portal", "INSERT INTO radcheck (username, attribute, value) VALUES ('jiro', 'Cleartext-Password', 'a')");
    BOOST_TEST(suspended("jiro"));
    BOOST_TEST(last_outcome() == "first_seen");
    exec_as("portal", "UPDATE radcheck SET value = 'b' WHERE username = 'jiro'");
    BOOST_TEST(!suspended("jiro"));
}

BOOST_FIXTURE_TEST_CASE(a_rollback_releases_nothing, Suspended) {
    const auto portal = connect("portal");
    {
        pqxx::work transaction(*portal);
        transaction.exec(kChange);
    }
    BOOST_TEST(suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(only_the_services_of_the_table_are_released, Suspended) {
    suspend(kId, "smtp_auth");
    exec("SELECT guard.install_radcheck_trigger('radcheck', ARRAY['smtp_auth'])");
    exec_as("portal", kChange);
    BOOST_TEST(suspended(kId, "pppoe"));
    BOOST_TEST(!suspended(kId, "smtp_auth"));
}

BOOST_FIXTURE_TEST_CASE(a_table_made_later_can_be_watched, Suspended) {
    exec("CREATE TABLE \"Other Table\" (username varchar(64), attribute varchar(64), value varchar(253))");
    exec("INSERT INTO \"Other Table\" VALUES ('jiro', 'Cleartext-Password', 'a')");
    exec("GRANT ALL ON \"Other Table\" TO PUBLIC");
    suspend("jiro");
    exec("SELECT guard.install_radcheck_trigger('\"Other Table\"', ARRAY['pppoe'])");
    exec_as("portal", "UPDATE \"Other Table\" SET value = 'b'");
    BOOST_TEST(!suspended("jiro"));
    BOOST_TEST(alarms() == "0");
}

// What the operator's statement may meet in here, and must not notice.
BOOST_FIXTURE_TEST_CASE(an_error_when_a_change_is_seen_never_fails_the_statement, Suspended) {
    exec("ALTER TABLE guard.password_change RENAME TO hidden");
    exec_as("portal", kChange);
    BOOST_TEST(value("SELECT value FROM radcheck WHERE username = 'taro@isp.example' AND attribute ~ 'Password'") ==
               "fresh");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(value("SELECT kind FROM guard.alarm") == "password_watch");
}

BOOST_FIXTURE_TEST_CASE(an_error_that_cannot_even_be_recorded_never_fails_the_statement, Suspended) {
    exec("ALTER TABLE guard.password_change RENAME TO hidden; ALTER TABLE guard.alarm RENAME TO hidden_too");
    exec_as("portal", kChange);
    BOOST_TEST(value("SELECT value FROM radcheck WHERE username = 'taro@isp.example' AND attribute ~ 'Password'") ==
               "fresh");
}

BOOST_FIXTURE_TEST_CASE(an_error_at_commit_never_fails_the_statement_and_is_made_good, Suspended) {
    exec("ALTER TABLE guard.known_password RENAME TO hidden");
    exec_as("portal", kChange);
    BOOST_TEST(value("SELECT value FROM radcheck WHERE username = 'taro@isp.example' AND attribute ~ 'Password'") ==
               "fresh");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(alarms() == "1");
    exec("ALTER TABLE guard.hidden RENAME TO known_password");
    BOOST_TEST(exec_as("analyzer", "SELECT guard.judge_password_changes()")[0][0].as<int>() == 1);
    BOOST_TEST(!suspended(kId));
    BOOST_TEST(value("SELECT released_by FROM guard.suspension") == "portal");
    BOOST_TEST(exec_as("analyzer", "SELECT guard.judge_password_changes()")[0][0].as<int>() == 0);
}

// The subscriber has a new password and nobody knows: a full disk took the change and the alarm.
BOOST_FIXTURE_TEST_CASE(a_change_that_nothing_tells_of_is_asked_about_once, Suspended) {
    exec("ALTER TABLE radcheck DISABLE TRIGGER USER");
    exec_as("portal", kChange);
    exec("ALTER TABLE radcheck ENABLE TRIGGER USER");
    for (int minute = 0; minute < 2; ++minute) exec_as("analyzer", "SELECT guard.judge_password_changes()");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(value("SELECT count(*) FROM guard.incidents WHERE waiting AND about = 'passwords'") == "1");
    BOOST_TEST(value("SELECT string_agg(kind, ',') FROM guard.alarm") == "password_watch");
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'password changed unseen'") == "1");
    exec_as("portal", "UPDATE radcheck SET value = value");  // which is no news any more
    BOOST_TEST(suspended(kId));
    BOOST_TEST(exec_as("desk", "SELECT guard.staff_release('pppoe', 'taro@isp.example', 'called')")[0][0].as<bool>());
    BOOST_TEST(value("SELECT count(*) FROM guard.incidents WHERE waiting") == "0");
}

BOOST_FIXTURE_TEST_CASE(what_was_seen_and_what_is_no_change_is_not_asked_about, Suspended) {
    const auto asked = [&] {
        exec_as("analyzer", "SELECT guard.judge_password_changes()");
        return value("SELECT count(*) FROM guard.alarm") != "0";
    };
    BOOST_TEST(!asked());
    exec("UPDATE radcheck SET value = 'guessed' WHERE username ~ 'taro' AND attribute ~ 'Password'");  // untrusted
    BOOST_TEST(!asked());
    exec("ALTER TABLE radcheck DISABLE TRIGGER USER");
    exec("INSERT INTO radcheck (username, attribute, op, value) VALUES ('taro@isp.example', 'NT-Password', ':=', 'n')");
    BOOST_TEST(!asked());  // the old one remains
    exec("DELETE FROM radcheck WHERE username ~ 'taro'");
    BOOST_TEST(!asked());
    BOOST_TEST(suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(a_locked_suspension_holds_the_statement_up_for_two_seconds_at_the_most, Suspended) {
    const auto analyzer = connect("postgres");
    pqxx::work holder(*analyzer);
    holder.exec("SELECT FROM guard.suspension FOR UPDATE");
    const auto start = std::chrono::steady_clock::now();
    exec_as("portal", kChange);
    BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(8)));
    holder.abort();
    BOOST_TEST(suspended(kId));
    BOOST_TEST(alarms() == "1");
}

BOOST_FIXTURE_TEST_CASE(a_statement_timeout_that_runs_out_at_commit_does_not_undo_the_change, Suspended) {
    const auto analyzer = connect("postgres");
    pqxx::work holder(*analyzer);
    holder.exec("LOCK TABLE guard.known_password");
    const auto portal = connect("portal");
    pqxx::work transaction(*portal);
    transaction.exec("SET LOCAL statement_timeout = '500ms'");
    transaction.exec(kChange);
    transaction.commit();
    holder.abort();
    BOOST_TEST(value("SELECT value FROM radcheck WHERE username = 'taro@isp.example' AND attribute ~ 'Password'") ==
               "fresh");
    BOOST_TEST(exec("SELECT guard.judge_password_changes()")[0][0].as<int>() == 1);
    BOOST_TEST(!suspended(kId));
}

BOOST_FIXTURE_TEST_CASE(two_changes_at_once_do_not_block_each_other_for_good, Suspended) {
    exec("INSERT INTO radcheck (username, attribute, op, value) VALUES ('taro@isp.example', 'NT-Password', ':=', 'n')");
    exec("SELECT guard.remember_passwords(1)");
    const auto one = connect("portal"), other = connect("portal");
    pqxx::work first(*one), second(*other);
    first.exec("UPDATE radcheck SET value = 'fresh' WHERE attribute = 'Cleartext-Password' AND username ~ 'taro'");
    second.exec("UPDATE radcheck SET value = 'n2' WHERE attribute = 'NT-Password'");
    first.commit();
    second.commit();
    BOOST_TEST(!suspended(kId));
    BOOST_TEST(alarms() == "0");
}

BOOST_FIXTURE_TEST_CASE(no_password_is_kept_and_only_the_owner_reads_the_digests, Suspended) {
    exec_as("clerk", kChange);
    const auto columns =
        exec("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'guard'");
    for (const auto& column : columns) {
        const auto table = column[0].as<std::string>(), name = column[1].as<std::string>();
        for (const auto* secret : {"stolen", "fresh"}) {
            BOOST_TEST(value("SELECT count(*) FROM guard.\"" + table + "\" WHERE \"" + name + "\"::text LIKE '%" +
                             secret + "%'") == "0");
        }
    }
    // Without the keys the digest of a guess is not found.
    BOOST_TEST(value("SELECT count(*) FROM guard.known_password WHERE digest IN (sha256('stolen'), "
                     "sha256('cleartext-password:stolen'))") == "0");
    for (const auto* role : {"analyzer", "notifier", "desk", "auditor", "directory", "clerk"})
        for (const auto* table : {"guard.secret", "guard.known_password"})
            BOOST_CHECK_THROW(exec_as(role, std::string("SELECT * FROM ") + table), pqxx::insufficient_privilege);
}

BOOST_FIXTURE_TEST_CASE(a_trusted_channel_without_a_table_says_so_itself, Suspended) {
    exec("GRANT guard_provisioning TO portal");
    BOOST_CHECK_THROW(exec_as("directory", "SELECT guard.password_changed('pppoe', 'taro@isp.example')"),
                      pqxx::insufficient_privilege);
    BOOST_TEST(suspended(kId));
    BOOST_TEST(exec_as("portal", "SELECT guard.password_changed('pppoe', guard.normalise_id('Taro@isp.example'))")[0][0]
                   .as<bool>());
    BOOST_TEST(!suspended(kId));
    BOOST_TEST(!exec_as("portal", "SELECT guard.password_changed('pppoe', 'taro@isp.example')")[0][0].as<bool>());
    exec("REVOKE guard_provisioning FROM portal");
}

BOOST_FIXTURE_TEST_CASE(a_channel_is_trusted_once_it_is_named, Suspended) {
    const auto changed = [&](const char* channel) {
        return exec_as("directory", std::string("SELECT guard.password_changed_by('pppoe', 'taro@isp.example', ") +
                                        channel + ")")[0][0]
            .as<std::string>();
    };
    BOOST_TEST(changed("'shop'") == "untrusted");  // nothing is named after the installation
    exec("UPDATE guard.setting SET value = 'shop,call-centre' WHERE key = 'trusted_password_channels'");
    for (const auto* other : {"'portal'", "'sho'", "'shop,call-centre'", "NULL"})
        BOOST_TEST(changed(other) == "untrusted");
    BOOST_TEST(suspended(kId));
    BOOST_TEST(last_audit() == "password changed through an untrusted channel");
    BOOST_TEST(changed("'call-centre'") == "released");
    BOOST_TEST(!suspended(kId));
    BOOST_TEST(value("SELECT released_by || '/' || release_channel || '/' || release_reason FROM guard.suspension") ==
               "directory/password/the password was changed through the channel call-centre");
    BOOST_TEST(changed("'shop'") == "not suspended");
    BOOST_TEST(value("SELECT string_agg(outcome || coalesce(' ' || channel, ''), ',' ORDER BY change_id DESC) FROM "
                     "guard.password_change WHERE outcome = 'released'") == "released call-centre");
}

// Thirty suspended IDs whose passwords are loaded anew every night.
struct Thirty : Suspended {
    Thirty() {
        exec(
            "INSERT INTO radcheck (username, attribute, op, value) SELECT 'u' || n, 'Cleartext-Password', ':=', 'old' "
            "FROM generate_series(1, 30) AS n");
        for (int n = 1; n <= 30; ++n) suspend("u" + std::to_string(n));
        exec("UPDATE guard.setting SET value = '5' WHERE key = 'release.mass_count'");
    }
    std::string open() { return value("SELECT count(*) FROM guard.suspension WHERE released_at IS NULL"); }
    std::string outcomes(const char* outcome) {
        return value(std::string("SELECT count(*) FROM guard.password_change WHERE outcome = '") + outcome + "'");
    }
};

BOOST_FIXTURE_TEST_CASE(a_mass_change_goes_to_review_as_a_whole, Thirty) {
    exec_as("portal", "UPDATE radcheck SET value = 'reset' WHERE username IN ('u1', 'u2', 'u3', 'u4', 'u5', 'u6')");
    BOOST_TEST(open() == "31");
    BOOST_TEST(outcomes("mass") == "6");
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm WHERE kind = 'password_mass'") == "1");
    BOOST_TEST(value("SELECT count(*) FROM guard.incidents WHERE waiting AND about = 'passwords'") == "6");
    BOOST_TEST(value("SELECT state FROM guard.incidents WHERE waiting LIMIT 1") == "suspended");
    // The same again tonight is no change; a person decides, either way.
    exec_as("portal", "UPDATE radcheck SET value = value");
    BOOST_TEST(open() == "31");
    BOOST_TEST(exec_as("desk", "SELECT guard.decide_incident(2, 'misuse', 'reset by us, the thief has it')")[0][0]
                   .as<std::string>() == "confirmed");
    BOOST_TEST(suspended("u1"));
    BOOST_TEST(exec_as("desk", "SELECT guard.staff_release('pppoe', 'u2', 'called')")[0][0].as<bool>());
    BOOST_TEST(value("SELECT count(*) FROM guard.incidents WHERE waiting") == "4");
    exec("UPDATE guard.review SET due_at = now() - interval '1 second' WHERE about = 'passwords'");
    BOOST_TEST(exec_as("analyzer", "SELECT guard.escalate_reviews()")[0][0].as<int>() == 4);
    BOOST_TEST(open() == "30");
}

BOOST_FIXTURE_TEST_CASE(in_a_reload_of_all_only_what_differs_counts, Thirty) {
    exec_as("portal",
            "UPDATE radcheck SET value = CASE WHEN username IN ('u1', 'u2', 'u3', 'u4', 'u5') THEN 'new' ELSE "
            "value END");
    BOOST_TEST(outcomes("released") == "5");
    BOOST_TEST(outcomes("mass") == "0");
    BOOST_TEST(open() == "26");
}

BOOST_FIXTURE_TEST_CASE(one_after_the_other_it_is_a_mass_as_well, Thirty) {
    for (int n = 1; n <= 8; ++n)
        exec_as("portal", "UPDATE radcheck SET value = 'new' WHERE username = 'u" + std::to_string(n) + "'");
    BOOST_TEST(outcomes("released") == "5");
    BOOST_TEST(outcomes("mass") == "3");
    // Another role is another story, and ten minutes later it is as well.
    exec("UPDATE guard.password_change SET changed_at = changed_at - interval '10 minutes'");
    exec_as("portal", "UPDATE radcheck SET value = 'new' WHERE username = 'u9'");
    BOOST_TEST(outcomes("released") == "6");
}

BOOST_FIXTURE_TEST_CASE(the_index_for_large_tables_fails_nobodys_statement, Suspended) {
    const auto readme = read_file(GUARD_SOURCE_DIR "/sql/README.md");
    const auto from = readme.find("CREATE INDEX CONCURRENTLY radcheck_guard");
    BOOST_REQUIRE(from != std::string::npos);
    auto statement = readme.substr(from, readme.find(';', from) - from);
    exec(statement.replace(statement.find("CONCURRENTLY "), 13, ""));
    exec_as("clerk", "INSERT INTO radcheck (username, attribute, value) VALUES ('new', 'Cleartext-Password', 'x')");
    exec_as("portal", kChange);
    BOOST_TEST(!suspended(kId));
    exec(
        "INSERT INTO radcheck (username, attribute, value) SELECT 'many' || n, 'Cleartext-Password', 'x' FROM "
        "generate_series(1, 5000) AS n; ANALYZE radcheck; SET enable_seqscan = on");
    std::string plan;
    for (const auto& row :
         exec("EXPLAIN SELECT FROM radcheck WHERE guard.normalised(guard.stored_bytes(username::text), "
              "true, false) = ANY (ARRAY['many7'::bytea, 'many=37'])"))
        plan += row[0].as<std::string>();
    BOOST_TEST(plan.find("radcheck_guard") != std::string::npos, plan);
}

// As rlm_sql with its shipped safe_characters asks for them, and so as radcheck has to hold them.
BOOST_FIXTURE_TEST_CASE(a_name_in_the_form_of_rlm_sql_is_the_same_id, Suspended) {
    struct Name {
        const char *id, *stored;
    };
    for (const Name& name :
         {Name{"o''hara+1@isp.example", "O=27Hara=2B1@isp.example"}, Name{"a=41@isp.example", "a=3D41@isp.example"},
          Name{"%wild_*@isp.example", "=25wild_=2A@isp.example"}, Name{"isp\\taro", "isp=5C=5Ctaro"},
          Name{"q\"q", "q=5C=22q"}, Name{"田中@isp.example", "田中@isp.example"},
          Name{"plain''s@isp.example", "plain''s@isp.example"}}) {
        exec(std::string("DELETE FROM radcheck; INSERT INTO radcheck (username, attribute, op, value) VALUES ('") +
             name.stored + "', 'Cleartext-Password', ':=', 'stolen')");
        exec(std::string("INSERT INTO guard.incident (incident_key, service, id, state, opened_at) VALUES ('") +
             name.id + "', 'pppoe', guard.normalise_id('" + name.id + "'::text), 'suspended', now())");
        exec(
            "INSERT INTO guard.suspension (incident_id, service, id, rule) SELECT incident_id, service, id, "
            "'pppoe.jump' "
            "FROM guard.incident ORDER BY incident_id DESC LIMIT 1");
        const std::string open =
            "SELECT count(*) FROM guard.suspension WHERE released_at IS NULL AND id <> 'taro@isp.example'";
        exec_as("portal", "UPDATE radcheck SET value = value");
        BOOST_TEST(value(open) == "1", name.stored);
        exec_as("portal", "UPDATE radcheck SET value = 'fresh'");
        BOOST_TEST(value(open) == "0", name.stored);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
