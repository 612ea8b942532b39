// The very files that are installed, on other ports and paths: what an operator starts from must work as it is.
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "enforcement/publisher.hpp"
#include "spool/reader.hpp"
#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

BOOST_TEST_DONT_PRINT_LOG_VALUE(guard::Kind)

namespace {

// What the example lists besides ours; in Debian's configuration they are there.
constexpr std::string_view kOtherModules = R"(
	preprocess {
		huntgroups = ${work}/none
		hints = ${work}/none
	}
	realm suffix {
		format = suffix
		delimiter = "@"
	}
	attr_filter attr_filter.access_reject {
		key = "%{User-Name}"
		filename = ${work}/filter
	}
	chap {
	}
	mschap {
	}
)";

std::string source(const char* file) {
    return read_file(std::filesystem::path(GUARD_SOURCE_DIR) / "rlm_pppoe_guard" / file);
}

// Every one of them; at least one must be there, or the test would try something other than the files.
void replace_all(std::string& text, std::string_view from, std::string_view to) {
    auto at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, "the file no longer has " << from);
    for (; at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

struct Example {
    explicit Example(std::string_view action = "userlock")
        : work("example", User::unprivileged()),
          smtp_port(free_port(Transport::udp)),
          garden_port(free_port(Transport::udp)),
          garden_acct_port(free_port(Transport::udp)),
          server(RadiusConfig{}) {
        std::filesystem::permissions(work.path(), static_cast<std::filesystem::perms>(02755));
        for (const char* name : {"pppoe", "smtp"}) {
            std::filesystem::create_directory(spool(name));
            std::filesystem::permissions(spool(name), static_cast<std::filesystem::perms>(0700));
            if (geteuid() == 0) BOOST_REQUIRE(chown(spool(name).c_str(), server.user().uid, server.user().gid) == 0);
        }
        server.configure(config(action));
        for (const char* name : {"none", "filter"}) write_file(server.directory() / name, "", server.user());
        write_file(server.directory() / "filter", "DEFAULT\n\tReply-Message =* ANY\n", server.user());
    }

    RadiusConfig config(std::string_view action) const {
        RadiusConfig result;
        result.modules = source("mods-available/pppoe_guard");
        replace_all(result.modules, "/var/lib/pppoe-guard/enforcement/table", table().string());
        replace_all(result.modules, "/var/spool/pppoe-guard/pppoe", spool("pppoe").string());
        replace_all(result.modules, "/var/spool/pppoe-guard/smtp", spool("smtp").string());
        replace_all(result.modules, "action = \"userlock\"\n\n", "action = \"" + std::string(action) + "\"\n\n");
        result.modules += kOtherModules;
        result.servers = source("sites-available/pppoe-guard-example");
        const auto port = [&](const char* from, std::uint16_t to) {
            replace_all(result.servers, std::string("port = ") + from, "port = " + std::to_string(to));
        };
        port("1812", server.auth_port());
        port("1813", server.acct_port());
        port("1832", garden_port);
        port("1833", garden_acct_port);
        port("1822", smtp_port);
        replace_all(result.servers, "ipaddr = *", "ipaddr = 127.0.0.1");
        result.users = kSubscribers;
        result.main = "policy {\n\tacct_unique {\n\t\tok\n\t}\n}\n";
        return result;
    }

    void suspend(const std::vector<enforcement::SuspendedId>& ids,
                 const std::vector<enforcement::BlockedSource>& sources = {}) const {
        enforcement::publish(enforcement::Table::build(1, HashKey{1}, IdNormalisation{}.fingerprint(), ids, sources),
                             table());
    }

    std::vector<LoginEvent> events(const char* name) const {
        std::vector<LoginEvent> result;
        spool::Reader reader(spool(name));
        for (; reader.peek() != nullptr; reader.pop()) result.push_back(*reader.peek());
        return result;
    }

    static Reply login(std::uint16_t port, std::string_view id, std::string_view password = "pw",
                       std::string_view more = "") {
        return send(port, RequestType::authentication,
                    "User-Name = \"" + std::string(id) + "\", User-Password = \"" + std::string(password) + "\"" +
                        std::string(more));
    }
    static Reply start(std::uint16_t port, std::string_view session) {
        return send(port, RequestType::accounting,
                    "User-Name = u0001, Acct-Status-Type = Start, Framed-IP-Address = 198.51.100.9, "
                    "Acct-Session-Id = " +
                        std::string(session));
    }

    std::filesystem::path spool(const char* name) const { return work.path() / name; }
    std::filesystem::path table() const { return work.path() / "table"; }

    TemporaryDirectory work;
    std::uint16_t smtp_port, garden_port, garden_acct_port;
    RadiusServer server;
};

const char* const kActions[] = {"userlock", "mark"};

}  // namespace

BOOST_AUTO_TEST_SUITE(example)

