// The settings that the functions of the schema go by, written from the configuration file: how IDs are normalised,
// whose password change lifts a suspension, in which mode each rule runs, and the version of the rules. Called by the analyzer when it starts.
#pragma once

#include "config/settings.hpp"

namespace pqxx {
class transaction_base;
}

namespace guard::sql {

// Writes what differs from the database, which puts each change in the audit log. Throws pqxx exceptions.
void publish_settings(pqxx::transaction_base& transaction, const config::Settings& settings);

}  // namespace guard::sql
