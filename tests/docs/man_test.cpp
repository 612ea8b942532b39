// The man pages render, and guardctl(8) names the subcommands and options that guardctl has.
#include <boost/test/unit_test.hpp>
#include <map>
#include <regex>
#include <sstream>

#include "tests/docs/document.hpp"
#include "tests/support/process.hpp"

namespace guard::test {
namespace {

using Commands = std::map<std::string, Names>;  // "suspended show" to its options

// "-f,--format", as a help text or a page writes it; what every command has is left out.
void add_option(Names& options, const std::string& brief, const std::string& full) {
    if (full == "--help" || full == "--version") return;
    options.insert(brief.empty() ? full : brief + ',' + full);
}

// Asks for help, and for that of the subcommands the answer names.
void ask(const std::string& command, Commands& commands) {
    std::vector<std::string> arguments{std::string(GUARD_BINARY_DIR) + "/bin/guardctl"};
    std::istringstream words(command);
    for (std::string word; words >> word;) arguments.push_back(word);
    arguments.emplace_back("--help");
    const Result help = run(arguments);
    BOOST_REQUIRE_MESSAGE(help.status == 0, help.output);

    if (!command.empty()) commands[command];
    const std::regex option(R"(^  (?:(-[a-zA-Z]),)?(--[a-z-]+))"), subcommand("^  ([a-z-]+) ");
    bool subcommands = false;
    for (const std::string& line : lines_of(help.output)) {
        std::smatch match;
        if (!line.starts_with(' ')) subcommands = line == "Subcommands:";
        if (subcommands && std::regex_search(line, match, subcommand)) {
            ask(command + (command.empty() ? "" : " ") + match[1].str(), commands);
        } else if (std::regex_search(line, match, option) && !command.empty()) {
            add_option(commands[command], match[1], match[2]);
        }
    }
}

Commands documented() {
    Commands commands;
    Names* options = nullptr;
    const std::regex item(R"(^\.It (?:Fl ([a-zA-Z]) , )?Fl -([a-z-]+))"), heading(R"(^\.Ss guardctl ([a-z -]+)$)");
    for (const std::string& line : lines_of(read_source("docs/man/guardctl.8"))) {
        std::smatch match;
        if (line.starts_with(".Sh ")) options = nullptr;
        if (std::regex_match(line, match, heading)) options = &commands[match[1]];
        if (options != nullptr && std::regex_search(line, match, item))
            add_option(*options, match[1].length() == 0 ? std::string() : '-' + match[1].str(), "--" + match[2].str());
    }
    return commands;
}

Names names_of(const Commands& commands) {
    Names names;
    for (const auto& [name, options] : commands) names.insert('"' + name + '"');
    return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(man)

BOOST_AUTO_TEST_CASE(guardctl_has_what_its_page_names_and_the_reverse) {
    Commands there;
    ask("", there);
    BOOST_TEST(there.size() >= 10U);
    const Commands page = documented();
    BOOST_TEST(difference(names_of(page), names_of(there)) == "");
    for (const auto& [command, options] : there)
        if (const auto described = page.find(command); described != page.end())
            BOOST_TEST(difference(described->second, options) == "",
                       "guardctl " << command << ": " << difference(described->second, options));
}

BOOST_AUTO_TEST_CASE(every_page_renders_without_a_warning) {
    std::size_t pages = 0;
    for (const auto& page : std::filesystem::directory_iterator(source("docs/man"))) {
        ++pages;
        const Result rendered =
            run({"sh", "-c", "exec groff -mandoc -ww -Tutf8 \"$1\" 2>&1 >/dev/null", "sh", page.path().string()});
        BOOST_TEST(rendered.status == 0, page.path());
        BOOST_TEST(rendered.output == "", page.path() << ": " << rendered.output);
    }
    BOOST_TEST(pages == 5U);
}

BOOST_AUTO_TEST_CASE(the_page_of_the_configuration_has_its_sections) {
    const Names page = all_matches(read_source("docs/man/pppoe-guard.toml.5"), R"(\n\.It Li \[([a-z_.]+)\])");
    const Names manual = all_matches(read_source("docs/configuration.md"), R"(\n## \[([a-z_.]+)\])");
    BOOST_TEST(!manual.empty());
    BOOST_TEST(difference(page, manual) == "");
}

BOOST_AUTO_TEST_CASE(the_page_of_the_module_has_its_items_and_figures) {
    const std::string page = read_source("docs/man/rlm_pppoe_guard.5");
    const std::string manual = read_source("rlm_pppoe_guard/mods-available/pppoe_guard");
    for (const std::string& item : all_matches(manual, R"(\n\t+([a-z_]+) = )"))
        BOOST_TEST(std::regex_search(page, std::regex("\\.It Cm [^\n]*\\b" + item + "\\b")), item);
    for (const std::string& figure : all_matches(manual, R"(%\{pppoe_guard:([a-z]+)\})"))
        BOOST_TEST(std::regex_search(page, std::regex("\\b" + figure + "\\b")), figure);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
