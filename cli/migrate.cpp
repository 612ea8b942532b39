#include "sql/migrate.hpp"

#include <nlohmann/json.hpp>

#include "cli/database.hpp"
#include "cli/rows.hpp"
#include "sql/settings.hpp"

namespace guard::cli {
namespace {

void watch_passwords(pqxx::connection& connection, const MigrateOptions& options) {
    pqxx::work transaction(connection);
    if (options.services.empty()) {
        transaction.exec_params("SELECT guard.install_radcheck_trigger($1::regclass)", options.radcheck);
    } else {
        std::string services;
        for (const auto& service : options.services) services += (services.empty() ? "{" : ",") + service;
        transaction.exec_params("SELECT guard.install_radcheck_trigger($1::regclass, $2::text[])", options.radcheck,
                                services + "}");
    }
    transaction.commit();
    if (!options.json) fmt::print("password changes in {} are watched\n", options.radcheck);
}

void say(const std::vector<sql::Migration>& done, const MigrateOptions& options) {
    for (const auto& migration : done) {
        if (options.json)
            fmt::print("{}\n", to_line({{"version", migration.version},
                                        {"name", std::string(migration.name)},
                                        {"applied", !options.dry_run}}));
        else
            fmt::print("{} {:04} {}\n", options.dry_run ? "would apply" : "applied", migration.version, migration.name);
    }
    if (done.empty() && !options.json) fmt::print("the schema is up to date\n");
}

}  // namespace

int migrate(const MigrateOptions& options) {
    return with_database(options.database, "migrate",
                         [&](const config::Settings& settings, pqxx::connection& connection) {
                             const auto done = options.dry_run ? sql::plan(connection) : sql::apply(connection);
                             say(done, options);
                             if (options.dry_run) return kDone;
                             if (!options.database.config.empty()) {
                                 pqxx::work transaction(connection);
                                 sql::publish_settings(transaction, settings);
                                 transaction.commit();
                             }
                             if (!options.radcheck.empty()) watch_passwords(connection, options);
                             return kDone;
                         });
}

}  // namespace guard::cli
