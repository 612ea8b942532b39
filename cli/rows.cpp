#include "cli/rows.hpp"

#include <fmt/core.h>
#include <libsmartcols/libsmartcols.h>

#include <algorithm>
#include <cctype>
#include <clocale>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "cli/commands.hpp"

namespace guard::cli {
namespace {

using nlohmann::ordered_json;

// Types by their numbers in pg_type.
constexpr pqxx::oid kBool = 16, kInt8 = 20, kInt4 = 23, kNumeric = 1700, kTimestampTz = 1184;

using Smart = std::unique_ptr<libscols_table, void (*)(libscols_table*)>;

Smart new_table() {
    // How wide a character is depends on the locale; ours is UTF-8 whatever the user's says.
    std::setlocale(LC_CTYPE, "C.UTF-8");
    Smart table(scols_new_table(), scols_unref_table);
    if (!table) throw std::bad_alloc();
    scols_table_set_termforce(table.get(), SCOLS_TERMFORCE_NEVER);
    scols_table_set_column_separator(table.get(), "  ");
    return table;
}

std::string without_trailing_blanks(const std::string& text) {
    std::string result;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::size_t last = text.find_last_not_of(' ', end == 0 ? 0 : end - 1);
        if (last != std::string::npos && last >= begin) result.append(text, begin, last + 1 - begin);
        result += '\n';
        begin = end + 1;
    }
    return result;
}

bool is_number(pqxx::oid type) {
    return type == kInt8 || type == kInt4;
}

std::string full_time(const std::string& timestamp) {
    std::string result = timestamp;
    if (result.size() > 10 && result[10] == ' ') result[10] = 'T';
    if (result.ends_with("+00")) result.replace(result.size() - 3, 3, "Z");
    return result;
}

std::string cell(const pqxx::field& field) {
    if (field.is_null()) return "-";
    if (field.type() == kTimestampTz) return short_time(field.c_str());
    if (field.type() == kBool) return field.as<bool>() ? "yes" : "no";
    return field.c_str();
}

}  // namespace

ListTable::ListTable(std::vector<std::string> headings, std::string_view right)
    : headings_(std::move(headings)), right_(right) {}

void ListTable::add(std::vector<std::string> cells) {
    rows_.push_back(std::move(cells));
}

std::string ListTable::text() const {
    if (rows_.empty()) return {};
    const Smart table = new_table();
    for (std::size_t i = 0; i < headings_.size(); ++i) {
        const bool right = i < right_.size() && right_[i] == '1';
        scols_table_new_column(table.get(), headings_[i].c_str(), 0, right ? SCOLS_FL_RIGHT : 0);
    }
    for (const auto& row : rows_) {
        libscols_line* const line = scols_table_new_line(table.get(), nullptr);
        if (line == nullptr) throw std::bad_alloc();
        for (std::size_t i = 0; i < std::min(row.size(), headings_.size()); ++i)
            scols_line_set_data(line, i, row[i].c_str());
    }
    char* printed = nullptr;
    if (scols_print_table_to_string(table.get(), &printed) != 0) throw std::runtime_error("a table cannot be printed");
    const std::unique_ptr<char, void (*)(void*)> owner(printed, std::free);
    return without_trailing_blanks(printed);
}

std::string short_time(const std::string& timestamp) {
    constexpr std::size_t kToTheSecond = 19;
    if (timestamp.size() < kToTheSecond + 3 || timestamp[10] != ' ' || !timestamp.ends_with("+00")) return timestamp;
    return timestamp.substr(0, 10) + 'T' + timestamp.substr(11, kToTheSecond - 11) + 'Z';
}

ordered_json to_json(const pqxx::row& row) {
    ordered_json object;
    for (const auto& field : row) {
        auto& value = object[field.name()];
        if (field.is_null()) continue;
        if (is_number(field.type()))
            value = field.as<std::int64_t>();
        else if (field.type() == kNumeric)
            value = field.as<double>();
        else if (field.type() == kBool)
            value = field.as<bool>();
        else if (field.type() == kTimestampTz)
            value = full_time(field.c_str());
        else
            value = field.c_str();
    }
    return object;
}

std::string to_line(const ordered_json& object) {
    return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

int answer(bool json, bool done, const ordered_json& object, const std::string& text) {
    if (json)
        fmt::print("{}\n", to_line(object));
    else
        fmt::print(done ? stdout : stderr, "{}\n", text);
    return done ? kDone : kNo;
}

void print_rows(const pqxx::result& rows, bool json) {
    if (json) {
        for (const auto& row : rows) fmt::print("{}\n", to_line(to_json(row)));
        return;
    }
    std::vector<std::string> headings;
    std::string right;
    for (pqxx::row::size_type i = 0; i < rows.columns(); ++i) {
        std::string heading = rows.column_name(i);
        std::replace(heading.begin(), heading.end(), '_', ' ');
        for (char& letter : heading) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
        headings.push_back(heading);
        right += is_number(rows.column_type(i)) || rows.column_type(i) == kNumeric ? '1' : '0';
    }
    ListTable table(std::move(headings), right);
    for (const auto& row : rows) {
        std::vector<std::string> cells;
        for (const auto& field : row) cells.push_back(cell(field));
        table.add(std::move(cells));
    }
    fmt::print("{}", table.text());
}

}  // namespace guard::cli
