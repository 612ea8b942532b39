#include "bench/mail_log.hpp"

#include <fmt/format.h>

#include <random>

namespace guard::bench {
namespace {

using Random = std::mt19937_64;

struct Writer {
    Random random{1};
    std::string text;
    std::size_t lines = 0;
    std::size_t second = 0;

    std::uint64_t below(std::uint64_t count) { return random() % count; }

    void line(const std::string& said) {
        second += below(12) == 0 ? 1U : 0U;
        text += fmt::format("Mar {:2} {:02}:{:02}:{:02} mx1 ", 1 + second / 86400 % 28, second / 3600 % 24,
                            second / 60 % 60, second % 60);
        text += said;
        text += '\n';
        ++lines;
    }
    std::string user() { return fmt::format("user{}@isp.example", below(200'000)); }
    std::string address() {
        if (below(12) == 0) return fmt::format("2001:db8:{:x}:{:x}::{:x}", below(65536), below(65536), below(65536));
        return fmt::format("{}.{}.{}.{}", 1 + below(223), below(256), below(256), below(256));
    }
    std::string session() {
        constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::string name;
        while (name.size() < 16) name += kDigits[static_cast<std::size_t>(below(kDigits.size()))];
        return name;
    }
    std::string queue_id() { return fmt::format("{:012X}", random() & 0xffffffffffff); }
};

// A message that arrives over a login, and is delivered: 8 lines.
void message(Writer& writer) {
    const auto process = 1000 + writer.below(9000);
    const std::string client = fmt::format("host{}.isp.example[{}]", writer.below(10'000), writer.address());
    const std::string id = writer.queue_id(), user = writer.user();
    writer.line(fmt::format("postfix/submission/smtpd[{}]: connect from {}", process, client));
    writer.line(fmt::format("postfix/submission/smtpd[{}]: {}: client={}, sasl_method=PLAIN, sasl_username={}", process,
                            id, client, user));
    writer.line(
        fmt::format("postfix/cleanup[{}]: {}: message-id=<{}@client.example>", process + 1, id, writer.session()));
    writer.line(fmt::format("postfix/qmgr[811]: {}: from=<{}>, size={}, nrcpt=1 (queue active)", id, user,
                            500 + writer.below(90'000)));
    writer.line(
        fmt::format("postfix/smtp[{}]: {}: to=<{}>, relay=mx.example.net[198.51.100.9]:25, delay=0.71, "
                    "delays=0.1/0.01/0.3/0.3, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {})",
                    process + 2, id, writer.user(), writer.queue_id()));
    writer.line(fmt::format("postfix/qmgr[811]: {}: removed", id));
    writer.line(
        fmt::format("postfix/submission/smtpd[{}]: disconnect from {} ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 "
                    "quit=1 commands=8",
                    process, client));
}

// A guess at Postfix with Dovecot behind it: 4 lines.
void guess(Writer& writer) {
    const auto process = 1000 + writer.below(9000);
    const std::string address = writer.address(), user = writer.user();
    writer.line(fmt::format("postfix/smtpd[{}]: connect from unknown[{}]", process, address));
    writer.line(fmt::format("dovecot: auth: passwd-file({},{}): unknown user", user, address));
    writer.line(
        fmt::format("postfix/smtpd[{}]: warning: unknown[{}]: SASL LOGIN authentication failed: (reason unavailable), "
                    "sasl_username={}",
                    process, address, user));
    writer.line(fmt::format("postfix/smtpd[{}]: disconnect from unknown[{}] ehlo=1 auth=0/1 quit=1 commands=2/3",
                            process, address));
}

// Somebody reads his mail: 2 lines; or fails to.
void mailbox(Writer& writer) {
    const std::string protocol = writer.below(4) == 0 ? "pop3" : "imap", user = writer.user(),
                      session = writer.session();
    const std::string fields = fmt::format("user=<{}>, method=PLAIN, rip={}, lip=192.0.2.9", user, writer.address());
    if (writer.below(6) == 0) {
        writer.line(
            fmt::format("dovecot: {}-login: Disconnected: Connection closed (auth failed, {} attempts in {} secs): "
                        "{}, TLS, session=<{}>",
                        protocol, 1 + writer.below(3), 2 + writer.below(20), fields, session));
        return;
    }
    writer.line(fmt::format("dovecot: {}-login: Login: {}, mpid={}, TLS, session=<{}>", protocol, fields,
                            writer.below(100'000), session));
    writer.line(
        fmt::format("dovecot: {}({})<{}><{}>: Disconnected: Logged out in=118 out=1571 deleted=0 expunged=0 trashed=0 "
                    "hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0",
                    protocol, user, writer.below(100'000), session));
}

}  // namespace

std::string mail_log(std::size_t lines) {
    Writer writer;
    while (writer.lines < lines) {
        const std::uint64_t kind = writer.below(100);
        if (kind < 33)
            message(writer);
        else if (kind < 51)
            guess(writer);
        else
            mailbox(writer);
    }
    return std::move(writer.text);
}

}  // namespace guard::bench
