// What a notice looks like on the wire, and what cannot get into one.
#include "notifier/message.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "notifier/address.hpp"
#include "notifier/local_time.hpp"
#include "notifier/notifier.hpp"
#include "tests/support/mail_text.hpp"

namespace guard::notifier {
namespace {

using test::read_mail;

Message sample_message() {
    return {.from = "security@isp.example",
            .from_name = "例示インターネット",
            .to = "taro@mail.example",
            .subject = "【重要】インターネット接続の一時停止のお知らせ（受付番号 17）",
            .date = "Sun, 01 Mar 2026 09:01:01 +0900",
            .message_id = "<0123456789abcdef@isp.example>",
            .language = "ja",
            .body = "山田 太郎 様\n\n一行目\n.\nFrom here\n"};
}

// As they come from a subscriber list that somebody else filled.
const std::vector<std::string> kBadAddresses{
    "",
    "taro",
    "@mail.example",
    "taro@",
    "taro@mail..example",
    "taro@-mail.example",
    "taro@mail.example\r\nBcc: all@mail.example",
    "taro@mail.example\n",
    std::string("taro\0@mail.example", 18),
    "taro yamada@mail.example",
    "<taro@mail.example>",
    "taro@mail.example>,<b@mail.example",
    "taro@mail.example,b@mail.example",
    "\"taro\"@mail.example",
    "太郎@mail.example",
    "taro@メール.example",
    std::string(65, 'a') + "@mail.example",
    "a@" + std::string(64, 'b') + ".example",
    "a@" + std::string(60, 'b') + "." + std::string(60, 'b') + "." + std::string(60, 'b') + "." + std::string(60, 'b') +
        "." + std::string(12, 'b'),
};

const std::vector<std::string> kHeaderInjections{
    "a\r\nBcc: b@mail.example", "a\nb", "a\rb", std::string("a\0b", 3), "\x7f", "\xe3\x81", "\xff"};

}  // namespace

BOOST_AUTO_TEST_SUITE(message)

BOOST_AUTO_TEST_CASE(a_japanese_mail_reads_as_it_was_written) {
    const auto wire = compose(sample_message());
    BOOST_REQUIRE(wire);
    const auto mail = read_mail(*wire);
    BOOST_TEST(mail.headers.at("Subject") == sample_message().subject);
    BOOST_TEST(mail.headers.at("From") == "例示インターネット <security@isp.example>");
    BOOST_TEST(mail.headers.at("To") == "<taro@mail.example>");
    BOOST_TEST(mail.headers.at("Message-ID") == "<0123456789abcdef@isp.example>");
    BOOST_TEST(mail.headers.at("Auto-Submitted") == "auto-generated");
    BOOST_TEST(mail.headers.at("Content-Type") == "text/plain; charset=UTF-8");
    BOOST_TEST(mail.headers.at("Content-Language") == "ja");
    // No mailing list, and the mail server signs.
    for (const auto& [name, value] : mail.headers)
        BOOST_TEST((!name.starts_with("List-") && name != "Precedence" && name != "DKIM-Signature"), name);
    BOOST_TEST(mail.body == sample_message().body);
    BOOST_TEST(mail.longest_line <= 78U);
    BOOST_TEST(mail.longest_encoded_word <= 75U);
    BOOST_TEST(wire->find("\n.\r") == std::string::npos);  // nothing that could end the message
    for (std::size_t at = 0; (at = wire->find('\n', at)) != std::string::npos; ++at)
        BOOST_REQUIRE((*wire)[at - 1] == '\r');
}

BOOST_AUTO_TEST_CASE(every_length_of_every_width_of_character_survives) {
    for (const std::string letter : {"a", "é", "漢", "😀"}) {
        auto message = sample_message();
        message.subject.clear();
        for (int length = 1; length <= 120; ++length) {
            message.subject += letter;
            message.from_name = message.subject;
            const auto mail = read_mail(compose(message).value());
            BOOST_REQUIRE(mail.headers.at("Subject") == message.subject);
            BOOST_REQUIRE(mail.longest_line <= 78U);
        }
    }
}

BOOST_AUTO_TEST_CASE(text_that_looks_encoded_is_encoded) {
    BOOST_TEST(header_text("Subject", "plain, short") == "plain, short");
    BOOST_TEST(header_text("Subject", "=?UTF-8?B?eA==?=") == "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=");
    auto message = sample_message();
    message.from_name = "Isp \"Abuse\", Inc.";
    BOOST_TEST(read_mail(compose(message).value()).headers.at("From") ==
               "\"Isp \\\"Abuse\\\", Inc.\" <security@isp.example>");
}

BOOST_DATA_TEST_CASE(a_bad_address_is_refused, boost::unit_test::data::make(kBadAddresses)) {
    BOOST_TEST(!is_mail_address(sample));
    auto message = sample_message();
    message.to = sample;
    const auto to = compose(message);
    BOOST_TEST((!to && to.error() == MessageError::bad_recipient));
    message = sample_message();
    message.from = sample;
    const auto from = compose(message);
    BOOST_TEST((!from && from.error() == MessageError::bad_sender));
}

BOOST_DATA_TEST_CASE(a_header_takes_no_line_end, boost::unit_test::data::make(kHeaderInjections)) {
    for (auto member :
         {&Message::subject, &Message::from_name, &Message::date, &Message::message_id, &Message::language}) {
        auto message = sample_message();
        message.*member += sample;
        const auto wire = compose(message);
        BOOST_TEST((!wire && wire.error() == MessageError::bad_header));
    }
}

BOOST_AUTO_TEST_CASE(a_body_is_text) {
    for (const std::string bad : {"\xff", "a\rb", "\x1b[31m"}) {
        auto message = sample_message();
        message.body = bad;
        BOOST_TEST((compose(message) == unexpected(MessageError::bad_body)));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_CASE(an_address_a_subscriber_has_is_taken) {
    for (const std::string good : {"taro@mail.example", "taro.yamada+isp@a.b.mail.example", "o'neil@mail.example",
                                   "a_b-c@xn--eckwd4c7c.example", ".taro..y.@mobile.example"})
        BOOST_TEST(is_mail_address(good), good);
    BOOST_TEST(is_mail_address(std::string(64, 'a') + "@" + std::string(63, 'b') + ".example"));
}

BOOST_AUTO_TEST_CASE(odd_dots_go_in_quotes) {
    BOOST_TEST(spelled("taro.y@mobile.example") == "taro.y@mobile.example");
    BOOST_TEST(spelled("taro..y@mobile.example") == "\"taro..y\"@mobile.example");
    BOOST_TEST(spelled("taro.@mobile.example") == "\"taro.\"@mobile.example");
}

BOOST_AUTO_TEST_CASE(a_mask_leaves_what_its_owner_recognises) {
    BOOST_TEST(masked("taroyamada@isp.example") == "ta***@isp.example");
    BOOST_TEST(masked("abc") == "a***");
    BOOST_TEST(masked("a@isp.example") == "***@isp.example");
    BOOST_TEST(masked("") == "***");
    BOOST_TEST(masked("\xe3\x81\x82\n@isp") == "??***@isp");
}

BOOST_AUTO_TEST_CASE(the_domain_is_behind_the_last_at) {
    BOOST_TEST(domain_of("a@isp.example") == "isp.example");
    BOOST_TEST(domain_of("") == "pppoe-guard.invalid");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(local_time)

BOOST_AUTO_TEST_CASE(times_are_told_in_the_zone) {
    const auto time = parse_rfc3339("2026-02-28T15:04:59.9Z").value();
    const LocalTime tokyo("Asia/Tokyo"), new_york("America/New_York");
    BOOST_TEST(tokyo.text(time, "ja") == "2026年3月1日 0時04分（JST）");
    BOOST_TEST(tokyo.text(time, "en") == "2026-03-01 00:04 JST");
    BOOST_TEST(tokyo.header(time) == "Sun, 01 Mar 2026 00:04:59 +0900");
    BOOST_TEST(new_york.text(time, "en") == "2026-02-28 10:04 EST");
    BOOST_TEST(new_york.header(parse_rfc3339("2026-07-01T12:00:00Z").value()) == "Wed, 01 Jul 2026 08:00:00 -0400");
    BOOST_CHECK_THROW(LocalTime("Asia/Atlantis"), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(back_off)

BOOST_AUTO_TEST_CASE(pauses_double_up_to_an_hour_and_differ) {
    using namespace std::chrono_literals;
    BOOST_TEST((pause_after(1, 60s, 0.5) == 60s));
    BOOST_TEST((pause_after(2, 60s, 0.5) == 120s));
    BOOST_TEST((pause_after(5, 60s, 0.5) == 960s));
    BOOST_TEST((pause_after(7, 60s, 0.5) == 1h));
    BOOST_TEST((pause_after(1'000'000, 60s, 0.5) == 1h));
    BOOST_TEST((pause_after(1, 60s, 0.0) == 48s));
    BOOST_TEST((pause_after(1, 60s, 1.0) == 72s));
    BOOST_TEST((pause_after(3, 2h, 0.5) == 2h));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::notifier
