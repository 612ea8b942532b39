#include <nlohmann/json.hpp>
#include <pqxx/binarystring>

#include "cli/case_file.hpp"
#include "cli/database.hpp"
#include "cli/rows.hpp"

namespace guard::cli {
namespace {

std::string id_of(const config::Settings& settings, const std::string& typed) {
    const auto id = settings.identity(typed);
    if (!id) throw std::invalid_argument("an ID has 1 to 253 bytes");
    return *id;
}

int say_not_suspended(const SuspendedOptions& options) {
    fmt::print(stderr, "{} {} is not suspended\n", options.service, options.id);
    return kNo;
}

// The incident of the open suspension of an ID.
std::optional<pqxx::row> open_suspension(pqxx::work& transaction, const std::string& service, const std::string& id) {
    const auto rows = transaction.exec_params(
        "SELECT incident_id, service, id_text AS id, rule, suspended_at, summary_en, summary_ja "
        "FROM guard.suspended WHERE service = $1 AND id = $2",
        service, pqxx::binarystring(id));
    if (rows.empty()) return std::nullopt;
    return rows[0];
}

void print_suspension(const pqxx::row& suspension) {
    fmt::print("incident      {}\nID            {} ({})\nsuspended     {} by rule {}\n",
               suspension["incident_id"].c_str(), suspension["id"].c_str(), suspension["service"].c_str(),
               short_time(suspension["suspended_at"].c_str()), suspension["rule"].c_str());
}

}  // namespace

int suspended_list(const SuspendedOptions& options) {
    return with_database(
        options.database, "suspended list", [&](const config::Settings&, pqxx::connection& connection) {
            pqxx::read_transaction transaction(connection);
            const auto rows = transaction.exec(
                "SELECT incident_id, service, id_text AS id, rule, suspended_at, summary_en, summary_ja FROM "
                "guard.suspended ORDER BY suspended_at");
            if (options.json) {
                print_rows(rows, true);
                return kDone;
            }
            ListTable table({"INCIDENT", "SINCE", "SERVICE", "RULE", "ID"}, "1");
            for (const auto& row : rows)
                table.add({row["incident_id"].c_str(), short_time(row["suspended_at"].c_str()), row["service"].c_str(),
                           row["rule"].c_str(), row["id"].c_str()});
            fmt::print("{}{} suspended\n", table.text(), rows.size());
            return kDone;
        });
}

int suspended_show(const SuspendedOptions& options) {
    return with_database(
        options.database, "suspended show", [&](const config::Settings& settings, pqxx::connection& connection) {
            std::optional<pqxx::row> suspension;
            {
                pqxx::work transaction(connection);
                suspension = open_suspension(transaction, options.service, id_of(settings, options.id));
            }
            if (!suspension) return say_not_suspended(options);
            const CaseFile file =
                open_case(connection, (*suspension)["incident_id"].as<std::int64_t>(), options.reason);
            if (!options.json) {
                print_suspension(*suspension);
                print_case(file);
                return kDone;
            }
            auto object = to_json(*suspension);
            add_case(file, object);
            fmt::print("{}\n", to_line(object));
            return kDone;
        });
}

int suspended_release(const SuspendedOptions& options) {
    return with_database(
        options.database, "suspended release", [&](const config::Settings& settings, pqxx::connection& connection) {
            pqxx::work transaction(connection);
            const auto row = transaction.exec_params1("SELECT guard.staff_release($1, $2, $3)", options.service,
                                                      pqxx::binarystring(id_of(settings, options.id)), options.reason);
            transaction.commit();
            const bool done = row[0].as<bool>();
            return answer(options.json, done, {{"released", done}},
                          done ? fmt::format("{} {}: suspension ended", options.service, options.id)
                               : fmt::format("{} {} is not suspended", options.service, options.id));
        });
}

}  // namespace guard::cli
