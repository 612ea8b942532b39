// Where the module stands in the sections, what a wrong place costs, and several servers that share one instance: the
// rows of rlm_pppoe_guard/README.md, "In what setting".
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

BOOST_TEST_DONT_PRINT_LOG_VALUE(guard::Kind)

namespace {

// kPppoeSite with one text replaced.
std::string site_with(std::string_view from, std::string_view to) {
    std::string site(kPppoeSite);
    const auto at = site.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return site.replace(at, from.size(), to);
}

constexpr std::string_view kAuthorize = "\tauthorize {\n\t\tpppoe_guard\n\t\tfiles\n\t\tpap\n\t}\n";
constexpr std::string_view kAccounting = "\taccounting {\n\t\tpppoe_guard\n\t}\n";
constexpr std::string_view kPostAuth = "\tpost-auth {\n\t\tpppoe_guard\n";
constexpr std::string_view kReject = "\t\tPost-Auth-Type REJECT {\n\t\t\tpppoe_guard\n\t\t}\n";
constexpr std::string_view kStart = "User-Name = u0001, Acct-Status-Type = Start, Acct-Session-Id = s1";
constexpr std::string_view kStrip = R"(
		if (&User-Name =~ /^(.*)@/) {
			update request {
				&Stripped-User-Name := "%{1}"
			}
		}
)";
constexpr std::string_view kStrippedId = R"(id = "%{%{Stripped-User-Name}:-%{User-Name}}")";

