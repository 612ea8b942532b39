// Sendmail, Cyrus (imapd, pop3d, timsieved, saslauthd), Courier.
#include <algorithm>

#include "replay/formats/mail_daemon.hpp"

namespace guard::replay::mail {
namespace {

// "host.example.jp [192.0.2.1] (may be forged)", "[IPv6:2001:db8::1]", "host[192.0.2.1]": what is in the first bracket,
// and what is behind it.
struct Bracketed {
    std::string_view inside, behind;
};

std::optional<Bracketed> bracketed(std::string_view text) {
    const auto open = text.find('[');
    if (open == text.npos) return std::nullopt;
    const auto close = text.find(']', open);
    if (close == text.npos) return std::nullopt;
    return Bracketed{text.substr(open + 1, close - open - 1), text.substr(close + 1)};
}

// What Cyrus SASL answered (sasl.h). Any reject among the codes counts: a name can hold a code of its own, but take
// none away.
enum class Verdict { none, rejected, ours };

Verdict sasl_verdict(std::string_view text, std::string_view mark) {
    Verdict verdict = Verdict::none;
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + mark.size())) {
        const auto code = number(until(text.substr(at + mark.size(), 4), ")"), 100);
        if (!code) continue;
        switch (*code) {
            case 13:  // SASL_BADAUTH
            case 14:  // SASL_NOAUTHZ
            case 18:  // SASL_EXPIRED
            case 19:  // SASL_DISABLED
            case 20:  // SASL_NOUSER
                return Verdict::rejected;
            case 1:   // SASL_FAIL: the verifier is away
            case 2:   // SASL_NOMEM
            case 8:   // SASL_TRYAGAIN
            case 24:  // SASL_UNAVAIL
                verdict = Verdict::ours;
                break;
            default:
                break;
        }
    }
    return verdict;
}

// Behind "AUTH failure (PLAIN): ": "authentication failure (-13) SASL(-13): ..., user=ID, relay=HOST [ADDRESS]"
Outcome sendmail_failure(std::string_view said, LogEvent& event) {
    constexpr std::string_view kRelay = ", relay=", kUser = ", user=";
    const auto relay = said.rfind(kRelay);
    if (relay == said.npos) return kNoAddress;
    const std::string_view words = said.substr(0, relay);
    const Verdict verdict = sasl_verdict(words, "(-");
    if (verdict == Verdict::ours || said.starts_with("temporary failure")) return kTemporary;
    if (verdict == Verdict::none) return kNoAuthentication;
    const auto client = bracketed(said.substr(relay));
    if (!client) return kNoAddress;
    event.kind = Kind::reject;
    // SASL's own words may repeat what the client wrote: an ID only where there is no doubt which it is.
    const auto user = words.find(kUser);
    if (user != words.npos && user == words.rfind(kUser)) set_id(words.substr(user + kUser.size()), event);
    if (!set_address(client->inside, event)) return kBadAddress;
    return {.is = Outcome::Is::attempt, .escaped = true};
}

}  // namespace

