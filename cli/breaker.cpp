#include <nlohmann/json.hpp>

#include "cli/database.hpp"
#include "cli/desk.hpp"
#include "cli/rows.hpp"

namespace guard::cli {

int breaker_show(const DeskOptions& options) {
    return with_database(options.database, "breaker show", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::read_transaction transaction(connection);
        const auto rows = transaction.exec(
            "SELECT breaker_id AS number, opened_at AS opened, closed_at AS closed, closed_by, reason FROM "
            "guard.breaker ORDER BY breaker_id DESC LIMIT 10");
        print_rows(rows, options.json);
        const bool open = !rows.empty() && rows[0]["closed"].is_null();
        if (!options.json)
            fmt::print("{}\n", open ? "the breaker is open: findings go to review, nothing is suspended"
                                    : "the breaker is closed");
        return open ? kNo : kDone;
    });
}

int breaker_close(const DeskOptions& options) {
    return with_database(options.database, "breaker close", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::work transaction(connection);
        const auto row = transaction.exec_params1("SELECT guard.close_breaker($1)", options.reason);
        transaction.commit();
        const bool done = row[0].as<bool>();
        return answer(options.json, done, {{"closed", done}},
                      done ? "the breaker is closed" : "the breaker was closed already");
    });
}

int alarms_list(const DeskOptions& options) {
    return with_database(options.database, "alarms list", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::read_transaction transaction(connection);
        const auto rows = transaction.exec_params(
            "SELECT alarm_id AS alarm, kind, raised_at AS raised, closed_at AS closed, closed_by, "
            "detail FROM guard.alarm WHERE $1 OR closed_at IS NULL ORDER BY raised_at",
            options.all);
        print_rows(rows, options.json);
        if (!options.json) fmt::print("{} alarms\n", rows.size());
        return kDone;
    });
}

int alarms_close(const DeskOptions& options) {
    return with_database(options.database, "alarms close", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::work transaction(connection);
        const auto row = transaction.exec_params1("SELECT guard.close_alarm($1, $2)", options.number, options.reason);
        transaction.commit();
        const bool done = row[0].as<bool>();
        return answer(options.json, done, {{"alarm", options.number}, {"closed", done}},
                      done ? fmt::format("alarm {} is closed", options.number)
                           : fmt::format("there is no open alarm {}", options.number));
    });
}

int dead_letters_list(const DeskOptions& options) {
    return with_database(
        options.database, "dead-letters list", [&](const config::Settings&, pqxx::connection& connection) {
            std::string ticket;
            {
                // That they are read is on record before they are read.
                pqxx::work opening(connection);
                ticket = opening.exec_params1("SELECT guard.dead_letters_open($1)", options.reason)[0].c_str();
                opening.commit();
            }
            pqxx::work transaction(connection);
            const auto rows = transaction.exec_params(
                "SELECT number, at, what, rule, service, encode(id, 'escape') AS id, event_time, sqlstate, "
                "encode(content, 'escape') AS content FROM guard.dead_letters_read($1::uuid)",
                ticket);
            print_rows(rows, options.json);
            if (!options.json) fmt::print("{} dead letters\n", rows.size());
            return kDone;
        });
}

}  // namespace guard::cli
