#include <nlohmann/json.hpp>

#include "cli/database.hpp"
#include "cli/desk.hpp"
#include "cli/rows.hpp"
#include "event/time.hpp"

namespace guard::cli {
namespace {

std::string checked_time(const char* option, const std::string& text) {
    const auto time = parse_rfc3339(text);
    if (!time) throw std::invalid_argument(std::string(option) + " is no time such as 2026-11-22T09:00:00Z");
    return format_rfc3339(*time);
}

int say(const DeskOptions& options, const char* what, const pqxx::row& counts, const std::string& request = {}) {
    auto object = to_json(counts);
    object["result"] = what;
    std::string text = fmt::format("{}: {} suspensions, {} blocks, {} reviews", what, counts["suspensions"].c_str(),
                                   counts["blocks"].c_str(), counts["reviews"].c_str());
    if (!request.empty()) {
        object["request"] = std::stoll(request);
        text += "\nanother person has to run: guardctl undo approve " + request;
    }
    return answer(options.json, true, object, text);
}

}  // namespace

int undo_request(const DeskOptions& options) {
    return with_database(options.database, "undo request", [&](const config::Settings&, pqxx::connection& connection) {
        const std::string from = checked_time("--from", options.from), to = checked_time("--to", options.to);
        pqxx::work transaction(connection);
        const auto counts = transaction.exec_params1("SELECT * FROM guard.undo_count($1, nullif($2, ''), $3, $4)",
                                                     options.rule, options.version, from, to);
        if (options.dry_run) return say(options, "would be undone", counts);
        const auto number = transaction.exec_params1("SELECT guard.undo_request($1, nullif($2, ''), $3, $4, $5)",
                                                     options.rule, options.version, from, to, options.reason);
        transaction.commit();
        return say(options, "asked for", counts, number[0].c_str());
    });
}

int undo_approve(const DeskOptions& options) {
    return with_database(options.database, "undo approve", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::work transaction(connection);
        const auto counts = transaction.exec_params1("SELECT * FROM guard.undo_approve($1)", options.number);
        if (!options.dry_run) transaction.commit();
        return say(options, options.dry_run ? "would be undone" : "undone", counts);
    });
}

int undo_list(const DeskOptions& options) {
    return with_database(options.database, "undo list", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::read_transaction transaction(connection);
        print_rows(transaction.exec("SELECT undo_id AS request, rule, rule_version AS version, done_from AS \"from\", "
                                    "done_until AS \"to\", suspensions, blocks, reviews, requested_by, requested_at AS "
                                    "requested, approved_by, reason FROM guard.undo ORDER BY undo_id"),
                   options.json);
        return kDone;
    });
}

}  // namespace guard::cli
