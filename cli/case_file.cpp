#include "cli/case_file.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "cli/rows.hpp"

namespace guard::cli {

std::string open_ticket(pqxx::connection& connection, std::string_view function, std::int64_t number,
                        const std::string& reason) {
    pqxx::work transaction(connection);
    std::string ticket =
        transaction.exec_params1("SELECT " + std::string(function) + "($1, $2)", number, reason)[0].c_str();
    transaction.commit();
    return ticket;
}

CaseFile open_case(pqxx::connection& connection, std::int64_t incident, const std::string& reason) {
    const std::string ticket = open_ticket(connection, "guard.evidence_open", incident, reason);
    pqxx::work transaction(connection);
    CaseFile file;
    file.head = transaction.exec_params("SELECT * FROM guard.incident_read($1::uuid)", ticket);
    file.findings = transaction.exec_params("SELECT * FROM guard.evidence_read($1::uuid)", ticket);
    file.disconnects = transaction.exec_params(
        "SELECT created_at AS asked, address, nas, state, tries, answer, done_at AS done FROM "
        "guard.disconnects_read($1::uuid)",
        ticket);
    return file;
}

namespace {

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

nlohmann::ordered_json list_of(const pqxx::result& rows) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& row : rows) list.push_back(to_json(row));
    return list;
}

}  // namespace

void print_case(const CaseFile& file) {
    print_findings(file.findings);
    if (file.disconnects.empty()) return;
    fmt::print("\nsessions that were to be ended:\n");
    print_rows(file.disconnects, false);
}

void add_case(const CaseFile& file, nlohmann::ordered_json& object) {
    object["findings"] = list_of(file.findings);
    object["disconnects"] = list_of(file.disconnects);
}

}  // namespace guard::cli
