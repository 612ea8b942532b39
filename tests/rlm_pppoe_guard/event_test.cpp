// What a packet becomes in the spool, field by field.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>

#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

BOOST_TEST_DONT_PRINT_LOG_VALUE(guard::Kind)
BOOST_TEST_DONT_PRINT_LOG_VALUE(guard::Service)

namespace {

Time present() {
    return SystemClock{}.now();
}

std::string seconds_since_1970(Time time) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

// The one event that `act` causes.
template <class Act>
LoginEvent only_event(GuardedServer& guarded, Act act) {
    const std::size_t before = guarded.events().size();
    act();
    const auto events = guarded.events();
    BOOST_REQUIRE_EQUAL(events.size(), before + 1);
    return events.back();
}

struct Pppoe : GuardedServer {
    Pppoe() { server.start(); }
};

struct Smtp : GuardedServer {
    Smtp() : GuardedServer(Setup{.service = Service::smtp_auth}) { server.start(); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(events)

BOOST_FIXTURE_TEST_CASE(an_accept_has_the_addresses_of_the_reply, Pppoe) {
    const Time before = present();
    const auto event = only_event(*this, [&] { BOOST_TEST(login("u0002").code == "Access-Accept"); });
    BOOST_TEST(event.service == Service::pppoe);
    BOOST_TEST(event.kind == Kind::accept);
    BOOST_TEST(event.id == "u0002");
    BOOST_TEST(
        (event.addresses == addresses({"198.51.100.2", "2001:db8:1::2", "2001:db8:2::/64", "2001:db8:300::/56"})));
    BOOST_TEST((event.time >= before && event.time <= present()));
}

BOOST_FIXTURE_TEST_CASE(an_accept_without_an_address_is_an_event, Pppoe) {
    const auto event = only_event(*this, [&] {
        // What the NAS suggests in its request is not assigned (RFC 2865 section 5.8).
        BOOST_TEST(login("u0001", ", Framed-IP-Address = 198.51.100.99").code == "Access-Accept");
    });
    BOOST_TEST(event.kind == Kind::accept);
    BOOST_TEST(event.addresses.empty());
}

BOOST_FIXTURE_TEST_CASE(a_reject_has_no_address_whatever_its_reply_carries, Pppoe) {
    const auto event = only_event(*this, [&] {
        const auto reply =
            send(server.auth_port(), RequestType::authentication, "User-Name = \"u0002\", User-Password = \"wrong\"");
        BOOST_TEST(reply.code == "Access-Reject");
        BOOST_TEST(reply.value("Framed-IP-Address") == "198.51.100.2");
    });
    BOOST_TEST(event.kind == Kind::reject);
    BOOST_TEST(event.id == "u0002");
    BOOST_TEST(event.addresses.empty());
}

BOOST_FIXTURE_TEST_CASE(an_unknown_id_is_a_reject, Pppoe) {
    const auto event = only_event(*this, [&] { BOOST_TEST(login("nobody").code == "Access-Reject"); });
    BOOST_TEST(event.kind == Kind::reject);
    BOOST_TEST(event.id == "nobody");
}

BOOST_FIXTURE_TEST_CASE(start_interim_and_stop_have_the_addresses_of_the_request, Pppoe) {
    const std::pair<const char*, Kind> steps[] = {
        {"Start", Kind::assign}, {"Interim-Update", Kind::alive}, {"Stop", Kind::release}};
    for (const auto& [status, kind] : steps) {
        const auto event = only_event(*this, [&] {
            const auto reply = accounting("User-Name = \"U0001\", Acct-Status-Type = " + std::string(status) +
                                          ", Acct-Session-Id = \"s1\", Framed-IP-Address = 203.0.113.5, "
                                          "Delegated-IPv6-Prefix = 2001:db8:77::/56");
            BOOST_TEST(reply.code == "Accounting-Response");
        });
        BOOST_TEST(event.service == Service::pppoe);
        BOOST_TEST(event.kind == kind);
        BOOST_TEST(event.id == "u0001");
        BOOST_TEST((event.addresses == addresses({"203.0.113.5", "2001:db8:77::/56"})));
    }
}

BOOST_FIXTURE_TEST_CASE(all_addresses_of_a_session_are_one_event, Pppoe) {
    const auto event = only_event(*this, [&] {
        // In another order than they are recorded in, and of each kind the first counts.
        accounting(
            "User-Name = \"u0001\", Acct-Status-Type = Start, Acct-Session-Id = \"s1\", "
            "Delegated-IPv6-Prefix = 2001:db8:77::/56, Framed-IPv6-Prefix = 2001:db8:66::/64, "
            "Framed-IPv6-Address = 2001:db8:55::5, Framed-IP-Address = 203.0.113.5, "
            "Delegated-IPv6-Prefix += 2001:db8:88::/56");
    });
    BOOST_TEST(
        (event.addresses == addresses({"203.0.113.5", "2001:db8:55::5", "2001:db8:66::/64", "2001:db8:77::/56"})));
}

BOOST_FIXTURE_TEST_CASE(a_value_that_means_no_address_leaves_the_others, Pppoe) {
    const auto event = only_event(*this, [&] {
        accounting(
            "User-Name = \"u0001\", Acct-Status-Type = Start, Framed-IP-Address = 255.255.255.254, "
            "Delegated-IPv6-Prefix = 2001:db8:77::/56");
    });
    BOOST_TEST((event.addresses == addresses({"2001:db8:77::/56"})));
}

BOOST_FIXTURE_TEST_CASE(values_that_mean_no_address_are_none, Pppoe) {
    for (const char* address : {"255.255.255.254", "255.255.255.255", "0.0.0.0"}) {
        const auto event = only_event(*this, [&] {
            accounting("User-Name = \"u0001\", Acct-Status-Type = Start, Acct-Session-Id = \"" + std::string(address) +
                       "\", Framed-IP-Address = " + address + ", Framed-IPv6-Prefix = ::/0");
        });
        BOOST_TEST(event.addresses.empty());
    }
}

BOOST_FIXTURE_TEST_CASE(accounting_on_and_off_are_answered_and_no_event, Pppoe) {
    for (const char* status : {"Accounting-On", "Accounting-Off"})
        BOOST_TEST(accounting("Acct-Status-Type = " + std::string(status)).code == "Accounting-Response");
    BOOST_TEST(events().empty());
    BOOST_TEST(figure("unusable") == "0");
}

BOOST_FIXTURE_TEST_CASE(the_time_of_accounting_is_that_of_the_event, Pppoe) {
    const auto start = [&](std::string_view session, const std::string& more) {
        return only_event(*this, [&] {
            accounting("User-Name = \"u0001\", Acct-Status-Type = Start, Acct-Session-Id = \"" + std::string(session) +
                       "\", " + more);
        });
    };
    const auto tolerance = std::chrono::seconds{5};
    const Time minute_ago = std::chrono::floor<std::chrono::seconds>(present() - std::chrono::minutes{1});

    // Event-Timestamp it is, and Acct-Delay-Time is not taken off again.
    const auto stamped = start("t1", "Event-Timestamp = " + seconds_since_1970(minute_ago) + ", Acct-Delay-Time = 60");
    BOOST_TEST((stamped.time - minute_ago < tolerance && minute_ago - stamped.time < tolerance));
    const auto early = start("t2", "Event-Timestamp = " + seconds_since_1970(minute_ago));
    BOOST_TEST((early.time == minute_ago));
    // Without it, arrival less the delay.
    const auto delayed = start("t3", "Acct-Delay-Time = 600");
    BOOST_TEST((present() - delayed.time >= std::chrono::seconds{600}));
    BOOST_TEST((present() - delayed.time < std::chrono::seconds{600} + tolerance));
    BOOST_TEST(figure("clamped") == "0");
    // A NAS nine hours off: its clock is not believed, its delay is.
    const Time tokyo = present() + std::chrono::hours{9};
    const auto skewed = start("t4", "Event-Timestamp = " + seconds_since_1970(tokyo) + ", Acct-Delay-Time = 30");
    BOOST_TEST((present() - skewed.time >= std::chrono::seconds{30}));
    BOOST_TEST((present() - skewed.time < std::chrono::seconds{30} + tolerance));
    BOOST_TEST(figure("clamped") == "1");
    // A delay of 136 years is none.
    const auto absurd = start("t5", "Acct-Delay-Time = 4294967295");
    BOOST_TEST((present() - absurd.time < tolerance));
    BOOST_TEST(figure("clamped") == "2");
}

BOOST_FIXTURE_TEST_CASE(ids_are_bytes, Pppoe) {
    RawClient client;
    const std::string name("u\0\xff\"\\%{0}", 9);
    const auto event = only_event(*this, [&] {
        const auto packet = RawPacket(RequestType::authentication).attribute(1, name).password("pw").encode();
        BOOST_TEST((client.exchange(server.auth_port(), packet) == 3));
    });
    BOOST_TEST(event.id == name);
    const std::string longest(253, 'x');
    const auto longest_event = only_event(*this, [&] {
        const auto packet = RawPacket(RequestType::authentication, 2).attribute(1, longest).password("pw").encode();
        BOOST_TEST((client.exchange(server.auth_port(), packet) == 3));
    });
    BOOST_TEST(longest_event.id == longest);
}

// What mods-available/pppoe_guard says of expansions.
BOOST_AUTO_TEST_CASE(an_expansion_is_written_as_the_server_writes_it) {
    GuardedServer guarded(Setup{.items = "id = \"%{User-Name}\""});
    guarded.server.start();
    RawClient client;
    const std::pair<std::string, std::string> names[] = {
        {"u0001@isp.example", "u0001@isp.example"}, {"加入者@isp", "加入者@isp"}, {"a\"b\\c\x01", "a\\\"b\\\\c\\001"}};
    std::uint8_t identifier = 0;
    for (const auto& [name, id] : names) {
        const auto packet =
            RawPacket(RequestType::authentication, ++identifier).attribute(1, name).password("x").encode();
        BOOST_TEST((client.exchange(guarded.server.auth_port(), packet) == 3));
        BOOST_TEST(guarded.events().back().id == id);
    }
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_used_is_counted_and_not_guessed, Pppoe) {
    RawClient client;
    const auto start = [](std::uint8_t identifier) {
        return RawPacket(RequestType::accounting, identifier).attribute(40, 1U).attribute(44, "s1");
    };
    // No User-Name.
    BOOST_TEST((client.exchange(server.acct_port(), start(1).attribute(8, 0xcb007105U).encode()) == 5));
    // A prefix without a length, and one longer than an address (RFC 3162 section 2.3).
    const std::uint8_t cut[] = {0};
    BOOST_TEST((client.exchange(server.acct_port(), start(2).attribute(1, "u0001").attribute(97, cut).encode()) == 5));
    const std::uint8_t longer[] = {0, 129, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    BOOST_TEST(
        (client.exchange(server.acct_port(), start(3).attribute(1, "u0001").attribute(123, longer).encode()) == 5));
    BOOST_TEST(events().empty());
    BOOST_TEST(figure("unusable") == "3");
}

BOOST_FIXTURE_TEST_CASE(an_smtp_login_has_the_address_of_the_client, Smtp) {
    const auto accept = only_event(*this, [&] {
        // Reply attributes of the same account as a PPPoE line are not the client's address.
        BOOST_TEST(login("u0002", ", Calling-Station-Id = \"203.0.113.9\"").code == "Access-Accept");
    });
    BOOST_TEST(accept.service == Service::smtp_auth);
    BOOST_TEST(accept.kind == Kind::accept);
    BOOST_TEST((accept.addresses == addresses({"203.0.113.9"})));
    const auto reject = only_event(
        *this, [&] { BOOST_TEST(login("spammer", ", Calling-Station-Id = \"2001:db8::9\"").code == "Access-Reject"); });
    BOOST_TEST(reject.kind == Kind::reject);
    BOOST_TEST(reject.id == "spammer");
    BOOST_TEST((reject.addresses == addresses({"2001:db8::9"})));
    const auto mapped = only_event(*this, [&] { login("u0001", ", Calling-Station-Id = \"::ffff:203.0.113.10\""); });
    BOOST_TEST((mapped.addresses == addresses({"203.0.113.10"})));
}

BOOST_FIXTURE_TEST_CASE(an_smtp_login_without_a_usable_address_is_no_event, Smtp) {
    const char* clients[] = {"", ", Calling-Station-Id = \"[203.0.113.9]:25\"",
                             ", Calling-Station-Id = \"mail.example\"", ", Calling-Station-Id = \"203.0.113.0/24\""};
    for (const char* client : clients) BOOST_TEST(login("u0001", client).code == "Access-Accept");
    BOOST_TEST(events().empty());
    BOOST_TEST(figure("unusable") == "4");
}

BOOST_AUTO_TEST_CASE(the_address_may_come_from_another_attribute) {
    GuardedServer guarded(Setup{.service = Service::smtp_auth, .items = "address = &Framed-IP-Address"});
    guarded.server.start();
    guarded.login("u0001", ", Framed-IP-Address = 203.0.113.77, Calling-Station-Id = \"203.0.113.78\"");
    const auto events = guarded.events();
    BOOST_REQUIRE_EQUAL(events.size(), 1U);
    BOOST_TEST((events[0].addresses == addresses({"203.0.113.77"})));
}

BOOST_FIXTURE_TEST_CASE(of_many_at_once_none_is_lost, Pppoe) {
    constexpr int kRequests = 1000;
    publish({"u0002"});
    ProcessOptions options;
    for (int i = 0; i < kRequests; ++i)
        options.input += "User-Name = \"" + std::string(i % 2 == 0 ? "u0001" : "u0002") +
                         "\", User-Password = \"pw\", NAS-Port = " + std::to_string(i) + "\n\n";
    const auto sent = run({"radclient", "-q", "-s", "-p", "32", "127.0.0.1:" + std::to_string(server.auth_port()),
                           "auth", std::string(RadiusServer::kSecret)},
                          options, std::chrono::seconds{60});
    BOOST_TEST_CONTEXT(sent.output) {
        const auto events = this->events();
        BOOST_TEST(events.size() == std::size_t{kRequests});
        const auto accepts = std::count_if(events.begin(), events.end(),
                                           [](const LoginEvent& event) { return event.kind == Kind::accept; });
        BOOST_TEST(accepts >= kRequests / 2);  // u0002's first ones may have come before the table
        BOOST_TEST(std::to_string(kRequests - accepts) == figure("suspended"));
        BOOST_TEST(torn() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(one_so_serves_several_instances) {
    GuardedServer guarded;
    Setup smtp{.service = Service::smtp_auth};
    GuardedServer other(smtp);
    auto config = guarded.config({});
    const auto more = other.config(smtp);
    config.modules += more.modules;
    // The SMTP server on the port that the first configuration has for figures.
    config.servers = std::string(kPppoeSite) + std::string(kSmtpSite);
    const auto at = config.servers.rfind("${auth_port}");
    config.servers.replace(at, 12, "${coa_port}");
    guarded.server.configure(config);
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(send(guarded.server.coa_port(), RequestType::authentication,
                    "User-Name = u0001, User-Password = pw, Calling-Station-Id = \"203.0.113.1\"")
                   .code == "Access-Accept");
    BOOST_REQUIRE_EQUAL(guarded.events().size(), 1U);
    BOOST_TEST(guarded.events()[0].service == Service::pppoe);
    BOOST_REQUIRE_EQUAL(other.events().size(), 1U);
    BOOST_TEST(other.events()[0].service == Service::smtp_auth);
}

BOOST_AUTO_TEST_SUITE_END()
