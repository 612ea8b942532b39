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

void say(const char* what, const pqxx::row& counts) {
    fmt::print("{}: {} suspensions, {} blocks, {} reviews\n", what, counts["suspensions"].c_str(),
               counts["blocks"].c_str(), counts["reviews"].c_str());
}

}  // namespace

int undo_request(const DeskOptions& options) {
    return with_database(options.database, "undo request", [&](const config::Settings&, pqxx::connection& connection) {
        const std::string from = checked_time("--from", options.from), to = checked_time("--to", options.to);
        pqxx::work transaction(connection);
        const auto counts = transaction.exec_params1("SELECT * FROM guard.undo_count($1, nullif($2, ''), $3, $4)",
                                                     options.rule, options.version, from, to);
        if (options.dry_run) {
            say("would be undone", counts);
            return kDone;
        }
        const auto number = transaction.exec_params1("SELECT guard.undo_request($1, nullif($2, ''), $3, $4, $5)",
                                                     options.rule, options.version, from, to, options.reason);
        transaction.commit();
        say("asked for", counts);
        fmt::print("another person has to run: guardctl undo approve {}\n", number[0].c_str());
        return kDone;
    });
}

int undo_approve(const DeskOptions& options) {
    return with_database(options.database, "undo approve", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::work transaction(connection);
        const auto counts = transaction.exec_params1("SELECT * FROM guard.undo_approve($1)", options.number);
        if (options.dry_run) {  // the transaction ends without a commit
            say("would be undone", counts);
            return kDone;
        }
        transaction.commit();
        say("undone", counts);
        return kDone;
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
