#include "replay/formats/mail_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace guard::replay::mail {
namespace {

constexpr std::size_t kLongestTag = 400;
constexpr const char* kTimeExpected =
    "the time of BSD syslog, RFC 3339, Exim, TAI64N, or an entry of journalctl -o json";

// The first word of `text`, which loses it and the spaces behind it.
std::string_view word(std::string_view& text) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view first = text.substr(0, end);
    text.remove_prefix(end);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    return first;
}

// "postfix/smtpd[1234]:" into its parts; false: no tag.
bool read_tag(std::string_view tag, Line& line) {
    if (tag.size() < 2 || tag.size() > kLongestTag || tag.back() != ':') return false;
    tag.remove_suffix(1);
    line.program = tag;
    line.process = {};
    if (tag.back() != ']') return true;
    const auto open = tag.rfind('[');
    if (open == tag.npos || open == 0) return true;
    line.program = tag.substr(0, open);
    line.process = tag.substr(open + 1, tag.size() - open - 2);
    return true;
}

// rsyslog and systemd write "message repeated 2 times: [ ... ]" for lines that were the same.
void unfold_repetition(Line& line) {
    constexpr std::string_view kBegin = "message repeated ", kEnd = " times: [ ";
    if (!line.message.starts_with(kBegin)) return;
    const char* const digits = line.message.data() + kBegin.size();
    std::uint32_t times = 0;
    const auto [end, error] = std::from_chars(digits, line.message.data() + line.message.size(), times);
    const auto rest = line.message.substr(static_cast<std::size_t>(end - line.message.data()));
    if (error != std::errc{} || times == 0 || times > 100'000 || !rest.starts_with(kEnd) || !rest.ends_with(']'))
        return;
    line.times = times;
    line.message = rest.substr(kEnd.size(), rest.size() - kEnd.size() - 1);
    if (line.message.ends_with(' ')) line.message.remove_suffix(1);
}

// "mail.info", which busybox's syslogd writes before the tag.
bool is_priority(std::string_view text) {
    constexpr std::array<std::string_view, 6> kFacilities = {"mail", "auth", "authpriv", "daemon", "user", "local"};
    constexpr std::array<std::string_view, 9> kLevels = {"debug", "info", "notice", "warn", "warning",
                                                         "err",   "crit", "alert",  "emerg"};
    const auto dot = text.find('.');
    if (dot == text.npos) return false;
    const std::string_view level = text.substr(dot + 1);
    std::string_view facility = text.substr(0, dot);
    if (facility.starts_with("local") && facility.size() == 6) facility.remove_suffix(1);
    return std::find(kFacilities.begin(), kFacilities.end(), facility) != kFacilities.end() &&
           std::find(kLevels.begin(), kLevels.end(), level) != kLevels.end();
}

// "HOST TAG: message", or without the host as in files that a daemon writes itself.
LineResult syslog(std::string_view rest, Line& line) {
    std::string_view behind = rest;
    std::string_view first = word(behind);
    if (first.starts_with('<') && first.ends_with('>')) first = word(behind);  // "<mail.info>" by BSD's syslogd -v
    if (first.empty()) return {LineResult::Is::other};
    if (read_tag(first, line)) {
        line.host = {};
        line.message = behind;
    } else {
        std::string_view message = behind;
        std::string_view tag = word(message);
        if (is_priority(tag)) tag = word(message);
        if (!read_tag(tag, line)) return {LineResult::Is::other};
        line.host = first;
        line.message = message;
    }
    line.tagged = {line.program.data(), rest.size() - static_cast<std::size_t>(line.program.data() - rest.data())};
    if (line.message.starts_with("[ID ")) {  // "[ID 801593 mail.info] " by Solaris
        const auto close = line.message.find("] ");
        line.message.remove_prefix(close == line.message.npos ? 0 : close + 2);
    }
    unfold_repetition(line);
    return {};
}

// Behind "<22>1 TIME": HOST PROGRAM PROCESS MSGID [STRUCTURED DATA] message (RFC 5424 section 6).
LineResult rfc5424(std::string_view rest, Line& line) {
    line.tagged = {};
    line.host = word(rest);
    line.program = word(rest);
    line.process = word(rest);
    word(rest);
    if (rest.empty()) return {LineResult::Is::malformed, "an end before the structured data", "a line of RFC 5424"};
    if (rest.front() == '-') {
        rest.remove_prefix(1);
    } else {
        bool quoted = false;
        std::size_t at = 0;
        for (; at < rest.size(); ++at) {
            if (rest[at] == '\\')
                ++at;
            else if (rest[at] == '"')
                quoted = !quoted;
            else if (!quoted && rest[at] == ']' && (at + 1 == rest.size() || rest[at + 1] == ' '))
                break;
        }
        if (rest.front() != '[' || at >= rest.size())
            return {LineResult::Is::malformed, "no structured data", "a line of RFC 5424"};
        rest.remove_prefix(at + 1);
    }
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    line.message = rest;
    unfold_repetition(line);
    return {};
}

