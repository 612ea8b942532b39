#include "analyzer/daemon/finding_rows.hpp"

#include <optional>
#include <string>

namespace guard::daemon {

void insert_evidence(pqxx::work& transaction, std::int64_t finding_id, const detection::Finding& finding) {
    int position = 0;
    for (const detection::Evidence& evidence : finding.evidence) {
        const std::optional<std::string> address =
            evidence.address ? std::optional(evidence.address->to_string()) : std::nullopt;
        const std::optional<std::string> region =
            evidence.region.empty() ? std::nullopt : std::optional(std::string(evidence.region.view()));
        transaction.exec_params(
            "INSERT INTO guard.evidence (finding_id, position, event_time, kind, address, region) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            finding_id, position++, format_rfc3339(evidence.time), std::string(to_string(evidence.kind)), address,
            region);
    }
}

}  // namespace guard::daemon
