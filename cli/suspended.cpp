#include <nlohmann/json.hpp>
#include <pqxx/binarystring>

#include "cli/database.hpp"

namespace guard::cli {
namespace {

using nlohmann::ordered_json;

std::string id_of(const config::Settings& settings, const std::string& typed) {
    const auto id = settings.identity(typed);
    if (!id) throw std::invalid_argument("an ID has 1 to 253 bytes");
    return *id;
}

std::string dump(const ordered_json& object) {
    return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json to_json(const pqxx::row& row) {
    ordered_json object;
    for (const auto& field : row) object[field.name()] = field.is_null() ? ordered_json() : ordered_json(field.c_str());
    return object;
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

void print_incident(const pqxx::row& suspension, const pqxx::result& findings) {
    fmt::print("incident      {}\nID            {} ({})\nsuspended     {} by rule {}\n",
               suspension["incident_id"].c_str(), suspension["id"].c_str(), suspension["service"].c_str(),
               suspension["suspended_at"].c_str(), suspension["rule"].c_str());
    std::string last;
    for (const auto& row : findings) {
        const std::string summary = row["summary_en"].c_str();
        if (summary != last)
            fmt::print("\n{} ({}): {}\n  {}\n", row["rule"].c_str(), row["grade"].c_str(), summary,
                       row["summary_ja"].c_str());
        last = summary;
        if (row["kind"].is_null()) continue;
        fmt::print("    {}  {:8} {:40} {}\n", row["event_time"].c_str(), row["kind"].c_str(),
                   row["address"].as<std::string>("-"), row["region"].as<std::string>("-"));
    }
}

}  // namespace

int suspended_list(const SuspendedOptions& options) {
    return with_database(
        options.database, "suspended list", [&](const config::Settings&, pqxx::connection& connection) {
            pqxx::read_transaction transaction(connection);
            const auto rows = transaction.exec(
                "SELECT incident_id, service, id_text AS id, rule, to_char(suspended_at, "
                "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS suspended_at, "
                "summary_en, summary_ja FROM guard.suspended ORDER BY suspended_at");
            if (!options.json && !rows.empty())
                fmt::print("{:>8}  {:20}  {:9}  {:20}  {}\n", "INCIDENT", "SINCE", "SERVICE", "RULE", "ID");
            for (const auto& row : rows) {
                if (options.json)
                    fmt::print("{}\n", dump(to_json(row)));
                else
                    fmt::print("{:>8}  {:20}  {:9}  {:20}  {}\n", row[0].c_str(), row[4].c_str(), row[1].c_str(),
                               row[3].c_str(), row[2].c_str());
            }
            if (!options.json) fmt::print("{} suspended\n", rows.size());
            return kDone;
        });
}

int suspended_show(const SuspendedOptions& options) {
    return with_database(
        options.database, "suspended show", [&](const config::Settings& settings, pqxx::connection& connection) {
            pqxx::work transaction(connection);
            const auto suspension = open_suspension(transaction, options.service, id_of(settings, options.id));
            if (!suspension) return say_not_suspended(options);
            // Reading a record is recorded, in the same transaction (R7).
            const auto findings =
                transaction.exec_params("SELECT * FROM guard.open_incident($1, $2)",
                                        (*suspension)["incident_id"].as<std::int64_t>(), options.reason);
            transaction.commit();
            if (!options.json) {
                print_incident(*suspension, findings);
                return kDone;
            }
            auto object = to_json(*suspension);
            object["findings"] = ordered_json::array();
            for (const auto& row : findings) object["findings"].push_back(to_json(row));
            fmt::print("{}\n", dump(object));
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
            if (!row[0].as<bool>()) return say_not_suspended(options);
            fmt::print("{} {}: suspension ended\n", options.service, options.id);
            return kDone;
        });
}

}  // namespace guard::cli
