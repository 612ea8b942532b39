// sql/README.md promises that what is not on it is not kept.
#include <boost/test/unit_test.hpp>
#include <regex>
#include <set>

#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

// "table.column", from the headings "### `guard.table`" and the rows "| `column` |" below them.
std::set<std::string> documented() {
    const auto text = read_file(GUARD_SOURCE_DIR "/sql/README.md");
    static const std::regex kLine(R"((?:^|\n)(?:### `guard\.([a-z_]+)`|\| `([a-z_]+)` \|))");
    std::set<std::string> result;
    std::string table;
    for (std::sregex_iterator line(text.begin(), text.end(), kLine), end; line != end; ++line) {
        if (line->str(1).empty()) {
            if (!table.empty()) result.insert(table + "." + line->str(2));
        } else {
            table = line->str(1);
        }
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(readme)

BOOST_FIXTURE_TEST_CASE(it_names_every_table_and_column_and_no_other, Database) {
    std::set<std::string> present;
    for (const auto& row : exec("SELECT table_name || '.' || column_name FROM information_schema.columns "
                                "WHERE table_schema = 'guard'"))
        present.insert(row[0].as<std::string>());
    const auto named = documented();
    for (const auto& column : present) BOOST_TEST(named.contains(column), column << " is not in sql/README.md");
    for (const auto& column : named) BOOST_TEST(present.contains(column), column << " is in sql/README.md alone");
    BOOST_TEST(present.size() > 100U);
}

// A field that no rule allows would have to get past this list first.
BOOST_FIXTURE_TEST_CASE(no_table_can_hold_what_no_rule_allows, Database) {
    for (const auto& row :
         exec("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'guard'")) {
        static const std::regex kForbidden(
            "password$|nas_ip|nas_port|calling|called|mac|cui|class|session_id|line|phone");
        const auto column = row[1].as<std::string>();
        // R1, R2: to contact the subscriber; from the contract, never from a login.
        if (row[0].as<std::string>() + "." + column == "subscriber.phone") continue;
        BOOST_TEST(!std::regex_search(column, kForbidden), row[0].c_str() << "." << column);
    }
    BOOST_TEST(value("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'guard' "
                     "AND table_name = 'block' AND column_name = 'id'") == "0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
