// The forms in which syslog, the journal and the daemons write one line: the same event, and its time.
#include <boost/test/unit_test.hpp>

#include "tests/replay/mail_text.hpp"

using namespace guard;
using namespace guard::replay;

namespace {

constexpr std::string_view kSaid = "warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x, sasl_username=a";

// The one event of a line: its time, and what the line did not say of it.
std::string time_of(const std::string& line) {
    const ParsedChunk chunk = parsed(line);
    if (chunk.events.size() != 1) return "events: " + std::to_string(chunk.events.size());
    const LogTime at = chunk.events.front().at;
    return format_rfc3339(at.time) + (at.has_year ? "" : " no year") + (at.has_zone ? "" : " no zone");
}
std::string postfix(const std::string& before) {
    return time_of(before + "mx postfix/smtpd[7]: " + std::string(kSaid));
}
std::string exim(const std::string& before) {
    return time_of(before + "login authenticator failed for (x) [192.0.2.1]: 535 Incorrect authentication data");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mail_forms)

BOOST_AUTO_TEST_CASE(bsd_syslog) {
    BOOST_TEST(postfix("Mar  1 09:00:01 ") == "2000-03-01T09:00:01.000000Z no year no zone");
    BOOST_TEST(postfix("Mar 1 09:00:01 ") == "2000-03-01T09:00:01.000000Z no year no zone");
    BOOST_TEST(postfix("Feb 29 23:59:60 ") == "2000-03-01T00:00:00.000000Z no year no zone");
    BOOST_TEST(postfix("Dec 31 09:00:01.25 ") == "2000-12-31T09:00:01.250000Z no year no zone");
    BOOST_TEST(postfix("Mar  1 2026 09:00:01 ") == "2026-03-01T09:00:01.000000Z no zone");
    BOOST_TEST(postfix("<22>Mar  1 09:00:01 ") == "2000-03-01T09:00:01.000000Z no year no zone");
    BOOST_TEST(postfix("Mar  1 09:00:01 <mail.warn> ") == "2000-03-01T09:00:01.000000Z no year no zone");
    for (const char* wrong : {"Mar 32 09:00:01 ", "Feb 30 09:00:01 ", "Mär  1 09:00:01 ", "Mar  1 24:00:01 ",
                              "Mar  1 09:60:01 ", "Mar  1 09:00:61 ", "Mar  1 09:00 ", "Mar  0 09:00:01 "})
        BOOST_TEST(postfix(wrong) == "events: 0", wrong);
}

BOOST_AUTO_TEST_CASE(rfc3339_and_rfc5424) {
    const std::string at = "2026-03-01T00:00:01.169230Z";
    BOOST_TEST(postfix("2026-03-01T09:00:01.169230+09:00 ") == at);
    BOOST_TEST(postfix("2026-03-01T09:00:01.1692309+0900 ") == at);
    BOOST_TEST(postfix("2026-02-28T19:00:01,169230-0500 ") == at);
    BOOST_TEST(postfix("2026-03-01T00:00:01.169230Z ") == at);
    BOOST_TEST(postfix("2026-03-01T00:00:01 ") == "2026-03-01T00:00:01.000000Z no zone");
    const std::string said(kSaid);
    for (const char* data : {"-", "[a b=\"c\"]", "[a b=\"]\\\"] \"][e f=\"g\"]"})
        BOOST_TEST(
            time_of("<22>1 2026-03-01T00:00:01.169230Z mx postfix/smtpd 7 - " + std::string(data) + " " + said) == at);
    BOOST_TEST(time_of("<22>1 2026-03-01T00:00:01.169230Z mx postfix/smtpd 7 - [a b=\" " + said) == "events: 0");
}

BOOST_AUTO_TEST_CASE(files_of_the_daemons) {
    BOOST_TEST(exim("2026-03-01 09:00:01 ") == "2026-03-01T09:00:01.000000Z no zone");
    BOOST_TEST(exim("2026-03-01 09:00:01.169 +0900 [12] ") == "2026-03-01T00:00:01.169000Z");
    BOOST_TEST(exim("2026-03-01 09:00:01 -0330 ") == "2026-03-01T12:30:01.000000Z");
    const std::string login =
        "imap-login: Info: Login: user=<a>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.9, session=<S>";
    BOOST_TEST(time_of("2026-03-01 09:00:01 mx1 imapd: LOGIN FAILED, user=a, ip=[192.0.2.1]") ==
               "2026-03-01T09:00:01.000000Z no zone");
    BOOST_TEST(postfix("2026-03-01 09:00:01 ") == "2026-03-01T09:00:01.000000Z no zone");
    BOOST_TEST(time_of("Mar 01 09:00:01 " + login) == "2000-03-01T09:00:01.000000Z no year no zone");
    BOOST_TEST(time_of("2026-03-01 09:00:01 " + login) == "2026-03-01T09:00:01.000000Z no zone");
    BOOST_TEST(time_of("2026-03-01 09:00:01 auth: Info: passwd-file(a,192.0.2.1): unknown user") ==
               "2026-03-01T09:00:01.000000Z no zone");
    for (const char* year : {"2x26", "202x"})
        BOOST_TEST(
            told(std::string("Mar  1 ") + year + " 09:00:01 " + login) == "malformed: found no time at the beginning",
            year);
    BOOST_TEST(time_of("@4000000069a37f7b0a163668 " + login) == "2026-02-28T23:51:13.169227Z");
}

BOOST_AUTO_TEST_CASE(the_journal) {
    const std::string at = "2026-03-01T00:00:01.169230Z";
    const auto entry = [](std::string_view time, std::string_view message) {
        return R"({"_HOSTNAME":"mx","x":{"y":["}\"]"]},"SYSLOG_IDENTIFIER":"postfix/smtpd","n":null,"_PID":"7",)" +
               std::string(time) + R"(,"MESSAGE":)" + std::string(message) + "}";
    };
    const std::string said = '"' + std::string(kSaid) + '"';
    BOOST_TEST(time_of(entry(R"("__REALTIME_TIMESTAMP":"1772323201169230")", said)) == at);
    BOOST_TEST(time_of(entry(R"("__REALTIME_TIMESTAMP":"9","_SOURCE_REALTIME_TIMESTAMP":"1772323201169230")", said)) ==
               at);
    BOOST_TEST(time_of("data: " + entry(R"("__REALTIME_TIMESTAMP":"1772323201169230")", said)) == at);
    BOOST_TEST(time_of("\x1e" + entry(R"("__REALTIME_TIMESTAMP":"1772323201169230")", said)) == at);
    const auto id = [&](const std::string& message) {
        return told(entry(R"("__REALTIME_TIMESTAMP":"1772323201169230")", message));
    };
    const std::string before = "\"warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x, sasl_username=";
    BOOST_TEST(id(before + R"(\"\u0061\u3042\ud83d\ude00\\")") == "smtp reject 1 192.0.2.1 \"aあ😀\\");
    std::string bytes;
    for (const char c : kSaid) bytes += (bytes.empty() ? "" : ",") + std::to_string(static_cast<unsigned char>(c));
    BOOST_TEST(id('[' + bytes + ",255]") == "smtp reject 1 192.0.2.1 a\xff");
    BOOST_TEST(id("null") == "no authentication");
    for (const char* wrong : {R"("\ud800")", R"("\u12")", R"("\x")", "[256]", "[[1]]", "[\"a\"]", "17"})
        BOOST_TEST(id(wrong) == "malformed: found a field that is no text", wrong);
    const std::string pam =
        R"({"__REALTIME_TIMESTAMP":"1772323201169230","SYSLOG_IDENTIFIER":"auth","MESSAGE":"pam_unix(dovecot:auth): )"
        R"(authentication failure; logname= ruser=a rhost=192.0.2.1"})";
    BOOST_TEST(told(pam) == "mail reject 1- 192.0.2.1 a");
    const std::string whole = entry(R"("__REALTIME_TIMESTAMP":"1772323201169230")", said);
    for (std::size_t length = 1; length < whole.size(); ++length)
        BOOST_TEST(told(whole.substr(0, length)).starts_with("malformed"), length);
    BOOST_TEST(told(whole + "x").starts_with("malformed"));
    BOOST_TEST(told(entry(R"("__REALTIME_TIMESTAMP":"x")", said)) == "malformed: found no __REALTIME_TIMESTAMP");
}

