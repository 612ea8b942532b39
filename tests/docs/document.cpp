#include "tests/docs/document.hpp"

#include <algorithm>
#include <regex>
#include <sstream>

#include "tests/support/process.hpp"

namespace guard::test {
namespace {

namespace fs = std::filesystem;

std::size_t level(const std::string& line) {
    const std::size_t hashes = std::min(line.find_first_not_of('#'), line.size());
    return hashes < line.size() && line[hashes] == ' ' ? hashes : 0;
}

std::string list(const char* title, const Names& names, const Names& without) {
    std::string text;
    for (const std::string& name : names)
        if (!without.contains(name)) text += ' ' + name;
    return text.empty() ? text : std::string(title) + text + '\n';
}

}  // namespace

fs::path source(const fs::path& path) {
    return fs::path(GUARD_SOURCE_DIR) / path;
}

std::string read_source(const fs::path& path) {
    return read_file(source(path));
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

Names all_matches(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern);
    Names names;
    for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
        names.insert((*match)[1].str());
    return names;
}

std::string section(const std::string& markdown, const std::string& heading) {
    std::string text;
    bool inside = false;
    for (const std::string& line : lines_of(markdown)) {
        if (inside && level(line) != 0 && level(line) <= level(heading)) break;
        if (inside) text += line + '\n';
        inside = inside || line == heading;
    }
    return text;
}

std::vector<std::string> fenced_blocks(const std::string& markdown, const std::string& language) {
    std::vector<std::string> blocks;
    std::size_t indent = std::string::npos;  // of the block that is open
    for (const std::string& line : lines_of(markdown)) {
        const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
        const std::string text = line.substr(first);
        if (indent == std::string::npos) {
            if (text != "```" + language) continue;
            indent = first;
            blocks.emplace_back();
        } else if (text == "```") {
            indent = std::string::npos;
        } else {
            blocks.back() += line.substr(std::min(indent, first)) + '\n';
        }
    }
    return blocks;
}

std::vector<fs::path> source_files(const std::vector<std::string>& endings) {
    std::vector<fs::path> files;
    for (fs::recursive_directory_iterator it(GUARD_SOURCE_DIR), end; it != end; ++it) {
        const std::string name = it->path().filename().string();
        if (it->is_directory() && (name == "build" || name.starts_with('.'))) it.disable_recursion_pending();
        const bool wanted =
            std::ranges::any_of(endings, [&](const std::string& ending) { return name.ends_with(ending); });
        if (it->is_regular_file() && wanted) files.push_back(it->path());
    }
    return files;
}

std::string difference(const Names& documented, const Names& there) {
    return list("documented and not there:", documented, there) + list("there and not documented:", there, documented);
}

}  // namespace guard::test
