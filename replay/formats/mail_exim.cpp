// Exim: its main log and its reject log, as files or through syslog.
#include "replay/formats/mail_daemon.hpp"
#include "replay/formats/mail_time.hpp"

namespace guard::replay::mail {
namespace {

// "host (helo) [192.0.2.1]:1234 I=[192.0.2.9]:587 U=ident": the last bracket before " I=" and " U=". A name in EHLO has
// no spaces, so it cannot make one of its own; what the client's ident server says can.
std::string_view host_address(std::string_view host) {
    host = until(host, " U=");
    host = host.substr(0, host.rfind(" I=["));
    const auto open = host.rfind('[');
    if (open == host.npos) return {};
    return until(host.substr(open + 1), "]");
}

Outcome set_host(const Line& line, std::string_view host, LogEvent& event) {
    const std::string_view address = host_address(host);
    if (address.empty()) return kNoAddress;  // by -bs from a local process
    if (!set_address(address, event)) return kBadAddress;
    event.protocol = Protocol::smtp;
    // With +incoming_port the connection is known, else not.
    const auto end = static_cast<std::size_t>(address.data() + address.size() + 1 - host.data());
    if (end < host.size() && host[end] == ':')
        event.connection = connection_of(line.host, address, until(host.substr(end), " "));
    return {.is = Outcome::Is::attempt, .escaped = true};
}

// "NAME authenticator failed for HOST: 535 Incorrect authentication data (set_id=ID)"
Outcome failed(const Line& line, std::string_view said, LogEvent& event) {
    constexpr std::string_view kIncorrect = "535 ", kSetId = " (set_id=";
    // Behind HOST comes the answer to the client; nothing in HOST is followed by a space and three digits.
    for (auto colon = said.find(": "); colon != said.npos; colon = said.find(": ", colon + 2)) {
        const std::string_view answer = said.substr(colon + 2);
        if (answer.size() < 4 || answer[3] != ' ' || answer[0] < '4' || answer[0] > '5') continue;
        if (answer[0] == '4') return kTemporary;                        // 435: our look-up failed
        if (!answer.starts_with(kIncorrect)) return kNoAuthentication;  // 501: the client gave up, or sent no base64
        event.kind = Kind::reject;
        event.copied = true;
        if (const auto id = answer.find(kSetId); id != answer.npos) {
            std::string_view rest = answer.substr(id + kSetId.size());
            const auto end = rest.rfind(')');
            if (end != rest.npos) set_id(rest.substr(0, end), event);
        }
        return set_host(line, said.substr(0, colon), event);
    }
    return kNoAuthentication;
}

// "MESSAGEID <= SENDER H=HOST P=esmtpsa X=... A=NAME:ID S=1234": each message that came over an authenticated
// connection. Fields are in this order; what a sender writes (T=) comes later.
Outcome arrived(const Line& line, std::string_view said, LogEvent& event) {
    constexpr std::string_view kHost = " H=", kProtocol = " P=", kName = " A=", kSize = " S=";
    const auto host = said.find(kHost);
    if (host == said.npos) return kNoAuthentication;
    const auto protocol = said.find(kProtocol, host);
    if (protocol == said.npos) return kNoAuthentication;
    std::string_view rest = said.substr(protocol);
    rest = rest.substr(0, rest.find(kSize));
    const auto name = rest.find(kName);
    if (name == rest.npos) return kNoAuthentication;
    rest = until(rest.substr(name + kName.size()), " ");
    event.kind = Kind::accept;
    // Behind the ID, with +smtp_mailauth, ":SENDER" of AUTH=; an ID with a colon cannot be told from that.
    if (const auto colon = rest.find(':'); colon != rest.npos) set_id(rest.substr(colon + 1), event);
    return set_host(line, said.substr(host, protocol - host), event);
}

// 'SMTP protocol error in "AUTH LOGIN" H=HOST AUTH command used when not advertised': a try at a closed door. The
// command, which the client wrote, may hold anything; behind it the last H= is Exim's.
Outcome not_advertised(const Line& line, std::string_view said, LogEvent& event) {
    constexpr std::string_view kEnd = " AUTH command used when not advertised";
    if (!said.ends_with(kEnd)) return kNoAuthentication;
    said.remove_suffix(kEnd.size());
    const auto host = said.rfind(" H=");
    if (host == said.npos) return kNoAuthentication;
    event.kind = Kind::reject;
    event.copied = true;
    return set_host(line, said.substr(host), event);
}

bool is_message_id(std::string_view text) {
    const auto alphanumeric = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    // 6-6-2, since 4.97 6-11-4.
    if (text.size() != 16 && text.size() != 23) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if ((i == 6 || i == (text.size() == 16 ? 13U : 18U)) ? text[i] != '-' : !alphanumeric(text[i])) return false;
    return true;
}

}  // namespace

Outcome exim(const Line& line, LogEvent& event) {
    constexpr std::string_view kFailed = "authenticator failed for ", kProtocolError = "SMTP protocol error in \"";
    std::string_view said = line.message;
    if (said.empty()) return kNoAuthentication;
    // Through syslog the line has Exim's own time once more, unless syslog_timestamp is off.
    if (!line.program.empty() && said.front() >= '0' && said.front() <= '9') {
        TimeReader times;
        if (const auto time = times.read(said); time.form == TimeReader::Form::spaced && time.length < said.size())
            said.remove_prefix(time.length + 1);
    }
    if (said.starts_with('[')) said.remove_prefix(std::min(said.find("] ") + 2, said.size()));  // +pid
    const auto space = said.find(' ');
    if (space == said.npos) return kNoAuthentication;
    const std::string_view first = said.substr(0, space);
    std::string_view behind = said.substr(space);
    if (behind.starts_with(" \t")) behind.remove_prefix(1);  // a name that was configured with a space behind it
    if (behind.substr(1).starts_with(kFailed)) return failed(line, behind.substr(1 + kFailed.size()), event);
    if (behind.starts_with(" <= ") && is_message_id(first)) return arrived(line, behind, event);
    if (said.starts_with(kProtocolError)) return not_advertised(line, said, event);
    return kNoAuthentication;
}

}  // namespace guard::replay::mail
