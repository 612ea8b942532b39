// From loading to unloading: what the server does with the module besides requests, and requests that are no logins.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <iterator>
#include <set>

#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

BOOST_TEST_DONT_PRINT_LOG_VALUE(guard::Kind)

namespace {

std::ptrdiff_t segments(const GuardedServer& guarded) {
    return std::distance(std::filesystem::directory_iterator(guarded.spool()), {});
}

// What stands behind `before` wherever it is in the file, up to the next character that is no letter.
std::set<std::string> words_behind(const char* file, std::string_view before) {
    const auto text = read_file(std::filesystem::path(GUARD_SOURCE_DIR) / "rlm_pppoe_guard" / file);
    std::set<std::string> words;
    for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
        const auto word = text.substr(at + before.size());
        words.insert(word.substr(0, word.find_first_not_of("abcdefghijklmnopqrstuvwxyz")));
    }
    return words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle)

// The manual lists every figure that there is, and no other. What each counts: the tests of that.
BOOST_AUTO_TEST_CASE(the_figures_of_the_manual_are_those_that_there_are) {
    const std::set<std::string> figures{"appended",  "dropped", "unusable", "clamped", "duplicates",
                                        "suspended", "blocked", "faults",   "table",   "generation"};
    BOOST_TEST(words_behind("mods-available/pppoe_guard", "%{pppoe_guard:") == figures);
    auto in_code = words_behind("guard_core.cpp", "name == \"");
    in_code.merge(words_behind("guard_core.cpp", "name != \""));
    BOOST_TEST(in_code == figures);
    GuardedServer guarded;
    guarded.publish({});
    guarded.server.start();
    for (const std::string& name : figures) BOOST_TEST(!guarded.figure(name).empty(), name);
}

// -m: the server takes everything apart again, as its unit does before a reload.
BOOST_AUTO_TEST_CASE(a_check_with_memory_debugging_loads_and_unloads) {
    GuardedServer guarded;
    guarded.publish({"u0001"});
    for (const char* arguments : {"-Cm", "-Cxm"}) {
        const auto result = guarded.server.check({arguments, "-lstdout"});
        BOOST_TEST(result.status == 0, result.output);
    }
    BOOST_TEST(segments(guarded) == 0);
}

// Beside a live server, whose events go on into the same segment.
BOOST_AUTO_TEST_CASE(a_check_beside_a_live_server_disturbs_nothing) {
    GuardedServer guarded;
    guarded.server.start();
    guarded.login("u0001");
    BOOST_TEST(guarded.server.check({"-Cxm", "-lstdout"}).status == 0);
    guarded.login("u0001");
    BOOST_TEST(segments(guarded) == 1);
    BOOST_TEST(guarded.events().size() == 2U);
}

// The server then ends without detach. It would be started again every five seconds: each time a segment left behind
// would fill the quota within an hour.
BOOST_AUTO_TEST_CASE(a_start_that_fails_in_another_module_leaves_nothing_behind) {
    const Setup setup;
    GuardedServer guarded(setup);
    const auto good = guarded.config(setup);
    auto bad = good;
    bad.modules += "\tfiles broken {\n\t\tusersfile = ${work}/broken\n\t}\n";
    write_file(guarded.server.directory() / "broken", "u0001 this is no line of a users file\n");
    guarded.server.configure(bad);
    BOOST_CHECK_EXCEPTION(guarded.server.start(), std::runtime_error, [](const std::runtime_error& error) {
        return std::string_view(error.what()).find("broken") != std::string_view::npos;
    });
    BOOST_TEST(segments(guarded) == 0);

    guarded.server.configure(good);
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.events().size() == 1U);
    BOOST_TEST(guarded.torn() == 0U);
    BOOST_TEST(segments(guarded) == 1);
}

// The usual one: somebody else has the port, which the server finds out after it has loaded everything.
BOOST_AUTO_TEST_CASE(a_start_on_a_port_in_use_leaves_nothing_behind) {
    const Setup setup;
    GuardedServer first(setup), second(setup);
    first.server.start();
    auto config = second.config(setup);
    for (auto at = config.servers.find("${auth_port}"); at != std::string::npos;
         at = config.servers.find("${auth_port}"))
        config.servers.replace(at, 12, std::to_string(first.server.auth_port()));
    second.server.configure(config);
    BOOST_CHECK_THROW(second.server.start(), std::runtime_error);
    BOOST_TEST(segments(second) == 0);
}

