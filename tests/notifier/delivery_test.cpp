// What becomes of a delivery: a real PostgreSQL, a real MTA, and a mail server that misbehaves to order.
#include <boost/test/unit_test.hpp>
#include <set>

#include "notifier/channels/channel_set.hpp"
#include "notifier/smtp_client.hpp"
#include "tests/notifier/delivery_fixture.hpp"
#include "tests/notifier/smtp_responder.hpp"
#include "tests/support/mail_server.hpp"
#include "tests/support/mail_text.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;
using Outcome = notifier::Delivery::Outcome;

}  // namespace

BOOST_AUTO_TEST_SUITE(delivery)

BOOST_FIXTURE_TEST_CASE(mail_reaches_the_mailbox_in_both_languages, DeliveryFixture) {
    const MailServer server;
    exec("UPDATE guard.setting SET value = 'isp.example' WHERE key = 'mail.domain'");
    const auto japanese = queue("taro@mail.example"), english = queue("hanako@mail.example", "en", "smtp_auth");
    BOOST_TEST(notifier(server.port())->run_once() == 2U);
    auto arrived = server.wait_for_messages(2, 20s);
    BOOST_REQUIRE(arrived.size() == 2U);
    std::map<std::string, MailText> mails;
    for (const auto& message : arrived) {
        auto mail = read_mail(message);
        mails[mail.headers.at("Envelope-to")] = std::move(mail);
    }
    const auto& ja = mails.at("taro@mail.example");
    BOOST_TEST(ja.headers.at("Subject") ==
               "【重要】インターネット接続の一時停止のお知らせ（受付番号 " + japanese + "）");
    BOOST_TEST(ja.headers.at("Return-path") == "<security@isp.example>");
    BOOST_TEST(ja.headers.at("Message-ID") ==
               value("SELECT message_id FROM guard.notice WHERE incident_id = " + japanese));
    BOOST_TEST(ja.headers.at("Message-ID").ends_with("@isp.example>"));
    for (const auto& part : std::vector<std::string>{"山田 太郎 様", "受付番号 " + japanese, "ta***@isp.example",
                                                     "2026年3月1日 0時04分（JST）",
                                                     "北海道と鹿児島県で同時に使用されました。", "0120-000-000"})
        BOOST_TEST(ja.body.find(part) != std::string::npos, part << " is missing in\n" << ja.body);
    BOOST_TEST(ja.body.find("taro1") == std::string::npos);  // the ID itself
    const auto& en = mails.at("hanako@mail.example");
    BOOST_TEST(en.headers.at("Subject") == "Important: your outgoing mail has been suspended (case " + english + ")");
    BOOST_TEST(en.body.find("2026-03-01 00:04 JST") != std::string::npos);
    BOOST_TEST(en.body.find("in Hokkaido and in Kagoshima") != std::string::npos);
    BOOST_TEST(state(japanese) == "suspended=sent");
    BOOST_TEST(value("SELECT recipient_masked FROM guard.delivery JOIN guard.notice USING (notice_id) "
                     "WHERE incident_id = " +
                     japanese) == "ta***@mail.example");
    BOOST_TEST(value("SELECT bool_and(state = 'accepted' AND answer LIKE '250%' AND tries = 1 AND maybe_twice = 0 AND "
                     "leased_by IS NULL) FROM guard.delivery") == "t");
}

BOOST_FIXTURE_TEST_CASE(restored_comes_after_suspended_by_the_same_road, DeliveryFixture) {
    SmtpResponder responder;
    const auto incident = queue("taro@mail.example", "en");
    const auto notifier = this->notifier(responder.port());
    BOOST_TEST(notifier->run_once() == 1U);
    exec("SELECT guard.staff_release('pppoe', 'taro1@isp.example', 'called')");
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=sent released=sent");
    const auto mail = read_mail(responder.received().back().message);
    BOOST_TEST(mail.headers.at("Subject") == "Your Internet connection has been restored (case " + incident + ")");
    BOOST_TEST(mail.body.find("is closed") != std::string::npos);
}

