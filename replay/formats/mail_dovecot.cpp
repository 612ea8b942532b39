// Dovecot 1.x to 2.4: the login processes, which tell once of each connection, and the authentication service, which
// tells of each attempt but not of the protocol.
#include <algorithm>
#include <array>

#include "replay/formats/mail_daemon.hpp"

namespace guard::replay::mail {
namespace {

// Takes "Info: " off; false: of another level.
bool take_level(std::string_view& said) {
    for (const std::string_view level : {"Debug: ", "Warning: ", "Error: ", "Fatal: ", "Panic: "})
        if (said.starts_with(level)) return false;
    if (said.starts_with("Info: ")) said.remove_prefix(6);
    return true;
}

// login_log_format_elements: "user=<ID>, method=PLAIN, rip=ADDRESS, lip=..., TLS, session=<...>".
struct LoginFields {
    std::string_view user, address, session;
    bool has_address = false;
};

// The client writes the ID and nothing else, so all that is behind it is found from the end.
LoginFields login_fields(std::string_view text) {
    constexpr std::string_view kUser = "user=<", kAddress = "rip=", kSession = "session=<";
    LoginFields fields;
    auto address = text.rfind(", rip=");
    if (address != text.npos) {
        address += 2;
    } else if (text.starts_with(kAddress)) {
        address = 0;
    }
    if (address != text.npos) {
        fields.has_address = true;
        fields.address = text.substr(address + kAddress.size());
        fields.address = fields.address.substr(0, fields.address.find_first_of(", "));
        if (const auto session = text.rfind(kSession); session != text.npos && session > address)
            fields.session = until(text.substr(session + kSession.size()), ">");
    }
    if (text.starts_with(kUser)) {
        auto end = text.rfind(">, method=", address);
        if (end == text.npos) end = text.rfind(">, rip=", address);
        if (end == text.npos) end = text.rfind('>', address);
        if (end != text.npos && end >= kUser.size()) fields.user = text.substr(kUser.size(), end - kUser.size());
    }
    return fields;
}

Outcome set_login(const LoginFields& fields, LogEvent& event) {
    if (!fields.has_address) return kNoAddress;
    if (fields.address.empty()) return kInternal;  // over a Unix socket
    if (!set_address(fields.address, event)) return kBadAddress;
    set_id(fields.user, event);
    if (!fields.session.empty()) event.connection = connection_of("dovecot", fields.session);
    return kAttempt;
}

// How many rejected attempts the words before the fields tell of: "(auth failed, 3 attempts in 9 secs)".
struct Told {
    bool of_rejects = false, readable = true;
    std::uint32_t attempts = 1;
};

Told rejects_of(std::string_view words) {
    for (const std::string_view mark :
         {"(auth failed, ", "(authorization failed, ", "(user disabled, ", "(password expired, "}) {
        const auto at = words.find(mark);
        if (at == words.npos) continue;
        const auto count = number(until(words.substr(at + mark.size()), " "), 1'000'000);
        return {true, count && *count > 0, count.value_or(0)};
    }
    // 1.1: "Aborted login (2 authentication attempts)".
    constexpr std::string_view kAttempts = " authentication attempts)";
    if (words.ends_with(kAttempts)) {
        words.remove_suffix(kAttempts.size());
        const auto count = number(words.substr(words.rfind('(') + 1), 1'000'000);
        return {true, count && *count > 0, count.value_or(0)};
    }
    for (const std::string_view mark : {"(auth failed)", "(proxy dest auth failed)", "(proxy_dest_auth_failed)"})
        if (words.find(mark) != words.npos) return {true};
    return {};
}

// A proxy tells of the login at the server behind it: "proxy(ID): started proxying to HOST:PORT", or "proxy(ID): Login
// failed to HOST:PORT: what that server said". An ID that holds such words makes two readings.
Outcome proxied(std::string_view words, std::string_view fields, LogEvent& event) {
    const bool started = words.find("tarted proxying to ") != words.npos,
               failed = words.find("): Login failed to ") != words.npos;
    if (started && failed) return {Outcome::Is::malformed, Ignored::blank, "a line with two readings", "one"};
    if (!started && !failed) return kNoAuthentication;
    for (const std::string_view ours : {"[UNAVAILABLE]", "[SERVERBUG]", "[INUSE]", "[SYS/TEMP]"})
        if (failed && words.find(ours) != words.npos) return kTemporary;
    event.kind = started ? Kind::accept : Kind::reject;
    const Outcome outcome = set_login(login_fields(fields), event);
    // Without a session nothing says that the summary at the end of the connection counts the same attempt.
    return failed && event.connection == 0 ? kNoAuthentication : outcome;
}

Outcome login(std::string_view said, Protocol protocol, LogEvent& event) {
    event.protocol = protocol;
    if (!take_level(said)) return kNoAuthentication;
    // The fields begin where the words end; the words are Dovecot's own.
    auto begin = said.find(": user=<");
    for (const std::string_view mark : {": method=", ": rip="})
        if (const auto at = said.substr(0, begin).find(mark); at != said.npos) begin = at;
    if (begin == said.npos) return kNoAuthentication;
    const std::string_view words = said.substr(0, begin);
    if (words == "Login" || words == "Logged in") {
        event.kind = Kind::accept;
        return set_login(login_fields(said.substr(begin + 2)), event);
    }
    if (words.starts_with("proxy(")) return proxied(words, said.substr(begin + 2), event);
    if (words.find("(auth service reported temporary failure)") != words.npos ||
        words.find("(internal failure") != words.npos ||
        words.find("(auth process communication failure)") != words.npos)
        return kTemporary;
    const LoginFields fields = login_fields(said.substr(begin + 2));
    Told told = rejects_of(words);
    // 1.0 does not say why: there was an attempt where there are a user and a mechanism, and it came to nothing.
    if (words == "Aborted login" && !fields.user.empty() && said.find(">, method=") != said.npos)
        told.of_rejects = true;
    if (!told.of_rejects) return kNoAuthentication;
    if (!told.readable) return kBadCount;
    event.kind = Kind::reject;
    event.attempts = told.attempts;
    event.summary = true;
    return set_login(fields, event);
}

constexpr std::string_view kDriver = "abcdefghijklmnopqrstuvwxyz0123456789-_";  // names of databases

// pam_strerror() of what is no verdict.
constexpr std::array<std::string_view, 5> kPamIsBroken = {"System error", "Authentication service cannot retrieve",
                                                          "Critical error", "Module is unknown",
                                                          "Failure setting user credentials"};

// What the authentication service says of an attempt that it refused. A text that goes on must go on with one of these.
bool is_refusal(std::string_view text) {
    for (const std::string_view call : {"pam_authenticate() failed: ", "pam_acct_mgmt() failed: "}) {
        if (!text.starts_with(call)) continue;
        const std::string_view why = text.substr(call.size());
        return std::none_of(kPamIsBroken.begin(), kPamIsBroken.end(),
                            [&](std::string_view ours) { return why.starts_with(ours); });
    }
    static constexpr std::array<std::string_view, 19> kRefusals = {
        "unknown user",
        "Unknown user",
        "Password mismatch",
        "password mismatch",
        "invalid credentials",
        "Invalid credentials",
        "Empty username",
        "Username character disallowed by auth_username_chars",
        "Attempted login with password having illegal chars",
        "nopassword set but password is non-empty",
        "Authentication failure due to policy server refusal",
        "Password expired",
        "Login failed (status=1)",  // checkpassword
        "oauth2 failed: Token is not valid",
        "oauth2 failed: Introspection failed: No username returned",
        "allow_nets check failed: IP ",
        "user is disabled",
        "User is disabled",
        "CRAM-MD5 mismatch"};
    return std::any_of(kRefusals.begin(), kRefusals.end(), [&](std::string_view refusal) {
        if (!text.starts_with(refusal)) return false;
        const std::string_view rest = text.substr(refusal.size());
        return rest.empty() || rest.front() == ' ' || rest.front() == ':' || refusal.back() == ' ';
    });
}

// A field that Dovecot writes behind the ID has fewer bytes; so a hostile line costs no more than its length.
constexpr std::size_t kLongestField = 128;

// "ID,ADDRESS", with ",<SESSION>", ",", ",master" or ",sasl:MECHANISM" behind.
bool read_client(std::string_view inside, LogEvent& event, std::string_view& session) {
    for (int field = 0; field < 4; ++field) {
        const std::size_t skipped = inside.size() - std::min(inside.size(), kLongestField);
        const auto comma = inside.substr(skipped).rfind(',');
        if (comma == inside.npos) return false;
        const std::string_view last = inside.substr(skipped + comma + 1);
        inside = inside.substr(0, skipped + comma);
        if (last.size() > 2 && last.front() == '<' && last.back() == '>') {
            session = last.substr(1, last.size() - 2);
        } else if (set_address(last, event)) {
            if (inside != "?") set_id(inside, event);
            return true;
        } else if (!last.empty() && last != "master" && !last.starts_with("sasl:")) {
            return false;
        }
    }
    return false;
}

// Behind the ')': "<SESSION>", or "<PROCESS><SESSION>" by workers of 2.4, and ": ". False: neither.
bool take_session(std::string_view& text, std::string_view& session) {
    while (text.starts_with('<')) {
        session = until(text.substr(1, kLongestField), ">");
        if (session.size() == kLongestField) return false;
        text.remove_prefix(std::min(session.size() + 2, text.size()));
    }
    if (!text.starts_with(": ")) return false;
    text.remove_prefix(2);
    return true;
}

// "request [12]: Info: sql: Password mismatch": the first by workers of 2.4, the second in a file of Dovecot's own, the
// third since 2.4; before, it stands before the '('.
bool refuses(std::string_view text) {
    constexpr std::string_view kRequest = "request [";
    if (text.starts_with(kRequest)) {
        const auto end = text.substr(0, kLongestField).find("]: ");
        if (end == text.npos) return false;
        text.remove_prefix(end + 3);
    }
    if (text.starts_with("Info: ")) text.remove_prefix(6);
    if (is_refusal(text)) return true;
    const auto driver = text.find_first_not_of(kDriver);
    return driver != text.npos && text.substr(driver).starts_with(": ") && is_refusal(text.substr(driver + 2));
}

// 2.4: "auth(ID,ADDRESS,sasl:plain)<SESSION>: passwd-file: unknown user"; before: "passwd-file(ID,ADDRESS,<SESSION>):
// unknown user". `text` begins behind the '('. What the client wrote may hold such an end, too: where two readings are
// possible there is none.
Outcome refusal(std::string_view text, LogEvent& event) {
    int readings = 0;
    LogEvent read = event;
    for (auto end = text.find(')'); end != text.npos && readings < 2; end = text.find(')', end + 1)) {
        std::string_view behind = text.substr(end + 1), session;
        if (!take_session(behind, session) || !refuses(behind)) continue;
        LogEvent candidate = event;
        if (!read_client(text.substr(0, end), candidate, session)) continue;
        if (!session.empty()) candidate.connection = connection_of("dovecot", session);
        ++readings;
        read = candidate;
    }
    if (readings == 0) return kNoAuthentication;
    if (readings > 1) return {Outcome::Is::malformed, Ignored::blank, "a line with two readings", "one"};
    event = read;
    event.protocol = Protocol::mail;
    event.witness = Witness::service;
    event.kind = Kind::reject;
    return kAttempt;
}

// `said` begins behind "auth" or "auth-worker".
Outcome authentication(std::string_view said, LogEvent& event) {
    if (said.starts_with('(')) {
        // "(default): " or "(1234): " names the process; "(ID,ADDRESS,...)" is 2.4.
        const std::string_view inside = until(said.substr(1), ")");
        if (inside.find(',') != inside.npos) return refusal(said.substr(1), event);
        said.remove_prefix(std::min(inside.size() + 2, said.size()));
    }
    if (said.starts_with('[') || said.starts_with('<')) said.remove_prefix(std::min(said.find(": "), said.size()));
    if (!said.starts_with(": ")) return kNoAuthentication;
    said.remove_prefix(2);
    if (!take_level(said)) return kNoAuthentication;
    if (is_pam(said)) return pam(said, event);
    // "conn unix:auth-worker (pid=27359,uid=97): auth-worker<55>: " by workers of 2.3.
    if (said.starts_with("conn unix:")) {
        const auto end = said.find(">: ");
        if (end == said.npos) return kNoAuthentication;
        said.remove_prefix(end + 3);
    }
    const auto open = said.find_first_not_of(kDriver);
    if (open == said.npos || open == 0 || said[open] != '(') return kNoAuthentication;
    return refusal(said.substr(open + 1), event);
}

}  // namespace

Outcome dovecot(std::string_view said, LogEvent& event) {
    if (said.starts_with("dovecot: ")) said.remove_prefix(9);  // 1.x under its own name
    const auto end = said.find_first_of(":(<[ ");
    if (end == said.npos) return kNoAuthentication;
    const std::string_view service = said.substr(0, end), behind = said.substr(end);
    if (service.ends_with("-login")) {
        const auto colon = behind.find(": ");
        if (colon == behind.npos || colon > 24) return kNoAuthentication;
        const std::string_view words = behind.substr(colon + 2);
        if (service == "imap-login") return login(words, Protocol::imap, event);
        if (service == "pop3-login") return login(words, Protocol::pop3, event);
        if (service == "submission-login") return login(words, Protocol::smtp, event);
        return login(words, Protocol::mail, event);  // managesieve-login
    }
    if (service == "auth" || service == "auth-worker" || service == "dovecot-auth")
        return authentication(behind, event);
    return is_pam(said) ? pam(said, event) : kNoAuthentication;
}

}  // namespace guard::replay::mail
