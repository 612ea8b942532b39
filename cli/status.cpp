#include "analyzer/daemon/spool_source.hpp"
#include "cli/database.hpp"
#include "cli/desk.hpp"
#include "cli/rows.hpp"
#include "event/time.hpp"
#include "spool/retention.hpp"

namespace guard::cli {

int status(const DeskOptions& options) {
    return with_database(options.database, "status", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::read_transaction transaction(connection);
        const auto rows = transaction.exec("SELECT * FROM guard.status()");
        print_rows(rows, options.json);
        for (const auto& row : rows)
            if (row["wants_a_person"].as<bool>()) return kNo;
        return kDone;
    });
}

int retention_run(const DeskOptions& options) {
    return with_database(
        options.database, "retention run", [&](const config::Settings& settings, pqxx::connection& connection) {
            pqxx::work transaction(connection);
            const auto rows = transaction.exec("SELECT what, gone AS deleted FROM guard.apply_retention()");
            transaction.commit();
            print_rows(rows, options.json);
            // Events are kept by writer and analyzer; where neither runs any more, this is who is left to delete them.
            const auto now = SystemClock().now();
            for (const auto& spool : daemon::spool_directories(settings.spools)) {
                const auto gone = spool::delete_expired(spool, settings.spool_retention, now);
                if (!options.json) fmt::print("{}: {} segments deleted\n", spool.string(), gone.size());
            }
            return kDone;
        });
}

int retention_check(const DeskOptions& options) {
    return with_database(
        options.database, "retention check", [&](const config::Settings&, pqxx::connection& connection) {
            pqxx::read_transaction transaction(connection);
            const auto rows = transaction.exec_params(
                "SELECT what, days, held, oldest, past FROM guard.check_retention(make_interval(hours => $1))",
                options.grace_hours);
            print_rows(rows, options.json);
            std::int64_t past = 0;
            for (const auto& row : rows) past += row["past"].as<std::int64_t>();
            if (past == 0) return kDone;
            fmt::print(stderr, "{} rows are past their term\n", past);
            return kNo;
        });
}

int audit_list(const DeskOptions& options) {
    return with_database(options.database, "audit list", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::read_transaction transaction(connection);
        print_rows(transaction.exec_params("SELECT audit_id AS number, at, actor, action, object, detail FROM "
                                           "guard.audit_log WHERE at > clock_timestamp() - make_interval(days => $1) "
                                           "ORDER BY at, audit_id",
                                           options.days),
                   options.json);
        return kDone;
    });
}

int audit_verify(const DeskOptions& options) {
    return with_database(options.database, "audit verify", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::work transaction(connection);
        transaction.exec("SELECT guard.seal_audit(true)");
        const auto rows = transaction.exec_params(
            "SELECT to_char(month, 'YYYY-MM') AS month, sealed, not_sealed, dropped_at AS dropped, fault, "
            "last_hash, holds_known FROM guard.verify_audit(nullif($1, ''))",
            options.known);
        transaction.commit();
        bool sound = true, known = options.known.empty();
        for (const auto& row : rows) {
            sound = sound && *row["fault"].c_str() == '\0';
            known = known || row["holds_known"].as<bool>();
        }
        print_rows(rows, options.json);
        if (!sound) fmt::print(stderr, "the audit log is not what it was\n");
        if (!known) fmt::print(stderr, "the hash you noted is in no chain\n");
        return sound && known ? kDone : kNo;
    });
}

}  // namespace guard::cli
