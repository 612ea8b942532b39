// The example of the README does what the README says, and the folders that it lists are there.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/docs/document.hpp"
#include "tests/support/process.hpp"

namespace guard::test {
namespace {

const std::string kProgram = "build/release/bin/guardctl";

std::string only_block(const std::string& markdown, const std::string& language) {
    const auto blocks = fenced_blocks(markdown, language);
    BOOST_REQUIRE_MESSAGE(blocks.size() == 1, language);
    return blocks.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(readme)

BOOST_AUTO_TEST_CASE(the_replay_gives_the_finding_it_shows) {
    const std::string readme = read_source("README.md");
    const TemporaryDirectory directory("readme");
    write_file(directory.path() / "pools.csv", only_block(readme, "csv"));
    write_file(directory.path() / "events.jsonl", only_block(readme, "jsonl"));

    std::istringstream command(only_block(readme, "sh"));
    std::vector<std::string> arguments;
    for (std::string word; command >> word;) arguments.push_back(word);
    BOOST_REQUIRE(arguments.front() == kProgram);
    arguments.front() = std::string(GUARD_BINARY_DIR) + "/bin/guardctl";
    ProcessOptions options;
    options.directory = directory.path();
    const Result result = run(arguments, options);

    BOOST_TEST(result.status == 1, result.output);  // there are findings
    const std::string summary = result.output.substr(0, result.output.find('\n'));
    BOOST_TEST(readme.find("says `" + summary + '`') != std::string::npos, summary);
    const auto shown = nlohmann::json::parse(only_block(readme, "json"));
    const auto found = nlohmann::json::parse(read_file(directory.path() / "out.jsonl"));
    BOOST_TEST(found == shown, found.dump(2));
}

BOOST_AUTO_TEST_CASE(its_folders_are_there) {
    const std::string folders = section(read_source("README.md"), "## The folders");
    const Names named = all_matches(folders, R"(\n\| \[?`([a-z_]+(?:/[a-z]+)?)/`)");
    for (const std::string& name : named) BOOST_TEST(std::filesystem::is_directory(source(name)), name);
    // And the other way round, for those at the root; analyzer/ is listed by its parts, these three in one row.
    BOOST_TEST(folders.find("| `scripts/`, `cmake/`, `.ci/` |") != std::string::npos);
    for (const auto& entry : std::filesystem::directory_iterator(GUARD_SOURCE_DIR)) {
        const std::string name = entry.path().filename().string();
        if (!entry.is_directory() || name.starts_with('.') || name == "build" || name == "analyzer" || name == "cmake")
            continue;
        BOOST_TEST(named.contains(name), name);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
