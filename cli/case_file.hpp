// The record of one incident, read the only way there is: a ticket first, in a transaction of its own that has
// committed when anything is read, so that no rollback hides who read it (R7). Used by `incidents show` and `suspended
// show`.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <pqxx/pqxx>
#include <string>
#include <string_view>

namespace guard::cli {

struct CaseFile {
    pqxx::result head;  // of guard.incident_read: no row if there is no such incident
    pqxx::result findings, disconnects;
};

// The ticket that a function of the schema gives for a case or a mass event: that it is read, and why, is committed.
// Throws pqxx exceptions.
[[nodiscard]] std::string open_ticket(pqxx::connection& connection, std::string_view function, std::int64_t number,
                                      const std::string& reason);

// Throws pqxx exceptions.
[[nodiscard]] CaseFile open_case(pqxx::connection& connection, std::int64_t incident, const std::string& reason);

// Findings with their evidence, and what the NASes answered.
void print_case(const CaseFile& file);
// Adds them to the object of a case.
void add_case(const CaseFile& file, nlohmann::ordered_json& object);

}  // namespace guard::cli
