// What comes back: reports as servers write them, and everything else that lands in a mailbox.
#include "notifier/bounce.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "notifier/smtp_client.hpp"
#include "tests/support/mail_server.hpp"

namespace guard::notifier {
namespace {

using Action = Bounce::Action;

std::string report(const std::string& recipients, const std::string& returned) {
    return "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\r\nSubject: Undelivered\r\n"
           "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n"
           "\tboundary=\"A1B2/mx.example\"\r\n\r\nThis is a MIME message.\r\n\r\n--A1B2/mx.example\r\n"
           "Content-Type: text/plain\r\n\r\nSorry.\r\n\r\n--A1B2/mx.example\r\n"
           "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n" +
           recipients + "\r\n--A1B2/mx.example\r\n" + returned + "\r\n--A1B2/mx.example--\r\n";
}

const std::string kFailed =
    "Final-Recipient: rfc822; taro@mail.example\r\nOriginal-Recipient: rfc822;taro@mail.example\r\nAction: failed\r\n"
    "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <taro@mail.example>:\r\n    no such user\r\n";
const std::string kHeaders =
    "Content-Type: text/rfc822-headers\r\n\r\nSubject: =?UTF-8?B?5LiA?=\r\nMessage-ID:\r\n <0123@isp.example>\r\n";

BounceError error_of(const std::string& message) {
    const auto bounce = parse_bounce(message);
    BOOST_REQUIRE(!bounce);
    return bounce.error();
}

std::string replaced(std::string text, const std::string& old, const std::string& fresh) {
    const auto at = text.find(old);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), fresh);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bounce)

BOOST_AUTO_TEST_CASE(a_report_says_which_mail_and_how_it_failed) {
    for (const bool crlf : {true, false}) {
        auto message = report(kFailed, kHeaders);
        if (!crlf) std::erase(message, '\r');
        const auto bounce = parse_bounce(message);
        BOOST_REQUIRE(bounce);
        BOOST_TEST(bounce->message_id == "<0123@isp.example>");
        BOOST_TEST((bounce->action == Action::failed));
        BOOST_TEST(bounce->status == "5.1.1");
        BOOST_TEST(bounce->permanent);
        BOOST_TEST(bounce->final_recipient == "taro@mail.example");
        BOOST_TEST(bounce->diagnostic == "550 5.1.1 <taro@mail.example>:    no such user");
    }
}

BOOST_AUTO_TEST_CASE(the_whole_mail_may_come_back) {
    const auto whole = parse_bounce(report(kFailed,
                                           "Content-Type: message/rfc822\r\n\r\nFrom: a@isp.example\r\nMESSAGE-ID: "
                                           "<0123@isp.example>\r\n\r\nMessage-ID: <other@isp.example>\r\n"));
    BOOST_TEST(whole.value().message_id == "<0123@isp.example>");
    // In a line of the body it is not a header.
    BOOST_TEST((error_of(report(kFailed,
                                "Content-Type: message/rfc822\r\n\r\nFrom: a@isp.example\r\n\r\nMessage-ID: "
                                "<other@isp.example>\r\n")) == BounceError::no_message_id));
}

BOOST_AUTO_TEST_CASE(a_delay_is_not_a_failure) {
    const auto delayed = parse_bounce(
        report("Final-Recipient: rfc822;a@b.example\r\nAction: DELAYED (still trying)\r\nStatus: 4.4.7 (timed out)\r\n",
               kHeaders));
    BOOST_REQUIRE(delayed);
    BOOST_TEST((delayed->action == Action::delayed));
    BOOST_TEST(!delayed->permanent);
    BOOST_TEST(delayed->status == "4.4.7");
}

BOOST_AUTO_TEST_CASE(of_several_recipients_the_one_that_failed_counts) {
    const std::string relayed = "Final-Recipient: rfc822;a@b.example\r\nAction: relayed\r\nStatus: 2.0.0\r\n\r\n";
    BOOST_TEST((parse_bounce(report(relayed + kFailed, kHeaders)).value().action == Action::failed));
    BOOST_TEST((parse_bounce(report(kFailed + "\r\n" + relayed, kHeaders)).value().action == Action::failed));
}

