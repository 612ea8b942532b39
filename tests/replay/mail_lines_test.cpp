// Shapes of lines that the real daemons of mail_files_test did not write here: other versions, other settings, and what
// an attacker puts into a name.
#include <array>
#include <boost/test/unit_test.hpp>

#include "tests/replay/mail_text.hpp"

using namespace guard;
using namespace guard::replay;

namespace {

struct Case {
    std::string_view line, meaning;
};

constexpr std::string_view kNone = "no authentication";

template <std::size_t count>
void check(const std::array<Case, count>& cases, std::string_view before = "") {
    for (const Case& one : cases) {
        const std::string line = std::string(before) + std::string(one.line);
        BOOST_TEST(told(line) == one.meaning, line << "\n  is: " << told(line) << "\n  not: " << one.meaning);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mail_lines)

BOOST_AUTO_TEST_CASE(postfix) {
    check(
        std::to_array<Case>({
            {"postfix/smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
             "smtp reject 1 192.0.2.1 "},
            {"postfix/smtpd[7]: warning: h.example.jp[2001:db8::1]: SASL PLAIN authentication failed:",
             "smtp reject 1 2001:db8::1 "},
            {"postfix/smtpd[7]: warning: h.example.jp[192.0.2.1]: SASL DIGEST-MD5 authentication failed",
             "smtp reject 1 192.0.2.1 "},
            {"postfix/submissions/smtpd[7]: warning: unknown[192.0.2.1]:55729: SASL login authentication failed: "
             "authentication failure, sasl_username=a@example.jp",
             "smtp reject 1 192.0.2.1 a@example.jp"},
            {"mx-in/smtpd[7]: warning: unknown[192.0.2.1]: SASL PLAIN authentication failed: (reason unavailable), "
             "sasl_username=x, sasl_username=y",
             "smtp reject 1 192.0.2.1 x, sasl_username=y"},
            {"postfix/smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: Connection lost to "
             "authentication server",
             "smtp reject 0 192.0.2.1  / temporary"},
            {"postfix/smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: Temporary "
             "authentication "
             "failure, sasl_username=a",
             "smtp reject 0 192.0.2.1  / temporary"},
            {"postfix/smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication aborted",
             "smtp reject 0 192.0.2.1  / no authentication"},
            {"postfix/smtpd[7]: warning: unknown[unknown]: SASL LOGIN authentication failed: x", "no address"},
            {"postfix/smtpd[7]: warning: unknown[192.0.2.]: SASL LOGIN authentication failed: x",
             "malformed: found no address"},
            {"postfix/smtpd[7]: warning: SASL authentication failure: cannot connect to saslauthd server",
             "no address"},
            {"postfix/smtpd[7]: warning: hostname h.example.jp does not resolve to address 192.0.2.1", kNone},
            {"postfix/smtpd[7]: warning: AUTH command rate limit exceeded: 9 from h[192.0.2.1] for service smtp",
             kNone},
            {"postfix/smtpd[7]: 4F1: client=h.example.jp[192.0.2.1], sasl_method=LOGIN, sasl_username=a@example.jp",
             "smtp accept 1 192.0.2.1 a@example.jp"},
            {"postfix/smtpd[7]: NOQUEUE: client=h[192.0.2.1]:99, sasl_method=LOGIN, sasl_username=a, sasl_sender=b@c",
             "smtp accept 1 192.0.2.1 a"},
            {"postfix/smtpd[7]: 4F1: client=h[192.0.2.1], orig_queue_id=4F0, orig_client=i[192.0.2.2]", kNone},
            {"postfix/smtpd[7]: 4F1: client=h[192.0.2.1]", kNone},
            {"postfix/smtpd[7]: 4F1: client=h[192.0.2.1], sasl_sender=a@example.jp", kNone},
            {"postfix/smtpd[7]: disconnect from h[192.0.2.1] ehlo=1 auth=1/3 quit=1 commands=3/5",
             "smtp reject 2* 192.0.2.1 "},
            {"postfix/smtpd[7]: disconnect from h[192.0.2.1]:99 ehlo=1 auth=0/2", "smtp reject 2* 192.0.2.1 "},
            {"postfix/smtpd[7]: disconnect from h[192.0.2.1] ehlo=1 auth=1 quit=1 commands=3",
             "smtp reject 0* 192.0.2.1  / no authentication"},
            {"postfix/smtpd[7]: disconnect from h[192.0.2.1] ehlo=1 auth=2/1", "malformed: found no number"},
            {"postfix/smtpd[7]: disconnect from h[192.0.2.1] ehlo=1 auth=0/99999999999", "malformed: found no number"},
            {"postfix/smtpd[7]: disconnect from h[192.0.2.1]", kNone},
            {"postfix/smtpd[7]: lost connection after AUTH from h[192.0.2.1]", kNone},
            {"postfix/smtpd[7]: too many errors after AUTH from h[192.0.2.1]", kNone},
            {"postfix/smtpd[7]: NOQUEUE: reject: RCPT from h[192.0.2.1]: 554 5.7.1 <b@c>: Relay access denied; "
             "from=<a> "
             "to=<b@c> proto=ESMTP helo=<x> sasl_username=<a>",
             kNone},
            {"postfix/smtp[7]: warning: SASL authentication failed; server h[192.0.2.1] said: 535 5.7.8 Error", kNone},
            {"postfix/postscreen[7]: CONNECT from [192.0.2.1]:99 to [192.0.2.9]:25", kNone},
            {"postfix/smtpd[7]: message repeated 3 times: [ warning: unknown[192.0.2.1]: SASL LOGIN authentication "
             "failed: UGFzc3dvcmQ6]",
             "smtp reject 3 192.0.2.1 "},
            {"smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x", "other program"},
        }),
        "Mar  1 09:00:01 mx ");
}

BOOST_AUTO_TEST_CASE(dovecot_login) {
    check(
        std::to_array<Case>({
            {"imap-login: Aborted login (auth failed, 1 attempts): user=<a@example.jp>, method=CRAM-MD5, "
             "rip=192.0.2.1, "
             "lip=192.0.2.9, TLS",
             "imap reject 1* 192.0.2.1 a@example.jp"},
            {"pop3-login: Disconnected: Inactivity (auth failed, 3 attempts in 178 secs): user=<a>, method=PLAIN, "
             "rip=::ffff:192.0.2.1, lip=::ffff:192.0.2.9",
             "pop3 reject 3* 192.0.2.1 a"},
            {"imap-login: Disconnected: Connection closed: read(size=1003) failed: Connection reset by peer (auth "
             "failed, "
             "2 attempts in 0 secs): user=<a>, rip=192.0.2.1, lip=192.0.2.9, session=<Lsz0Oo7WXti3b7xe>",
             "imap reject 2* 192.0.2.1 a"},
            {"imap-login: Disconnected (auth failed, 1 attempts): method=PLAIN, rip=192.0.2.1, lip=192.0.2.9, TLS: "
             "Disconnected",
             "imap reject 1* 192.0.2.1 "},
            {"pop3-login: Aborted login (auth failed, 1 attempts in 2 secs): user=<a>, method=PLAIN, rip=192.0.2.1",
             "pop3 reject 1* 192.0.2.1 a"},
            {"submission-login: Remote closed connection (auth failed, 1 attempts in 2 secs): user=<a>, method=PLAIN, "
             "rip=192.0.2.1, lip=0.0.0.0",
             "smtp reject 1* 192.0.2.1 a"},
            {"managesieve-login: Disconnected: Too many invalid commands. (auth failed, 1 attempts in 2 secs): "
             "user=<a>, "
             "method=PLAIN, rip=192.0.2.1, lip=192.0.2.9",
             "mail reject 1* 192.0.2.1 a"},
            {"imap-login: Login aborted: Connection closed (auth failed, 4 attempts in 9 secs) (auth_failed): "
             "user=<a>, "
             "method=PLAIN, rip=2001:db8::1, lip=2001:db8::9, TLS, session=<S>",
             "imap reject 4* 2001:db8::1 a"},
            {"imap-login: Disconnected (authorization failed, 1 attempts in 2 secs): user=<a>, method=PLAIN, "
             "rip=192.0.2.1, lip=192.0.2.9",
             "imap reject 1* 192.0.2.1 a"},
            {"imap-login: Disconnected (proxy dest auth failed): user=<a>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.9",
             "imap reject 1* 192.0.2.1 a"},
            {"imap-login: Login aborted: Connection closed (user disabled, 2 attempts in 9 secs) (user_disabled): "
             "user=<a>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.9",
             "imap reject 2* 192.0.2.1 a"},
            {"managesieve-login: Aborted login (auth failed): user=<a>, method=PLAIN, rip=192.0.2.1",
             "mail reject 1* 192.0.2.1 a"},
            // 1.1 and 1.0.
            {"pop3-login: Aborted login (3 authentication attempts): user=<a>, method=PLAIN, rip=192.0.2.1, "
             "lip=192.0.2.9",
             "pop3 reject 3* 192.0.2.1 a"},
            {"pop3-login: Aborted login: user=<a>, method=PLAIN, rip=::ffff:192.0.2.1, lip=::ffff:192.0.2.9",
             "pop3 reject 1* 192.0.2.1 a"},
            {"pop3-login: Aborted login: rip=192.0.2.1, lip=192.0.2.9", kNone},
            {"pop3-login: Aborted login: user=<>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.9", kNone},
            {"imap-login: Disconnected: user=<a>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.9", kNone},
            {"imap-login: proxy(a): Login failed to 192.0.2.8:143: [AUTHENTICATIONFAILED] Authentication failed.: "
             "user=<a>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.9, TLS, session=<S>",
             "imap reject 1 192.0.2.1 a"},
            {"imap-login: proxy(a): Login failed to 192.0.2.8:143: Authentication failed.: user=<a>, method=PLAIN, "
             "rip=192.0.2.1, lip=192.0.2.9",
             kNone},
            {"imap-login: proxy(a): Login failed to 192.0.2.8:143: [UNAVAILABLE] Temporary authentication failure.: "
             "user=<a>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.9, session=<S>",
             "temporary"},
            {"imap-login: proxy(started proxying to ): Login failed to 192.0.2.8:143: x: user=<started proxying to >, "
             "method=PLAIN, rip=192.0.2.1, lip=192.0.2.9, session=<S>",
             "malformed: found a line with two readings"},
            {"imap-login: Login: user=<a>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.9, mpid=1, secured, session=<S>",
             "imap accept 1 192.0.2.1 a"},
            {"pop3-login: proxy(a): started proxying to 192.0.2.8:110: user=<a>, method=PLAIN, rip=192.0.2.1, "
             "lip=192.0.2.9",
             "pop3 accept 1 192.0.2.1 a"},
            {"imap-login: Login: user=<a>, method=PLAIN, rip=, lip=, secured, session=<S>", "internal"},
            {"imap-login: Login: user=<a>, method=PLAIN, secured", "no address"},
            {"imap-login: Aborted login (tried to use disallowed plaintext auth): user=<>, rip=192.0.2.1, "
             "lip=192.0.2.9",
             kNone},
            {"imap-login: Disconnected (no auth attempts in 5 secs): user=<>, rip=192.0.2.1, lip=192.0.2.9", kNone},
            {"imap-login: Disconnected (auth service reported temporary failure): user=<a>, method=PLAIN, "
             "rip=192.0.2.1, "
             "lip=192.0.2.9",
             "temporary"},
            {"imap-login: Disconnected (internal failure, 1 successful auths): user=<a>, method=PLAIN, rip=192.0.2.1, "
             "lip=192.0.2.9",
             "temporary"},
            {"imap-login: Disconnected (auth failed, many attempts): user=<a>, rip=192.0.2.1",
             "malformed: found no number"},
            {"imap-login: Disconnected (auth failed, 1 attempts): user=<a>, rip=nowhere, lip=192.0.2.9",
             "malformed: found no address"},
            {"imap-login: Error: net_connect_unix(login) failed: user=<a>, rip=192.0.2.1", kNone},
            {"imap(a): Disconnected: Logged out in=8 out=468", kNone},
            {"lmtp(a)<1><S>: msgid=<1@example.jp>: saved mail to INBOX", kNone},
        }),
        "Mar  1 09:00:01 mx dovecot: ");
    // The name cannot become the address, nor the words.
    check(
        std::to_array<Case>({
            {"imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<x>, method=PLAIN, rip=203.0.113.9, "
             "lip=>, "
             "method=PLAIN, rip=192.0.2.1, lip=192.0.2.9",
             "imap reject 1* 192.0.2.1 x>, method=PLAIN, rip=203.0.113.9, lip="},
            {"imap-login: Disconnected (no auth attempts in 2 secs): user=<(auth failed, 9 attempts)>, rip=192.0.2.1, "
             "lip=192.0.2.9",
             kNone},
        }),
        "Mar  1 09:00:01 mx dovecot: ");
}

BOOST_AUTO_TEST_CASE(dovecot_authentication) {
    check(
        std::to_array<Case>({
            {"auth: passwd-file(a@example.jp,192.0.2.1): unknown user", "mail reject 1+ 192.0.2.1 a@example.jp"},
            {"auth: ldap(a,192.0.2.1,<S>): unknown user (SHA1 of given password: f638ff)",
             "mail reject 1+ 192.0.2.1 a"},
            {"auth: Info: ldap(a,192.0.2.1,): invalid credentials", "mail reject 1+ 192.0.2.1 a"},
            {"auth: sql(a,2001:db8::1,<n4J+dHN/gZ>): Password mismatch", "mail reject 1+ 2001:db8::1 a"},
            {"auth(default): pam(a,192.0.2.1): pam_authenticate() failed: User not known to the underlying "
             "authentication "
             "module",
             "mail reject 1+ 192.0.2.1 a"},
            {"auth-worker(304): pam(a,192.0.2.1): pam_authenticate() failed: Authentication failure (password "
             "mismatch?)",
             "mail reject 1+ 192.0.2.1 a"},
            {"auth-worker(5787): conn unix:auth-worker (pid=27359,uid=97): auth-worker<55>: pam(a,192.0.2.1): unknown "
             "user",
             "mail reject 1+ 192.0.2.1 a"},
            {"auth-worker(57): Info: conn unix:auth-worker (uid=143): auth-worker<2>: sql(a,192.0.2.1,<Yx7+W8+I>): "
             "Password mismatch",
             "mail reject 1+ 192.0.2.1 a"},
            {"auth-worker(304): pam(a,192.0.2.1): pam_authenticate() failed: System error", kNone},
            {"auth(a,192.0.2.1,sasl:plain)<S>: passwd-file: unknown user", "mail reject 1+ 192.0.2.1 a"},
            {"auth(a,192.0.2.1,sasl:login)<S>: Info: sql: Password mismatch (given password: x)",
             "mail reject 1+ 192.0.2.1 a"},
            {"auth-worker(a@example.jp,192.0.2.1)<40010><CvN+E95U/4e7>: request [12]: Info: sql: Password mismatch",
             "mail reject 1+ 192.0.2.1 a@example.jp"},
            {"auth-worker(a,192.0.2.1)<14891><S>: request [393]: pam: pam_authenticate() failed: Authentication "
             "failure "
             "(Password mismatch?)",
             "mail reject 1+ 192.0.2.1 a"},
            {"auth-worker(a,192.0.2.1)<14891><S>: request [393]: pam: pam_authenticate() failed: System error", kNone},
            {"auth-worker(a,192.0.2.1)<14891><S>: request [393: sql: unknown user", kNone},
            {"auth: passwd-file(a,b,192.0.2.1,master,<S>): Password mismatch", "mail reject 1+ 192.0.2.1 a,b"},
            {"auth: plain(?,192.0.2.1,<S>): Username character disallowed by auth_username_chars: 0x20 (username: a b)",
             "mail reject 1+ 192.0.2.1 "},
            {"auth: login(?,192.0.2.1): Request timed out waiting for client to continue authentication (150 secs)",
             kNone},
            {"auth: Debug: passwd-file(a,192.0.2.1): unknown user", kNone},
            {"auth: Error: sql(a,192.0.2.1): Password query failed: unknown user", kNone},
            {"auth: passwd-file(a): unknown user", kNone},
            {"auth: Error: auth client 0 disconnected with 1 pending requests: EOF", kNone},
            // Two readings: the name or the password may have made one of them.
            {"auth: passwd-file(x,203.0.113.9): unknown user (,192.0.2.1): unknown user",
             "malformed: found a line with two readings"},
            {"auth: passwd-file(a,192.0.2.1): Password mismatch (given password: x,203.0.113.9): unknown user )",
             "malformed: found a line with two readings"},
            {"auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=a "
             "rhost=192.0.2.1",
             "mail reject 1- 192.0.2.1 a"},
            {"auth: pam_unix(dovecot:auth): check pass; user unknown", kNone},
        }),
        "Mar  1 09:00:01 mx dovecot: ");
}

BOOST_AUTO_TEST_CASE(pam) {
    constexpr std::string_view kFailure =
        "pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ";
    for (const std::string_view tag :
         {"auth: ", "dovecot-auth: ", "auth-worker: ", "saslauthd[9]: ", "authdaemond: "}) {
        const std::string before = "Mar  1 09:00:01 mx " + std::string(tag) + std::string(kFailure);
        BOOST_TEST(told(before + "ruser=b rhost=192.0.2.1  user=a") == "mail reject 1- 192.0.2.1 a");
        BOOST_TEST(told(before + "ruser=rhost=203.0.113.9 rhost=192.0.2.1") ==
                   "mail reject 1- 192.0.2.1 rhost=203.0.113.9");
        BOOST_TEST(told(before + "ruser= rhost=  user=a") == "no address");
        BOOST_TEST(told(before + "ruser=a rhost=client.example.net") == "no address");
    }
    BOOST_TEST(told("Mar  1 09:00:01 mx sshd[9]: pam_unix(sshd:auth): authentication failure; rhost=192.0.2.1") ==
               "other program");
}

BOOST_AUTO_TEST_CASE(exim) {
    check(
        std::to_array<Case>({
            {"login authenticator failed for h.example.jp (x) [192.0.2.1]: 535 Incorrect authentication data "
             "(set_id=a)",
             "smtp reject 1= 192.0.2.1 a"},
            {"plain_login authenticator failed for (ehlo) [192.0.2.1]:4455 I=[192.0.2.9]:25: 535 Incorrect "
             "authentication "
             "data (set_id=a (b))",
             "smtp reject 1= 192.0.2.1 a (b)"},
            {"[1234] login authenticator failed for ([203.0.113.9]) [2001:db8::1]: 535 Incorrect authentication data",
             "smtp reject 1= 2001:db8::1 "},
            {"login authenticator failed for (x) [192.0.2.1]: 535 Incorrect authentication data (set_id=a) "
             "[203.0.113.9]: "
             "535 x)",
             "smtp reject 1= 192.0.2.1 a) [203.0.113.9]: 535 x"},
            {"login authenticator failed for (x) [192.0.2.1] U=joe: 535 Incorrect authentication data",
             "smtp reject 1= 192.0.2.1 "},
            // What the client's own ident server answered.
            {"login authenticator failed for (x) [192.0.2.1] U=[203.0.113.9]: 535 Incorrect authentication data",
             "smtp reject 1= 192.0.2.1 "},
            {"dovecot_login \tauthenticator failed for (x) [192.0.2.1]:55 I=[192.0.2.9]:25 Ci=8001: 535 Incorrect "
             "authentication data (set_id=a)",
             "smtp reject 1= 192.0.2.1 a"},
            {"SMTP protocol error in \"AUTH LOGIN\" H=(x) [192.0.2.1]:55 I=[192.0.2.9]:25 Ci=8001 LOGIN "
             "authentication mechanism not supported",
             kNone},
            {"SMTP call from (x) [192.0.2.1] dropped: too many syntax or protocol errors (last command was \"AUTH "
             "LOGIN\")",
             kNone},
            {"login authenticator failed for (x) [192.0.2.1]: 435 Unable to authenticate at present (set_id=a): LDAP "
             "down",
             "temporary"},
            {"login authenticator failed for (x) [192.0.2.1]: 501 Authentication cancelled", kNone},
            {"login authenticator failed H=mail.example.net [192.0.2.1] 535 Incorrect authentication data", kNone},
            {"SMTP protocol error in \"AUTH LOGIN\" H=(x) [203.0.113.9]\" H=(y) [192.0.2.1] AUTH command used when not "
             "advertised",
             "smtp reject 1= 192.0.2.1 "},
            {"1xV3pc-00001R-0H <= a@example.jp H=h.example.jp (x) [192.0.2.1]:99 I=[192.0.2.9]:587 P=esmtpsa "
             "X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no A=plain_login:a@example.jp S=226 T=\"A=login:b\"",
             "smtp accept 1 192.0.2.1 a@example.jp"},
            {"1xV3pc-0000000001R-000H <= <> H=(x) [192.0.2.1] P=esmtpa A=noid S=198", "smtp accept 1 192.0.2.1 "},
            {"1xV3pc-00001R-0H <= a@example.jp H=(x) [192.0.2.1] P=esmtp S=226", kNone},
            {"1xV3pc-00001R-0H <= a@example.jp U=root P=local S=226", kNone},
            {"1xV3pc-00001R-0H => a <a@example.jp> R=d T=remote_smtp H=h [192.0.2.1] A=login", kNone},
            {"H=(x) [192.0.2.1] rejected AUTH LOGIN: go away", kNone},
            {"no MAIL in SMTP connection from (x) [192.0.2.1] D=34s C=EHLO,AUTH", kNone},
        }),
        "2026-03-01 09:00:01 ");
    BOOST_TEST(told("Mar  1 09:00:01 mx exim[7]: 2026-03-01 09:00:01 x authenticator failed for [192.0.2.1]: 535 y") ==
               "smtp reject 1= 192.0.2.1 ");
    BOOST_TEST(told("2026-03-01 09:00:01 mx1 exim[7]: x authenticator failed for [192.0.2.1]: 535 y") ==
               "smtp reject 1= 192.0.2.1 ");
    BOOST_TEST(told("Envelope-from: <a@example.jp>") == kNone);
    BOOST_TEST(told("P Received: from x (h [192.0.2.1])") == kNone);
}

BOOST_AUTO_TEST_CASE(sendmail) {
    check(
        std::to_array<Case>({
            {"sm-mta[7]: 6AM9GK0N000147: AUTH failure (PLAIN): authentication failure (-13) SASL(-13): authentication "
             "failure: Password verification failed, user=a, relay=h.example.jp [192.0.2.1] (may be forged)",
             "smtp reject 1 192.0.2.1 a"},
            {"sendmail[7]: 6AM9GK0N000147: AUTH failure (LOGIN): user not found (-20) SASL(-13): user not found: x, "
             "relay=[IPv6:2001:db8::1]",
             "smtp reject 1 2001:db8::1 "},
            {"sendmail[7]: 6AM9GK0N000147: AUTH failure (PLAIN): authentication failure (-13) SASL(-13): x, user=a, "
             "relay=[203.0.113.9], user=b, relay=[192.0.2.1]",
             "smtp reject 1 192.0.2.1 "},
            {"sm-mta[7]: 6AM9GK0N000147: AUTH failure (PLAIN): generic failure (-1) SASL(-1): generic failure: x, "
             "user=a, "
             "relay=[192.0.2.1]",
             "temporary"},
            {"sm-mta[7]: 6AM9GK0N000147: AUTH failure (NTLM): no mechanism available (-4) SASL(-4): x, "
             "relay=[192.0.2.1]",
             kNone},
            {"sm-mta[7]: AUTH=server, relay=h.example.jp [192.0.2.1] (may be forged), authid=a, mech=PLAIN, bits=0",
             "smtp accept 1 192.0.2.1 a"},
            {"sm-mta[7]: AUTH=client, relay=h.example.jp. [192.0.2.1], mech=PLAIN, bits=0", kNone},
            {"sm-mta[7]: s1GNXHYB005133: [192.0.2.1]: possible SMTP attack: command=AUTH, count=5",
             "smtp reject 4* 192.0.2.1 "},
            {"sm-mta[7]: s1GNXHYB005133: [192.0.2.1]: possible SMTP attack: command=HELO/EHLO, count=3", kNone},
            {"sm-mta[7]: s1GNXHYB005133: h [192.0.2.1] (may be forged) did not issue MAIL/EXPN/VRFY/ETRN during "
             "connection to MTA",
             kNone},
            {"sm-mta[7]: s1GNXHYB005133: from=<a@example.jp>, size=9, relay=h [192.0.2.1]", kNone},
            {"sm-mta[7]: s1GNXHYB005133: ruleset=check_rcpt, relay=[192.0.2.1], reject=550 5.7.1 AUTH failure (x): y",
             kNone},
        }),
        "Mar  1 09:00:01 mx ");
}

BOOST_AUTO_TEST_CASE(cyrus_and_courier) {
    check(
        std::to_array<Case>({
            {"cyrus/imaps[7]: badlogin: h.example.jp [192.0.2.1] plaintext a@example.jp SASL(-13): authentication "
             "failure: "
             "checkpass failed",
             "imap reject 1 192.0.2.1 a@example.jp"},
            {"imap[7]: badlogin: h.example.jp[192.0.2.1] OTP [SASL(-13): authentication failure: x]",
             "imap reject 1 192.0.2.1 "},
            {"pop3d[7]: badlogin: [192.0.2.1] plaintext (a) [SASL(-13): authentication failure: checkpass failed]",
             "pop3 reject 1 192.0.2.1 a"},
            {"cyrus/imap[7]: badlogin: [192.0.2.1] plaintext (SASL(-1)) [SASL(-13): authentication failure: x]",
             "imap reject 1 192.0.2.1 SASL(-1)"},
            {"cyrus/imap[7]: badlogin: [192.0.2.1] plaintext (a) [SASL(-1): generic failure: checkpass failed]",
             "temporary"},
            {"cyrus/imap[7]: badlogin: [192.0.2.1] plaintext (a) invalid user", "imap reject 1 192.0.2.1 a"},
            {"cyrus/imap[7]: badlogin: [192.0.2.1] anonymous login refused", kNone},
            {"sieve[7]: badlogin: h[192.0.2.1] PLAIN authentication failure", "mail reject 1 192.0.2.1 "},
            {"cyrus/imap[7]: login: h.example.jp [192.0.2.1] a PLAIN+TLS User logged in SESSIONID=<s>",
             "imap accept 1 192.0.2.1 a"},
            {"cyrus/lmtp[7]: Delivered: <1@example.jp> to mailbox: user.a", kNone},
            {"saslauthd[7]: do_auth         : auth failure: [user=a] [service=smtp] [realm=] [mech=pam] [reason=PAM "
             "auth "
             "error]",
             "no address"},
            {"imapd: LOGIN FAILED, user=a@example.jp, ip=[::ffff:192.0.2.1]", "imap reject 1 192.0.2.1 a@example.jp"},
            {"imapd-ssl: LOGIN FAILED, method=PLAIN, ip=[::ffff:192.0.2.1]", "imap reject 1 192.0.2.1 "},
            {"courierpop3login: LOGIN FAILED, user=a, ip=[::ffff:203.0.113.9], ip=[2001:db8::1], port=[9]",
             "pop3 reject 1 2001:db8::1 a, ip=[::ffff:203.0.113.9]"},
            {"pop3d: LOGIN, user=a, ip=[::ffff:192.0.2.1], port=[9]", "pop3 accept 1 192.0.2.1 a"},
            {"imapd: INFO: LOGIN, user=a, ip=[::ffff:192.0.2.1], port=[9], protocol=IMAP", "imap accept 1 192.0.2.1 a"},
            {"imapd: LOGOUT, user=a, ip=[::ffff:192.0.2.1], headers=0, body=0", kNone},
            {"courieresmtpd: error,relay=::ffff:192.0.2.1,msg=\"535 Authentication failed.\",cmd: YWFh",
             "smtp reject 1 192.0.2.1 "},
            {"courieresmtpd[9]: error,relay=::ffff:192.0.2.1,port=43632,msg=\"535 Authentication failed.\",cmd: AUTH "
             "LOGIN "
             "a",
             "smtp reject 1 192.0.2.1 "},
            {"courieresmtpd: error,relay=::ffff:192.0.2.1,port=9,ident=joe,msg=\"535 Authentication failed.\",cmd: "
             "AUTH",
             "smtp reject 1 192.0.2.1 "},
            {"courieresmtpd: error,relay=::ffff:192.0.2.1,msg=\"535 Authentication rejected\",cmd: AUTH LOGIN", kNone},
            {"courieresmtpd: error,relay=::ffff:192.0.2.1,from=<a>,to=<b>: 550 User unknown.", kNone},
            // What may be a password in base64, or is not clear, is no ID.
            {"courieresmtpd: error,relay=192.0.2.1,msg=\"535 Authentication failed.\",cmd: AUTH PLAIN AGEAc2VjcmV0",
             "smtp reject 1 192.0.2.1 "},
            {"courieresmtpd: error,relay=192.0.2.1,msg=\"535 Authentication failed.\",cmd: AUTH LOGIN a@b c@d",
             "smtp reject 1 192.0.2.1 "},
            {"courieresmtpd: error,relay=192.0.2.1,msg=\"535 Authentication failed.\",cmd: AUTH LOGIN YQ== a",
             "smtp reject 1 192.0.2.1 a"},
            {"courieresmtpd: error,relay=192.0.2.1,msg=\"535 Authentication failed.\",cmd: AUTH LOGIN a@b",
             "smtp reject 1 192.0.2.1 a@b"},
            {"courieresmtpd: AUTH PLAIN AGFAYgBzZWNyZXQ=", kNone},
            {"courierd: newmsg,id=00A.00B, auth=a, auth=b: dns; c: dns; x (h.example.jp [::ffff:192.0.2.1])",
             "smtp accept 1 192.0.2.1 a, auth=b: dns; c"},
            {"courierd: newmsg,id=00A.00B: dns; x (h.example.jp [::ffff:192.0.2.1])", kNone},
            {"courierd: newmsg,id=00A.00B, auth=a: dns; localhost (localhost)", "no address"},
            {"courierd: newmsg,id=00A.00B, auth=a: dns; x (h [nowhere])", "malformed: found no address"},
            {"courierd: started,id=00A.00B,from=<a>,module=esmtp,host=b,addr=<c, auth=d: dns; [192.0.2.1]>", kNone},
        }),
        "Mar  1 09:00:01 mx ");
}

// A line costs what its length is worth, whatever is in it. Were it looked through again for each of its parts, this
// would not end before the test is given up.
BOOST_AUTO_TEST_CASE(hostile_lines_are_read_once) {
    constexpr std::array<std::string_view, 7> kParts = {"): unknown user ",
                                                        "x,192.0.2.1): pam_authenticate() failed: ",
                                                        ")<",
                                                        "): request [",
                                                        "(-",
                                                        "SASL(-",
                                                        "user=<"};
    constexpr std::array<std::string_view, 5> kBegins = {
        "dovecot: auth: passwd-file(", "dovecot: imap-login: Disconnected (auth failed, 1 attempts): user=<",
        "sm-mta[7]: 6AM9GK0N000147: AUTH failure (PLAIN): ", "cyrus/imap[7]: badlogin: [192.0.2.1] PLAIN (",
        "exim[7]: x authenticator failed for "};
    for (const std::string_view begin : kBegins)
        for (const std::string_view part : kParts) {
            std::string line = "Mar  1 09:00:01 mx " + std::string(begin);
            while (line.size() + part.size() < kLongestMailLine) line += part;
            const bool worst = part == kParts[1] && begin == kBegins[0];
            for (int i = 0; i < (worst ? 5000 : 10); ++i) BOOST_REQUIRE(accounted(parsed(line)));
        }
}

BOOST_AUTO_TEST_CASE(an_id_that_is_too_long_hides_nobody) {
    const std::string id(300, 'a');
    const std::string line =
        "Mar  1 09:00:01 mx postfix/smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication "
        "failed: x, sasl_username=" +
        id;
    BOOST_TEST(told(line) == "smtp reject 1 192.0.2.1 ");
}

BOOST_AUTO_TEST_CASE(a_fault_shows_nothing_of_the_line) {
    const ParsedChunk chunk = parsed(
        "tanaka@example.jp\nMar  1 09:00:01 mx postfix/smtpd[7]: warning: unknown[tanaka]: SASL LOGIN authentication "
        "failed: "
        "x\n");
    BOOST_TEST(chunk.malformed == 2U);
    BOOST_TEST(chunk.lines == 2U);
    for (const Fault& fault : chunk.faults)
        BOOST_TEST((fault.found + fault.expected).find("tanaka") == std::string::npos);
    BOOST_TEST(chunk.faults.back().line == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
