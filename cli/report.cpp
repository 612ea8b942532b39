#include "cli/database.hpp"
#include "cli/desk.hpp"
#include "cli/rows.hpp"
#include "cli/transparency.hpp"

namespace guard::cli {

int report_transparency(const DeskOptions& options) {
    return with_database(
        options.database, "report transparency", [&](const config::Settings&, pqxx::connection& connection) {
            pqxx::read_transaction transaction(connection);
            std::vector<Figure> figures;
            for (const auto& row : transaction.exec_params(
                     "SELECT section, item, measure, value::float8 FROM guard.transparency($1::date) ORDER BY 1, 2, 3",
                     options.month + "-01"))
                figures.push_back({row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].as<double>()});
            std::vector<Age> ages;
            for (const auto& row : transaction.exec("SELECT what, oldest, days, past FROM guard.check_retention()"))
                ages.push_back({row[0].c_str(), row[1].is_null() ? std::string() : short_time(row[1].c_str()),
                                row[2].as<long>(), row[3].as<long>()});
            const auto lines = account(figures, ages);
            const auto write = options.format == "json" ? as_json : options.format == "csv" ? as_csv : as_markdown;
            fmt::print("{}", write(options.month, lines));
            return kDone;
        });
}

}  // namespace guard::cli