BOOST_AUTO_TEST_CASE(what_is_no_report_is_refused_with_the_reason) {
    const auto good = report(kFailed, kHeaders);
    BOOST_TEST((error_of("") == BounceError::malformed));
    BOOST_TEST((error_of("Hello,\r\nI am away.\r\n") == BounceError::malformed));
    BOOST_TEST((error_of("From: a@b.example\r\nSubject: away\r\n\r\nI am away.\r\n") == BounceError::no_report));
    BOOST_TEST((error_of(replaced(good, "report-type=delivery-status", "report-type=disposition-notification")) ==
                BounceError::no_report));
    BOOST_TEST((error_of(replaced(good, "multipart/report", "multipart/mixed")) == BounceError::no_report));
    BOOST_TEST((error_of(replaced(good, "message/delivery-status", "text/plain")) == BounceError::no_report));
    BOOST_TEST((error_of(replaced(good, "Status: 5.1.1", "Status: 5")) == BounceError::no_recipient));
    BOOST_TEST((error_of(replaced(good, "Status: 5.1.1", "Status: 3.1.1")) == BounceError::no_recipient));
    BOOST_TEST((error_of(replaced(good, "Action: failed", "Action: lost")) == BounceError::no_recipient));
    BOOST_TEST((error_of(replaced(good, "<0123@isp.example>", "0123@isp.example")) == BounceError::no_message_id));
    BOOST_TEST((error_of(replaced(good, "<0123@isp.example>", "<01 23@isp.example>")) == BounceError::no_message_id));
    BOOST_TEST((error_of(good + std::string(kMaxBounce, 'x')) == BounceError::too_large));
    for (int i = 0; i <= static_cast<int>(BounceError::no_message_id); ++i)
        BOOST_TEST(to_string(static_cast<BounceError>(i)) != std::string("?"));
}

BOOST_AUTO_TEST_CASE(a_report_cut_off_in_the_middle_does_no_harm) {
    const auto good = report(kFailed, kHeaders);
    std::size_t read = 0;
    for (std::size_t length = 0; length < good.size(); ++length) {
        const auto bounce = parse_bounce(std::string_view(good).substr(0, length));
        if (bounce) ++read;
        if (bounce) BOOST_TEST(bounce->message_id == "<0123@isp.example>");
    }
    BOOST_TEST(read > 0U);  // the last boundary may be missing
}

BOOST_AUTO_TEST_CASE(terminal_sequences_do_not_come_out) {
    const auto bounce = parse_bounce(report(replaced(kFailed, "no such user", "\x1b[2J\xe3\x81\x82"), kHeaders));
    BOOST_TEST(bounce.value().diagnostic == "550 5.1.1 <taro@mail.example>:    ?[2J???");
}

// exim itself takes the mail, finds that the address does not exist, and writes the report.
BOOST_AUTO_TEST_CASE(a_real_server_s_report_is_read) {
    const test::MailServer mta;
    SmtpServer server;
    server.host = "127.0.0.1";
    server.port = mta.port();
    server.hello_domain = "isp.example";
    SmtpClient client(std::move(server));
    const auto sent = client.send("abuse@isp.example", "taro@gone.example",
                                  "From: abuse@isp.example\r\nMessage-ID: <4711@isp.example>\r\n\r\nHello\r\n");
    BOOST_TEST((sent.outcome == Delivery::Outcome::accepted), sent.answer);
    const auto messages = mta.wait_for_messages(1, std::chrono::seconds(20));
    BOOST_REQUIRE(messages.size() == 1U);
    const auto bounce = parse_bounce(messages.front());
    BOOST_REQUIRE_MESSAGE(bounce, messages.front());
    BOOST_TEST(bounce->message_id == "<4711@isp.example>");
    BOOST_TEST((bounce->action == Action::failed));
    BOOST_TEST(bounce->permanent);
    BOOST_TEST(bounce->final_recipient == "taro@gone.example");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::notifier
