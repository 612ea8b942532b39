#include "analyzer/daemon/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <pqxx/binarystring>
#include <set>

#include "analyzer/daemon/finding_rows.hpp"
#include "sql/database_link.hpp"

namespace guard::daemon {
namespace {

using detection::Action;
using detection::Decision;
using detection::Finding;
using detection::Reason;

std::string text(std::string_view view) {
    return std::string(view);
}

std::optional<std::string> reason_of(const Decision& decision) {
    if (decision.reason == Reason::none) return std::nullopt;
    return text(to_string(decision.reason));
}

// The state a decision brings an incident to; a suspended or closed one is not moved by what comes later.
std::int64_t record_incident(pqxx::work& transaction, const Decision& decision) {
    const Finding& finding = decision.finding;
    const char* state = "recorded";
    if (decision.action == Action::review) state = "review";
    if (decision.action == Action::suspend && decision.enforced) state = "suspended";
    const auto row = transaction.exec_params1(
        "INSERT INTO guard.incident (incident_key, service, id, state, opened_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (incident_key) DO UPDATE SET state = CASE "
        "WHEN guard.incident.state = 'recorded' THEN excluded.state "
        "WHEN guard.incident.state = 'review' AND excluded.state = 'suspended' THEN excluded.state "
        "ELSE guard.incident.state END RETURNING incident_id",
        finding.incident_key, text(to_string(finding.service)), pqxx::binarystring(finding.id), state,
        format_rfc3339(finding.time));
    return row[0].as<std::int64_t>();
}

void record_finding(pqxx::work& transaction, const Decision& decision, std::int64_t incident) {
    const Finding& finding = decision.finding;
    const auto row = transaction.exec_params1(
        "INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, reason, event_time, summary_en, "
        "summary_ja) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
        "ON CONFLICT (finding_key) DO UPDATE SET action = excluded.action, reason = excluded.reason "
        "RETURNING finding_id, xmax = 0 AS is_new",
        incident, finding.key(), text(to_string(finding.rule)), text(to_string(finding.grade)),
        text(to_string(decision.action)), reason_of(decision), format_rfc3339(finding.time), finding.summary_en,
        finding.summary_ja);
    if (!row[1].as<bool>()) return;
    insert_evidence(transaction, row[0].as<std::int64_t>(), finding);
}

// One row for the NAS of each address; where the pool names none, nobody can be asked, and the audit says so.
void queue_disconnect(pqxx::work& transaction, std::int64_t incident, Service service, const std::string& id,
                      const IpAddress& address, const geo::Locator& locator) {
    const geo::Pool* pool = locator.pools().find(address);
    if (pool == nullptr || pool->nas.empty()) {
        transaction.exec_params(
            "INSERT INTO guard.audit (actor, action, object, detail) VALUES ('analyzer', 'no disconnect', $1, "
            "'{\"reason\": \"the pool of the address names no NAS\"}')",
            fmt::format("incident:{}", incident));
        return;
    }
    transaction.exec_params(
        "INSERT INTO guard.disconnect (incident_id, service, id, address, nas) SELECT $1, $2, $3, $4::inet, $5 "
        "WHERE NOT EXISTS (SELECT FROM guard.disconnect WHERE incident_id = $1 AND address = $4::inet AND done_at IS "
        "NULL)",
        incident, text(to_string(service)), pqxx::binarystring(id), address.to_string(), pool->nas);
}

// False when the ID is suspended already, or was and has been released since: an incident suspends once.
bool record_suspension(pqxx::work& transaction, const Decision& decision, std::int64_t incident,
                       const geo::Locator& locator) {
    const Finding& finding = decision.finding;
    const auto service = text(to_string(finding.service));
    const pqxx::binarystring id(finding.id);
    const auto rows = transaction.exec_params(
        "INSERT INTO guard.suspension (incident_id, service, id, rule) SELECT $1, $2, $3, $4 "
        "WHERE NOT EXISTS (SELECT FROM guard.suspension WHERE incident_id = $1) "
        "ON CONFLICT (service, id) WHERE released_at IS NULL DO NOTHING RETURNING suspension_id",
        incident, service, id, text(to_string(finding.rule)));
    if (rows.empty()) return false;
    transaction.exec_params(
        "INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id) VALUES ($1, 'suspended', $2, $3, "
        "$4) "
        "ON CONFLICT (idempotency_key) DO NOTHING",
        incident, "suspended:" + finding.incident_key, service, id);
    transaction.exec_params(
        "INSERT INTO guard.audit (actor, action, object, detail) VALUES ('analyzer', 'suspend', $1, "
        "jsonb_build_object('rule', $2::text, 'grade', $3::text))",
        fmt::format("incident:{}", incident), text(to_string(finding.rule)), text(to_string(finding.grade)));
    for (const IpAddress& address : decision.open_addresses)
        queue_disconnect(transaction, incident, finding.service, finding.id, address, locator);
    return true;
}

void record_source(pqxx::work& transaction, const Decision& decision) {
    const Finding& finding = decision.finding;
    const auto numbers = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
    const auto first = finding.evidence.empty() ? finding.time : finding.evidence.front().time;
    const auto last = std::max(finding.expires - finding.quiet, first);
    const auto rows = transaction.exec_params(
        "INSERT INTO guard.block (block_key, source, rule, started_at, last_attempt_at, expires_at, attempts, ids, "
        "accepts, "
        "summary_en, summary_ja, enforced, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
        "ON CONFLICT (block_key) DO UPDATE SET last_attempt_at = greatest(guard.block.last_attempt_at, "
        "excluded.last_attempt_at), "
        "expires_at = greatest(guard.block.expires_at, excluded.expires_at), "
        "attempts = greatest(guard.block.attempts, excluded.attempts), accepts = greatest(guard.block.accepts, "
        "excluded.accepts) "
        "RETURNING xmax = 0",
        finding.incident_key, finding.source->to_string(), text(to_string(finding.rule)), format_rfc3339(first),
        format_rfc3339(last), format_rfc3339(finding.expires), numbers(finding.attempts), numbers(finding.ids),
        numbers(finding.accepts), finding.summary_en, finding.summary_ja, decision.enforced, reason_of(decision));
    if (!rows[0][0].as<bool>()) return;
    transaction.exec_params(
        "INSERT INTO guard.audit (actor, action, object, detail) VALUES ('analyzer', $1, $2, "
        "jsonb_build_object('reason', $3::text))",
        decision.enforced ? "block" : "source not blocked", "source:" + finding.source->to_string(),
        reason_of(decision));
}

// Between which regions many went: of the newest step, or of all there are. "JP-01 JP-46"
std::string regions_of(const Finding& finding) {
    std::set<std::string_view> regions;
    if (!finding.steps.empty()) {
        regions = {finding.steps.back().from.region.view(), finding.steps.back().to.region.view()};
    } else {
        for (const geo::Place& place : finding.places) regions.insert(place.region.view());
    }
    return fmt::format("{}", fmt::join(regions, " "));
}

// Nobody is asked any more to end a session at an address that is another's by now.
void cancel_disconnects(pqxx::work& transaction, const TakenAddress& taken) {
    transaction.exec_params(
        "UPDATE guard.disconnect SET state = 'cancelled', done_at = clock_timestamp(), last_answer = 'another ID was "
        "given the address' WHERE done_at IS NULL AND address = $1::inet AND (service <> $2 OR id <> $3)",
        taken.address.to_string(), text(to_string(taken.service)), pqxx::binarystring(taken.id));
}

bool open_breaker(pqxx::work& transaction) {
    const auto rows = transaction.exec(
        "INSERT INTO guard.breaker (reason) VALUES ('more suspensions than the set rate') ON CONFLICT DO NOTHING "
        "RETURNING 1");
    if (rows.empty()) return false;
    transaction.exec(
        "SELECT guard.raise_alarm('breaker', 'more suspensions than the set rate: the rest goes to review')");
    return true;
}

void record_decision(pqxx::work& transaction, const Decision& decision, const geo::Locator& locator,
                     Recorded& recorded) {
    if (decision.finding.source) {
        record_source(transaction, decision);
        if (decision.enforced && !decision.finding.renewal) ++recorded.blocks;
        return;
    }
    const std::int64_t incident = record_incident(transaction, decision);
    record_finding(transaction, decision, incident);
    if (decision.action == Action::review) ++recorded.reviews;
    join_mass_event(transaction, decision, incident);
    if (decision.reason == Reason::breaker)
        recorded.breaker_opened = open_breaker(transaction) || recorded.breaker_opened;
    if (decision.action == Action::suspend && decision.enforced)
        if (record_suspension(transaction, decision, incident, locator)) ++recorded.suspended;
}

void record_late_session(pqxx::work& transaction, const detection::LateSession& late, const geo::Locator& locator) {
    const auto rows = transaction.exec_params(
        "SELECT incident_id FROM guard.suspension WHERE service = $1 AND id = $2 AND released_at IS NULL",
        text(to_string(late.service)), pqxx::binarystring(late.id));
    if (rows.empty()) return;
    for (const IpAddress& address : late.addresses)
        queue_disconnect(transaction, rows[0][0].as<std::int64_t>(), late.service, late.id, address, locator);
}

// What of it a person needs to do by hand what could not be recorded.
std::string content(const Decision& decision) {
    std::string lines =
        fmt::format("action: {}\ngrade: {}\n{}\n{}\n", to_string(decision.action), to_string(decision.finding.grade),
                    decision.finding.summary_en, decision.finding.summary_ja);
    for (const detection::Evidence& evidence : decision.finding.evidence)
        lines += fmt::format("{} {} {} {}\n", format_rfc3339(evidence.time), to_string(evidence.kind),
                             evidence.address ? evidence.address->to_string() : "-", evidence.region.view());
    return lines;
}

// It may be the time that PostgreSQL has no room for.
std::optional<std::string> storable(Time time) {
    const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year();
    if (year < std::chrono::year{1970} || year > std::chrono::year{9999}) return std::nullopt;
    return format_rfc3339(time);
}

Recorded::Dead bury(pqxx::work& transaction, const Decision& decision, const std::string& sqlstate) {
    const Finding& finding = decision.finding;
    const std::string rule = text(to_string(finding.rule));
    constexpr std::size_t kMostContent = 65536;
    const pqxx::binarystring id(finding.source ? std::string{} : finding.id);
    const std::string words = content(decision).substr(0, kMostContent);
    transaction.exec_params(
        "INSERT INTO guard.dead_letter (what, rule, service, id, event_time, sqlstate, content) "
        "VALUES ('decision', $1, $2, nullif($3::bytea, ''::bytea), $4, $5, $6)",
        rule, text(to_string(finding.service)), id, storable(finding.time), sqlstate, pqxx::binarystring(words));
    transaction.exec_params("SELECT guard.raise_alarm('decision_refused', $1)", rule + ": SQLSTATE " + sqlstate);
    return {rule, sqlstate};
}

Recorded::Dead bury(pqxx::work& transaction, const detection::LateSession& late, const std::string& sqlstate) {
    std::string words;
    for (const IpAddress& address : late.addresses) words += address.to_string() + '\n';
    transaction.exec_params(
        "INSERT INTO guard.dead_letter (what, service, id, sqlstate, content) VALUES ('late session', $1, $2, $3, $4)",
        text(to_string(late.service)), pqxx::binarystring(late.id), sqlstate, pqxx::binarystring(words));
    transaction.exec_params("SELECT guard.raise_alarm('decision_refused', $1)", "late session: SQLSTATE " + sqlstate);
    return {"late session", sqlstate};
}

// One of the batch. What is refused leaves no trace in the transaction but a dead letter.
template <class Entry, class Work>
void take(pqxx::work& transaction, const Entry& entry, Refused refused, Recorded& recorded, const Work& work) {
    if (refused == Refused::fails) {
        work(recorded);
        return;
    }
    transaction.exec("SAVEPOINT entry");
    Recorded counted = recorded;
    try {
        work(counted);
        transaction.exec("RELEASE SAVEPOINT entry");
        recorded = std::move(counted);
    } catch (const pqxx::sql_error& error) {
        if (sql::trouble_of(error) != sql::Trouble::data) throw;
        transaction.exec("ROLLBACK TO SAVEPOINT entry");
        recorded.dead.push_back(bury(transaction, entry, sql::sqlstate_of(error)));
    }
}

}  // namespace

void join_mass_event(pqxx::work& transaction, const Decision& decision, std::int64_t incident) {
    if (decision.action == Action::review && decision.reason == Reason::storm)
        transaction.exec_params("SELECT guard.join_mass_event($1, $2, $3)", incident, regions_of(decision.finding),
                                format_rfc3339(decision.finding.time));
}

Recorded record(pqxx::connection& connection, const Batch& batch, const geo::Locator& locator,
                std::int64_t& transaction_id, Refused refused) {
    pqxx::work transaction(connection);
    transaction_id = transaction.exec1("SELECT txid_current()")[0].as<std::int64_t>();
    Recorded recorded;
    for (const Decision& decision : batch.decisions)
        take(transaction, decision, refused, recorded,
             [&](Recorded& counted) { record_decision(transaction, decision, locator, counted); });
    for (const detection::LateSession& late : batch.late_sessions)
        take(transaction, late, refused, recorded, [&](Recorded&) { record_late_session(transaction, late, locator); });
    for (const TakenAddress& taken : batch.taken) cancel_disconnects(transaction, taken);
    for (const auto& [spool, position] : batch.positions)
        transaction.exec_params(
            "INSERT INTO guard.progress (spool, position, event_time) VALUES ($1, $2, $3) ON CONFLICT (spool) DO "
            "UPDATE SET "
            "position = excluded.position, event_time = excluded.event_time, updated_at = clock_timestamp()",
            spool, position, format_rfc3339(batch.event_time));
    transaction.commit();
    return recorded;
}

std::optional<bool> was_committed(pqxx::connection& connection, std::int64_t transaction_id,
                                  const Positions& positions) {
    try {
        const auto status = [&]() -> std::string {
            pqxx::read_transaction transaction(connection);
            return transaction.exec_params1("SELECT coalesce(txid_status($1), 'aborted')", transaction_id)[0].c_str();
        }();
        if (status == "in progress") return std::nullopt;
        return status == "committed" && stands_at(connection, positions);
    } catch (const pqxx::sql_error& error) {
        // "is in the future": a standby took over that never heard of it.
        if (sql::sqlstate_of(error).starts_with("22")) return false;
        throw;
    }
}

Positions stored_positions(pqxx::connection& connection) {
    pqxx::read_transaction transaction(connection);
    Positions positions;
    for (const auto& row : transaction.exec("SELECT spool, position FROM guard.progress"))
        positions[row[0].c_str()] = row[1].c_str();
    return positions;
}

bool stands_at(pqxx::connection& connection, const Positions& positions) {
    const Positions stored = stored_positions(connection);
    return std::ranges::includes(stored, positions);
}

}  // namespace guard::daemon
