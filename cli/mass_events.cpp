#include <nlohmann/json.hpp>

#include "cli/case_file.hpp"
#include "cli/database.hpp"
#include "cli/desk.hpp"
#include "cli/rows.hpp"

namespace guard::cli {
namespace {

int say_unknown(const DeskOptions& options) {
    fmt::print(stderr, "there is no mass event {}\n", options.number);
    return kNo;
}

}  // namespace

int mass_event_show(const DeskOptions& options) {
    return with_database(options.database, "incidents show", [&](const config::Settings&, pqxx::connection& database) {
        const std::string ticket = open_ticket(database, "guard.mass_open", options.number, options.reason);
        pqxx::work transaction(database);
        const auto rows = transaction.exec_params(
            "SELECT incident_id AS incident, id, state, waiting, rule, grade, event_time AS found, summary_en, "
            "summary_ja FROM guard.mass_read($1::uuid)",
            ticket);
        if (rows.empty()) return say_unknown(options);
        if (options.json) {
            print_rows(rows, true);
            return kDone;
        }
        ListTable table({"INCIDENT", "ID", "STATE", "RULE", "GRADE", "FOUND"}, "1");
        for (const auto& row : rows)
            table.add({row["incident"].c_str(), row["id"].c_str(), row["state"].c_str(), row["rule"].c_str(),
                       row["grade"].c_str(), short_time(row["found"].c_str())});
        fmt::print("{}{} incidents; for the first: {}\n  {}\n", table.text(), rows.size(),
                   rows[0]["summary_en"].c_str(), rows[0]["summary_ja"].c_str());
        return kDone;
    });
}

int mass_event_decide(const DeskOptions& options, const char* verdict) {
    return with_database(options.database, "incidents", [&](const config::Settings&, pqxx::connection& database) {
        pqxx::work transaction(database);
        const auto judged = transaction.exec_params1("SELECT guard.decide_mass_event($1, $2, $3)", options.number,
                                                     verdict, options.reason)[0];
        transaction.commit();
        if (judged.is_null()) return say_unknown(options);
        const auto number = judged.as<std::int64_t>();
        return answer(options.json, number > 0, {{"mass", options.number}, {"incidents", number}},
                      number > 0 ? fmt::format("mass event {}: {} incidents closed", options.number, number)
                                 : fmt::format("mass event {}: nothing of it waits", options.number));
    });
}

}  // namespace guard::cli
