// FreeRADIUS's own coa-relay, the site as it is packaged, between the disconnector and a NAS.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <thread>

#include "analyzer/daemon/disconnector.hpp"
#include "tests/sql/database.hpp"
#include "tests/support/radius_server.hpp"
#include "tests/support/sql_module.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

void replace(std::string& text, std::string_view from, const std::string& to) {
    const auto at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, "the packaged coa-relay has no \"" << from << '"');
    text.replace(at, from.size(), to);
}

// What an operator changes in it: the database's query, the ports, the NAS.
std::string relay_site(std::uint16_t nas_port) {
    const std::string port = std::to_string(nas_port);
    std::string site = read_file("/etc/freeradius/3.0/sites-available/coa-relay");
    replace(site, "\tport = 3799", "\tport = ${coa_port}");
    replace(site, "#\t\t\tTmp-String-0 := \"%{sql:SELECT STRING_AGG",
            "\t\t\tTmp-String-0 := \"%{sql:SELECT STRING_AGG");
    replace(site, "COA-Packet-DST-Port := 1700", "COA-Packet-DST-Port := " + port);
    replace(site, "ipaddr = 192.0.2.1", "ipaddr = 127.0.0.1");
    replace(site, "port = 1700\n", "port = " + port + '\n');
    replace(site, "secret = testing1234", "secret = " + std::string(RadiusServer::kSecret));
    return site;
}

struct Relayed : Database {
    Relayed() {
        exec(
            "CREATE TABLE radacct (radacctid bigserial PRIMARY KEY, acctsessionid text, username text, nasipaddress "
            "inet, "
            "acctstoptime timestamptz)");
        exec("INSERT INTO radacct (acctsessionid, username, nasipaddress) VALUES ('s42', 'taro', '127.0.0.1')");
        RadiusConfig config;
        config.main = "radacctdir = ${work}\nproxy_requests = yes";
        config.modules = sql_module(cluster().connection_string("postgres", name())) +
                         "\texpr {\n\t}\n\tdetail detail_coa {\n\t\tfilename = ${radacctdir}/detail_coa\n\t\t"
                         "escape_filenames = no\n\t\tpermissions = 0600\n\t\theader = \"%t\"\n\t\tlocking = yes\n\t}\n";
        config.servers = relay_site(nas.port());
        relay.configure(config);
        relay.start();
        suspend("taro");
        settings.database = cluster().connection_string("analyzer", name());
        config::Nas at;
        at.address = IpAddress::parse("127.0.0.1").value();
        at.port = relay.coa_port();
        at.secret = config::Secret(std::string(RadiusServer::kSecret));
        at.relay = true;
        nases.emplace("bras1", std::move(at));
    }
    void order(const std::string& id, const std::string& address) {
        exec("INSERT INTO guard.disconnect (incident_id, service, id, address, nas) VALUES (1, 'pppoe', '" + id +
             "', '" + address + "', 'bras1')");
    }
    bool answered(const std::string& id, const std::string& expected) {
        return wait_until(
            [&] { return value("SELECT last_answer FROM guard.disconnect WHERE id = '" + id + "'") == expected; }, 20s);
    }

    NasStandIn nas;
    RadiusServer relay{RadiusConfig{}};
    config::Settings settings;
    config::NasList nases;
    SystemClock clock;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(coa_relay, Relayed)

BOOST_AUTO_TEST_CASE(its_ack_means_queued_and_the_nas_is_asked_afterwards) {
    order("taro", "10.1.0.1");
    order("nobody", "10.1.0.2");
    daemon::Disconnector disconnector(settings, nases, clock);
    const std::jthread thread([&](const std::stop_token& stop) { disconnector.run(stop); });
    BOOST_TEST(answered("taro", "Disconnect-ACK of a relay: queued there"), relay.log());
    BOOST_TEST(answered("nobody", "Disconnect-NAK "), relay.log());
    const auto reached = [&] {
        for (const auto& line : nas.requests())
            if (line.find("user=taro session=s42 address=10.1.0.1") != std::string::npos) return true;
        return false;
    };
    BOOST_TEST(wait_until(reached, 20s), relay.log());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
