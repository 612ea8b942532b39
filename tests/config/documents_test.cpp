// The manual and the example are what they say they are.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <regex>
#include <sstream>

#include "config/option.hpp"
#include "config/options.hpp"
#include "tests/support/process.hpp"

namespace guard::config {
namespace {

const std::filesystem::path kSource = GUARD_SOURCE_DIR;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

BOOST_AUTO_TEST_SUITE(documents)

BOOST_AUTO_TEST_CASE(the_committed_manual_is_the_one_of_the_table) {
    const auto committed = lines_of(test::read_file(kSource / "docs/configuration.md"));
    const auto current = lines_of(manual_markdown());
    BOOST_TEST_CONTEXT("to write it again: cmake --build build/dev --target manual")
    BOOST_TEST(committed == current, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_manual_has_every_option_with_its_default) {
    Settings defaults;
    const std::string manual = manual_markdown();
    for (const Section& section : sections()) {
        const auto begin = manual.find("\n## [" + std::string(section.name) + "]\n");
        BOOST_REQUIRE(begin != std::string::npos);
        const std::string part = manual.substr(begin, manual.find("\n## ", begin + 1) - begin);
        for (const Option& option : section.options) {
            BOOST_TEST(part.find(std::string(option.name)) != std::string::npos, option.name);
            if (const std::string value = shown(option.value, defaults); !value.empty())
                BOOST_TEST(part.find("| `" + value + "` |") != std::string::npos, option.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_row_of_the_manual_has_four_cells) {
    for (const std::string& line : lines_of(manual_markdown())) {
        if (!line.starts_with('|')) continue;
        const std::string without_escapes = std::regex_replace(line, std::regex(R"(\\\|)"), "");
        BOOST_TEST(std::count(without_escapes.begin(), without_escapes.end(), '|') == 5, line);
    }
}

BOOST_AUTO_TEST_CASE(the_example_loads) {
    const auto settings = load(kSource / "packaging/pppoe-guard.toml");
    if (!settings) BOOST_FAIL(settings.error().front());
    BOOST_TEST((settings->detection.mode == Mode::observe));  // never enforced before somebody has looked
    BOOST_TEST(settings->spools.size() == 2U);
    BOOST_TEST(settings->pools.filename() == "pools.csv");
}

// With every `#key = value` made a setting it still loads, has every option, and what was commented out was the
// default.
BOOST_AUTO_TEST_CASE(the_example_shows_every_option_with_its_default) {
    const std::string example = test::read_file(kSource / "packaging/pppoe-guard.toml");
    std::string all;
    for (const std::string& line : lines_of(example))
        all += std::regex_replace(line, std::regex("^#(?=[a-z_]+ = )"), "") + '\n';
    const auto few = parse(example, "/etc/guard.toml"), many = parse(all, "/etc/guard.toml");
    if (!many) BOOST_FAIL(many.error().front());
    BOOST_TEST(to_toml(*few) == to_toml(*many));
    std::string section;
    std::vector<std::string> keys;
    for (const std::string& line : lines_of(all)) {
        std::smatch match;
        if (std::regex_match(line, match, std::regex(R"(\[([a-z_.]+)\])"))) section = match[1];
        if (std::regex_search(line, match, std::regex("^([a-z_]+) = "))) keys.push_back(section + '.' + match[1].str());
    }
    // But for a rule's or a service's own mode or plan, which have none.
    for (const Section& part : sections())
        for (const Option& option : part.options)
            if (option.name.find('.') == option.name.npos && !std::holds_alternative<RuleMode>(option.value))
                // but a plan, and the own mode of a rule or a service
                BOOST_TEST(std::count(keys.begin(), keys.end(), key_of(part, option)) == 1, key_of(part, option));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::config