BOOST_AUTO_TEST_CASE(other_times_of_the_journal) {
    BOOST_TEST(postfix("Sun 2026-03-01 09:00:01 JST ") == "2026-03-01T09:00:01.000000Z no zone");
    BOOST_TEST(postfix("Sun 2026-03-01 09:00:01.169230 UTC ") == "2026-03-01T09:00:01.169230Z");
    BOOST_TEST(postfix("1772323201.169230 ") == "2026-03-01T00:00:01.169230Z");
    BOOST_TEST(postfix("Sun Mar  1 09:00:01 2026 ") == "2026-03-01T09:00:01.000000Z no zone");
    for (const char* wrong : {"Son 2026-03-01 09:00:01 JST ", "Sun 2026-13-01 09:00:01 JST ", "Sun 2026-03-01 09:00:01",
                              "1772323201 ", "177232320x.1 ", "Sun Mar  1 09:00:01 202x ", "Sun Feb 29 09:00:01 2026 "})
        BOOST_TEST(postfix(wrong) == "events: 0", wrong);
}

BOOST_AUTO_TEST_CASE(busybox) {
    const std::string at = "2000-03-01T09:00:01.000000Z no year no zone";
    BOOST_TEST(time_of("Mar  1 09:00:01 mx mail.warn postfix/smtpd[7]: " + std::string(kSaid)) == at);
    BOOST_TEST(time_of("Mar  1 09:00:01 mx local0.info postfix/smtpd[7]: " + std::string(kSaid)) == at);
    for (const char* wrong : {"mail.loud", "post.info", "local.", "localx0.info"})
        BOOST_TEST(told("Mar  1 09:00:01 mx " + std::string(wrong) + " postfix/smtpd[7]: " + std::string(kSaid)) ==
                   "other program");
}

