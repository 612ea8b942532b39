#include "cli/replay/document.hpp"

#include <algorithm>

namespace guard::cli {
namespace {

// As wide as it looks in ASCII and in names of files in UTF-8: bytes that go on with a letter count for nothing.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & '\xc0') != '\x80'; }));
}

bool is_text(const Table& table, std::size_t column) {
    return column < table.texts || (table.last_is_text && column + 1 == table.header.size());
}

void append_row(std::string& out, const std::vector<std::string>& row, const std::vector<std::size_t>& widths,
                const Table& table) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string padding(widths[i] - width(row[i]), ' ');
        if (i > 0) line += "  ";
        line += is_text(table, i) ? row[i] + padding : padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
}

void append_text(std::string& out, const Table& table) {
    out += '\n' + table.title + '\n';
    if (table.rows.empty()) {
        out += "  " + table.empty + '\n';
        return;
    }
    std::vector<std::size_t> widths;
    for (const std::string& name : table.header) widths.push_back(width(name));
    for (const auto& row : table.rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    append_row(out += "  ", table.header, widths, table);
    for (const auto& row : table.rows) append_row(out += "  ", row, widths, table);
}

void append_cells(std::string& out, const std::vector<std::string>& row) {
    out += '|';
    for (const std::string& cell : row) {
        out += ' ';
        for (const char letter : cell) {
            if (letter == '|' || letter == '\\' || letter == '`' || letter == '<' || letter == '*' || letter == '_')
                out += '\\';
            out += letter;
        }
        out += " |";
    }
    out += '\n';
}

void append_markdown(std::string& out, const Table& table) {
    out += "\n## " + table.title + "\n\n";
    if (table.rows.empty()) {
        out += table.empty + '\n';
        return;
    }
    append_cells(out, table.header);
    out += '|';
    for (std::size_t i = 0; i < table.header.size(); ++i) out += is_text(table, i) ? "---|" : "---:|";
    out += '\n';
    for (const auto& row : table.rows) append_cells(out, row);
}

}  // namespace

std::string rendered(const Document& document, Format format) {
    const bool markdown = format == Format::markdown;
    std::string out = (markdown ? "# " : "") + document.title + '\n';
    for (const std::string& line : document.lines) out += (markdown ? "\n" : "") + line + '\n';
    for (const Table& table : document.tables) markdown ? append_markdown(out, table) : append_text(out, table);
    return out;
}

}  // namespace guard::cli
