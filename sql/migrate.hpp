// Brings a database to the schema of this program: the numbered files of sql/migrations, which are part of the binary,
// one transaction each. Called by guardctl and by tests; the daemons only look, and refuse to start when something is
// missing. Throws MigrationError when the database is not one this program may touch, pqxx exceptions for what
// PostgreSQL refuses.
#pragma once

#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace pqxx {
class connection_base;
}

namespace guard::sql {

struct Migration {
    int version;
    std::string_view name;      // "schema"
    std::string_view checksum;  // SHA-256 of the file in lower-case hexadecimal
    std::string_view text;
};

// Those of this program, versions 1, 2, 3, ...
[[nodiscard]] std::span<const Migration> migrations();

// The database has a newer schema than this program, or a migration was changed after it had been applied.
class MigrationError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What apply() would do now; changes nothing.
[[nodiscard]] std::vector<Migration> plan(pqxx::connection_base& connection,
                                          std::span<const Migration> wanted = migrations());

// Applies what is missing and returns it. Two at once take turns by an advisory lock; what one of them has done when it
// fails stays done and the next run goes on there.
std::vector<Migration> apply(pqxx::connection_base& connection, std::span<const Migration> wanted = migrations());

}  // namespace guard::sql
