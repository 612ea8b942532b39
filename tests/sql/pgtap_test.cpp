// The rights of each role, as complete lists: tests/sql/pgtap, one file for each role, run by pg_prove.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <set>

#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

Result prove(const Database& database, const std::string& file) {
    ProcessOptions options;
    options.directory = GUARD_SOURCE_DIR;
    return run({"pg_prove", "--host", cluster().directory().string(), "--username", "postgres", "--dbname",
                database.name(), "tests/sql/pgtap/" + file},
               options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pgtap)

BOOST_FIXTURE_TEST_CASE(every_role_may_do_what_its_file_says_and_nothing_else, Database) {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(GUARD_SOURCE_DIR "/tests/sql/pgtap"))
        if (entry.path().extension() == ".sql") files.insert(entry.path().stem());
    std::set<std::string> roles;
    for (const auto& row : exec("SELECT substr(rolname, 7) FROM pg_roles WHERE rolname LIKE 'guard\\_%'"))
        roles.insert(row[0].as<std::string>());
    BOOST_TEST(files == roles, boost::test_tools::per_element());
    for (const auto& file : files) {
        const auto result = prove(*this, file + ".sql");
        BOOST_TEST(result.status == 0, result.output);
        BOOST_TEST(result.output.find("Result: PASS") != std::string::npos, result.output);
    }
}

BOOST_FIXTURE_TEST_CASE(a_right_too_many_is_found, Database) {
    exec("GRANT SELECT (id) ON guard.incident TO guard_auditor");
    const auto result = prove(*this, "auditor.sql");
    BOOST_TEST(result.status != 0);
    BOOST_TEST(result.output.find("incident (incident_id, service, id, state") != std::string::npos, result.output);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
