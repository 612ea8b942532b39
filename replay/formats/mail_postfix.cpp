// smtpd of Postfix, under any syslog_name. Names of hosts are what Postfix made safe: letters, digits, '.', '-', '_'.
#include "replay/formats/mail_daemon.hpp"

namespace guard::replay::mail {
namespace {

struct Client {
    std::string_view address;  // "unknown" where Postfix does not know it
    std::string_view rest;     // behind "HOST[ADDRESS]" and ":PORT"
};

// "HOST[ADDRESS]:PORT", with the port only where smtpd_client_port_logging is on.
std::optional<Client> client_of(std::string_view text) {
    const auto open = text.substr(0, 300).find_first_of("[ ");
    if (open == text.npos || text[open] != '[') return std::nullopt;
    const auto close = text.find(']', open);
    if (close == text.npos) return std::nullopt;
    Client client{text.substr(open + 1, close - open - 1), text.substr(close + 1)};
    if (client.rest.size() > 1 && client.rest[0] == ':' && client.rest[1] >= '0' && client.rest[1] <= '9') {
        const auto end = client.rest.find_first_not_of("0123456789", 1);
        client.rest.remove_prefix(std::min(end, client.rest.size()));
    }
    return client;
}

// The client gave up or sent what is no attempt: nobody judged an ID or a password.
bool is_no_attempt(std::string_view reason) {
    return reason.starts_with("Invalid authentication mechanism") || reason.starts_with("Invalid base64 data") ||
           reason.starts_with("bad protocol / cancel") || reason.starts_with("Authentication aborted");
}

// What failed on our side: the authentication service is away, or SASL is not set up.
bool is_temporary(std::string_view reason) {
    for (const std::string_view begin :
         {"Connection lost to authentication server", "Can't connect to authentication", "Authentication backend error",
          "generic failure", "no mechanism available", "Internal authentication", "internal error"})
        if (reason.starts_with(begin)) return true;
    return reason.find("emporary ") != reason.npos || reason.find("emporarily ") != reason.npos;
}

void set_connection(const Line& line, const Client& client, LogEvent& event) {
    event.connection = connection_of(line.host, line.process, client.address);
}

// Behind "warning: ": "HOST[ADDRESS]: SASL PLAIN authentication failed: REASON, sasl_username=ID".
Outcome warning(const Line& line, std::string_view said, LogEvent& event) {
    constexpr std::string_view kSasl = ": SASL ", kFailed = "authentication failed",
                               kAborted = "authentication aborted", kUser = ", sasl_username=";
    // Of Cyrus SASL inside smtpd, without the client, which the next line names.
    if (said.starts_with("SASL authentication failure: ")) return kNoAddress;
    const auto client = client_of(said);
    if (!client || !client->rest.starts_with(kSasl)) return kNoAuthentication;
    std::string_view rest = client->rest.substr(kSasl.size());
    rest.remove_prefix(std::min(rest.find(' '), rest.size() - 1) + 1);  // the mechanism
    const bool aborted = rest.starts_with(kAborted);
    if (!aborted && !rest.starts_with(kFailed)) return kNoAuthentication;
    if (client->address == "unknown") return kNoAddress;
    if (!set_address(client->address, event)) return kBadAddress;
    event.kind = Kind::reject;
    set_connection(line, *client, event);
    event.attempts = 0;
    if (aborted) return {Outcome::Is::note, Ignored::no_authentication};
    rest.remove_prefix(kFailed.size());
    if (rest.starts_with(": ")) rest.remove_prefix(2);
    const auto user = rest.find(kUser);
    if (is_temporary(rest.substr(0, user))) return {Outcome::Is::note, Ignored::temporary};
    if (is_no_attempt(rest)) return {Outcome::Is::note, Ignored::no_authentication};
    event.attempts = 1;
    if (user != rest.npos) {
        const std::string_view id = rest.substr(user + kUser.size());
        if (id != "(unavailable)") set_id(id, event);
    }
    return kAttempt;
}

// Behind "disconnect from ": "HOST[ADDRESS] ehlo=1 auth=1/3 quit=1 commands=3/5": one of three AUTH succeeded.
Outcome disconnect(const Line& line, std::string_view said, LogEvent& event) {
    constexpr std::string_view kAuth = " auth=";
    const auto client = client_of(said);
    if (!client) return kNoAuthentication;
    const auto auth = client->rest.find(kAuth);
    if (auth == client->rest.npos) return kNoAuthentication;
    if (client->address == "unknown") return kNoAddress;
    const std::string_view value = until(client->rest.substr(auth + kAuth.size()), " ");
    const std::string_view good = until(value, "/");
    const auto succeeded = number(good, 1'000'000);
    const auto all = good.size() == value.size() ? succeeded : number(value.substr(good.size() + 1), 1'000'000);
    if (!succeeded || !all || *all < *succeeded) return kBadCount;
    if (!set_address(client->address, event)) return kBadAddress;
    event.kind = Kind::reject;
    event.attempts = *all - *succeeded;
    event.summary = true;
    set_connection(line, *client, event);
    if (event.attempts == 0) return {Outcome::Is::note, Ignored::no_authentication};
    return kAttempt;
}

// "QUEUEID: client=HOST[ADDRESS], sasl_method=PLAIN, sasl_username=ID, sasl_sender=..."
Outcome accepted(const Line& line, std::string_view said, LogEvent& event) {
    constexpr std::string_view kMethod = ", sasl_method=", kUser = ", sasl_username=";
    const auto client = client_of(said);
    if (!client || !client->rest.starts_with(kMethod)) return kNoAuthentication;
    const auto user = client->rest.find(kUser);
    if (user == client->rest.npos) return kNoAuthentication;
    if (client->address == "unknown") return kNoAddress;
    if (!set_address(client->address, event)) return kBadAddress;
    std::string_view id = client->rest.substr(user + kUser.size());
    for (const std::string_view mark : {", sasl_sender=", ", orig_queue_id=", ", orig_client="}) id = until(id, mark);
    event.kind = Kind::accept;
    set_id(id, event);
    set_connection(line, *client, event);
    return kAttempt;
}

}  // namespace

Outcome postfix_smtpd(const Line& line, LogEvent& event) {
    constexpr std::string_view kWarning = "warning: ", kDisconnect = "disconnect from ", kClient = " client=";
    const std::string_view said = line.message;
    event.protocol = Protocol::smtp;
    if (said.starts_with(kDisconnect)) return disconnect(line, said.substr(kDisconnect.size()), event);
    if (said.starts_with(kWarning)) return warning(line, said.substr(kWarning.size()), event);
    const auto colon = said.substr(0, 64).find(':');
    if (colon != said.npos && said.substr(colon + 1).starts_with(kClient))
        return accepted(line, said.substr(colon + 1 + kClient.size()), event);
    return kNoAuthentication;
}

}  // namespace guard::replay::mail
