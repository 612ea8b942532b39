#include "analyzer/daemon/past_recorder.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <pqxx/binarystring>
#include <string>

#include "analyzer/daemon/finding_rows.hpp"
#include "analyzer/daemon/recorder.hpp"

namespace guard::daemon {
namespace {

using detection::Action;
using detection::Decision;
using detection::Finding;
using detection::Reason;

std::string text(std::string_view view) {
    return std::string(view);
}

// Nothing is enforced: what would have been is recorded with the reason `mode`, as in observe mode.
std::optional<std::string> reason_of(const Decision& decision) {
    if (decision.enforced) return text(to_string(Reason::mode));
    if (decision.reason == Reason::none) return std::nullopt;
    return text(to_string(decision.reason));
}

bool is_known(pqxx::work& transaction, const Finding& finding) {
    return transaction
        .exec_params1(
            "SELECT EXISTS (SELECT FROM guard.finding WHERE finding_key = $1) OR EXISTS (SELECT FROM "
            "guard.finding JOIN guard.incident USING (incident_id) WHERE service = $2 AND id = $3 AND rule = $4 "
            "AND event_time BETWEEN $5::timestamptz - interval '2 minutes' AND "
            "$5::timestamptz + interval '2 minutes')",
            finding.key(), text(to_string(finding.service)), pqxx::binarystring(finding.id),
            text(to_string(finding.rule)), format_rfc3339(finding.time))[0]
        .as<bool>();
}

std::int64_t incident_of(pqxx::work& transaction, const Decision& decision) {
    const Finding& finding = decision.finding;
    const auto made = transaction.exec_params(
        "INSERT INTO guard.incident (incident_key, service, id, state, opened_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (incident_key) DO NOTHING RETURNING incident_id",
        finding.incident_key, text(to_string(finding.service)), pqxx::binarystring(finding.id),
        decision.action == Action::review ? "review" : "recorded", format_rfc3339(finding.time));
    if (!made.empty()) return made[0][0].as<std::int64_t>();
    return transaction
        .exec_params1("SELECT incident_id FROM guard.incident WHERE incident_key = $1", finding.incident_key)[0]
        .as<std::int64_t>();
}

bool add_finding(pqxx::work& transaction, const Decision& decision) {
    const Finding& finding = decision.finding;
    if (is_known(transaction, finding)) return false;
    const std::int64_t incident = incident_of(transaction, decision);
    const auto made = transaction.exec_params(
        "INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, reason, event_time, summary_en, "
        "summary_ja) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (finding_key) DO NOTHING "
        "RETURNING finding_id",
        incident, finding.key(), text(to_string(finding.rule)), text(to_string(finding.grade)),
        text(to_string(decision.action)), reason_of(decision), format_rfc3339(finding.time), finding.summary_en,
        finding.summary_ja);
    if (made.empty()) return false;
    insert_evidence(transaction, made[0][0].as<std::int64_t>(), finding);
    join_mass_event(transaction, decision, incident);
    return true;
}

// R3: the source, the times and the counts, no ID. Ended, since nothing of a log lasts.
bool add_source(pqxx::work& transaction, const Decision& decision) {
    const Finding& finding = decision.finding;
    const auto numbers = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
    const auto first = finding.evidence.empty() ? finding.time : finding.evidence.front().time;
    const auto last = std::max(finding.expires - finding.quiet, first);
    const auto reason = reason_of(decision).value_or(text(to_string(Reason::mode)));
    const auto made = transaction.exec_params(
        "INSERT INTO guard.block (block_key, source, rule, started_at, last_attempt_at, expires_at, attempts, ids, "
        "accepts, summary_en, summary_ja, enforced, reason, ended_at) "
        "SELECT $1, $2::inet, $3, $4::timestamptz, $5, $6::timestamptz, $7, $8, $9, $10, $11, false, $12, "
        "least($6::timestamptz, clock_timestamp()) "
        "WHERE NOT EXISTS (SELECT FROM guard.block WHERE source = $2::inet AND started_at BETWEEN "
        "$4::timestamptz - interval '2 minutes' AND $4::timestamptz + interval '2 minutes') "
        "ON CONFLICT (block_key) DO NOTHING RETURNING block_id",
        finding.incident_key, finding.source->to_string(), text(to_string(finding.rule)), format_rfc3339(first),
        format_rfc3339(last), format_rfc3339(std::max(finding.expires, last)), numbers(finding.attempts),
        numbers(finding.ids), numbers(finding.accepts), finding.summary_en, finding.summary_ja, reason);
    return !made.empty();
}

}  // namespace

RecordedPast record_past(pqxx::connection& connection, std::span<const Decision> decisions) {
    pqxx::work transaction(connection);
    RecordedPast recorded;
    for (const Decision& decision : decisions) {
        if (decision.reason == Reason::settling || decision.finding.renewal) continue;
        const bool about_source = decision.finding.source.has_value();
        const bool added = about_source ? add_source(transaction, decision) : add_finding(transaction, decision);
        if (!added)
            ++recorded.known;
        else
            ++(about_source ? recorded.sources : recorded.findings);
    }
    // Who put it there; a run that adds nothing leaves no trace.
    if (recorded.findings + recorded.sources > 0)
        transaction.exec_params(
            "INSERT INTO guard.audit (action, object, detail) VALUES ('replay', 'cases', "
            "jsonb_build_object('findings', $1::bigint, 'sources', $2::bigint))",
            static_cast<std::int64_t>(recorded.findings), static_cast<std::int64_t>(recorded.sources));
    transaction.commit();
    return recorded;
}

}  // namespace guard::daemon
