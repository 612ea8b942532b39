// The disconnector with a real PostgreSQL and a real FreeRADIUS as the NAS: what it asks, what it writes down, and whom
// it no longer asks.
#include "analyzer/daemon/disconnector.hpp"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/sql/database.hpp"
#include "tests/support/radius_server.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

config::Nas nas_at(std::uint16_t port, bool relay = false) {
    config::Nas nas;
    nas.address = IpAddress::parse("127.0.0.1").value();
    nas.port = port;
    nas.secret = config::Secret(std::string(RadiusServer::kSecret));
    nas.relay = relay;
    return nas;
}

struct Asking : Database {
    Asking() {
        settings.database = cluster().connection_string("analyzer", name());
        settings.disconnect_timeout = 1s;
        settings.disconnect_tries = 2;
        settings.disconnect_user_names = {"isp.example={user}@ISP.EXAMPLE"};
        nases.emplace("bras1", nas_at(nas.port()));
        nases.emplace("relay", nas_at(nas.port(), true));
        suspend("taro@isp.example");
    }
    void start() {
        disconnector = std::make_unique<daemon::Disconnector>(settings, nases, clock);
        thread = std::jthread([this](const std::stop_token& stop) { disconnector->run(stop); });
    }
    void stop() {
        thread.request_stop();
        thread.join();
    }
    std::string order(const std::string& address, const std::string& name = "bras1",
                      const std::string& id = "taro@isp.example") {
        return value(
            "INSERT INTO guard.disconnect (incident_id, service, id, address, nas) VALUES (1, 'pppoe', "
            "guard.stored_bytes('" +
            id + "'), '" + address + "', '" + name + "') RETURNING disconnect_id");
    }
    std::string outcome(const std::string& number) {
        return value(
            "SELECT state || ' ' || tries || ' ' || coalesce(last_answer, '') FROM guard.disconnect WHERE "
            "disconnect_id = " +
            number);
    }
    bool becomes(const std::string& number, const std::string& expected) {
        const bool done = wait_until([&] { return outcome(number) == expected; }, 20s);
        if (!done) BOOST_TEST_MESSAGE("it is " << outcome(number));
        return done;
    }

    config::Settings settings;
    config::NasList nases;
    NasStandIn nas;
    SystemClock clock;
    std::unique_ptr<daemon::Disconnector> disconnector;
    std::jthread thread;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(disconnector, Asking)

BOOST_AUTO_TEST_CASE(it_asks_in_the_form_of_the_nas_and_writes_down_ack_and_nak_with_its_cause) {
    const auto here = order("10.1.0.1"), gone = order("10.1.0.2", "bras1", "gone@isp.example"),
               queued = order("10.1.0.3", "relay"), nowhere = order("10.1.0.4", "bras9");
    start();
    BOOST_TEST(becomes(here, "acknowledged 1 Disconnect-ACK"));
    BOOST_TEST(becomes(gone, "refused 1 Disconnect-NAK Session-Context-Not-Found (503)"));
    BOOST_TEST(becomes(queued, "acknowledged 1 Disconnect-ACK of a relay: queued there"));
    BOOST_TEST(becomes(nowhere, "given_up 1 the NAS file has no bras9"));
    std::string asked;
    for (const auto& line : nas.requests()) asked += line + '\n';
    BOOST_TEST(asked.find("user=taro@ISP.EXAMPLE session= address=10.1.0.1 signed=0x") != std::string::npos, asked);
    BOOST_TEST(asked.find("at=\n") == std::string::npos, asked);  // Event-Timestamp
    BOOST_TEST(nas.requests().size() == 3U);
}

BOOST_AUTO_TEST_CASE(silence_is_written_down_and_the_nas_is_asked_again) {
    nas.stop();
    const auto number = order("10.1.0.1");
    start();
    BOOST_TEST(becomes(number, "silent 1 no answer"));
    nas.start();
    BOOST_TEST(becomes(number, "acknowledged 2 Disconnect-ACK"));
}

BOOST_AUTO_TEST_CASE(after_the_last_try_it_is_given_up) {
    nas.stop();
    const auto number = order("10.1.0.1");
    start();
    BOOST_TEST(becomes(number, "given_up 2 no answer"));
}

BOOST_AUTO_TEST_CASE(released_it_is_not_asked_again) {
    nas.stop();
    settings.disconnect_tries = 100;
    const auto number = order("10.1.0.1");
    start();
    BOOST_TEST(becomes(number, "silent 1 no answer"));
    exec_as("desk", "SELECT guard.staff_release('pppoe', 'taro@isp.example', 'called')");
    nas.start();
    const auto probe = order("10.1.0.9", "relay");  // when this one is answered, that one would have been
    BOOST_TEST(becomes(probe, "acknowledged 1 Disconnect-ACK of a relay: queued there"));
    BOOST_TEST(outcome(number).starts_with("cancelled"));
    BOOST_TEST(nas.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_could_select_many_is_never_sent) {
    const auto star = order("10.1.0.1", "bras1", "*"), prefix = order("10.1.0.0/16"), nobody = order("0.0.0.0");
    start();
    BOOST_TEST(becomes(star, "given_up 1 not sent: the User-Name has a character that may mean everybody"));
    BOOST_TEST(becomes(prefix, "given_up 1 not sent: the address is not one line's"));
    BOOST_TEST(becomes(nobody, "given_up 1 not sent: the address is not one line's"));
    stop();
    BOOST_TEST(nas.requests().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
