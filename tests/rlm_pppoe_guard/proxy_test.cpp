// The module in a server that hands logins on to another one (RFC 2865 section 2.3): what is recorded is what the home
// server answered, and who is suspended never gets there.
#include <boost/test/unit_test.hpp>

#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

BOOST_TEST_DONT_PRINT_LOG_VALUE(guard::Kind)

namespace {

// Another operator's server, without the module. Its log says whom it was asked about.
RadiusConfig home_config() {
    RadiusConfig config;
    config.servers = R"(
server home {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = ${auth_port}
	}
	listen {
		type = acct
		ipaddr = 127.0.0.1
		port = ${acct_port}
	}
	authorize {
		files
		pap
	}
	authenticate {
		pap
	}
	accounting {
		ok
	}
}
)";
    config.users = kSubscribers;
    return config;
}

Setup proxy_setup(const RadiusServer& home) {
    Setup setup;
    const auto server = [&](const char* name, const char* type, std::uint16_t port) {
        return std::string("home_server ") + name + " {\n\ttype = " + type +
               "\n\tipaddr = 127.0.0.1\n\tport = " + std::to_string(port) +
               "\n\tsecret = " + std::string(RadiusServer::kSecret) +
               "\n\tresponse_window = 0.5\n\tstatus_check = none\n}\nhome_server_pool " + name +
               "_pool {\n\thome_server = " + name + "\n}\n";
    };
    setup.main = "cleanup_delay = 0\nproxy_requests = yes\nproxy server {\n\tretry_delay = 1\n\tretry_count = 1\n}\n" +
                 server("logins", "auth", home.auth_port()) + server("sessions", "acct", home.acct_port()) +
                 "realm isp.example {\n\tauth_pool = logins_pool\n\tacct_pool = sessions_pool\n\tnostrip\n}\n";
    setup.site = R"(
server proxy {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = ${auth_port}
	}
	listen {
		type = acct
		ipaddr = 127.0.0.1
		port = ${acct_port}
	}
	authorize {
		pppoe_guard
		update control {
			&Proxy-To-Realm := "isp.example"
		}
	}
	preacct {
		update control {
			&Proxy-To-Realm := "isp.example"
		}
	}
	accounting {
		pppoe_guard
	}
	post-auth {
		pppoe_guard
		Post-Auth-Type REJECT {
			pppoe_guard
		}
	}
}
)";
    return setup;
}

struct Proxied {
    Proxied() : home(home_config()), proxy(proxy_setup(home)) {
        proxy.publish({"u0007@isp.example"});
        home.start();
        proxy.server.start();
    }

    RadiusServer home;
    GuardedServer proxy;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(proxy)

BOOST_FIXTURE_TEST_CASE(an_accept_has_the_addresses_that_the_home_server_gave, Proxied) {
    const auto reply = proxy.login("u0002");
    BOOST_TEST(reply.code == "Access-Accept");
    BOOST_TEST(reply.value("Framed-IP-Address") == "198.51.100.2");
    const auto events = proxy.events();
    BOOST_REQUIRE_EQUAL(events.size(), 1U);
    BOOST_TEST(events[0].kind == Kind::accept);
    BOOST_TEST(events[0].id == "u0002");
    BOOST_TEST(
        (events[0].addresses == addresses({"198.51.100.2", "2001:db8:1::2", "2001:db8:2::/64", "2001:db8:300::/56"})));
    BOOST_TEST(home.log().find("[u0002]") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_reject_of_the_home_server_is_a_reject, Proxied) {
    BOOST_TEST(proxy.login("nobody").code == "Access-Reject");
    const auto events = proxy.events();
    BOOST_REQUIRE_EQUAL(events.size(), 1U);
    BOOST_TEST(events[0].kind == Kind::reject);
    BOOST_TEST(events[0].id == "nobody");
    BOOST_TEST(events[0].addresses.empty());
}

BOOST_FIXTURE_TEST_CASE(who_is_suspended_is_refused_before_the_home_server_is_asked, Proxied) {
    const auto reply = proxy.login("u0007@isp.example");
    BOOST_TEST(reply.code == "Access-Reject");
    BOOST_TEST(reply.value("Reply-Message") == "Please call us.");
    BOOST_REQUIRE_EQUAL(proxy.events().size(), 1U);
    BOOST_TEST(proxy.events()[0].kind == Kind::reject);
    // One that comes later arrives there; what was asked before it would be in the log before it.
    BOOST_TEST(proxy.login("u0001").code == "Access-Accept");
    BOOST_TEST(home.log().find("[u0001]") != std::string::npos, home.log());
    BOOST_TEST(home.log().find("[u0007") == std::string::npos, home.log());
}

BOOST_FIXTURE_TEST_CASE(accounting_is_recorded_and_handed_on, Proxied) {
    BOOST_TEST(proxy
                   .accounting("User-Name = u0001, Acct-Status-Type = Start, Acct-Session-Id = s1, "
                               "Framed-IP-Address = 203.0.113.5")
                   .code == "Accounting-Response");
    const auto events = proxy.events();
    BOOST_REQUIRE_EQUAL(events.size(), 1U);
    BOOST_TEST(events[0].kind == Kind::assign);
    BOOST_TEST((events[0].addresses == addresses({"203.0.113.5"})));
}

// Nobody has looked at the password: but the NAS gets a reject, and so does the spool. Accounting does not wait for it.
BOOST_FIXTURE_TEST_CASE(without_the_home_server_a_login_is_a_reject_and_a_step_of_a_session_an_event, Proxied) {
    home.stop();
    RawClient client;
    const auto login = RawPacket(RequestType::authentication).attribute(1, "u0001").password("pw").encode();
    // The NAS sends again until the server has given up waiting.
    BOOST_TEST(
        wait_until([&] { return client.exchange(proxy.server.auth_port(), login) == 3; }, std::chrono::seconds{20}),
        proxy.server.log());
    BOOST_REQUIRE_EQUAL(proxy.events().size(), 1U);
    BOOST_TEST(proxy.events().at(0).kind == Kind::reject);
    proxy.accounting("User-Name = u0001, Acct-Status-Type = Start, Acct-Session-Id = s1");
    BOOST_TEST(wait_until([&] { return proxy.events().size() == 2; }, std::chrono::seconds{5}), proxy.server.log());
    // A suspended one is refused all the same, and at once.
    BOOST_TEST(proxy.login("u0007@isp.example").value("Reply-Message") == "Please call us.");
}

BOOST_AUTO_TEST_SUITE_END()
