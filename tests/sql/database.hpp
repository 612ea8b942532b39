// One PostgreSQL for a test program, and in it a fresh, migrated database for every test case.
#pragma once

#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "tests/support/postgres.hpp"

namespace guard::test {

// Started at the first use. Roles belong to the whole server: portal and clerk may change passwords, portal by being a
// member of the role "provisioning"; analyzer, notifier, desk, auditor, directory, importer, janitor (guard_retention)
// log in as members of the guard_* roles, and sato as a second person of the desk.
[[nodiscard]] Postgres& cluster();

class Database {
  public:
    enum class Content { migrated, empty };
    explicit Database(Content content = Content::migrated);
    ~Database();

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] pqxx::connection& connection() { return *connection_; }
    [[nodiscard]] std::unique_ptr<pqxx::connection> connect(const std::string& role) const;

    // One statement as the superuser, or as another role in a connection of its own, in a transaction of its own.
    pqxx::result exec(const std::string& statement);
    pqxx::result exec_as(const std::string& role, const std::string& statement);
    // The first field of the first row as text; "" for NULL; "(no row)".
    std::string value(const std::string& query);

    // An incident and its suspension of the PPPoE ID. Returns the number of the suspension.
    std::string suspend(const std::string& id, const std::string& service = "pppoe");
    [[nodiscard]] bool suspended(const std::string& id, const std::string& service = "pppoe");

  private:
    std::string name_;
    std::unique_ptr<pqxx::connection> connection_;
    int incidents_ = 0;
};

}  // namespace guard::test
