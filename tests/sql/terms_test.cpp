// Every class of data goes at its term and not before, and the check says so.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

struct Class {
    const char* what;
    const char* row;  // %: how long ago, as SQL
    int days;
};
std::ostream& operator<<(std::ostream& stream, const Class& item) {
    return stream << item.what;
}

#define INCIDENT(state, grade)                                                                                       \
    "WITH i AS (INSERT INTO guard.incident (incident_key, service, id, state, opened_at, recorded_at) VALUES ('k', " \
    "'pppoe', "                                                                                                      \
    "'a', '" state                                                                                                   \
    "', now(), %) RETURNING incident_id) INSERT INTO guard.finding (incident_id, finding_key, rule, grade, "         \
    "action, event_time, summary_en, summary_ja, recorded_at) SELECT incident_id, 'f', 'r', '" grade                 \
    "', 'record', now(), '', '', % FROM i"

const std::vector<Class> kClasses{
    {"notable findings", INCIDENT("recorded", "notable"), 14},
    {"findings without effect", INCIDENT("recorded", "probable"), 30},
    {"cases", INCIDENT("closed", "probable"), 180},
    {"blocks",
     "INSERT INTO guard.block (block_key, source, rule, started_at, last_attempt_at, expires_at, attempts, ids, "
     "accepts, "
     "summary_en, summary_ja) VALUES ('k', '198.51.100.1', 'smtp.source', % - interval '90 minutes', % - interval '1 "
     "hour', %, "
     "20, 10, 0, '', '')",
     30},
    {"alarms", "INSERT INTO guard.alarm (kind, closed_at) VALUES ('k', %)", 90},
    {"breakers", "INSERT INTO guard.breaker (reason, opened_at, closed_at, closed_by) VALUES ('k', %, %, 'me')", 180},
    {"password changes",
     "INSERT INTO guard.password_change (suspension_id, changed_at, outcome) VALUES (99, %, 'same')", 90},
    {"undo requests",
     "INSERT INTO guard.undo (rule, done_from, done_until, reason, suspensions, blocks, reviews, requested_at) VALUES "
     "('r', "
     "'2020-01-01', '2020-01-02', 'x', 0, 0, 0, %)",
     1095},
    {"dead letters", "INSERT INTO guard.dead_letter (at, what, sqlstate, content) VALUES (%, 'decision', '22P02', 'x')",
     30},
    {"tickets", "INSERT INTO guard.evidence_ticket (incident_id, opened_at) VALUES (1, %)", 1},
};

std::string ago(std::string text, int days, const char* also) {
    const std::string when = "(now() - interval '" + std::to_string(days) + " days' " + also + ")";
    for (std::size_t at = 0; (at = text.find('%', at)) != std::string::npos; at += when.size())
        text.replace(at, 1, when);
    return text;
}

struct Terms : Database {
    std::string figure(const char* column, const std::string& what) {
        return exec_as("janitor", std::string("SELECT ") + column + " FROM guard.check_retention() WHERE what = '" +
                                      what + "'")[0][0]
            .as<std::string>();
    }
    std::string run(const std::string& what) {
        return exec_as("janitor", "SELECT gone FROM guard.apply_retention() WHERE what = '" + what + "'")[0][0]
            .as<std::string>();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(terms)

BOOST_DATA_TEST_CASE_F(Terms, a_row_goes_at_its_term_and_not_before, boost::unit_test::data::make(kClasses)) {
    exec(ago(sample.row, sample.days, "+ interval '1 minute'"));
    BOOST_TEST(figure("held", sample.what) == "1");
    BOOST_TEST(figure("past", sample.what) == "0");
    BOOST_TEST(run(sample.what) == "0");
    exec("DELETE FROM guard.finding; DELETE FROM guard.incident; DELETE FROM guard.block");
    exec(ago(sample.row, sample.days, "- interval '1 minute'"));
    BOOST_TEST(figure("past", sample.what) == "1");
    BOOST_TEST(run(sample.what) == "1");
    BOOST_TEST(figure("past", sample.what) == "0");
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'retention'") == "1");
}

BOOST_FIXTURE_TEST_CASE(what_lasts_has_no_term, Terms) {
    suspend("taro");
    exec("UPDATE guard.incident SET recorded_at = now() - interval '1000 days'");
    exec("INSERT INTO guard.alarm (kind, raised_at) VALUES ('k', now() - interval '1000 days')");
    run("cases");
    BOOST_TEST(suspended("taro"));
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm") == "1");
    BOOST_TEST(value("SELECT sum(past) FROM guard.check_retention()") == "0");
}

BOOST_FIXTURE_TEST_CASE(of_a_block_its_month_its_minutes_and_no_address_remain, Terms) {
    exec(ago(kClasses[3].row, 40, ""));
    const auto month = value("SELECT guard.month_of(started_at) FROM guard.block");
    const auto figures = [&] {
        return value(
            "SELECT string_agg(measure || '=' || round(value), ' ' ORDER BY measure) FROM guard.transparency('" +
            month + "') WHERE section = 'blocks'");
    };
    BOOST_TEST(figures() == "attempts=20 count=1 minutes=90");
    BOOST_TEST(run("blocks") == "1");
    BOOST_TEST(figures() == "attempts=20 count=1 minutes=90");
    BOOST_TEST(value("SELECT string_agg(a::text, ' ') ~ '198' FROM guard.account AS a") == "f");
}

BOOST_FIXTURE_TEST_CASE(the_check_allows_for_the_time_until_the_next_run, Terms) {
    exec(ago(kClasses[4].row, 90, "- interval '1 hour'"));
    BOOST_TEST(value("SELECT sum(past) FROM guard.check_retention()") == "1");
    BOOST_TEST(value("SELECT sum(past) FROM guard.check_retention('2 hours')") == "0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
