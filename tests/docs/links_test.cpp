// Every relative link in a Markdown file leads to a file or folder, and every fragment to a heading.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <regex>

#include "tests/docs/document.hpp"
#include "tests/support/process.hpp"

namespace guard::test {
namespace {

namespace fs = std::filesystem;

// The anchor that a forge makes of a heading: small letters, spaces as hyphens, no punctuation.
std::string anchor(const std::string& heading) {
    std::string text;
    for (const char letter : heading) {
        const auto byte = static_cast<unsigned char>(letter);
        if (letter == ' ')
            text += '-';
        else if (byte >= 0x80 || std::isalnum(byte) != 0 || letter == '-' || letter == '_')
            text += static_cast<char>(std::tolower(byte));
    }
    return text;
}

Names anchors_of(const fs::path& file) {
    Names anchors;
    for (const std::string& line : lines_of(read_file(file)))
        if (const auto text = line.find_first_not_of('#'); text != 0 && text != std::string::npos && line[text] == ' ')
            anchors.insert(anchor(line.substr(text + 1)));
    return anchors;
}

// Without what is code: a "[x](y)" in there is none.
std::string prose_of(const fs::path& file) {
    std::string prose;
    bool code = false;
    for (const std::string& line : lines_of(read_file(file))) {
        if (line.find("```") != std::string::npos) code = !code;
        if (!code) prose += std::regex_replace(line, std::regex("`[^`]*`"), "code") + '\n';
    }
    return prose;
}

// Empty, or why the link in `file` is broken.
std::string fault_of(const fs::path& file, const std::string& link) {
    const auto hash = link.find('#');
    const fs::path target = hash == 0 ? file : (file.parent_path() / link.substr(0, hash)).lexically_normal();
    if (!fs::exists(target)) return "there is no such file";
    const std::string inside = fs::relative(target, GUARD_SOURCE_DIR).string();
    if (inside.starts_with("..")) return "it leads out of the tree";
    if (hash != std::string::npos && !anchors_of(target).contains(link.substr(hash + 1)))
        return "there is no such heading";
    return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(links)

BOOST_AUTO_TEST_CASE(lead_somewhere) {
    std::size_t checked = 0;
    for (const fs::path& file : source_files({".md"}))
        for (const std::string& link : all_matches(prose_of(file), R"(\]\(([^)\s]+)\))")) {
            if (link.find("://") != std::string::npos || link.starts_with("mailto:")) continue;
            ++checked;
            BOOST_TEST(fault_of(file, link) == "", file << ": " << link << ": " << fault_of(file, link));
        }
    BOOST_TEST(checked > 50U);
}

BOOST_AUTO_TEST_CASE(the_check_finds_faults) {
    const fs::path readme = source("README.md");
    BOOST_TEST(fault_of(readme, "LICENSE") == "");
    BOOST_TEST(fault_of(readme, "#licence") == "");
    BOOST_TEST(fault_of(readme, "docs/operations.md#retention") == "");
    BOOST_TEST(fault_of(readme, "no-such-file.md") == "there is no such file");
    BOOST_TEST(fault_of(readme, "#no-such-heading") == "there is no such heading");
    BOOST_TEST(fault_of(readme, "../") == "it leads out of the tree");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