// Who was never told of the suspension gets one notice, which says both.
BOOST_FIXTURE_TEST_CASE(released_before_the_first_notice_went_is_one_notice, DeliveryFixture) {
    SmtpResponder responder({.message = [] { return std::string("450 busy"); }});
    const auto incident = queue("taro@mail.example", "en");
    const auto notifier = this->notifier(responder.port());
    BOOST_TEST(notifier->run_once() == 1U);
    exec("SELECT guard.staff_release('pppoe', 'taro1@isp.example', 'called')");
    make_due();
    responder.set({});
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=cancelled released=sent");
    const auto received = responder.received();
    BOOST_TEST(read_mail(received.back().message).body.find("in Hokkaido and in Kagoshima") != std::string::npos);
    const auto other = queue("hanako@mail.example");
    exec("SELECT guard.staff_release('pppoe', 'taro2@isp.example', 'called')");
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(other) == "suspended=cancelled released=sent");
}

BOOST_FIXTURE_TEST_CASE(a_temporary_refusal_is_tried_again_later, DeliveryFixture) {
    SmtpResponder responder({.recipient = [] { return std::string("451 4.7.1 <taro@mail.example> greylisted"); }});
    const auto incident = queue("taro@mail.example");
    const auto notifier = this->notifier(responder.port());
    for (const auto& [tries, least, most] : {std::tuple{1, 40, 80}, std::tuple{2, 90, 150}}) {
        BOOST_TEST(notifier->run_once() == 1U);
        BOOST_TEST(state(incident) == "suspended=queued");
        const auto row = exec("SELECT tries, extract(epoch FROM due_at - now())::int, answer FROM guard.delivery")[0];
        BOOST_TEST(row[0].as<int>() == tries);
        BOOST_TEST((row[1].as<int>() >= least && row[1].as<int>() <= most), row[1].as<int>());
        BOOST_TEST(row[2].as<std::string>() == "451 4.7.1 <<recipient>> greylisted");
        BOOST_TEST(notifier->run_once() == 0U);  // not before it is due
        make_due();
    }
    responder.set({});
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=sent");
}

BOOST_FIXTURE_TEST_CASE(a_lost_connection_is_tried_again_under_the_same_message_id, DeliveryFixture) {
    SmtpResponder responder({.message = [] { return std::string(); }});  // the message is there, the answer is not
    const auto incident = queue("taro@mail.example");
    const auto notifier = this->notifier(responder.port());
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=queued");
    BOOST_TEST(value("SELECT maybe_twice FROM guard.delivery") == "1");
    make_due();
    responder.set({});
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=sent");
    const auto received = responder.received();
    BOOST_REQUIRE(received.size() == 2U);
    BOOST_TEST(read_mail(received[0].message).headers.at("Message-ID") ==
               read_mail(received[1].message).headers.at("Message-ID"));
}

// As exim does after 1,000 mails through a connection, with 421; here after five.
BOOST_FIXTURE_TEST_CASE(a_server_that_takes_a_few_mails_a_connection_gets_each_of_them_once, DeliveryFixture) {
    const MailServer server("smtp_accept_max_per_connection = 5\n");
    constexpr std::size_t kNotices = 23;
    for (std::size_t i = 0; i < kNotices; ++i) queue("s" + std::to_string(i) + "@mail.example");
    BOOST_TEST(notifier(server.port())->run_once() == kNotices);
    const auto arrived = server.wait_for_messages(kNotices, 30s);
    BOOST_TEST(arrived.size() == kNotices);
    std::set<std::string> ids;
    for (const auto& message : arrived) ids.insert(read_mail(message).headers.at("Message-ID"));
    BOOST_TEST(ids.size() == kNotices);
    BOOST_TEST(value("SELECT bool_and(state = 'accepted' AND tries = 1 AND maybe_twice = 0) FROM guard.delivery") ==
               "t");
    // It did say so: for each five mails a connection.
    const auto log = server.log();
    std::size_t refused = 0;
    for (auto at = log.find("too many messages"); at != std::string::npos; at = log.find("too many messages", at + 1))
        ++refused;
    BOOST_TEST(refused == (kNotices - 1) / 5, log);
}

