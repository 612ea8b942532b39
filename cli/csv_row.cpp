#include "cli/csv_row.hpp"

namespace guard::cli {

std::optional<std::vector<std::string>> split_row(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false, closed = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        std::string& field = fields.back();
        if (quoted) {
            if (line[i] != '"') {
                field += line[i];
            } else if (i + 1 < line.size() && line[i + 1] == '"') {
                field += line[++i];
            } else {
                quoted = false;
                closed = true;
            }
        } else if (line[i] == ',') {
            fields.emplace_back();
            closed = false;
        } else if (closed) {
            return std::nullopt;
        } else if (line[i] == '"' && field.empty()) {
            quoted = true;
        } else {
            field += line[i];
        }
    }
    if (quoted) return std::nullopt;
    return fields;
}

}  // namespace guard::cli