// An `address` that is never there: the analyzer sees it by the counters of the segment, or not at all.
BOOST_AUTO_TEST_CASE(a_message_that_cannot_be_used_is_in_the_counters_of_a_segment) {
    GuardedServer guarded(Setup{.service = Service::smtp_auth});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    guarded.server.stop();
    BOOST_TEST(segments(guarded) == 1);
    spool::Reader reader(guarded.spool());
    BOOST_TEST(reader.writers().counters.unusable == 1U);
}

BOOST_AUTO_TEST_CASE(a_stop_without_a_login_leaves_nothing_behind) {
    GuardedServer guarded;
    guarded.server.start();
    guarded.server.stop();
    BOOST_TEST(segments(guarded) == 0);
}

// With a changed file: refusal_test.cpp, a_hangup_opens_nothing.
BOOST_AUTO_TEST_CASE(a_hangup_without_a_changed_file_changes_nothing) {
    GuardedServer guarded;
    guarded.publish({"u0002"});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    guarded.server.hangup();
    BOOST_REQUIRE_MESSAGE(guarded.server.wait_for_log("HUP"), guarded.server.log());
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.login("u0002").code == "Access-Reject");
    BOOST_TEST(guarded.events().size() == 3U);
    BOOST_TEST(guarded.figure("appended") == "3");
    BOOST_TEST(segments(guarded) == 1);
}

// A NAS that asks whether the server lives is no login.
BOOST_AUTO_TEST_CASE(status_server_is_answered_and_no_event) {
    GuardedServer guarded;
    guarded.server.start();
    const auto status = [&](std::uint16_t port) {
        ProcessOptions options;
        options.input = "Message-Authenticator = 0x00\n";
        return run({"radclient", "-x", "-r", "1", "-t", "1", "127.0.0.1:" + std::to_string(port), "status",
                    std::string(RadiusServer::kSecret)},
                   options)
            .output;
    };
    const auto authentication = status(guarded.server.auth_port());
    BOOST_TEST(authentication.find("Received Access-Accept") != std::string::npos, authentication);
    const auto accounting = status(guarded.server.acct_port());
    BOOST_TEST(accounting.find("Received Accounting-Response") != std::string::npos, accounting);
    BOOST_TEST(guarded.events().empty());
    BOOST_TEST(guarded.figure("unusable") == "0");
}

BOOST_AUTO_TEST_CASE(a_request_without_user_name_is_rejected_by_the_server_and_counted) {
    GuardedServer guarded;
    guarded.publish({"u0001"});
    guarded.server.start();
    RawClient client;
    BOOST_TEST((client.exchange(guarded.server.auth_port(),
                                RawPacket(RequestType::authentication).password("pw").encode()) == 3));
    BOOST_TEST(guarded.events().empty());
    BOOST_TEST(guarded.figure("unusable") == "1");
}

// CHAP (RFC 2865 section 5.3) and MS-CHAP are one round: the module sees them as it sees PAP.
BOOST_AUTO_TEST_CASE(chap_and_ms_chap_are_logins_like_any_other) {
    Setup setup;
    setup.site = std::string(kPppoeSite);
    setup.site.replace(setup.site.find("\t\tfiles\n\t\tpap\n"), 14, "\t\tchap\n\t\tmschap\n\t\tfiles\n\t\tpap\n");
    setup.site.replace(setup.site.find("\t\tpap\n\t}\n\tpreacct"), 8,
                       "\t\tpap\n\t\tAuth-Type CHAP {\n\t\t\tchap\n\t\t}\n"
                       "\t\tAuth-Type MS-CHAP {\n\t\t\tmschap\n\t\t}\n\t}");
    GuardedServer guarded(setup);
    guarded.publish({"u0002"});
    auto config = guarded.config(setup);
    config.modules = "\tchap {\n\t}\n\tmschap {\n\t}\n" + config.modules;
    guarded.server.configure(config);
    guarded.server.start();
    for (const char* attribute : {"CHAP-Password", "MS-CHAP-Password"}) {
        const auto login = [&](const char* id, const char* password) {
            return send(guarded.server.auth_port(), RequestType::authentication,
                        "User-Name = " + std::string(id) + ", " + attribute + " = " + password)
                .code;
        };
        BOOST_TEST(login("u0001", "pw") == "Access-Accept");
        BOOST_TEST(login("u0001", "wrong") == "Access-Reject");
        BOOST_TEST(login("u0002", "pw") == "Access-Reject");
    }
    const auto events = guarded.events();
    BOOST_REQUIRE_EQUAL(events.size(), 6U);
    for (std::size_t i = 0; i < events.size(); ++i)
        BOOST_TEST(events[i].kind == (i % 3 == 0 ? Kind::accept : Kind::reject));
    BOOST_TEST(guarded.figure("suspended") == "2");
}

BOOST_AUTO_TEST_SUITE_END()
