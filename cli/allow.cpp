#include <nlohmann/json.hpp>
#include <pqxx/binarystring>

#include "cli/database.hpp"
#include "cli/desk.hpp"
#include "cli/rows.hpp"

namespace guard::cli {
namespace {

pqxx::binarystring id_of(const config::Settings& settings, const DeskOptions& options) {
    const auto id = settings.identity(options.id);
    if (!id) throw std::invalid_argument("an ID has 1 to 253 bytes");
    return pqxx::binarystring(*id);
}

}  // namespace

int allow_add(const DeskOptions& options) {
    return with_database(
        options.database, "allow add", [&](const config::Settings& settings, pqxx::connection& connection) {
            pqxx::work transaction(connection);
            // The empty string is no approval; libpqxx 6 has no parameter of an optional string of its own.
            const auto row = transaction.exec_params1(
                "WITH expiry AS (SELECT clock_timestamp() + make_interval(days => $5) - interval '1 second' AS at), "
                "done AS (SELECT guard.allow_id($1, $2, $3, $4, at, nullif($6, '')) FROM expiry) "
                "SELECT at FROM expiry, done",
                options.service, id_of(settings, options), options.owner, options.reason, options.days,
                options.approved_by);
            transaction.commit();
            const std::string until = short_time(row[0].c_str());
            return answer(options.json, true, {{"expires", until}}, "on the allow list until " + until);
        });
}

int allow_list(const DeskOptions& options) {
    return with_database(options.database, "allow list", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::read_transaction transaction(connection);
        const auto rows = transaction.exec(
            "SELECT service, encode(id, 'escape') AS id, owner, expires_at AS expires, created_by AS added_by, "
            "approved_by, reason FROM guard.allowed ORDER BY expires_at");
        print_rows(rows, options.json);
        if (!options.json) fmt::print("{} on the allow list\n", rows.size());
        return kDone;
    });
}

int allow_remove(const DeskOptions& options) {
    return with_database(
        options.database, "allow remove", [&](const config::Settings& settings, pqxx::connection& connection) {
            pqxx::work transaction(connection);
            const auto row = transaction.exec_params1("SELECT guard.disallow_id($1, $2, $3)", options.service,
                                                      id_of(settings, options), options.reason);
            transaction.commit();
            const bool done = row[0].as<bool>();
            return answer(options.json, done, {{"removed", done}},
                          done ? "off the allow list" : "it is not on the allow list");
        });
}

int blocks_list(const DeskOptions& options) {
    return with_database(options.database, "blocks list", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::read_transaction transaction(connection);
        const auto rows = transaction.exec_params(
            "SELECT block_id AS block, source, rule, started_at AS since, coalesce(ended_at, expires_at) AS until, "
            "attempts, ids, accepts, enforced, reason FROM guard.block "
            "WHERE $1 OR (ended_at IS NULL AND expires_at > clock_timestamp()) ORDER BY started_at",
            options.all);
        print_rows(rows, options.json);
        if (!options.json) fmt::print("{} blocks\n", rows.size());
        return kDone;
    });
}

int blocks_show(const DeskOptions& options) {
    return with_database(options.database, "blocks show", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::read_transaction transaction(connection);
        const auto rows = transaction.exec_params(
            "SELECT block_id AS block, source, rule, rule_version, started_at, last_attempt_at, expires_at, "
            "ended_at, attempts, ids, accepts, enforced, reason, summary_en, summary_ja FROM guard.block WHERE "
            "block_id = $1",
            options.number);
        if (rows.empty()) {
            fmt::print(stderr, "there is no block {}\n", options.number);
            return kNo;
        }
        if (options.json) {
            print_rows(rows, true);
            return kDone;
        }
        for (const auto& field : rows[0])
            if (!field.is_null()) fmt::print("{:17}{}\n", field.name(), short_time(field.c_str()));
        return kDone;
    });
}

int blocks_lift(const DeskOptions& options) {
    return with_database(options.database, "blocks lift", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::work transaction(connection);
        const auto row = transaction.exec_params1("SELECT guard.lift_block($1, $2)", options.number, options.reason);
        transaction.commit();
        const bool done = row[0].as<bool>();
        return answer(options.json, done, {{"block", options.number}, {"lifted", done}},
                      done ? fmt::format("block {} is lifted", options.number)
                           : fmt::format("there is no block {}, or it has ended", options.number));
    });
}

}  // namespace guard::cli
