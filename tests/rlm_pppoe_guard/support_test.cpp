// The stand-ins themselves: what other tests rely on.
#include <boost/test/unit_test.hpp>

#include "tests/support/radius_client.hpp"
#include "tests/support/radius_server.hpp"

using namespace guard::test;

BOOST_AUTO_TEST_SUITE(radius_support)

BOOST_AUTO_TEST_CASE(the_nas_stand_in_acknowledges_sessions_it_knows) {
    NasStandIn nas;
    const auto known = send(nas.port(), RequestType::disconnect,
                            "User-Name = u0001, Acct-Session-Id = s42, Framed-IP-Address = 198.51.100.1");
    BOOST_TEST(known.code == "Disconnect-ACK");
    const auto unknown = send(nas.port(), RequestType::disconnect, "User-Name = u0001, Acct-Session-Id = x1");
    BOOST_TEST(unknown.code == "Disconnect-NAK");
    BOOST_TEST(unknown.value("Error-Cause") == "Session-Context-Not-Found");
    const auto requests = nas.requests();
    BOOST_REQUIRE_EQUAL(requests.size(), 2U);
    BOOST_TEST(requests[0] == "Disconnect-Request user=u0001 session=s42 address=198.51.100.1 signed= at=");
    BOOST_TEST(requests[1] == "Disconnect-Request user=u0001 session=x1 address= signed= at=");
    nas.stop();
    BOOST_TEST(send(nas.port(), RequestType::disconnect, "Acct-Session-Id = s42").code.empty());
    nas.start();
    BOOST_TEST(send(nas.port(), RequestType::disconnect, "Acct-Session-Id = s42").code == "Disconnect-ACK");
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_start_says_why) {
    RadiusConfig config;
    config.servers = "server broken {\n\tauthorize {\n\t\tno_such_module\n\t}\n}\n";
    RadiusServer server(config);
    BOOST_TEST(server.check().status != 0);
    BOOST_CHECK_EXCEPTION(server.start(), std::runtime_error, [](const std::runtime_error& error) {
        return std::string_view(error.what()).find("no_such_module") != std::string_view::npos;
    });
    BOOST_TEST(!server.running());
}

BOOST_AUTO_TEST_CASE(the_module_shows_the_server_one_symbol_and_brings_no_library_of_ours) {
    const std::string module = std::string(GUARD_BINARY_DIR) + "/lib/rlm_pppoe_guard.so";
    const auto symbols = run({"nm", "-D", "--defined-only", "--format=just-symbols", module});
    BOOST_TEST(symbols.status == 0);
    BOOST_TEST(symbols.output == "rlm_pppoe_guard\n");
    // No thread, database, JSON or address table inside radiusd.
    const auto undefined = run({"nm", "-D", "--undefined-only", "--format=just-symbols", module});
    for (const char* name : {"pthread_create", "PQ", "MMDB", "curl_", "socket", "connect", "sendto"})
        BOOST_TEST(("\n" + undefined.output).find(std::string("\n") + name) == std::string::npos, name);
}

BOOST_AUTO_TEST_SUITE_END()
