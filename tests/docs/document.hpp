// What the tests of the documentation read out of files: matches, sections, blocks. Paths are relative to the source
// tree.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace guard::test {

using Names = std::set<std::string>;

[[nodiscard]] std::filesystem::path source(const std::filesystem::path& path);
[[nodiscard]] std::string read_source(const std::filesystem::path& path);
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

// The first group of every match of the regular expression.
[[nodiscard]] Names all_matches(const std::string& text, const std::string& pattern);

// From the heading `heading` ("## Metrics") to the next one of its level or higher.
[[nodiscard]] std::string section(const std::string& markdown, const std::string& heading);

// The contents of the fenced blocks of a language ("```sql"), indented ones included, in their order.
[[nodiscard]] std::vector<std::string> fenced_blocks(const std::string& markdown, const std::string& language);

// The files of the tree whose name ends with one of these; without build directories and hidden ones.
[[nodiscard]] std::vector<std::filesystem::path> source_files(const std::vector<std::string>& endings);

// For a test: empty when the sets are equal, else what only one of them has.
[[nodiscard]] std::string difference(const Names& documented, const Names& there);

}  // namespace guard::test