BOOST_DATA_TEST_CASE(the_installed_files_pass_the_check, boost::unit_test::data::make(kActions), action) {
    const Example example(action);
    const auto result = example.server.check();
    BOOST_TEST(result.status == 0, result.output);
    BOOST_TEST(result.output.find("rlm_pppoe_guard") == std::string::npos, result.output);
}

BOOST_AUTO_TEST_CASE(the_pppoe_server) {
    Example example;
    example.suspend({{Service::pppoe, "u0002"}});
    example.server.start();
    BOOST_TEST(Example::login(example.server.auth_port(), "u0001").code == "Access-Accept");
    const auto refused = Example::login(example.server.auth_port(), "U0002");
    BOOST_TEST(refused.code == "Access-Reject");
    BOOST_TEST(refused.value("Reply-Message").find("Please call us.") != std::string::npos);
    BOOST_TEST(Example::login(example.server.auth_port(), "u0001", "wrong").code == "Access-Reject");
    BOOST_TEST(Example::start(example.server.acct_port(), "s1").code == "Accounting-Response");
    const auto events = example.events("pppoe");
    BOOST_REQUIRE_EQUAL(events.size(), 4U);
    BOOST_TEST(events[0].kind == Kind::accept);
    BOOST_TEST(events[1].kind == Kind::reject);
    BOOST_TEST(events[1].id == "u0002");
    BOOST_TEST(events[2].kind == Kind::reject);
    BOOST_TEST(events[3].kind == Kind::assign);
    BOOST_TEST((events[3].addresses == addresses({"198.51.100.9"})));
    BOOST_TEST(example.events("smtp").empty());
}

// Both ways: the priority of "userlock", and "mark".
BOOST_DATA_TEST_CASE(the_walled_garden, boost::unit_test::data::make(kActions), action) {
    Example example(action);
    example.suspend({{Service::pppoe, "u0002"}});
    example.server.start();
    const auto inside = Example::login(example.garden_port, "u0002");
    BOOST_TEST(inside.code == "Access-Accept");
    BOOST_TEST(inside.value("Framed-Pool") == "walled-garden");
    // The fixed addresses of u0002, and what a refusal would say.
    for (const char* attribute :
         {"Framed-IP-Address", "Framed-IPv6-Address", "Framed-IPv6-Prefix", "Delegated-IPv6-Prefix", "Reply-Message"})
        BOOST_TEST(inside.value(attribute).empty(), attribute);
    const auto wrong = Example::login(example.garden_port, "u0002", "wrong");
    BOOST_TEST(wrong.code == "Access-Reject");
    BOOST_TEST(wrong.value("Framed-Pool").empty());
    const auto outside = Example::login(example.garden_port, "u0001");
    BOOST_TEST(outside.code == "Access-Accept");
    BOOST_TEST(outside.value("Framed-Pool").empty());
    BOOST_TEST(Example::start(example.garden_acct_port, "s1").code == "Accounting-Response");
    const auto events = example.events("pppoe");
    BOOST_REQUIRE_EQUAL(events.size(), 4U);
    BOOST_TEST(events[0].kind == Kind::accept);
    BOOST_TEST(events[0].addresses.empty());
    BOOST_TEST(events[1].kind == Kind::reject);
    BOOST_TEST(events[2].kind == Kind::accept);
    BOOST_TEST(events[3].kind == Kind::assign);
    // The server without the walled garden, with the same instance: "mark" alone refuses nobody.
    BOOST_TEST(Example::login(example.server.auth_port(), "u0002").code ==
               (std::string_view(action) == "mark" ? "Access-Accept" : "Access-Reject"));
}

BOOST_AUTO_TEST_CASE(the_smtp_server) {
    Example example;
    example.suspend({{Service::smtp_auth, "u0002"}, {Service::pppoe, "u0001"}},
                    {{*IpAddress::parse("203.0.113.66"), SystemClock{}.now() + std::chrono::hours(1)}});
    example.server.start();
    const auto login = [&](const char* id, const char* client) {
        return Example::login(example.smtp_port, id, "pw", ", Calling-Station-Id = \"" + std::string(client) + "\"")
            .code;
    };
    BOOST_TEST(login("u0001", "203.0.113.1") == "Access-Accept");
    BOOST_TEST(login("u0002", "203.0.113.1") == "Access-Reject");
    BOOST_TEST(login("u0001", "203.0.113.66") == "Access-Reject");
    const auto events = example.events("smtp");
    BOOST_REQUIRE_EQUAL(events.size(), 3U);
    BOOST_TEST(events[0].kind == Kind::accept);
    BOOST_TEST((events[0].addresses == addresses({"203.0.113.1"})));
    BOOST_TEST(events[2].kind == Kind::reject);
    BOOST_TEST((events[2].addresses == addresses({"203.0.113.66"})));
    BOOST_TEST(example.events("pppoe").empty());
}

BOOST_AUTO_TEST_SUITE_END()
