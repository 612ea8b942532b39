// The audit log: its chain of hashes, its months, and that sealing it holds nobody up.
#include <boost/test/unit_test.hpp>

#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

struct Log : Database {
    void write(const std::string& action, const std::string& at = "now()") {
        exec("INSERT INTO guard.audit (at, action, object) VALUES (" + at + ", '" + action + "', 'x')");
    }
    std::string seal() { return value("SELECT guard.seal_audit(true)"); }
    std::string faults(const std::string& known = "NULL") {
        return value("SELECT coalesce(string_agg(nullif(fault, ''), ',' ORDER BY month), '') FROM guard.verify_audit(" +
                     known + ")");
    }
    // What the owner could do who takes the trigger off first.
    void tamper(const std::string& statement) {
        exec("ALTER TABLE guard.audit DISABLE TRIGGER ALL");
        exec(statement);
        exec("ALTER TABLE guard.audit ENABLE TRIGGER ALL");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_chain)

BOOST_FIXTURE_TEST_CASE(a_row_that_was_changed_or_taken_away_shows, Log) {
    for (const auto* action : {"one", "two", "three"}) write(action);
    seal();
    BOOST_TEST(faults() == "");
    tamper("UPDATE guard.audit SET actor = 'nobody' WHERE action = 'two'");
    BOOST_TEST(faults().find("was changed") != std::string::npos);
    tamper("DELETE FROM guard.audit WHERE action = 'two'");
    BOOST_TEST(faults().find("is missing") != std::string::npos);
    exec("DELETE FROM guard.audit_chain WHERE audit_id NOT IN (SELECT audit_id FROM guard.audit)");
    BOOST_TEST(faults().find("a row is missing") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(the_end_cannot_be_cut_off_if_its_hash_was_noted, Log) {
    write("one");
    seal();
    const auto noted = value("SELECT last_hash FROM guard.verify_audit()");
    write("two");
    seal();
    const auto holds = [&] { return value("SELECT bool_or(holds_known) FROM guard.verify_audit('" + noted + "')"); };
    BOOST_TEST(holds() == "t");
    tamper("DELETE FROM guard.audit; DELETE FROM guard.audit_chain; DELETE FROM guard.audit_month");
    write("one");
    seal();
    BOOST_TEST(faults() == "");  // a new log is sound in itself
    BOOST_TEST(holds() == "f");
}

BOOST_FIXTURE_TEST_CASE(an_idle_session_of_the_desk_holds_up_neither_the_sealer_nor_a_suspension, Log) {
    suspend("taro");
    const auto idle = connect("desk");
    pqxx::work open(*idle);
    open.exec(
        "SELECT guard.staff_release('pppoe', 'taro', 'on the phone')");  // its audit row is written, not committed
    write("another");
    exec("SET lock_timeout = '2s'");
    BOOST_TEST(seal() != "0");
    BOOST_TEST(value("SELECT count(*) FROM guard.audit AS a JOIN guard.audit_chain USING (audit_id) WHERE a.action = "
                     "'another'") == "1");
    suspend("hanako");
    exec_as("analyzer", "INSERT INTO guard.audit (actor, action, object) VALUES ('analyzer', 'suspend', 'incident:2')");
    exec("SELECT * FROM guard.apply_retention()");
    open.commit();
    BOOST_TEST(seal() == "1");  // it takes a later place, although its number is lower
    BOOST_TEST(faults() == "");
}

BOOST_FIXTURE_TEST_CASE(a_month_goes_as_a_whole_and_leaves_its_hash, Log) {
    write("old", "'2020-01-15T00:00:00Z'");
    write("later", "'2020-02-15T00:00:00Z'");
    write("new");
    seal();
    const auto last = value("SELECT encode(last_hash, 'hex') FROM guard.audit_month WHERE month = '2020-01-01'");
    BOOST_TEST(
        exec_as("janitor", "SELECT gone FROM guard.apply_retention() WHERE what = 'audit log'")[0][0].as<int>() == 2);
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action IN ('old', 'later')") == "0");
    BOOST_TEST(
        value("SELECT last_hash || ' ' || sealed FROM guard.verify_audit() WHERE month = '2020-01-01' AND dropped_at "
              "IS NOT NULL") == last + " 1");
    BOOST_TEST(faults() == "");
    // A month that is gone altogether breaks the one after it.
    exec("DELETE FROM guard.audit_month WHERE month = '2020-01-01'");
    BOOST_TEST(faults().find("the month before it, 2020-01, is missing") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_partition_is_dropped_only_when_nobody_is_in_its_way, Log) {
    exec("CREATE TABLE guard.audit_2019_05 (LIKE guard.audit INCLUDING DEFAULTS INCLUDING CONSTRAINTS)");
    exec(
        "ALTER TABLE guard.audit ATTACH PARTITION guard.audit_2019_05 FOR VALUES FROM ('2019-05-01 00:00:00+00') TO "
        "('2019-06-01 00:00:00+00')");
    write("old", "'2019-05-15T00:00:00Z'");
    const auto idle = connect("postgres");
    {
        pqxx::work open(*idle);
        open.exec("INSERT INTO guard.audit (action, object) VALUES ('idle', 'x')");
        exec("SELECT * FROM guard.apply_retention()");
        BOOST_TEST(value("SELECT to_regclass('guard.audit_2019_05') IS NOT NULL") == "t");
    }
    exec("SELECT * FROM guard.apply_retention()");
    BOOST_TEST(value("SELECT to_regclass('guard.audit_2019_05') IS NULL") == "t");
    BOOST_TEST(faults() == "");
}

BOOST_FIXTURE_TEST_CASE(the_coming_months_have_their_partitions, Log) {
    BOOST_TEST(value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'guard.audit'::regclass") == "4");
    write("far", "'2050-01-15T00:00:00Z'");
    BOOST_TEST(value("SELECT tableoid::regclass FROM guard.audit WHERE action = 'far'") == "guard.audit_other");
    seal();
    BOOST_TEST(faults() == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