BOOST_FIXTURE_TEST_CASE(a_server_that_hangs_is_left_and_tried_again_later, DeliveryFixture) {
    std::atomic<bool> hangs = true;
    const auto slow = [&](const std::string& answer) {
        (void)wait_until([&] { return !hangs; }, 20s);
        return answer;
    };
    SmtpResponder responder({.recipient = [&] { return slow("250 OK"); }});
    notifier::SmtpClient client(
        {.host = "127.0.0.1", .port = responder.port(), .hello_domain = "isp.example", .timeout = 1s});
    const auto send = [&] { return client.send("a@isp.example", "taro@mail.example", "Subject: x\r\n\r\nx\r\n"); };
    const auto before = send();
    BOOST_TEST((before.outcome == Outcome::later && !before.perhaps), before.answer);
    // It has the whole message, and nobody knows what it makes of it; on a busy machine not within the first second.
    responder.set({.message = [&] { return slow("250 OK"); }});
    BOOST_TEST(wait_until(
        [&] {
            const auto behind = send();
            return behind.outcome == Outcome::later && behind.perhaps;
        },
        30s));
    // The next mail has a connection of its own: it does not take the late answer for its own.
    responder.set({});
    hangs = false;
    notifier::Delivery next;
    (void)wait_until(  // on a busy machine it may take more than the second again
        [&] {
            next = send();
            return next.answer.find("timed out") == std::string::npos;
        },
        30s);
    BOOST_TEST((next.outcome == Outcome::accepted), next.answer);
}

