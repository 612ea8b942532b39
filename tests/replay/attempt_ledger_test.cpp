// One attempt counts once, however many lines tell of it.
#include "replay/attempt_ledger.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

#include "tests/replay/mail_text.hpp"

using namespace guard;
using namespace guard::replay;

namespace {

// What passes, one line each.
std::string through(AttemptLedger& ledger, std::string_view text) {
    const ParsedChunk chunk = parsed(text);
    std::string result;
    for (LogEvent event : chunk.events)
        if (ledger.take(event)) result += told(event) + '\n';
    return result;
}
std::string through(std::string_view text, bool mail_wanted = false) {
    AttemptLedger ledger(mail_wanted);
    return through(ledger, text);
}

const std::string kFailed =
    "Mar  1 09:00:02 mx postfix/smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x, "
    "sasl_username=a\n";
const std::string kNameless =
    "Mar  1 09:00:02 mx postfix/smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x\n";
const std::string kAway =
    "Mar  1 09:00:02 mx postfix/smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: Connection "
    "lost "
    "to authentication server\n";

std::string left(int succeeded, int all) {
    return "Mar  1 09:00:03 mx postfix/smtpd[7]: disconnect from unknown[192.0.2.1] ehlo=1 auth=" +
           std::to_string(succeeded) + '/' + std::to_string(all) + " quit=1 commands=2/3\n";
}

std::string service(const std::string& id, const std::string& second = "00") {
    return "Mar  1 09:00:" + second + " mx dovecot: auth: passwd-file(" + id + ",192.0.2.1): Password mismatch\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attempt_ledger)

BOOST_AUTO_TEST_CASE(a_summary_adds_only_what_had_no_line) {
    BOOST_TEST(through(kFailed + left(0, 1)) == "smtp reject 1 192.0.2.1 a\n");
    BOOST_TEST(through(kFailed + left(0, 3)) == "smtp reject 1 192.0.2.1 a\nsmtp reject 2* 192.0.2.1 \n");
    BOOST_TEST(through(left(0, 3)) == "smtp reject 3* 192.0.2.1 \n");
    BOOST_TEST(through(kFailed + left(1, 2)) == "smtp reject 1 192.0.2.1 a\n");
}

BOOST_AUTO_TEST_CASE(the_next_connection_of_a_process_begins_anew) {
    BOOST_TEST(through(kFailed + left(0, 1) + left(0, 1)) == "smtp reject 1 192.0.2.1 a\nsmtp reject 1* 192.0.2.1 \n");
}

BOOST_AUTO_TEST_CASE(what_failed_on_our_side_is_no_reject_in_the_summary_either) {
    BOOST_TEST(through(kAway + left(0, 1)) == "");
    BOOST_TEST(through(kAway + kFailed + left(0, 3)) == "smtp reject 1 192.0.2.1 a\nsmtp reject 1* 192.0.2.1 \n");
}

BOOST_AUTO_TEST_CASE(the_service_lends_its_id_to_the_server_that_names_none) {
    BOOST_TEST(through(service("a") + kNameless + left(0, 1)) == "smtp reject 1 192.0.2.1 a\n");
    BOOST_TEST(through(service("a") + service("b") + kNameless + kNameless) ==
               "smtp reject 1 192.0.2.1 a\nsmtp reject 1 192.0.2.1 b\n");
    // One that has a name of its own uses up what was lent.
    BOOST_TEST(through(service("a") + kFailed + kNameless) == "smtp reject 1 192.0.2.1 a\nsmtp reject 1 192.0.2.1 \n");
    // Of a login process (with a session), of another source, or long ago: none.
    BOOST_TEST(through("Mar  1 09:00:00 mx dovecot: auth: passwd-file(a,192.0.2.1,<S>): Password mismatch\n" +
                       kNameless) == "smtp reject 1 192.0.2.1 \n");
    BOOST_TEST(through("Mar  1 09:00:00 mx dovecot: auth: passwd-file(a,192.0.2.2): Password mismatch\n" + kNameless) ==
               "smtp reject 1 192.0.2.1 \n");
    BOOST_TEST(through("Mar  1 08:59:01 mx dovecot: auth: passwd-file(a,192.0.2.1): Password mismatch\n" + kNameless) ==
               "smtp reject 1 192.0.2.1 \n");
}

BOOST_AUTO_TEST_CASE(where_imap_is_wanted_the_service_and_the_server_make_one) {
    BOOST_TEST(through(service("a") + kNameless + left(0, 1), true) == "mail reject 1+ 192.0.2.1 a\n");
    const std::string session =
        "Mar  1 09:00:01 mx dovecot: auth: passwd-file(a,192.0.2.1,<S>): Password mismatch\n"
        "Mar  1 09:00:04 mx dovecot: imap-login: Disconnected (auth failed, 2 attempts in 3 secs): user=<a>, "
        "method=PLAIN, "
        "rip=192.0.2.1, lip=192.0.2.9, session=<S>\n";
    BOOST_TEST(through(session, true) == "mail reject 1+ 192.0.2.1 a\nimap reject 1* 192.0.2.1 a\n");
    BOOST_TEST(through(session + kFailed, true) ==
               "mail reject 1+ 192.0.2.1 a\nimap reject 1* 192.0.2.1 a\nsmtp reject 1 192.0.2.1 a\n");
    const std::string pam =
        "Mar  1 09:00:00 mx auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot "
        "ruser=a rhost=192.0.2.1\n";
    BOOST_TEST(through(pam + service("a", "01") + kFailed, true) == "mail reject 1- 192.0.2.1 a\n");
    BOOST_TEST(through(pam + service("a", "01")) == "");
}

BOOST_AUTO_TEST_CASE(a_login_counts_once_for_all_messages_of_its_connection) {
    const std::string accept =
        "Mar  1 09:00:01 mx postfix/smtpd[7]: 46681AB: client=unknown[192.0.2.1], sasl_method=PLAIN, sasl_username=a\n";
    const std::string one = "smtp accept 1 192.0.2.1 a\n";
    BOOST_TEST(through(accept + accept + accept) == one);
    BOOST_TEST(through(accept + left(1, 1) + accept) == one + one);
    BOOST_TEST(through(accept + "Mar  1 09:20:01" + accept.substr(15)) == one + one);
}

BOOST_AUTO_TEST_CASE(exim_writes_a_line_twice) {
    const std::string line =
        "2026-03-01 09:00:01 login authenticator failed for (x) [192.0.2.1]: 535 Incorrect authentication data "
        "(set_id=a)\n";
    const std::string one = "smtp reject 1= 192.0.2.1 a\n";
    BOOST_TEST(through(line + line) == one);
    BOOST_TEST(through(line + line + line + line) == one + one);
}

BOOST_AUTO_TEST_CASE(sendmail_goes_on_after_its_warning) {
    const auto failure = [](const std::string& id) {
        return "Mar  1 09:00:01 mx sm-mta[7]: 6AM9GK0N000147: AUTH failure (PLAIN): authentication failure (-13) "
               "SASL(-13): x, "
               "user=" +
               id + ", relay=[192.0.2.1]\n";
    };
    const std::string attack =
        "Mar  1 09:00:01 mx sm-mta[7]: 6AM9GK0N000147: [192.0.2.1]: possible SMTP attack: command=AUTH, count=3\n";
    BOOST_TEST(through(failure("a") + failure("b") + attack + failure("c")) ==
               "smtp reject 1 192.0.2.1 a\nsmtp reject 1 192.0.2.1 b\nsmtp reject 1 192.0.2.1 c\n");
    BOOST_TEST(through(attack) == "smtp reject 2* 192.0.2.1 \n");
}

BOOST_AUTO_TEST_CASE(events_of_one_log_pass_alike_for_any_cut) {
    std::mt19937 random(7);
    std::string text;
    for (int i = 0; i < 400; ++i) {
        const std::string parts[] = {kFailed, kNameless, kAway, left(0, 2), service("b"), left(1, 1)};
        text += parts[random() % 6];
    }
    const std::string whole = through(text);
    AttemptLedger ledger(false);
    std::string cut;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        for (std::size_t n = random() % 9 + 1; n > 0 && end < text.size(); --n) end = text.find('\n', end) + 1;
        cut += through(ledger, std::string_view(text).substr(at, end - at));
        at = end;
    }
    BOOST_TEST(cut == whole);
    BOOST_TEST(!whole.empty());
}

BOOST_AUTO_TEST_CASE(its_memory_has_a_bound) {
    AttemptLedger ledger(true);
    LogEvent event;
    event.protocol = Protocol::smtp;
    event.kind = Kind::reject;
    event.copied = true;
    for (std::uint32_t i = 1; i < 200'000; ++i) {
        event.connection = i;
        event.addresses.assign(1, IpAddress::ipv4(i));
        BOOST_REQUIRE(ledger.take(event));
    }
    BOOST_TEST(ledger.size() <=
               2 * (AttemptLedger::kMaxConnections + AttemptLedger::kMaxSources + AttemptLedger::kMaxCopies));
    BOOST_TEST(ledger.size() > AttemptLedger::kMaxConnections);
}

BOOST_AUTO_TEST_SUITE_END()
