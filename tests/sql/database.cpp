#include "tests/sql/database.hpp"

#include "sql/migrate.hpp"

namespace guard::test {
namespace {

// As in the schema that FreeRADIUS 3.2 ships for PostgreSQL (mods-config/sql/main/postgresql/schema.sql).
constexpr auto kRadcheck = R"(
    CREATE TABLE radcheck (
        id serial PRIMARY KEY,
        UserName text NOT NULL DEFAULT '',
        Attribute text NOT NULL DEFAULT '',
        op VARCHAR(2) NOT NULL DEFAULT '==',
        Value text NOT NULL DEFAULT '');
    CREATE INDEX radcheck_UserName ON radcheck (UserName, Attribute);
    GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON radcheck TO PUBLIC;
    GRANT USAGE ON SEQUENCE radcheck_id_seq TO PUBLIC;)";

constexpr auto kRoles = R"(
    CREATE ROLE provisioning NOLOGIN;
    CREATE ROLE portal LOGIN IN ROLE provisioning;
    CREATE ROLE clerk LOGIN;
    CREATE ROLE dba SUPERUSER LOGIN;
    CREATE ROLE analyzer LOGIN IN ROLE guard_analyzer;
    CREATE ROLE notifier LOGIN IN ROLE guard_notifier;
    CREATE ROLE desk LOGIN IN ROLE guard_desk;
    CREATE ROLE auditor LOGIN IN ROLE guard_auditor;
    CREATE ROLE directory LOGIN IN ROLE guard_provisioning;
    CREATE ROLE importer LOGIN IN ROLE guard_importer;
    CREATE ROLE janitor LOGIN IN ROLE guard_retention;
    CREATE ROLE sato LOGIN IN ROLE guard_desk;)";

void make_template(const Postgres& postgres) {
    pqxx::connection maintenance(postgres.connection_string());
    pqxx::nontransaction(maintenance).exec("CREATE DATABASE migrated");
    pqxx::connection connection(postgres.connection_string("postgres", "migrated"));
    pqxx::nontransaction(connection).exec(kRadcheck);
    sql::apply(connection);
    pqxx::nontransaction(connection).exec(kRoles);
    pqxx::nontransaction(connection)
        .exec("UPDATE guard.setting SET value = 'provisioning, no_such_role' WHERE key = 'trusted_password_roles'");
}

}  // namespace

Postgres& cluster() {
    static const std::unique_ptr<Postgres> postgres = [] {
        auto made = std::make_unique<Postgres>();
        make_template(*made);
        return made;
    }();
    return *postgres;
}

Database::Database(Content content) {
    static int made = 0;
    name_ = "test_" + std::to_string(++made);
    pqxx::connection maintenance(cluster().connection_string());
    pqxx::nontransaction(maintenance)
        .exec("CREATE DATABASE " + name_ +
              (content == Content::migrated ? " TEMPLATE migrated" : " TEMPLATE template0"));
    connection_ = connect("postgres");
}

Database::~Database() {
    connection_.reset();
    try {
        pqxx::connection maintenance(cluster().connection_string());
        pqxx::nontransaction(maintenance).exec("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
    } catch (const std::exception&) {
        // The cluster goes anyway.
    }
}

std::unique_ptr<pqxx::connection> Database::connect(const std::string& role) const {
    return std::make_unique<pqxx::connection>(cluster().connection_string(role, name_));
}

pqxx::result Database::exec(const std::string& statement) {
    pqxx::work transaction(*connection_);
    const auto result = transaction.exec(statement);
    transaction.commit();
    return result;
}

pqxx::result Database::exec_as(const std::string& role, const std::string& statement) {
    const auto other = connect(role);
    pqxx::work transaction(*other);
    const auto result = transaction.exec(statement);
    transaction.commit();
    return result;
}

std::string Database::value(const std::string& query) {
    const auto result = exec(query);
    return result.empty() ? "(no row)" : result[0][0].is_null() ? "" : result[0][0].as<std::string>();
}

std::string Database::suspend(const std::string& id, const std::string& service) {
    pqxx::work transaction(*connection_);
    const auto incident = transaction.exec_params1(
        "INSERT INTO guard.incident (incident_key, service, id, state, opened_at) "
        "VALUES ($1, $2, guard.stored_bytes($3), 'suspended', '2026-03-01T00:00:00Z') RETURNING incident_id",
        "incident-" + std::to_string(++incidents_), service, id);
    const auto suspension = transaction.exec_params1(
        "INSERT INTO guard.suspension (incident_id, service, id, rule) VALUES ($1, $2, guard.stored_bytes($3), "
        "'pppoe.jump') RETURNING suspension_id",
        incident[0].as<long>(), service, id);
    transaction.commit();
    return suspension[0].as<std::string>();
}

bool Database::suspended(const std::string& id, const std::string& service) {
    pqxx::work transaction(*connection_);
    return transaction
        .exec_params1(
            "SELECT EXISTS (SELECT FROM guard.suspension WHERE service = $1 AND id = guard.stored_bytes($2) "
            "AND released_at IS NULL)",
            service, id)[0]
        .as<bool>();
}

}  // namespace guard::test
