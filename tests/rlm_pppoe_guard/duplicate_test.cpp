// One step of a session is one event, however often its message comes.
#include <boost/test/unit_test.hpp>

#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

namespace {

constexpr std::uint8_t kUserName = 1, kFramedIpAddress = 8, kAcctStatusType = 40, kAcctDelayTime = 41,
                       kAcctSessionId = 44, kEventTimestamp = 55;

struct Nas : GuardedServer {
    explicit Nas(const Setup& setup = {}) : GuardedServer(setup) { server.start(); }

    RawPacket message(std::uint8_t identifier, std::uint32_t status) {
        return RawPacket(RequestType::accounting, identifier)
            .attribute(kAcctStatusType, status)
            .attribute(kUserName, "u0001")
            .attribute(kAcctSessionId, "s1");
    }
    void deliver(const RawPacket& packet) { BOOST_TEST((client.exchange(server.acct_port(), packet.encode()) == 5)); }
    // Sends the same bytes until the module has seen them once more: what comes while the server still has the first in
    // hand, or its answer, never reaches a module.
    void repeat(std::uint16_t port, const std::vector<std::uint8_t>& packet) {
        const auto before = figure("duplicates");
        const auto seen = [&] {
            client.exchange(port, packet);
            return figure("duplicates") != before;
        };
        BOOST_TEST(wait_until(seen, std::chrono::seconds{30}));
    }
    void expect(std::size_t events_wanted, std::size_t duplicates_wanted) {
        BOOST_TEST(events().size() == events_wanted);
        BOOST_TEST(figure("duplicates") == std::to_string(duplicates_wanted));
        BOOST_TEST(figure("appended") == std::to_string(events_wanted));
    }

    RawClient client;
    const std::uint32_t now = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(SystemClock{}.now().time_since_epoch()).count());
};

}  // namespace

BOOST_AUTO_TEST_SUITE(duplicates)

BOOST_FIXTURE_TEST_CASE(the_same_packet_again_is_no_event, Nas) {
    const auto start = message(1, 1);
    deliver(start);
    for (int i = 0; i < 2; ++i) repeat(server.acct_port(), start.encode());
    expect(1, 2);
}

BOOST_FIXTURE_TEST_CASE(a_retransmission_with_a_new_delay_is_no_event, Nas) {
    deliver(message(1, 1));
    deliver(message(2, 1).attribute(kAcctDelayTime, 0U));
    deliver(message(3, 1).attribute(kAcctDelayTime, 1U));
    expect(1, 2);
}

BOOST_FIXTURE_TEST_CASE(a_retransmission_with_the_same_timestamp_is_no_event, Nas) {
    deliver(message(1, 3).attribute(kEventTimestamp, now - 60));
    deliver(message(2, 3).attribute(kEventTimestamp, now - 60).attribute(kAcctDelayTime, 5U));
    expect(1, 1);
}

// Seconds are all that Event-Timestamp tells: that a session is there a second later with the same address is no news.
BOOST_FIXTURE_TEST_CASE(interims_a_second_apart_are_one_event_and_two_seconds_apart_are_two, Nas) {
    deliver(message(1, 3).attribute(kEventTimestamp, now - 60));
    deliver(message(2, 3).attribute(kEventTimestamp, now - 59));
    expect(1, 1);
    deliver(message(3, 3).attribute(kEventTimestamp, now - 58));
    expect(2, 1);
    // With another address it is.
    deliver(message(4, 3).attribute(kEventTimestamp, now - 58).attribute(kFramedIpAddress, 0xcb007105U));
    expect(3, 1);
}

// Two lines of a household, or a thief at the same second as the subscriber.
BOOST_FIXTURE_TEST_CASE(two_sessions_of_one_id_at_the_same_second_are_two_events, Nas) {
    const auto start = [&](std::uint8_t identifier, std::string_view session) {
        return RawPacket(RequestType::accounting, identifier)
            .attribute(kAcctStatusType, 1U)
            .attribute(kUserName, "u0001")
            .attribute(kAcctSessionId, session)
            .attribute(kFramedIpAddress, 0xcb007105U)
            .attribute(kEventTimestamp, now - 60);
    };
    deliver(start(1, "s1"));
    deliver(start(2, "s2"));
    expect(2, 0);
}

BOOST_FIXTURE_TEST_CASE(another_step_session_time_address_or_id_is_an_event, Nas) {
    deliver(message(1, 1).attribute(kEventTimestamp, now - 60));
    deliver(message(2, 3).attribute(kEventTimestamp, now - 60));  // Interim-Update
    deliver(message(3, 2).attribute(kEventTimestamp, now - 60));  // Stop
    deliver(message(4, 1).attribute(kEventTimestamp, now - 57));  // three seconds later
    deliver(message(5, 1).attribute(kEventTimestamp, now - 60).attribute(kFramedIpAddress, 0xcb007105U));
    deliver(RawPacket(RequestType::accounting, 6)
                .attribute(kAcctStatusType, 1U)
                .attribute(kUserName, "u0001")
                .attribute(kAcctSessionId, "s2")
                .attribute(kEventTimestamp, now - 60));
    deliver(RawPacket(RequestType::accounting, 7)
                .attribute(kAcctStatusType, 1U)
                .attribute(kUserName, "u0002")
                .attribute(kAcctSessionId, "s1")
                .attribute(kEventTimestamp, now - 60));
    expect(7, 0);
}

BOOST_FIXTURE_TEST_CASE(an_authentication_that_is_processed_again_is_no_event, Nas) {
    // cleanup_delay = 0: the server forgets its answer soon.
    const auto login = RawPacket(RequestType::authentication).attribute(kUserName, "u0001").password("pw").encode();
    BOOST_TEST((client.exchange(server.auth_port(), login) == 2));
    repeat(server.auth_port(), login);
    const auto next = RawPacket(RequestType::authentication, 2).attribute(kUserName, "u0001").password("pw").encode();
    BOOST_TEST((client.exchange(server.auth_port(), next) == 2));
    expect(2, 1);
}

// The module first, and what comes after it fails: the NAS gets no answer and sends again.
BOOST_AUTO_TEST_CASE(what_is_sent_again_because_of_others_is_one_event) {
    std::string site(kPppoeSite);
    constexpr std::string_view kAccounting = "accounting {\n\t\tpppoe_guard\n";
    site.replace(site.find(kAccounting), kAccounting.size(), "accounting {\n\t\tpppoe_guard\n\t\tfail\n");
    Nas nas(Setup{.site = site});
    const auto start = nas.message(1, 1).encode();
    BOOST_TEST(!nas.client.exchange(nas.server.acct_port(), start).has_value());
    nas.repeat(nas.server.acct_port(), start);
    nas.expect(1, 1);
}

BOOST_AUTO_TEST_SUITE_END()