Outcome sendmail(const Line& line, LogEvent& event) {
    constexpr std::string_view kFailure = "AUTH failure (", kAccept = "AUTH=server, relay=", kAuthId = ", authid=",
                               kMechanism = ", mech=", kAttack = ": possible SMTP attack: command=AUTH, count=";
    std::string_view said = line.message;
    event.protocol = Protocol::smtp;
    if (!line.process.empty()) event.connection = connection_of(line.host, "sendmail", line.process);
    if (const auto colon = said.substr(0, 32).find(": "); colon != said.npos && colon >= 8 && said[0] != 'A')
        said.remove_prefix(colon + 2);  // the queue ID
    else if (said.size() > 16 && said[0] == 'A' && said[14] == ':')
        said.remove_prefix(16);
    if (said.starts_with(kFailure)) {
        const auto colon = said.find("): ");
        return colon == said.npos ? kNoAuthentication : sendmail_failure(said.substr(colon + 3), event);
    }
    if (said.starts_with(kAccept)) {
        const std::string_view rest = said.substr(kAccept.size());
        const auto user = rest.find(kAuthId);
        if (user == rest.npos) return kNoAuthentication;
        const auto client = bracketed(rest.substr(0, user));
        if (!client) return kNoAddress;  // relay=localhost, by a local process
        event.kind = Kind::accept;
        const std::string_view id = rest.substr(user + kAuthId.size());
        set_id(id.substr(0, id.rfind(kMechanism)), event);
        if (!set_address(client->inside, event)) return kBadAddress;
        return {.is = Outcome::Is::attempt, .escaped = true};
    }
    // Once a connection, as an AUTH command comes that is one too many: the answer to it is not known yet, to those
    // before it "no". Before 8.16 there is no other line of them.
    if (const auto attack = said.rfind(kAttack); attack != said.npos) {
        const auto count = number(said.substr(attack + kAttack.size()), 1'000'000);
        const auto client = bracketed(said.substr(0, attack));
        if (!client) return kNoAddress;
        if (!count || *count < 2) return kBadCount;
        event.kind = Kind::reject;
        event.attempts = *count - 1;
        event.summary = true;
        return set_address(client->inside, event) ? kAttempt : kBadAddress;
    }
    return kNoAuthentication;
}

// "badlogin: HOST [ADDRESS] MECHANISM (ID) [SASL(-13): ...]"; before 2.4 "... MECHANISM ID SASL(-13): ...".
// "login: HOST [ADDRESS] ID MECHANISM User logged in ...".
Outcome cyrus(const Line& line, Protocol protocol, LogEvent& event) {
    constexpr std::string_view kBad = "badlogin: ", kGood = "login: ";
    const bool bad = line.message.starts_with(kBad);
    if (!bad && !line.message.starts_with(kGood)) return kNoAuthentication;
    const auto client = bracketed(line.message);
    if (!client) return kNoAddress;
    event.protocol = protocol;
    std::string_view rest = client->behind;
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    const std::string_view first = until(rest, " ");
    if (!bad) {
        if (first.empty() || first == "anonymous") return kNoAuthentication;
        event.kind = Kind::accept;
        set_id(first, event);
        return set_address(client->inside, event) ? kAttempt : kBadAddress;
    }
    rest.remove_prefix(std::min(first.size() + 1, rest.size()));
    const Verdict verdict = sasl_verdict(rest, "SASL(-");
    if (verdict == Verdict::ours) return kTemporary;
    const bool coded = rest.find("SASL(-") != rest.npos;
    if (coded ? verdict == Verdict::none
              : rest.find("authentication failure") == rest.npos && !rest.ends_with("invalid user"))
        return kNoAuthentication;
    event.kind = Kind::reject;
    if (first == "APOP") {
        // In parentheses is the challenge.
    } else if (rest.starts_with('(')) {
        const std::string_view id = rest.substr(1, rest.find(") ") - 1);
        if (id != "-notset-") set_id(id, event);
    } else if (!rest.starts_with('[') && coded) {
        const auto end = rest.find(" SASL(-");
        if (end != rest.npos) set_id(rest.substr(0, end), event);
    }
    return set_address(client->inside, event) ? kAttempt : kBadAddress;
}

// "LOGIN FAILED, user=ID, ip=[ADDRESS], port=[...]", "LOGIN, user=ID, ip=[ADDRESS], port=[...], protocol=IMAP"
Outcome courier(const Line& line, Protocol protocol, LogEvent& event) {
    constexpr std::string_view kFailed = "LOGIN FAILED, ", kGood = "LOGIN, user=", kUser = "user=", kAddress = "ip=[";
    std::string_view said = line.message;
    for (const std::string_view level : {"INFO: ", "ERR: "})
        if (said.starts_with(level)) said.remove_prefix(level.size());
    const bool failed = said.starts_with(kFailed);
    if (!failed && !said.starts_with(kGood)) return kNoAuthentication;
    said = said.substr(failed ? kFailed.size() : kGood.size() - kUser.size());
    const auto address = said.rfind(kAddress);
    if (address == said.npos) return kNoAddress;
    event.protocol = protocol;
    event.kind = failed ? Kind::reject : Kind::accept;
    if (said.starts_with(kUser) && address > kUser.size() + 1)
        set_id(said.substr(kUser.size(), address - 2 - kUser.size()), event);
    return set_address(until(said.substr(address + kAddress.size()), "]"), event) ? kAttempt : kBadAddress;
}