BOOST_AUTO_TEST_CASE(containers) {
    const std::string inner = "Mar  1 09:00:01 mx postfix/smtpd[7]: " + std::string(kSaid);
    const std::string exact = "2026-03-01T00:00:01.169230Z", lacking = "2000-03-01T09:00:01.000000Z no year no zone";
    BOOST_TEST(time_of("mail_mx.1-1  | " + inner) == lacking);
    BOOST_TEST(time_of("2026-03-01T00:00:01.169230155Z " + inner) == exact);
    BOOST_TEST(time_of("2026-03-01T00:00:01.169230155Z stdout F " + inner) == exact);
    BOOST_TEST(exim("2026-03-01T00:00:01.169230155Z 2026-03-01 09:00:01 ") == exact);
    const auto entry = [](const std::string& text, const std::string& time) {
        return R"({"log":")" + text + R"(\n","stream":"stdout","time":")" + time + "\"}";
    };
    BOOST_TEST(time_of(entry(inner, "2026-03-01T00:00:01.169230155Z")) == exact);
    BOOST_TEST(told(entry("ready", "2026-03-01T00:00:01.169230155Z")).starts_with("malformed"));
    BOOST_TEST(told(entry(inner, "Mar  1 09:00:01")).starts_with("malformed"));
    BOOST_TEST(told(entry("{}", "2026-03-01T00:00:01.169230155Z")) == "other program");
    BOOST_TEST(told("a b | " + inner).starts_with("malformed"));
}

BOOST_AUTO_TEST_CASE(a_tag_without_host_and_process) {
    const std::string said = " postfix/smtpd: disconnect from unknown[192.0.2.1] auth=0/1\n";
    const std::string text = "Mar  1 09:00:01" + said + "Mar  1 09:00:02" + said + "Mar  1 09:00:02 mx" + said;
    const ParsedChunk chunk = parsed(text);
    BOOST_TEST_REQUIRE(chunk.events.size() == 3U);
    BOOST_TEST(told(chunk.events[0]) == "smtp reject 1* 192.0.2.1 ");
    BOOST_TEST(chunk.events[0].connection == chunk.events[1].connection);
    BOOST_TEST(chunk.events[0].connection != chunk.events[2].connection);
}

BOOST_AUTO_TEST_CASE(line_ends_blanks_and_what_is_too_long) {
    const std::string line = "Mar  1 09:00:01 mx postfix/smtpd[7]: " + std::string(kSaid);
    const std::string text = line + "\r\n\n \t\n" + line;
    const ParsedChunk chunk = parsed(text);
    BOOST_TEST(chunk.lines == 4U);
    BOOST_TEST(chunk.events.size() == 2U);
    BOOST_TEST(chunk.events.back().line == 3U);
    BOOST_TEST(chunk.events.back().id == "a");
    BOOST_TEST(chunk.ignored[static_cast<std::size_t>(Ignored::blank)] == 2U);
    BOOST_TEST(accounted(chunk));
    BOOST_TEST(told(line + std::string(kLongestMailLine, 'x')).starts_with("malformed"));
    BOOST_TEST(parsed("").lines == 0U);
}

BOOST_AUTO_TEST_CASE(addresses_as_daemons_write_them) {
    const auto from = [](std::string_view address) {
        return told("Mar  1 09:00:01 mx imapd: LOGIN FAILED, user=a, ip=[" + std::string(address) + "]");
    };
    BOOST_TEST(from("::ffff:192.0.2.1") == "imap reject 1 192.0.2.1 a");
    BOOST_TEST(from("IPv6:2001:db8::1") == "imap reject 1 2001:db8::1 a");
    BOOST_TEST(from("fe80::1%eth0") == "imap reject 1 fe80::1 a");
    for (const char* wrong : {"192.0.2", "192.0.2.256", "192.0.2.01", "192.0.2.1.1", "192.0.2.0/24", "2001:db8::/64",
                              "::g", "", "h.example.jp", "192.0.2.1 "})
        BOOST_TEST(from(wrong) == "malformed: found no address", wrong);
}

BOOST_AUTO_TEST_SUITE_END()
