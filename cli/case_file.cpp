#include "cli/case_file.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "cli/rows.hpp"

namespace guard::cli {

std::string open_ticket(pqxx::connection& connection, std::int64_t incident, const std::string& reason) {
    pqxx::work transaction(connection);
    std::string ticket = transaction.exec_params1("SELECT guard.evidence_open($1, $2)", incident, reason)[0].c_str();
    transaction.commit();
    return ticket;
}

CaseFile open_case(pqxx::connection& connection, std::int64_t incident, const std::string& reason) {
    const std::string ticket = open_ticket(connection, incident, reason);
    pqxx::work transaction(connection);
    CaseFile file;
    file.head = transaction.exec_params("SELECT * FROM guard.incident_read($1::uuid)", ticket);
    file.findings = transaction.exec_params("SELECT * FROM guard.evidence_read($1::uuid)", ticket);
    return file;
}

void print_findings(const pqxx::result& findings) {
    ListTable* open = nullptr;
    std::string last;
    ListTable table({"    TIME", "KIND", "ADDRESS", "REGION"});
    const auto flush = [&] {
        if (open != nullptr) fmt::print("{}", open->text());
        table = ListTable({"    TIME", "KIND", "ADDRESS", "REGION"});
        open = nullptr;
    };
    for (const auto& row : findings) {
        const std::string summary = row["summary_en"].c_str();
        if (summary != last) {
            flush();
            fmt::print("\n{} ({}): {}\n  {}\n", row["rule"].c_str(), row["grade"].c_str(), summary,
                       row["summary_ja"].c_str());
        }
        last = summary;
        if (row["kind"].is_null()) continue;
        table.add({"    " + short_time(row["event_time"].c_str()), row["kind"].c_str(),
                   row["address"].as<std::string>("-"), row["region"].as<std::string>("-")});
        open = &table;
    }
    flush();
}

nlohmann::ordered_json findings_json(const pqxx::result& findings) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& row : findings) list.push_back(to_json(row));
    return list;
}

}  // namespace guard::cli