BOOST_FIXTURE_TEST_CASE(a_test_goes_to_the_desk_and_to_nobody_else, DeliveryFixture) {
    SmtpResponder responder;
    queue("taro@mail.example");
    const auto sent = notifier::send_test(notifier_settings(database(), responder.port()), "mail", "me@isp.example",
                                          SystemClock().now());
    BOOST_REQUIRE(sent);
    BOOST_TEST((sent->outcome == Outcome::accepted), sent->answer);
    const auto received = responder.received();
    BOOST_REQUIRE(received.size() == 1U);
    BOOST_TEST(received[0].recipient == "<me@isp.example>");
    BOOST_TEST(read_mail(received[0].message).headers.at("Subject").find("TEST") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(no_mail_server_means_later, DeliveryFixture) {
    const auto incident = queue("taro@mail.example");
    BOOST_TEST(notifier(free_port(Transport::tcp))->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=queued");
    BOOST_TEST(value("SELECT answer FROM guard.delivery") != "");
    BOOST_TEST(value("SELECT maybe_twice FROM guard.delivery") == "0");
}

BOOST_FIXTURE_TEST_CASE(a_final_refusal_is_dead_and_the_desk_is_told, DeliveryFixture) {
    for (const bool at_message : {false, true}) {
        SmtpScript script;
        (at_message ? script.message : script.recipient) = [] { return std::string("550 5.1.1 no such user"); };
        SmtpResponder responder(script);
        const auto incident = queue("taro@mail.example");
        BOOST_TEST(notifier(responder.port())->run_once() == 1U);
        BOOST_TEST(state(incident) == "suspended=dead");
        BOOST_TEST(value("SELECT answer FROM guard.delivery ORDER BY delivery_id DESC") == "550 5.1.1 no such user");
        // What the server says may hold an address: it stays with the delivery.
        BOOST_TEST(value("SELECT detail FROM guard.alarm WHERE kind = 'notice_dead' ORDER BY alarm_id DESC") ==
                   "case " + incident);
        make_due();
        BOOST_TEST(notifier(responder.port())->run_once() == 0U);
    }
}

BOOST_FIXTURE_TEST_CASE(it_gives_up_after_the_set_time, DeliveryFixture) {
    SmtpResponder responder({.recipient = [] { return std::string("451 later"); }});
    const auto incident = queue("taro@mail.example");
    const auto notifier = this->notifier(responder.port());
    BOOST_TEST(notifier->run_once() == 1U);
    exec("UPDATE guard.delivery SET give_up_at = now() + interval '30 s'");  // the next try would be a minute away
    make_due();
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=dead");
    BOOST_TEST(value("SELECT answer FROM guard.delivery") == "451 later");
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm") == "1");
    // One that nobody could send in time is not sent late: what it says is no longer so.
    const auto stale = queue("taro@mail.example");
    exec("UPDATE guard.notice SET give_up_at = now() WHERE state = 'queued'");
    const auto waited = queue("taro@mail.example");
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(stale) == "suspended=dead");
    exec("UPDATE guard.delivery SET give_up_at = now()");
    make_due();
    responder.set({});
    BOOST_TEST(notifier->run_once() == 0U);
    BOOST_TEST(state(waited) == "suspended=dead");
    BOOST_TEST(responder.received().empty());
}

BOOST_FIXTURE_TEST_CASE(an_address_that_is_none_is_dead_and_never_reaches_a_server, DeliveryFixture) {
    SmtpResponder responder;
    for (const std::string mail :
         {"", "taro@mail.example\r\nRCPT TO:<all@mail.example>", "taro@mail.example\nBcc: x@y.example", "no address"}) {
        const auto incident = queue(mail);
        BOOST_TEST(notifier(responder.port())->run_once() == 0U);
        BOOST_TEST(state(incident) == "suspended=dead");
    }
    exec("DELETE FROM guard.subscriber");
    const auto incident = queue("x@mail.example");
    exec("DELETE FROM guard.subscriber");
    BOOST_TEST(notifier(responder.port())->run_once() == 0U);
    BOOST_TEST(state(incident) == "suspended=dead");
    BOOST_TEST(responder.received().empty());
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm WHERE kind = 'notice_dead'") == "5");
    BOOST_TEST(value("SELECT string_agg(DISTINCT answer, ',') FROM guard.delivery") ==
               "no usable address of the subscriber is known");
}

BOOST_FIXTURE_TEST_CASE(what_a_record_holds_cannot_become_a_header, DeliveryFixture) {
    SmtpResponder responder;
    queue("taro@mail.example", "en");
    exec(R"(UPDATE guard.subscriber SET name = E'Taro\r\nBcc: all@mail.example\r\n\r\n.\r\nMAIL FROM:<x@y.example>')");
    exec(R"(UPDATE guard.finding SET summary_en = E'seen\r\n.\r\nQUIT\r\n')");
    BOOST_TEST(notifier(responder.port())->run_once() == 1U);
    const auto received = responder.received();
    BOOST_REQUIRE(received.size() == 1U);
    BOOST_TEST(received[0].recipient == "<taro@mail.example>");
    const auto mail = read_mail(received[0].message);
    BOOST_TEST(!mail.headers.contains("Bcc"));
    BOOST_TEST(mail.body.find("Dear Customer,") != std::string::npos);
    BOOST_TEST(mail.body.find("seen  .  QUIT") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(an_address_with_odd_dots_is_quoted_for_the_server, DeliveryFixture) {
    SmtpResponder responder;
    const MailServer server;
    queue("taro..y.@mobile.example");
    BOOST_TEST(notifier(responder.port())->run_once() == 1U);
    BOOST_REQUIRE(responder.received().size() == 1U);
    BOOST_TEST(responder.received()[0].recipient == "<\"taro..y.\"@mobile.example>");
    queue("hanako..y.@mobile.example");
    BOOST_TEST(notifier(server.port())->run_once() == 1U);
    BOOST_REQUIRE(server.wait_for_messages(1, 20s).size() == 1U);
    BOOST_TEST(server.messages()[0].find("\"hanako..y.\"@mobile.example") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(mail_that_may_not_be_the_only_channel_waits_and_the_desk_is_told, DeliveryFixture) {
    SmtpResponder responder;
    const auto incident = queue("taro@mail.example");
    auto settings = notifier_settings(database(), responder.port());
    settings.mail_only = false;
    const auto waiting = notifier(settings);
    for (int i = 0; i < 2; ++i) BOOST_TEST(waiting->run_once() == 0U);
    BOOST_TEST(state(incident) == "suspended=queued");
    BOOST_TEST(value("SELECT string_agg(kind, ',') FROM guard.alarm") == "notice_channel");
    BOOST_TEST(responder.received().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
