#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <pqxx/stream_to>

#include "cli/database.hpp"
#include "cli/desk.hpp"
#include "cli/rows.hpp"
#include "cli/subscriber_file.hpp"

namespace guard::cli {
namespace {

const std::array<std::string, 10> kColumns{"id",       "service",     "name",  "mail",        "language",
                                           "sessions", "home_region", "phone", "postal_code", "postal_address"};

template <class Columns>
std::string joined(const Columns& columns, const char* format) {
    std::string text;
    for (const auto& column : columns)
        text += (text.empty() ? "" : ", ") + fmt::format(fmt::runtime(format), fmt::arg("c", column));
    return text;
}

// How a column of the file becomes one of the table: what is left empty has the default, or none.
std::string expression(const std::string& column) {
    if (column == "id") return "decode(i.id, 'hex')";
    if (column == "service") return "i.service";
    if (column == "sessions") return "coalesce(nullif(i.sessions, '')::integer, 1)";
    if (column == "language") return "coalesce(nullif(i.language, ''), guard.setting_of('notice.language'))";
    return "nullif(i." + column + ", '')";
}

std::string upsert(const std::vector<std::string>& columns) {
    std::string expressions;
    std::vector<std::string> values;
    for (const auto& column : columns) {
        expressions += (expressions.empty() ? "" : ", ") + expression(column);
        if (column != "id" && column != "service") values.push_back(column);
    }
    std::string statement = "WITH done AS (INSERT INTO guard.subscriber AS s (" + joined(columns, "{c}") + ") SELECT " +
                            expressions + " FROM import AS i ON CONFLICT (service, id) DO ";
    if (values.empty())
        statement += "NOTHING";
    else
        statement += "UPDATE SET " + joined(values, "{c} = excluded.{c}") + " WHERE (" + joined(values, "s.{c}") +
                     ") IS DISTINCT FROM (" + joined(values, "excluded.{c}") + ")";
    return statement +
           " RETURNING xmax = 0 AS is_new) SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) "
           "FROM "
           "done";
}

std::int64_t remove_others(pqxx::work& transaction) {
    return static_cast<std::int64_t>(
        transaction
            .exec("DELETE FROM guard.subscriber AS s WHERE s.service IN (SELECT service FROM import) AND NOT EXISTS "
                  "(SELECT FROM import AS i WHERE i.service = s.service AND decode(i.id, 'hex') = s.id)")
            .affected_rows());
}

}  // namespace

int subscribers_import(const DeskOptions& options) {
    return with_database(
        options.database, "subscribers import", [&](const config::Settings& settings, pqxx::connection& connection) {
            pqxx::work transaction(connection);
            transaction.exec("CREATE TEMPORARY TABLE import (" + joined(kColumns, "{c} text NOT NULL") +
                             ") ON COMMIT DROP");
            pqxx::stream_to stream(transaction, "import", kColumns);
            std::vector<std::string> columns;
            std::vector<std::size_t> places;  // of the file's columns in the table's
            const SubscriberSink sink{[&](const std::vector<std::string>& named) {
                                          columns = named;
                                          for (const auto& name : named)
                                              places.push_back(static_cast<std::size_t>(
                                                  std::ranges::find(kColumns, name) - kColumns.begin()));
                                      },
                                      [&](const std::vector<std::string>& row) {
                                          std::array<std::string, kColumns.size()> fields;
                                          for (std::size_t i = 0; i < row.size(); ++i) fields.at(places[i]) = row[i];
                                          stream << fields;
                                      }};
            const auto rows = read_subscribers(options.file, settings.identity, sink);
            stream.complete();
            if (!rows) {
                fmt::print(stderr, "{}\nnothing was imported\n", fmt::join(rows.error(), "\n"));
                return kNo;
            }
            transaction.exec("ANALYZE import");
            const auto row = transaction.exec1(upsert(columns));
            const auto added = row[0].as<std::int64_t>(), changed = row[1].as<std::int64_t>();
            const std::int64_t removed = options.replace ? remove_others(transaction) : 0;
            transaction.exec_params("SELECT guard.note_import($1, $2, $3)", added, changed, removed);
            if (!options.dry_run) transaction.commit();
            const auto same = static_cast<std::int64_t>(*rows) - added - changed;
            return answer(options.json, true,
                          {{"new", added},
                           {"changed", changed},
                           {"same", same},
                           {"removed", removed},
                           {"dry_run", options.dry_run}},
                          fmt::format("{}{} new, {} changed, {} the same, {} removed",
                                      options.dry_run ? "would be: " : "", added, changed, same, removed));
        });
}

}  // namespace guard::cli
