// How a database comes to its schema, and which databases are left alone.
#include "sql/migrate.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sql/connection.hpp"
#include "sql/settings.hpp"
#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

using sql::Migration;

struct Empty : Database {
    Empty() : Database(Content::empty) {}
};

std::vector<int> versions(const std::vector<Migration>& migrations) {
    std::vector<int> result;
    for (const Migration& migration : migrations) result.push_back(migration.version);
    return result;
}

constexpr auto kTables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'guard'";

config::Settings settings_for(const Database& database) {
    config::Settings settings;
    settings.database = cluster().connection_string("postgres", database.name());
    return settings;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(migrate)

BOOST_AUTO_TEST_CASE(the_files_are_in_the_program) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(GUARD_SOURCE_DIR "/sql/migrations")) {
        ++files;
        const int version = std::stoi(entry.path().filename().string());
        BOOST_REQUIRE(version >= 1);
        BOOST_REQUIRE(static_cast<std::size_t>(version) <= sql::migrations().size());
        const Migration& migration = sql::migrations()[static_cast<std::size_t>(version) - 1];
        BOOST_TEST(migration.version == version);
        BOOST_TEST(migration.text == read_file(entry.path()));
        BOOST_TEST(run({"sha256sum", entry.path().string()}).output.substr(0, 64) == migration.checksum);
    }
    BOOST_TEST(files == sql::migrations().size());
}

BOOST_FIXTURE_TEST_CASE(a_dry_run_changes_nothing, Empty) {
    BOOST_TEST(sql::plan(connection()).size() == sql::migrations().size());
    BOOST_TEST(value("SELECT to_regnamespace('guard') IS NULL") == "t");
}

BOOST_FIXTURE_TEST_CASE(a_second_run_has_nothing_to_do, Empty) {
    BOOST_TEST(sql::apply(connection()).size() == sql::migrations().size());
    BOOST_TEST(value("SELECT string_agg(version::text || name, ',' ORDER BY version) FROM guard.schema_version") ==
               "1schema,2functions,3radcheck,4retention,5roles,6delivery,7audit,8desk,9undo,10retention,11account,"
               "12dead_letters,13lifecycle,14unseen_passwords,15clock");
    BOOST_TEST(sql::plan(connection()).empty());
    BOOST_TEST(sql::apply(connection()).empty());
}

