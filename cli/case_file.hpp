// The record of one incident, read the only way there is: a ticket first, in a transaction of its own that has
// committed when anything is read, so that no rollback hides who read it (R7). Used by `incidents show` and `suspended
// show`.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <pqxx/pqxx>
#include <string>

namespace guard::cli {

struct CaseFile {
    pqxx::result head;  // of guard.incident_read: no row if there is no such incident
    pqxx::result findings;
};

// The ticket of a case: that it is read, and why, is committed. Throws pqxx exceptions.
[[nodiscard]] std::string open_ticket(pqxx::connection& connection, std::int64_t incident, const std::string& reason);

// Throws pqxx exceptions.
[[nodiscard]] CaseFile open_case(pqxx::connection& connection, std::int64_t incident, const std::string& reason);

void print_findings(const pqxx::result& findings);
[[nodiscard]] nlohmann::ordered_json findings_json(const pqxx::result& findings);

}  // namespace guard::cli
