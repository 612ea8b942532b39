#include "sql/migrate.hpp"

#include <map>
#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction>
#include <string>
#include <utility>

namespace guard::sql {
namespace {

struct Applied {
    std::string name, checksum;
};
using History = std::map<int, Applied>;

// Any number that nothing else in the database locks: "pppoe" in ASCII.
constexpr auto kLock = "SELECT pg_advisory_xact_lock(x'7070706f65'::bigint)";

constexpr auto kBootstrap =
    "CREATE SCHEMA IF NOT EXISTS guard;"
    "CREATE TABLE IF NOT EXISTS guard.schema_version ("
    "    version    integer PRIMARY KEY,"
    "    name       text NOT NULL,"
    "    checksum   text NOT NULL,"
    "    applied_at timestamptz NOT NULL DEFAULT clock_timestamp())";

History history(pqxx::transaction_base& transaction) {
    History result;
    if (transaction.exec("SELECT to_regclass('guard.schema_version') IS NULL")[0][0].as<bool>()) return result;
    for (const auto& row : transaction.exec("SELECT version, name, checksum FROM guard.schema_version"))
        result[row[0].as<int>()] = {row[1].as<std::string>(), row[2].as<std::string>()};
    return result;
}

std::string label(const Migration& migration) {
    return std::to_string(migration.version) + " (" + std::string(migration.name) + ")";
}

// What is missing, in order. The history must be a beginning of what this program knows.
std::vector<Migration> missing(const History& applied, std::span<const Migration> wanted) {
    std::vector<Migration> result;
    std::size_t known = 0;
    for (const Migration& migration : wanted) {
        const auto found = applied.find(migration.version);
        if (found == applied.end()) {
            result.push_back(migration);
            continue;
        }
        ++known;
        if (!result.empty())
            throw MigrationError("the database has migration " + label(migration) + " but lacks " +
                                 label(result.front()));
        if (found->second.checksum != migration.checksum)
            throw MigrationError("migration " + label(migration) + " was changed after it had been applied: checksum " +
                                 found->second.checksum + " in the database, " + std::string(migration.checksum) +
                                 " here");
    }
    if (known != applied.size()) {
        const auto& [version, newest] = *applied.rbegin();
        throw MigrationError("the database is newer than this program: it has migration " + std::to_string(version) +
                             " (" + newest.name + "), this program knows " +
                             (wanted.empty() ? std::string("none") : label(wanted.back())));
    }
    return result;
}

}  // namespace

std::vector<Migration> plan(pqxx::connection_base& connection, std::span<const Migration> wanted) {
    pqxx::read_transaction transaction(connection, "migration plan");
    return missing(history(transaction), wanted);
}

std::vector<Migration> apply(pqxx::connection_base& connection, std::span<const Migration> wanted) {
    std::vector<Migration> done;
    for (;;) {
        // The lock belongs to the transaction, and what is missing is asked anew under it: a connection that libpqxx
        // silently opened again cannot have lost it.
        pqxx::work transaction(connection, "migration");
        transaction.exec(kLock);
        const auto left = missing(history(transaction), wanted);
        if (left.empty()) return done;
        const Migration& next = left.front();
        transaction.exec(kBootstrap);
        transaction.exec(std::string(next.text));
        transaction.exec_params("INSERT INTO guard.schema_version (version, name, checksum) VALUES ($1, $2, $3)",
                                next.version, std::string(next.name), std::string(next.checksum));
        transaction.commit();
        done.push_back(next);
    }
}

}  // namespace guard::sql
