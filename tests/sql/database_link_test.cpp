// What an error of PostgreSQL calls for, and a connection that another thread can cut.
#include "sql/database_link.hpp"

#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

#include "sql/connection.hpp"
#include "tests/sql/database.hpp"

namespace guard::sql {

BOOST_AUTO_TEST_SUITE(trouble)

BOOST_AUTO_TEST_CASE(only_data_is_given_up_and_only_what_is_ours_raises_an_alarm) {
    const auto of = [](const char* state) { return trouble_of(pqxx::sql_error("refused", "SELECT", state)); };
    for (const char* state : {"22P02", "22008", "23505", "23514"}) BOOST_TEST((of(state) == Trouble::data), state);
    for (const char* state :
         {"08006", "25006", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "58030", ""})
        BOOST_TEST((of(state) == Trouble::passing), state);
    BOOST_TEST((trouble_of(pqxx::data_exception("refused")) == Trouble::data));
    BOOST_TEST((trouble_of(pqxx::check_violation("refused")) == Trouble::data));
    BOOST_TEST((trouble_of(pqxx::disk_full("refused")) == Trouble::passing));
    BOOST_TEST((trouble_of(pqxx::insufficient_privilege("refused")) == Trouble::ours));
    BOOST_TEST((trouble_of(pqxx::undefined_table("refused")) == Trouble::ours));
    for (const char* state : {"42501", "42P01", "42883", "XX000", "XX001", "P0001", "0A000", "28000"})
        BOOST_TEST((of(state) == Trouble::ours), state);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(database_link)

config::Settings settings_for(const guard::test::Database& database) {
    config::Settings settings;
    settings.database = guard::test::cluster().connection_string("analyzer", database.name());
    return settings;
}

BOOST_FIXTURE_TEST_CASE(a_server_that_only_reads_is_none_and_of_several_hosts_it_is_the_one_that_writes,
                        guard::test::Database) {
    auto settings = settings_for(*this);
    exec("ALTER ROLE analyzer SET default_transaction_read_only = on");
    DatabaseLink link(settings, "guard-test");
    BOOST_CHECK_EXCEPTION((void)link.get(), pqxx::broken_connection, [](const auto& error) {
        return std::string(error.what()).find("read-only") != std::string::npos;
    });
    // One that asks is served, but not where it had a choice.
    BOOST_TEST(sql::connect(settings, "guard-test")->is_open());
    settings.database.insert(settings.database.find(' '), ",/nowhere");
    BOOST_CHECK_THROW((void)sql::connect(settings, "guard-test"), pqxx::broken_connection);
    exec("ALTER ROLE analyzer RESET default_transaction_read_only");
    BOOST_TEST(sql::connect(settings, "guard-test")->is_open());
    BOOST_TEST(link.count() == 0U);
    BOOST_TEST(link.get().is_open());
    BOOST_TEST(link.count() == 1U);
    link.drop();
    BOOST_TEST(link.get().is_open());
    BOOST_TEST(link.count() == 2U);
}

// It would take a minute.
BOOST_FIXTURE_TEST_CASE(who_is_in_a_hurry_waits_no_longer_than_that, guard::test::Database) {
    const auto settings = settings_for(*this);
    for (const bool before : {false, true}) {
        DatabaseLink link(settings, "guard-test");
        pqxx::connection& connection = link.get();
        std::promise<void> uses;
        const std::jthread other([&, used = uses.get_future()](const std::stop_token& ended) mutable {
            if (before) link.hurry(std::chrono::milliseconds{1});
            used.wait();
            if (!before) link.hurry(std::chrono::milliseconds{1});
            while (!ended.stop_requested()) {
                link.cut_if_hung();
                std::this_thread::yield();
            }
        });
        const DatabaseLink::Use use(link);
        uses.set_value();
        const auto began = std::chrono::steady_clock::now();
        BOOST_CHECK_THROW(pqxx::nontransaction(connection).exec("SELECT pg_sleep(60)"), pqxx::failure);
        BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds{30}));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::sql
