// guardctl notices phone-list: the one export with names and numbers, for whoever makes the calls.
#include <nlohmann/json.hpp>

#include "cli/database.hpp"

namespace guard::cli {
namespace {

using nlohmann::ordered_json;

// In quotes always. What a spreadsheet would take for a formula gets an apostrophe in front; telephone numbers may
// begin with '+', and so may stay.
std::string csv_field(std::string_view text, bool number) {
    std::string result = "\"";
    if (!text.empty() && (text.front() == '=' || text.front() == '@' || text.front() == '\t' || text.front() == '\r' ||
                          (!number && (text.front() == '+' || text.front() == '-'))))
        result += '\'';
    for (const char letter : text) {
        if (letter == '"') result += '"';
        result += letter;
    }
    return result + '"';
}

}  // namespace

int notices_phone_list(const NoticesOptions& options) {
    return with_database(
        options.database, "notices phone-list", [&](const config::Settings&, pqxx::connection& connection) {
            std::string ticket;
            {
                // That it is read is on record before it is read.
                pqxx::work opening(connection);
                ticket = opening.exec_params1("SELECT guard.phone_list_open($1)", options.reason)[0].c_str();
                opening.commit();
            }
            pqxx::work transaction(connection);
            const auto rows = transaction.exec_params(
                "SELECT incident_id AS \"case\", service, kind, to_char(listed_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
                "AS "
                "listed_at, language, name, phone, to_char(suspended_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS "
                "suspended_at, "
                "to_char(released_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS released_at, summary FROM "
                "guard.phone_list_read($1::uuid)",
                ticket);
            if (options.format == "csv")
                fmt::print("case,service,kind,listed_at,language,name,phone,suspended_at,released_at,summary\n");
            ordered_json list = ordered_json::array();
            for (const auto& row : rows) {
                ordered_json object;
                std::string line;
                for (const auto& field : row) {
                    object[field.name()] = field.is_null() ? ordered_json() : ordered_json(field.c_str());
                    line += (line.empty() ? "" : ",") +
                            csv_field(field.is_null() ? "" : field.c_str(), field.name() == std::string_view("phone"));
                }
                list.push_back(std::move(object));
                if (options.format == "csv") fmt::print("{}\n", line);
            }
            if (options.format == "json")
                fmt::print("{}\n", list.dump(2, ' ', false, ordered_json::error_handler_t::replace));
            return kDone;
        });
}

}  // namespace guard::cli
