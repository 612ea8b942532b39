// Who is refused, how, and until when.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "enforcement/publisher.hpp"
#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

namespace {

using std::chrono::seconds;

// The PPPoE site with another authorize section.
std::string site_with(std::string_view authorize) {
    std::string site(kPppoeSite);
    constexpr std::string_view kStock = "\tauthorize {\n\t\tpppoe_guard\n";
    const auto at = site.find(kStock);
    return site.replace(at, kStock.size(), "\tauthorize {\n" + std::string(authorize));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(refusals)

BOOST_AUTO_TEST_CASE(a_suspended_id_is_rejected_with_the_message_and_others_are_not) {
    GuardedServer guarded;
    guarded.publish({"u0002"});
    guarded.server.start();
    const auto reply = guarded.login("u0002");
    BOOST_TEST(reply.code == "Access-Reject");
    BOOST_TEST(reply.value("Reply-Message") == "Please call us.");
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.login("u0001").value("Reply-Message").empty());

    const auto events = guarded.events();
    BOOST_REQUIRE_EQUAL(events.size(), 3U);
    BOOST_TEST((events[0].kind == Kind::reject));
    BOOST_TEST(events[0].id == "u0002");
    BOOST_TEST(events[0].addresses.empty());
    BOOST_TEST(guarded.figure("suspended") == "1");
    BOOST_TEST(guarded.figure("table") == "good");
    BOOST_TEST(guarded.figure("generation") == "1");
    BOOST_TEST(guarded.server.log().find("authentication is suspended") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_next_login_after_a_release_is_accepted) {
    GuardedServer guarded;
    guarded.publish({"u0001"});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Reject");
    guarded.publish({});
    BOOST_TEST(wait_until([&] { return guarded.login("u0001").code == "Access-Accept"; }, seconds(1)));
    guarded.publish({"u0001"});
    BOOST_TEST(wait_until([&] { return guarded.login("u0001").code == "Access-Reject"; }, seconds(1)));
}

BOOST_AUTO_TEST_CASE(an_id_is_suspended_however_it_is_written) {
    GuardedServer guarded;
    guarded.publish({"u0007@isp.example"});
    guarded.server.start();
    for (const char* name : {"u0007@isp.example", "U0007@ISP.Example"})
        BOOST_TEST(guarded.login(name).code == "Access-Reject");
    BOOST_TEST(guarded.events().at(1).id == "u0007@isp.example");
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
}

BOOST_AUTO_TEST_CASE(the_realm_may_be_stripped) {
    Setup setup{.items = "realm = \"strip\""};
    setup.normalisation.realm = IdNormalisation::Realm::strip;
    GuardedServer guarded(setup);
    guarded.publish({"u0007"});
    guarded.server.start();
    BOOST_TEST(guarded.login("U0007@ISP.Example").code == "Access-Reject");
    BOOST_TEST(guarded.events().at(0).id == "u0007");
}

BOOST_AUTO_TEST_CASE(case_may_be_kept) {
    Setup setup{.items = "case = \"keep\""};
    setup.normalisation.letter_case = IdNormalisation::Case::keep;
    GuardedServer guarded(setup);
    guarded.publish({"u0007@isp.example"});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0007@isp.example").code == "Access-Reject");
    BOOST_TEST(guarded.login("U0007@ISP.Example").code == "Access-Accept");
    BOOST_TEST(guarded.events().at(1).id == "U0007@ISP.Example");
}

BOOST_AUTO_TEST_CASE(a_table_for_other_ids_refuses_nobody_and_says_so) {
    Setup setup;
    setup.normalisation.realm = IdNormalisation::Realm::strip;  // of the table; the module keeps realms
    GuardedServer guarded(setup);
    guarded.publish({"u0001"});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.figure("table") == "absent");
    BOOST_TEST(guarded.server.log().find("realm=strip") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_id_may_be_an_expansion) {
    GuardedServer guarded(Setup{.items = R"(id = "%{%{Stripped-User-Name}:-%{User-Name}}")", .site = site_with(R"(
		if (&User-Name =~ /^(.*)@/) {
			update request {
				&Stripped-User-Name := "%{1}"
			}
		}
		pppoe_guard
)")});
    guarded.publish({"u0007"});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0007@isp.example").code == "Access-Reject");
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    const auto events = guarded.events();
    BOOST_REQUIRE_EQUAL(events.size(), 2U);
    BOOST_TEST(events[0].id == "u0007");
    BOOST_TEST(events[1].id == "u0001");
}

BOOST_AUTO_TEST_CASE(a_service_has_its_own_suspensions) {
    GuardedServer guarded(Setup{.service = Service::smtp_auth});
    enforcement::publish(enforcement::Table::build(1, HashKey{}, IdNormalisation{}.fingerprint(),
                                                   {{Service::pppoe, "u0001"}, {Service::smtp_auth, "u0002"}}, {}),
                         guarded.table());
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001", ", Calling-Station-Id = 203.0.113.1").code == "Access-Accept");
    BOOST_TEST(guarded.login("u0002", ", Calling-Station-Id = 203.0.113.1").code == "Access-Reject");
}

BOOST_AUTO_TEST_CASE(a_blocked_source_is_refused_until_the_block_ends_by_itself) {
    GuardedServer guarded(Setup{.service = Service::smtp_auth});
    const Time expires = SystemClock{}.now() + seconds(4);
    guarded.publish({}, {{*IpAddress::parse("203.0.113.66"), expires},
                         {*IpAddress::parse("2001:db8:66::/64"), SystemClock{}.now() + seconds(600)}});
    guarded.server.start();
    const auto from = [&](const char* client) {
        return guarded.login("u0001", ", Calling-Station-Id = \"" + std::string(client) + "\"").code;
    };
    if (SystemClock{}.now() < expires - seconds(1)) {  // else the machine was too slow, and this would prove nothing
        BOOST_TEST(from("203.0.113.66") == "Access-Reject");
        const auto events = guarded.events();
        BOOST_REQUIRE_EQUAL(events.size(), 1U);
        BOOST_TEST((events[0].kind == Kind::reject));
        BOOST_TEST((events[0].addresses == addresses({"203.0.113.66"})));
        BOOST_TEST(guarded.figure("blocked") == "1");
    } else {
        BOOST_ERROR("starting the server took longer than the block lasts");
    }
    BOOST_TEST(from("203.0.113.67") == "Access-Accept");
    BOOST_TEST(from("2001:db8:66::1:2") == "Access-Reject");
    BOOST_TEST(from("2001:db8:67::1") == "Access-Accept");
    BOOST_TEST(wait_until([&] { return from("203.0.113.66") == "Access-Accept"; }, seconds(6)));
    BOOST_TEST((SystemClock{}.now() >= expires));
}

BOOST_AUTO_TEST_CASE(a_block_is_not_for_pppoe) {
    GuardedServer guarded;
    guarded.publish({}, {{*IpAddress::parse("127.0.0.1"), SystemClock{}.now() + seconds(600)},
                         {*IpAddress::parse("203.0.113.66"), SystemClock{}.now() + seconds(600)}});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001", ", Calling-Station-Id = \"203.0.113.66\"").code == "Access-Accept");
}

BOOST_AUTO_TEST_CASE(mark_leaves_the_decision_to_the_operator) {
    GuardedServer guarded(Setup{.items = "action = \"mark\"", .site = site_with(R"(
		pppoe_guard
		if (updated) {
			update reply {
				&Framed-Pool := "walled-garden"
				&Filter-Id := "%{control:PPPoE-Guard-Verdict}"
			}
		}
)")});
    guarded.publish({"u0001"});
    guarded.server.start();
    const auto marked = guarded.login("u0001");
    BOOST_TEST(marked.code == "Access-Accept");
    BOOST_TEST(marked.value("Framed-Pool") == "walled-garden");
    BOOST_TEST(marked.value("Filter-Id") == "suspended");
    BOOST_TEST(marked.value("Reply-Message").empty());
    const auto other = guarded.login("u0002");
    BOOST_TEST(other.code == "Access-Accept");
    BOOST_TEST(other.value("Framed-Pool").empty());
    BOOST_TEST((guarded.events().at(0).kind == Kind::accept));
}

BOOST_AUTO_TEST_CASE(a_refusal_can_be_turned_into_a_walled_garden) {
    GuardedServer guarded(Setup{.site = site_with(R"(
		pppoe_guard {
			userlock = 2
		}
		if (userlock) {
			update {
				&reply:Framed-Pool := "walled-garden"
				&reply:Reply-Message !* ANY
			}
		}
)")});
    guarded.publish({"u0001"});
    guarded.server.start();
    const auto reply = guarded.login("u0001");
    BOOST_TEST(reply.code == "Access-Accept");
    BOOST_TEST(reply.value("Framed-Pool") == "walled-garden");
    BOOST_TEST(reply.value("Reply-Message").empty());
    BOOST_TEST(guarded.login("u0002").value("Framed-Pool").empty());
}

BOOST_AUTO_TEST_CASE(the_message_is_expanded_and_cut_between_characters) {
    // 84 characters of three bytes each are 252 bytes; the 85th does not fit into 253.
    std::string text;
    for (int i = 0; i < 90; ++i) text += "停";
    Setup setup{.items = "id = &User-Name"};
    GuardedServer guarded(setup);
    guarded.publish({"u0001"});
    auto config = guarded.config(setup);
    const std::string_view kMessage = "\"Please call us.\"";
    config.modules.replace(config.modules.find(kMessage), kMessage.size(), "\"%{User-Name}: call us\"");
    guarded.server.configure(config);
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").value("Reply-Message") == "u0001: call us");
    guarded.server.stop();

    config = guarded.config(setup);
    config.modules.replace(config.modules.find(kMessage), kMessage.size(), '"' + text + '"');
    guarded.server.configure(config);
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").value("Reply-Message") == text.substr(0, 252));
    guarded.server.stop();

    config = guarded.config(setup);
    config.modules.replace(config.modules.find(kMessage), kMessage.size(), "\"\"");
    guarded.server.configure(config);
    guarded.server.start();
    const auto silent = guarded.login("u0001");
    BOOST_TEST(silent.code == "Access-Reject");
    BOOST_TEST(silent.value("Reply-Message").empty());
}

// The server would hand an instance that it makes on SIGHUP the text of `id` instead of what it refers to.
BOOST_AUTO_TEST_CASE(a_hangup_opens_nothing) {
    const Setup setup{.items = "id = &User-Name"};
    GuardedServer guarded(setup);
    guarded.publish({"u0001"});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Reject");
    auto config = guarded.config(setup);
    constexpr std::string_view kMessage = "\"Please call us.\"";
    config.modules.replace(config.modules.find(kMessage), kMessage.size(), "\"Something else.\"");
    guarded.server.configure(config);
    // The server looks at whole seconds.
    const auto file = guarded.server.directory() / "radiusd.conf";
    std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) + seconds(60));
    // It reloads no module within two seconds of having loaded it.
    const Time due = SystemClock{}.now() + seconds(3);
    BOOST_REQUIRE(wait_until([&] { return SystemClock{}.now() >= due; }, seconds(10)));
    guarded.server.hangup();
    BOOST_REQUIRE_MESSAGE(guarded.server.wait_for_log("Reloaded module \"files\""), guarded.server.log());
    const auto loaded_again = [&] {
        const std::string log = guarded.server.log();
        return log.find("Loaded virtual server figures", log.find("Reloaded module")) != std::string::npos;
    };
    BOOST_REQUIRE(wait_until(loaded_again, seconds(20)));
    for (int i = 0; i < 5; ++i) {
        const auto reply = guarded.login("u0001");
        BOOST_TEST(reply.code == "Access-Reject");
        BOOST_TEST(reply.value("Reply-Message") == "Please call us.");  // as mods-available says: a restart changes it
    }
    BOOST_TEST(guarded.login("u0002").code == "Access-Accept");
    BOOST_TEST(guarded.events().size() == 7U);
}

BOOST_AUTO_TEST_SUITE_END()