namespace {

// Behind "cmd: ": "AUTH MECHANISM ID", or "AUTH MECHANISM RESPONSE ID" with at most 20 characters of what the client
// sent along in base64. Before 0.7x it was the last line of the client, which may be a password in base64 and nothing
// else: so a word that could be base64 is an ID only behind such a response.
std::string_view esmtpd_id(std::string_view command) {
    constexpr std::string_view kAuth = "AUTH ";
    if (!command.starts_with(kAuth)) return {};
    command.remove_prefix(std::min(command.find(' ', kAuth.size()), command.size() - 1) + 1);  // the mechanism
    const auto is_base64 = [](std::string_view text) {
        return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") == text.npos;
    };
    const std::string_view first = until(command, " ");
    if (first.size() == command.size()) return is_base64(first) ? std::string_view{} : first;
    const std::string_view second = command.substr(first.size() + 1);
    const bool response = !first.empty() && first.size() <= 20 && first.size() % 4 == 0 && is_base64(first);
    return response && second.find(' ') == second.npos ? second : std::string_view{};
}

}  // namespace

// 'error,relay=ADDRESS,port=1234,msg="535 Authentication failed.",cmd: AUTH LOGIN ID'
Outcome courier_esmtpd(const Line& line, LogEvent& event) {
    constexpr std::string_view kError = "error,relay=", kFailed = ",msg=\"535 Authentication failed",
                               kCommand = ".\",cmd: ";
    std::string_view said = line.message;
    if (!said.starts_with(kError)) return kNoAuthentication;
    said.remove_prefix(kError.size());
    const std::string_view address = until(said, ",");
    said.remove_prefix(address.size());
    for (const std::string_view field : {",port=", ",ident="})
        if (said.starts_with(field)) said.remove_prefix(std::min(said.find(',', 1), said.size()));
    if (!said.starts_with(kFailed)) return kNoAuthentication;
    said.remove_prefix(kFailed.size());
    if (said.starts_with(kCommand)) set_id(esmtpd_id(said.substr(kCommand.size())), event);
    event.protocol = Protocol::smtp;
    event.kind = Kind::reject;
    return set_address(address, event) ? kAttempt : kBadAddress;
}

// "newmsg,id=NUMBER, auth=ID: dns; EHLO (HOST [ADDRESS])": each message that came over an authenticated connection. The
// name in EHLO has no spaces here: Courier writes '_'.
Outcome courierd(const Line& line, LogEvent& event) {
    constexpr std::string_view kMessage = "newmsg,id=", kUser = ", auth=", kDns = ": dns; ";
    std::string_view said = line.message;
    if (!said.starts_with(kMessage)) return kNoAuthentication;
    said.remove_prefix(std::min(said.find_first_not_of("0123456789ABCDEFabcdef.", kMessage.size()), said.size()));
    const auto dns = said.rfind(kDns);
    if (!said.starts_with(kUser) || dns == said.npos || dns < kUser.size()) return kNoAuthentication;
    const auto open = said.rfind('[');
    if (open == said.npos || open < dns) return kNoAddress;
    event.protocol = Protocol::smtp;
    event.kind = Kind::accept;
    set_id(said.substr(kUser.size(), dns - kUser.size()), event);
    return set_address(until(said.substr(open + 1), "]"), event) ? kAttempt : kBadAddress;
}

// It sits behind a daemon that names the client; "do_auth         : auth failure: [user=..." does not.
Outcome saslauthd(const Line& line) {
    const bool attempt = line.message.find(": auth failure: [user=") != line.message.npos ||
                         line.message.find(": auth success: [user=") != line.message.npos ||
                         line.message.find(": auth success (cached): [user=") != line.message.npos;
    return attempt ? kNoAddress : kNoAuthentication;
}

}  // namespace guard::replay::mail
