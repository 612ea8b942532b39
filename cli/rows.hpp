// What PostgreSQL answered, for people and for machines: a table whose columns are as wide as they look in a terminal,
// Japanese included, or one JSON object a line. Used by the subcommands that list things.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <pqxx/result>
#include <span>
#include <string>
#include <vector>

namespace guard::cli {

// Columns are aligned to the right where `right` says so ("01": the second). Control characters show as \x1b.
class ListTable {
  public:
    explicit ListTable(std::vector<std::string> headings, std::string_view right = {});
    void add(std::vector<std::string> cells);
    // The whole table, without a blank at the end of a line; "" when there are no rows.
    [[nodiscard]] std::string text() const;

  private:
    std::vector<std::string> headings_;
    std::string right_;
    std::vector<std::vector<std::string>> rows_;
};

// "2026-11-22 09:17:37.848509+00" as a session of ours writes it: "2026-11-22T09:17:37Z"; anything else as it is.
[[nodiscard]] std::string short_time(const std::string& timestamp);

// Numbers and truth values as such, times in RFC 3339, NULL as null.
[[nodiscard]] nlohmann::ordered_json to_json(const pqxx::row& row);
[[nodiscard]] std::string to_line(const nlohmann::ordered_json& object);

// What a command that does something says: `text` to people, to standard error where nothing was done; `object` to
// machines. Returns the exit code.
int answer(bool json, bool done, const nlohmann::ordered_json& object, const std::string& text);

// One row each, NULL as "-". The headings are the names of the columns in capitals.
void print_rows(const pqxx::result& rows, bool json);

}  // namespace guard::cli