// A file of Exim's own has no host and no program; Dovecot's has the program, a file of syslog may have this time, too.
LineResult own_file(std::string_view rest, Line& line) {
    line.host = line.program = line.process = line.tagged = {};
    if (!rest.empty() && rest.front() != '[') {
        std::string_view behind = rest;
        const std::string_view first = word(behind);
        Line tagged = line;
        // No line of Exim's that tells of an attempt has a plain word and then one with a colon.
        if (first.find_first_of("=[]()<\"") == first.npos && read_tag(word(behind), tagged)) return syslog(rest, line);
        if (first.ends_with(':') && (first.find("-login") != first.npos || first.starts_with("auth") ||
                                     first.find('>') != first.npos || first.starts_with("master")))
            return syslog(rest, line);
    }
    line.message = rest;
    return {};
}

// What a container engine writes before a line that has a time of its own: "mail-1  | " by docker compose.
std::string_view without_service(std::string_view text) {
    const auto bar = text.substr(0, 80).find(" | ");
    if (bar == text.npos) return text;
    const auto end = text.find_last_not_of(' ', bar);
    constexpr std::string_view kName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return text.find_first_not_of(kName) == end + 1 ? text.substr(bar + 3) : text;
}

// Behind the time of `docker logs -t`, or behind that and "stdout F " of containerd's files: the line as the daemon
// wrote it. The time before it is the better one, it has a zone. False: there is none.
bool take_inner_time(std::string_view& rest, TimeReader& times, TimeReader::Form& form) {
    std::string_view inner = rest;
    for (const std::string_view mark : {"stdout F ", "stderr F "})
        if (inner.starts_with(mark)) inner.remove_prefix(mark.size());
    const bool bsd = inner.size() > 15 && inner[3] == ' ' && inner[9] == ':' && inner[12] == ':';
    const bool iso = inner.size() > 19 && inner[4] == '-' && inner[13] == ':' && inner[16] == ':';
    if (!bsd && !iso) return false;
    const auto time = times.read(inner);
    if (time.form == TimeReader::Form::none) return false;
    form = time.form;
    rest = inner.substr(time.length);
    return true;
}

bool is_continuation(std::string_view text) {
    if (text.front() == ' ' || text.front() == '\t') return true;
    if (text.starts_with("-- ")) return true;  // journalctl: "-- Boot ... --"
    if (text.starts_with("Envelope-") || text.find_first_not_of('-') == text.npos) return true;
    // Exim's flag of a header, a space, the header.
    return text.size() > 3 && text[1] == ' ' && (text[0] == '*' || (text[0] >= 'A' && text[0] <= 'Z')) &&
           text.find(':') != text.npos;
}

}  // namespace

LineResult take_apart(std::string_view text, TimeReader& times, Line& line, std::deque<std::string>& kept) {
    if (text.find_first_not_of(" \t\r") == text.npos) return {LineResult::Is::blank};
    if (text.front() == '\x1e') text.remove_prefix(1);  // RFC 7464: journalctl -o json-seq
    if (text.starts_with("data: {")) text.remove_prefix(6);
    if (text.starts_with('{')) {
        const LineResult result = journal_entry(text, line, kept);
        if (result.is != LineResult::Is::container) return result;
        // The time of the entry, the rest of the line that is in it.
        const LogTime at = line.at;
        const std::string_view inner = line.message;
        const LineResult of_inner =
            inner.starts_with('{') ? LineResult{LineResult::Is::other} : take_apart(inner, times, line, kept);
        line.at = at;
        return of_inner;
    }
    bool versioned = false;
    if (text.starts_with('<')) {
        const auto close = text.substr(0, 6).find('>');
        if (close != text.npos) text.remove_prefix(close + 1);
        versioned = text.starts_with("1 ");
        if (versioned) text.remove_prefix(2);
    }
    auto time = times.read(text);
    if (time.form == TimeReader::Form::none) {
        text = without_service(text);
        time = times.read(text);
    }
    if (time.form == TimeReader::Form::none) {
        if (!text.empty() && is_continuation(text)) return {LineResult::Is::continuation};
        return {LineResult::Is::malformed, "no time at the beginning", kTimeExpected};
    }
    line.at = time.at;
    line.times = 1;
    std::string_view rest = text.substr(time.length);
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    if (rest.empty()) return {LineResult::Is::malformed, "nothing behind the time", "a message"};
    if (versioned) return rfc5424(rest, line);
    if (time.form == TimeReader::Form::iso && take_inner_time(rest, times, time.form))
        while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    return time.form == TimeReader::Form::spaced ? own_file(rest, line) : syslog(rest, line);
}

}  // namespace guard::replay::mail
