#include "replay/formats/registry.hpp"

#include <array>

#include "replay/formats/jsonl.hpp"

namespace guard::replay {
namespace {

// All but CSV, whose parser knows the columns of its file.
std::vector<std::shared_ptr<const LogParser>> all_parsers() {
    std::vector<std::shared_ptr<const LogParser>> parsers;
    parsers.push_back(std::make_shared<JsonlParser>());
    return parsers;
}

}  // namespace

std::vector<std::string> format_names() {
    std::vector<std::string> names;
    for (const auto& parser : all_parsers()) names.emplace_back(parser->name());
    return names;
}

Expected<std::shared_ptr<const LogParser>> find_parser(std::string_view name, std::string_view beginning) {
    std::shared_ptr<const LogParser> best;
    std::size_t most = 0;
    std::string names;
    for (auto& parser : all_parsers()) {
        names.append(names.empty() ? "" : ", ").append(parser->name());
        if (!name.empty()) {
            if (parser->name() == name) return std::move(parser);
            continue;
        }
        const std::size_t found = beginning.empty() ? 1 : parser->recognise(beginning);
        if (found <= most) continue;
        most = found;
        best = std::move(parser);
    }
    if (best) return best;
    if (!name.empty()) return unexpected("found the format \"" + std::string(name) + "\", expected one of " + names);
    return unexpected("found no format that is known; name it with --format, one of " + names);
}

}  // namespace guard::replay