BOOST_FIXTURE_TEST_CASE(it_goes_on_where_it_stopped, Empty) {
    const auto all = sql::migrations();
    BOOST_TEST(versions(sql::apply(connection(), all.first(2))) == (std::vector{1, 2}),
               boost::test_tools::per_element());
    BOOST_TEST(versions(sql::plan(connection())) == (std::vector{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}),
               boost::test_tools::per_element());
    BOOST_TEST(versions(sql::apply(connection())) == (std::vector{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_migration_that_fails_leaves_nothing_of_itself, Empty) {
    std::vector<Migration> list(sql::migrations().begin(), sql::migrations().begin() + 1);
    list.push_back({2, "broken", "c0ffee", "CREATE TABLE guard.half (a int); SELECT 1 / 0;"});
    BOOST_CHECK_THROW(sql::apply(connection(), list), pqxx::sql_error);
    BOOST_TEST(value("SELECT max(version) FROM guard.schema_version") == "1");
    BOOST_TEST(value("SELECT to_regclass('guard.half') IS NULL") == "t");
}

BOOST_FIXTURE_TEST_CASE(a_changed_migration_is_refused, Empty) {
    sql::apply(connection());
    exec("UPDATE guard.schema_version SET checksum = 'other' WHERE version = 2");
    BOOST_CHECK_EXCEPTION(sql::plan(connection()), sql::MigrationError, [](const auto& error) {
        return std::string(error.what()).find("2 (functions) was changed") != std::string::npos;
    });
    BOOST_CHECK_THROW(sql::apply(connection()), sql::MigrationError);
}

BOOST_FIXTURE_TEST_CASE(a_newer_schema_is_refused, Empty) {
    sql::apply(connection());
    exec("INSERT INTO guard.schema_version (version, name, checksum) VALUES (99, 'future', 'x')");
    for (const bool dry : {true, false})
        BOOST_CHECK_EXCEPTION(
            dry ? sql::plan(connection()) : sql::apply(connection()), sql::MigrationError, [](const auto& error) {
                return std::string(error.what()).find("newer than this program: it has migration 99 (future)") !=
                       std::string::npos;
            });
}

BOOST_FIXTURE_TEST_CASE(a_hole_in_the_history_is_refused, Empty) {
    sql::apply(connection());
    exec("DELETE FROM guard.schema_version WHERE version = 2");
    BOOST_CHECK_THROW(sql::apply(connection()), sql::MigrationError);
}

BOOST_FIXTURE_TEST_CASE(two_at_once_take_turns, Empty) {
    const auto other = connect("postgres");
    std::vector<Migration> by_other;
    std::jthread second([&] { by_other = sql::apply(*other); });
    const auto mine = sql::apply(connection());
    second.join();
    BOOST_TEST(mine.size() + by_other.size() == sql::migrations().size());
    BOOST_TEST(value("SELECT count(*) FROM guard.schema_version") == std::to_string(sql::migrations().size()));
}

BOOST_FIXTURE_TEST_CASE(radcheck_is_watched_if_it_is_there, Empty) {
    exec("CREATE TABLE radcheck (id serial, username text, attribute text, op text, value text)");
    sql::apply(connection());
    BOOST_TEST(value("SELECT tgname FROM pg_trigger WHERE tgrelid = 'radcheck'::regclass") == "pppoe_guard");
}

BOOST_FIXTURE_TEST_CASE(without_radcheck_nothing_is_watched, Empty) {
    sql::apply(connection());
    BOOST_TEST(value("SELECT count(*) FROM guard.password_table") == "0");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connection)

BOOST_FIXTURE_TEST_CASE(a_session_speaks_utf8_and_utc_and_says_who_it_is, Database) {
    const auto opened = sql::connect(settings_for(*this), "guard-test");
    pqxx::work transaction(*opened);
    BOOST_TEST(transaction.exec("SHOW client_encoding")[0][0].as<std::string>() == "UTF8");
    BOOST_TEST(transaction.exec("SHOW TimeZone")[0][0].as<std::string>() == "UTC");
    BOOST_TEST(transaction.exec("SHOW application_name")[0][0].as<std::string>() == "guard-test");
}

BOOST_FIXTURE_TEST_CASE(a_uri_is_a_connection_string_too, Database) {
    auto settings = settings_for(*this);
    settings.database = "postgresql://postgres@/" + name() + "?host=" + cluster().directory().string();
    BOOST_TEST(sql::connect(settings, "guard-test")->is_open());
}

BOOST_FIXTURE_TEST_CASE(the_password_comes_from_its_file, Database) {
    // The test cluster trusts everybody, so what arrives is asked of libpq.
    const TemporaryDirectory directory("password");
    const auto file = directory.path() / "password";
    write_file(file, "it's a \\secret\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    auto settings = settings_for(*this);
    settings.database_password_file = file;
    BOOST_TEST(sql::connect(settings, "guard-test")->options().find("password='it\\'s a \\\\secret'") !=
               std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(unusable_settings_are_refused_without_repeating_a_secret, Database) {
    const TemporaryDirectory directory("password");
    const auto open = directory.path() / "open", empty = directory.path() / "empty";
    write_file(open, "secret\n");
    std::filesystem::permissions(open, static_cast<std::filesystem::perms>(0644));
    write_file(empty, "\n");
    std::filesystem::permissions(empty, static_cast<std::filesystem::perms>(0600));
    for (const auto& [text, file] :
         std::vector<std::pair<std::string, std::filesystem::path>>{{"password=secret dbname=x", {}},
                                                                    {"secret", {}},
                                                                    {"dbname=x", open},
                                                                    {"dbname=x", empty},
                                                                    {"dbname=x", "/no"}}) {
        config::Settings settings;
        settings.database = text;
        settings.database_password_file = file;
        BOOST_CHECK_EXCEPTION((void)sql::connect(settings, "guard-test"), std::runtime_error, [](const auto& error) {
            return std::string(error.what()).find("secret") == std::string::npos;
        });
    }
}

BOOST_FIXTURE_TEST_CASE(settings_are_published_once, Database) {
    config::Settings settings;
    settings.identity.realm = IdNormalisation::Realm::strip;
    settings.trusted_password_roles = {"portal", "clerk"};
    settings.mail_from = "security@isp.example";
    settings.detection.mode = config::Mode::enforce;
    settings.detection.rule_modes = {{"pppoe.churn", config::Mode::review}};
    const auto audited = [&] { return value("SELECT count(*) FROM guard.audit WHERE action = 'setting update'"); };
    const int before = std::stoi(audited());
    const auto analyzer = connect("analyzer");
    for (int round = 0; round < 2; ++round) {
        pqxx::work transaction(*analyzer);
        sql::publish_settings(transaction, settings);
        transaction.commit();
    }
    BOOST_TEST(value("SELECT guard.setting_of('id.realm')") == "strip");
    BOOST_TEST(value("SELECT guard.setting_of('id.case')") == "lower");
    BOOST_TEST(value("SELECT guard.setting_of('trusted_password_roles')") == "portal,clerk");
    BOOST_TEST(value("SELECT guard.setting_of('mail.domain')") == "isp.example");
    BOOST_TEST(value("SELECT guard.setting_of('notice.language')") == "ja");
    BOOST_TEST(value("SELECT guard.setting_of('notice.give_up_seconds')") == "259200");
    BOOST_TEST(value("SELECT guard.mode_of('pppoe.jump') || guard.mode_of('pppoe.churn')") == "enforcereview");
    BOOST_TEST(value("SELECT guard.setting_of('rules.version') ~ '^[0-9.]+\\+[0-9a-f]{8}$'") == "t");
    BOOST_TEST(std::stoi(audited()) == before + 5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