struct Running : GuardedServer {
    explicit Running(const Setup& setup, const std::vector<std::string>& suspended = {}) : GuardedServer(setup) {
        publish(suspended);
        server.start();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(order)

BOOST_AUTO_TEST_CASE(accounting_behind_a_module_that_fails_loses_the_event) {
    Running guarded(Setup{.site = site_with(kAccounting, "\taccounting {\n\t\tfail\n\t\tpppoe_guard\n\t}\n")});
    BOOST_TEST(guarded.accounting(kStart).code.empty());  // the NAS sends again, and it is lost again
    BOOST_TEST(guarded.events().empty());
}

BOOST_AUTO_TEST_CASE(accounting_before_a_module_that_fails_keeps_the_event) {
    Running guarded(Setup{.site = site_with(kAccounting, "\taccounting {\n\t\tpppoe_guard\n\t\tfail\n\t}\n")});
    BOOST_TEST(guarded.accounting(kStart).code.empty());
    BOOST_TEST(guarded.events().size() == 1U);
}

BOOST_AUTO_TEST_CASE(post_auth_before_the_address_is_assigned_misses_the_address) {
    constexpr std::string_view kAssign = "\t\tupdate reply {\n\t\t\t&Framed-IP-Address := 198.51.100.7\n\t\t}\n";
    Running first(Setup{.site = site_with(kPostAuth, std::string(kPostAuth) + std::string(kAssign))});
    BOOST_TEST(first.login("u0001").value("Framed-IP-Address") == "198.51.100.7");
    BOOST_REQUIRE_EQUAL(first.events().size(), 1U);
    BOOST_TEST(first.events()[0].addresses.empty());

    Running last(Setup{.site = site_with(kPostAuth, "\tpost-auth {\n" + std::string(kAssign) + "\t\tpppoe_guard\n")});
    last.login("u0001");
    BOOST_REQUIRE_EQUAL(last.events().size(), 1U);
    BOOST_TEST((last.events()[0].addresses == addresses({"198.51.100.7"})));
}

BOOST_AUTO_TEST_CASE(post_auth_behind_a_module_that_rejects_records_the_reject) {
    Running guarded(Setup{.site = site_with(kPostAuth, "\tpost-auth {\n\t\treject\n\t\tpppoe_guard\n")});
    BOOST_TEST(guarded.login("u0001").code == "Access-Reject");
    BOOST_REQUIRE_EQUAL(guarded.events().size(), 1U);
    BOOST_TEST(guarded.events()[0].kind == Kind::reject);
}

BOOST_AUTO_TEST_CASE(post_auth_before_a_module_that_rejects_records_an_accept_that_was_none) {
    Running guarded(Setup{.site = site_with(kPostAuth, std::string(kPostAuth) + "\t\treject\n")});
    BOOST_TEST(guarded.login("u0001").code == "Access-Reject");
    const auto events = guarded.events();
    BOOST_REQUIRE_EQUAL(events.size(), 2U);
    BOOST_TEST(events[0].kind == Kind::accept);
    BOOST_TEST(events[1].kind == Kind::reject);
}

BOOST_AUTO_TEST_CASE(without_the_reject_section_rejects_are_not_seen_and_refusals_go_on) {
    Running guarded(Setup{.site = site_with(kReject, "")}, {"u0002"});
    BOOST_TEST(guarded.login("u0002").code == "Access-Reject");
    BOOST_TEST(guarded.login("nobody").code == "Access-Reject");
    BOOST_TEST(guarded.events().empty());
}

BOOST_AUTO_TEST_CASE(without_authorize_nobody_is_refused) {
    Running guarded(Setup{.site = site_with(kAuthorize, "\tauthorize {\n\t\tfiles\n\t\tpap\n\t}\n")}, {"u0001"});
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.events().size() == 1U);
}

BOOST_AUTO_TEST_CASE(authorize_behind_the_password_modules_refuses_all_the_same) {
    Running guarded(Setup{.site = site_with(kAuthorize, "\tauthorize {\n\t\tfiles\n\t\tpap\n\t\tpppoe_guard\n\t}\n")},
                    {"u0002"});
    const auto refused = guarded.login("u0002");
    BOOST_TEST(refused.code == "Access-Reject");
    // What the modules before it have put into the reply stays there.
    BOOST_TEST(refused.value("Framed-IP-Address") == "198.51.100.2");
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
}

BOOST_AUTO_TEST_CASE(authorize_before_the_realm_is_stripped_misses_the_suspension) {
    const auto site =
        site_with(kAuthorize, "\tauthorize {\n\t\tpppoe_guard\n" + std::string(kStrip) + "\t\tfiles\n\t\tpap\n\t}\n");
    Running guarded(Setup{.items = std::string(kStrippedId), .site = site}, {"u0001"});
    BOOST_TEST(guarded.login("u0001@isp.example").code == "Access-Accept");
    BOOST_TEST(guarded.events().at(0).id == "u0001");  // post-auth comes later: it has the other ID
}

BOOST_AUTO_TEST_CASE(accounting_without_the_changes_of_authorize_has_another_id) {
    const auto site =
        site_with(kAuthorize, "\tauthorize {\n" + std::string(kStrip) + "\t\tpppoe_guard\n\t\tfiles\n\t\tpap\n\t}\n");
    constexpr std::string_view kRealm = "User-Name = \"u0007@isp.example\", Acct-Status-Type = Start";
    Running without(Setup{.items = std::string(kStrippedId), .site = site});
    without.login("u0007@isp.example");
    without.accounting(kRealm);
    BOOST_TEST(without.events().at(0).id == "u0007");
    BOOST_TEST(without.events().at(1).id == "u0007@isp.example");

    auto both = site;
    constexpr std::string_view kPreacct = "\tpreacct {\n";
    both.insert(both.find(kPreacct) + kPreacct.size(), kStrip);
    Running with(Setup{.items = std::string(kStrippedId), .site = both});
    with.accounting(kRealm);
    BOOST_TEST(with.events().at(0).id == "u0007");
}

BOOST_AUTO_TEST_CASE(virtual_servers_may_share_an_instance) {
    std::string second(kPppoeSite);
    second.replace(second.find("server pppoe"), 12, "server second");
    second.replace(second.find("${auth_port}"), 12, "${coa_port}");
    second.erase(second.find("\tlisten {\n\t\ttype = acct"), second.find("\tauthorize") - second.rfind("\tlisten"));
    Setup setup;
    GuardedServer guarded(setup);
    guarded.publish({"u0002"});
    auto config = guarded.config(setup);
    config.servers = std::string(kPppoeSite) + second;
    guarded.server.configure(config);
    guarded.server.start();
    for (const auto port : {guarded.server.auth_port(), guarded.server.coa_port()}) {
        const auto login = [&](const char* id) {
            return send(port, RequestType::authentication,
                        "User-Name = " + std::string(id) + ", User-Password = pw, Reply-Message = \"x\"")
                .code;
        };
        BOOST_TEST(login("u0001") == "Access-Accept");
        BOOST_TEST(login("u0002") == "Access-Reject");
    }
    BOOST_TEST(guarded.events().size() == 4U);
    const auto segments = std::distance(std::filesystem::directory_iterator(guarded.spool()), {});
    BOOST_TEST(segments == 1);
}

BOOST_AUTO_TEST_CASE(listed_twice_for_one_request_it_tells_one_event) {
    Running guarded(Setup{.site = site_with(kPostAuth, std::string(kPostAuth) + "\t\tpppoe_guard\n")});
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.events().size() == 1U);
    BOOST_TEST(guarded.figure("duplicates") == "1");
}

BOOST_AUTO_TEST_SUITE_END()
