#include "replay/formats/registry.hpp"

#include "replay/formats/csv.hpp"
#include "replay/formats/detail.hpp"
#include "replay/formats/jsonl.hpp"
#include "replay/formats/mail.hpp"
#include "replay/formats/radius_log.hpp"

namespace guard::replay {
namespace {

// All but CSV, whose parser knows the columns of its file.
std::vector<std::shared_ptr<const LogParser>> all_parsers() {
    std::vector<std::shared_ptr<const LogParser>> parsers;
    using Variant = RadiusLogParser::Variant;
    parsers.push_back(std::make_shared<JsonlParser>());
    parsers.push_back(std::make_shared<DetailParser>());
    for (const Variant variant : {Variant::login, Variant::login_with_slash, Variant::linelog})
        parsers.push_back(std::make_shared<RadiusLogParser>(variant));
    for (auto& parser : mail_parsers()) parsers.push_back(std::move(parser));
    return parsers;
}

}  // namespace

std::vector<std::string> format_names() {
    std::vector<std::string> names;
    for (const auto& parser : all_parsers()) names.emplace_back(parser->name());
    names.emplace_back("csv");
    return names;
}

Expected<std::shared_ptr<const LogParser>> find_parser(std::string_view name, std::string_view beginning) {
    std::string names;
    for (const std::string& each : format_names()) names.append(names.empty() ? "" : ", ").append(each);
    auto csv = CsvParser::for_file(beginning);
    if (csv && (name.empty() || name == "csv")) return csv;
    if (name == "csv")
        return unexpected(
            "found no first line that names the columns of radacct (username, acctstarttime, ...) or of "
            "radpostauth (username, reply, authdate), expected one");
    std::shared_ptr<const LogParser> best;
    std::size_t most = 0;
    for (auto& parser : all_parsers()) {
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
