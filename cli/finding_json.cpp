#include "cli/finding_json.hpp"

#include <nlohmann/json.hpp>

namespace guard::cli {

std::string to_json(const detection::Decision& decision) {
    const detection::Finding& finding = decision.finding;
    nlohmann::ordered_json object;
    object["rule"] = to_string(finding.rule);
    object["grade"] = to_string(finding.grade);
    object["action"] = to_string(decision.action);
    if (decision.reason != detection::Reason::none) object["reason"] = to_string(decision.reason);
    object["enforced"] = decision.enforced;
    object["service"] = to_string(finding.service);
    if (finding.source)
        object["source"] = finding.source->to_string();
    else
        object["id"] = finding.id;
    object["time"] = format_rfc3339(finding.time);
    object["decided"] = format_rfc3339(decision.decided);
    object["summary_en"] = finding.summary_en;
    object["summary_ja"] = finding.summary_ja;
    object["evidence"] = nlohmann::ordered_json::array();
    for (const detection::Evidence& evidence : finding.evidence) {
        nlohmann::ordered_json row;
        row["time"] = format_rfc3339(evidence.time);
        row["kind"] = to_string(evidence.kind);
        row["address"] = evidence.address ? nlohmann::ordered_json(evidence.address->to_string()) : nullptr;
        row["region"] = evidence.region.empty() ? nullptr : nlohmann::ordered_json(evidence.region.view());
        object["evidence"].push_back(std::move(row));
    }
    return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace guard::cli
