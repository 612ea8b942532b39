// The rows of a finding that the live recorder and the one of replayed logs write alike. Within the caller's
// transaction.
#pragma once

#include <cstdint>
#include <pqxx/transaction>

#include "analyzer/detection/finding.hpp"

namespace guard::daemon {

// Of a finding that is new: its evidence, in its order. Throws pqxx exceptions.
void insert_evidence(pqxx::work& transaction, std::int64_t finding_id, const detection::Finding& finding);

}  // namespace guard::daemon
