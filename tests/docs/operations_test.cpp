// docs/operations.md has every metric, log event, alarm and reason that there is, and no other; docs/compliance.md
// names tests that exist.
#include <boost/test/unit_test.hpp>
#include <regex>
#include <stdexcept>

#include "analyzer/detection/finding.hpp"
#include "tests/docs/document.hpp"
#include "tests/support/process.hpp"

namespace guard::test {
namespace {

const std::string& operations() {
    static const std::string text = read_source("docs/operations.md");
    return text;
}

// The first cell of each row of the tables in a section, if it is in code: "| `name` |".
Names rows_of(const std::string& heading) {
    return all_matches('\n' + section(operations(), heading), R"(\n\| `([^`]+)` \|)");
}

// In the sources of the programs, tests and build left out.
Names in_sources(const std::vector<std::string>& endings, const std::string& pattern) {
    Names names;
    for (const auto& file : source_files(endings)) {
        const std::string inside = std::filesystem::relative(file, GUARD_SOURCE_DIR).string();
        if (!inside.starts_with("tests/")) names.merge(all_matches(read_file(file), pattern));
    }
    return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operations_manual)

BOOST_AUTO_TEST_CASE(metrics) {
    Names there = all_matches(read_source("analyzer/daemon/metrics.cpp"), R"(\"(pppoe_guard_[a-z_]+)\")");
    there.merge(all_matches(read_source("notifier/metrics.cpp"), R"(\"(pppoe_guard_[a-z_]+)\")"));
    BOOST_TEST(there.size() > 20U);
    BOOST_TEST(difference(rows_of("## Metrics"), there) == "");
    // What is named elsewhere on the page exists as well.
    for (const std::string& name : all_matches(operations(), R"(\b(pppoe_guard_[a-z_]+)\b)"))
        BOOST_TEST(there.contains(name), name);
}

BOOST_AUTO_TEST_CASE(log_events) {
    const Names there = in_sources({".cpp", ".hpp"}, R"(\bevent=([a-z_]+))");
    BOOST_TEST(there.size() > 15U);
    Names catalogue;
    for (const char* program : {"### The analyzer", "### The notifier"})
        for (const std::string& row : rows_of(program))
            if (row.starts_with("event=")) catalogue.insert(row.substr(6));
    BOOST_TEST(difference(catalogue, there) == "");
    for (const std::string& name : all_matches(operations(), R"(\bevent=([a-z_]+))"))
        BOOST_TEST(there.contains(name), name);
}

BOOST_AUTO_TEST_CASE(alarms) {
    const Names there = in_sources({".cpp", ".sql"}, R"(raise_alarm\(\s*['\"]([a-z_]+)['\"])");
    BOOST_TEST(there.size() > 4U);
    BOOST_TEST(difference(rows_of("## Alarms"), there) == "");
}

BOOST_AUTO_TEST_CASE(reasons) {
    Names there;
    try {
        for (unsigned char value = 1;; ++value)
            there.emplace(detection::to_string(static_cast<detection::Reason>(value)));
    } catch (const std::out_of_range&) {
        // That was the last one.
    }
    BOOST_TEST(there.size() >= 10U);
    BOOST_TEST(difference(rows_of("## Reasons"), there) == "");
}

BOOST_AUTO_TEST_CASE(terms) {
    const Names there = in_sources({".sql"}, R"('(retention\.[a-z_]+)')");
    BOOST_TEST(there.size() == 7U);
    BOOST_TEST(difference(all_matches(section(operations(), "## Retention"), R"(`(retention\.[a-z_]+)`)"), there) ==
               "");
}

BOOST_AUTO_TEST_CASE(roles) {
    const Names there = in_sources({".sql"}, R"((?:CREATE ROLE |')(guard_(?!enforcement|notice\b)[a-z]+))");
    BOOST_TEST(there.size() == 7U);
    BOOST_TEST(difference(rows_of("## Who may do what"), there) == "");
}

BOOST_AUTO_TEST_CASE(tests_named_in_the_page_on_compliance_exist) {
    std::string tests;
    for (const auto& file : source_files({"_test.cpp"})) tests += read_file(file);
    const Names named = all_matches(read_source("docs/compliance.md"), R"(`([a-z0-9]+(?:_[a-z0-9]+){3,})`)");
    BOOST_TEST(named.size() > 20U);
    for (const std::string& name : named)
        BOOST_TEST(std::regex_search(tests, std::regex("BOOST_[A-Z_]+\\((\\w+, )?" + name + "\\b")), name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
