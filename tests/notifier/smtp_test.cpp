// Mail on its way to a server that says what the test wants: TLS, authentication, refusals, one connection for many.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "notifier/smtp_client.hpp"
#include "tests/notifier/certificates.hpp"

namespace guard::notifier {
namespace {

using nlohmann::json;
using Outcome = Delivery::Outcome;
using config::SmtpTls;
using test::Certificates;
using test::PythonServer;

struct Fixture {
    PythonServer server(const std::string& mode, const std::string& certificate = {}) const {
        return PythonServer("smtp_server.py",
                            {mode, certificate.empty() ? certificates.good() : certificate, certificates.key()});
    }
    SmtpServer to(const PythonServer& server, SmtpTls tls = SmtpTls::opportunistic) const {
        SmtpServer result;
        result.host = "127.0.0.1";
        result.port = server.port();
        result.hello_domain = "isp.example";
        result.tls = tls;
        result.ca_file = certificates.authority();
        return result;
    }
    Delivery send(SmtpClient& client, const std::string& to, const std::string& from = "abuse@isp.example") {
        return client.send(from, to,
                           "Message-ID: <" + std::to_string(++count) + "@isp.example>\r\n\r\nHello\r\n.\r\nend\r\n");
    }

    Certificates certificates;
    int count = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp)

BOOST_FIXTURE_TEST_CASE(many_mails_go_through_one_connection, Fixture) {
    auto mta = server("plain");
    SmtpClient client(to(mta));
    for (int i = 0; i < 5; ++i) {
        const auto delivery = send(client, "taro@mail.example");
        BOOST_TEST((delivery.outcome == Outcome::accepted && delivery.code == 250));
        BOOST_TEST(delivery.answer == "250 2.0.0 taken as <" + std::to_string(i + 1) + "@isp.example>");
    }
    for (const auto& line : mta.lines(5)) BOOST_TEST(json::parse(line)["connection"] == 1, line);
}

BOOST_FIXTURE_TEST_CASE(a_server_that_ends_the_connection_is_called_again, Fixture) {
    auto mta = server("few");
    SmtpClient client(to(mta));
    for (int i = 0; i < 5; ++i) BOOST_TEST((send(client, "taro@mail.example").outcome == Outcome::accepted), i);
    const auto lines = mta.lines(5);
    BOOST_REQUIRE(lines.size() == 5U);
    BOOST_TEST(json::parse(lines[1])["connection"] == 1);
    BOOST_TEST(json::parse(lines[2])["connection"] == 2);
    BOOST_TEST(json::parse(lines[4])["connection"] == 3);
}

BOOST_FIXTURE_TEST_CASE(a_refusal_is_of_the_recipient_the_message_or_of_us, Fixture) {
    auto mta = server("plain");
    SmtpClient client(to(mta));
    const auto expect = [&](const std::string& recipient, Outcome outcome, int code,
                            const char* sender = "a@isp.example") {
        const auto delivery = send(client, recipient, sender);
        BOOST_TEST((delivery.outcome == outcome && delivery.code == code), recipient << ": " << delivery.answer);
    };
    expect("later@mail.example", Outcome::later, 451);
    expect("never@mail.example", Outcome::never, 550);
    expect("spam@mail.example", Outcome::never, 554);
    expect("greylist@mail.example", Outcome::later, 450);
    expect("greylist@mail.example", Outcome::accepted, 250);
    expect("drop@mail.example", Outcome::later, 0);
    expect("slow@mail.example", Outcome::accepted, 250);
    expect("taro@mail.example", Outcome::later, 550, "refused@isp.example");  // a matter of the configuration
    expect("taro@mail.example", Outcome::accepted, 250);
}

BOOST_FIXTURE_TEST_CASE(required_means_a_certificate_that_is_valid_for_the_host, Fixture) {
    const auto outcome = [&](const std::string& mode, const std::string& certificate, SmtpTls tls) {
        auto mta = server(mode, certificate);
        SmtpClient client(to(mta, tls));
        const auto delivery = send(client, "taro@mail.example");
        const auto lines = mta.lines(delivery.outcome == Outcome::accepted ? 1 : 0);
        if (lines.empty()) return delivery.outcome == Outcome::later ? "later" : "?";
        return json::parse(lines[0])["tls"].get<bool>() ? "encrypted" : "plain";
    };
    const auto good = certificates.good(), other = certificates.other_name(), self = certificates.self_signed();
    BOOST_TEST(outcome("tls", good, SmtpTls::required) == "encrypted");
    BOOST_TEST(outcome("tls", other, SmtpTls::required) == "later");
    BOOST_TEST(outcome("tls", self, SmtpTls::required) == "later");
    BOOST_TEST(outcome("plain", good, SmtpTls::required) == "later");  // nobody may strip STARTTLS off
    BOOST_TEST(outcome("broken", good, SmtpTls::required) == "later");
    BOOST_TEST(outcome("tls", self, SmtpTls::opportunistic) == "encrypted");
    BOOST_TEST(outcome("plain", good, SmtpTls::opportunistic) == "plain");
    BOOST_TEST(outcome("broken", good, SmtpTls::opportunistic) == "later");
}

BOOST_FIXTURE_TEST_CASE(a_smart_host_is_given_name_and_password, Fixture) {
    auto mta = server("auth");
    auto with = to(mta, SmtpTls::required);
    with.user = "guard";
    with.password = config::Secret("sesame");
    SmtpClient client(std::move(with));
    BOOST_TEST((send(client, "taro@mail.example").outcome == Outcome::accepted));
    const auto lines = mta.lines(1);
    BOOST_REQUIRE(lines.size() == 1U);
    BOOST_TEST(json::parse(lines[0])["user"] == "guard");

    auto wrong = to(mta, SmtpTls::required);
    wrong.user = "guard";
    wrong.password = config::Secret("open");
    SmtpClient refused(std::move(wrong));
    const auto delivery = send(refused, "taro@mail.example");
    BOOST_TEST((delivery.outcome == Outcome::later && delivery.code == 535), delivery.answer);
    BOOST_TEST(delivery.answer.find("open") == std::string::npos);

    SmtpClient without(to(mta, SmtpTls::required));
    BOOST_TEST((send(without, "taro@mail.example").outcome == Outcome::later));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::notifier
