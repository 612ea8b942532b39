// rlm_sql writes characters of a name that it holds for unsafe as =XX, so radcheck has to hold the name in that form;
// what leaves radiusd as the ID is the name itself. A changed password must find its suspension all the same.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "tests/sql/database.hpp"
#include "tests/support/radius_client.hpp"
#include "tests/support/radius_server.hpp"
#include "tests/support/sql_module.hpp"

namespace guard::test {
namespace {

constexpr std::uint8_t kUserName = 1, kAccept = 2, kReject = 3;

struct Server : Database {
    Server() {
        RadiusConfig config;
        config.modules = sql_module(cluster().connection_string("postgres", name()));
        config.servers =
            "server names {\n\tlisten {\n\t\ttype = auth\n\t\tipaddr = 127.0.0.1\n\t\tport = ${auth_port}\n\t}\n"
            "\tauthorize {\n\t\tsql\n\t\tpap\n\t}\n\tauthenticate {\n\t\tpap\n\t}\n}\n";
        radius.configure(config);
        radius.start();
    }
    std::uint8_t login(std::string_view id, std::string_view password) {
        RawPacket packet(RequestType::authentication, ++identifier);
        packet.attribute(kUserName, id).password(password);
        return client.exchange(radius.auth_port(), packet.encode()).value_or(0);
    }
    void store(const std::string& name_in_table, const std::string& password) {
        pqxx::work transaction(connection());
        transaction.exec_params(
            "INSERT INTO radcheck (username, attribute, op, value) VALUES ($1, 'Cleartext-Password', ':=', $2)",
            name_in_table, password);
        transaction.commit();
    }

    RadiusServer radius{RadiusConfig{}};
    RawClient client;
    std::uint8_t identifier = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(names_in_radcheck, Server)

BOOST_AUTO_TEST_CASE(a_changed_password_finds_the_suspension_of_the_name_that_logs_in) {
    struct Name {
        std::string id, stored;
    };
    for (const Name& one :
         {Name{"o'hara+1@isp.example", "o=27hara=2B1@isp.example"}, Name{"a=41b@isp.example", "a=3D41b@isp.example"},
          Name{"isp\\taro%@isp.example", "isp=5C=5Ctaro=25@isp.example"}, Name{"q\"q", "q=5C=22q"},
          Name{"田中@isp.example", "田中@isp.example"},
          Name{"dot.dash-1_x/y z@isp.example", "dot.dash-1_x/y z@isp.example"}}) {
        BOOST_TEST_CONTEXT(one.id) {
            store(one.stored, "stolen");
            BOOST_TEST(login(one.id, "stolen") == kAccept);  // so this is the form in which the server wants it
            if (one.id != one.stored) {
                store(one.id, "plain");
                BOOST_TEST(login(one.id, "plain") == kReject);
                exec("DELETE FROM radcheck WHERE value = 'plain'");
            }
            pqxx::work transaction(connection());
            transaction.exec_params(
                "WITH i AS (INSERT INTO guard.incident (incident_key, service, id, state, opened_at) VALUES ($1, "
                "'pppoe', "
                "guard.normalise_id($1::text), 'suspended', now()) RETURNING *) INSERT INTO guard.suspension "
                "(incident_id, service, id, rule) SELECT incident_id, service, id, 'pppoe.jump' FROM i",
                one.id);
            transaction.commit();
            exec_as("portal", "UPDATE radcheck SET value = 'fresh'");
            BOOST_TEST(value("SELECT count(*) FROM guard.suspension WHERE released_at IS NULL") == "0");
            BOOST_TEST(login(one.id, "fresh") == kAccept);
            exec("DELETE FROM radcheck");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
