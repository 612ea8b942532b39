// The SQL of docs/operations.md runs on the present schema, in the order of the page, and does what the page says.
#include <boost/test/unit_test.hpp>

#include "tests/docs/document.hpp"
#include "tests/sql/database.hpp"

namespace guard::test {

BOOST_AUTO_TEST_SUITE(operations_sql)

BOOST_FIXTURE_TEST_CASE(every_statement_of_the_page_runs, Database) {
    suspend("taro");
    exec("INSERT INTO guard.breaker (reason) VALUES ('test'); SELECT guard.raise_alarm('breaker', 'test')");
    const auto blocks = fenced_blocks(read_source("docs/operations.md"), "sql");
    BOOST_TEST(blocks.size() >= 9U);
    for (const std::string& block : blocks) BOOST_TEST_CONTEXT(block) BOOST_CHECK_NO_THROW(exec(block));

    BOOST_TEST(!suspended("taro"));
    BOOST_TEST(value("SELECT count(*) FROM guard.breaker WHERE closed_at IS NULL") == "0");
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm WHERE closed_at IS NULL") == "0");
    BOOST_TEST(value("SELECT count(*) FROM guard.audit WHERE action = 'breaker close'") == "1");
    BOOST_TEST(value("SELECT count(*) FROM guard.allowed") == "1");
    BOOST_TEST(value("SELECT name FROM guard.subscriber") == "田中 花子");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
