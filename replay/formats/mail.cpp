#include "replay/formats/mail.hpp"

#include <algorithm>
#include <cstring>

#include "replay/formats/mail_daemon.hpp"

namespace guard::replay {
namespace {

using mail::kNoAuthentication;
using mail::kOtherProgram;
using mail::Line;
using mail::Outcome;

// Courier's and Cyrus's daemons share names; what they say tells them apart.
Outcome imap_or_pop3(const Line& line, Protocol protocol, LogEvent& event) {
    if (mail::is_pam(line.message)) return mail::pam(line.message, event);
    if (line.message.starts_with("badlogin: ") || line.message.starts_with("login: "))
        return mail::cyrus(line, protocol, event);
    return mail::courier(line, protocol, event);
}

// The last part of "postfix/submission/smtpd", "cyrus/imaps", "cyrus/pop3".
Outcome in_family(const Line& line, std::size_t slash, LogEvent& event) {
    const std::string_view name = line.program.substr(slash + 1);
    if (name == "smtpd") return mail::postfix_smtpd(line, event);
    if (line.program.starts_with("cyrus/")) {
        if (name.starts_with("imap")) return mail::cyrus(line, Protocol::imap, event);
        if (name.starts_with("pop3")) return mail::cyrus(line, Protocol::pop3, event);
        if (name.find("sieve") != name.npos) return mail::cyrus(line, Protocol::mail, event);
        return kNoAuthentication;
    }
    return line.program.starts_with("postfix") ? kNoAuthentication : kOtherProgram;
}

bool is(std::string_view program, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), program) != names.end();
}

Outcome by_name(const Line& line, LogEvent& event) {
    const std::string_view program = line.program;
    switch (program.front()) {
        case 'a':
            if (is(program, {"auth", "auth-worker", "authdaemond"}) && mail::is_pam(line.message))
                return mail::pam(line.message, event);
            if (program == "authdaemond") return kNoAuthentication;
            [[fallthrough]];
        case 'm':
        case 'p':
        case 's':
            // A file that Dovecot writes itself.
            if (!line.tagged.empty() &&
                (program.find("-login") != program.npos || is(mail::until(program, "("), {"auth", "auth-worker"})))
                return mail::dovecot(line.tagged, event);
            if (is(program, {"pop3", "pop3s", "pop3d", "pop3d-ssl", "pop3login"}))
                return imap_or_pop3(line, Protocol::pop3, event);
            if (program == "saslauthd")
                return mail::is_pam(line.message) ? mail::pam(line.message, event) : mail::saslauthd(line);
            if (is(program, {"sendmail", "sm-mta", "sm-msp-queue", "sm-acceptingconnections"}) ||
                program.starts_with("sm-"))
                return mail::sendmail(line, event);
            return program == "sieve" ? mail::cyrus(line, Protocol::mail, event) : kOtherProgram;
        case 'd':
            if (program == "dovecot") return mail::dovecot(line.message, event);
            if (program == "dovecot-auth" && mail::is_pam(line.message)) return mail::pam(line.message, event);
            if (program == "dovecot-auth" && !line.tagged.empty()) return mail::dovecot(line.tagged, event);
            return kOtherProgram;
        case 'e':
            if (program.starts_with("exim")) return mail::exim(line, event);
            return program.starts_with("esmtpd") ? mail::courier_esmtpd(line, event) : kOtherProgram;
        case 'i':
            if (program.starts_with("imap-login") && !line.tagged.empty()) return mail::dovecot(line.tagged, event);
            if (is(program, {"imap", "imaps", "imapd", "imapd-ssl", "imaplogin"}))
                return imap_or_pop3(line, Protocol::imap, event);
            return kOtherProgram;
        case 'c':
            if (program == "courieresmtpd") return mail::courier_esmtpd(line, event);
            if (program == "courierd") return mail::courierd(line, event);
            if (program == "courierpop3login" || program == "courierpop3d")
                return imap_or_pop3(line, Protocol::pop3, event);
            if (program == "courierimaplogin" || program == "courierimapd")
                return imap_or_pop3(line, Protocol::imap, event);
            return program.starts_with("courier") ? kNoAuthentication : kOtherProgram;
        case 't':
            return program == "timsieved" ? mail::cyrus(line, Protocol::mail, event) : kOtherProgram;
        default:
            return kOtherProgram;
    }
}

Outcome meaning_of(const Line& line, LogEvent& event) {
    if (line.program.empty()) return mail::exim(line, event);
    const auto slash = line.program.rfind('/');
    // Behind '(' there may be an ID: a file that Dovecot writes itself.
    if (slash != line.program.npos && line.program.find('(') > slash) return in_family(line, slash, event);
    return by_name(line, event);
}

class MailParser final : public LogParser {
  public:
    [[nodiscard]] std::string_view name() const override { return "mail"; }

    [[nodiscard]] std::size_t recognise(std::string_view beginning) const override {
        constexpr std::size_t kEnough = 64;
        mail::TimeReader times;
        std::deque<std::string> kept;
        std::size_t known = 0;
        for (std::size_t lines = 0; lines < 4 * kEnough && known < kEnough && !beginning.empty(); ++lines) {
            const std::string_view text = mail::until(beginning, "\n");
            beginning.remove_prefix(std::min(text.size() + 1, beginning.size()));
            Line line;
            LogEvent event;
            if (text.size() > kLongestMailLine ||
                mail::take_apart(text, times, line, kept).is != mail::LineResult::Is::line)
                continue;
            const Outcome outcome = meaning_of(line, event);
            // A file without programs is Exim's only when it says so.
            if (outcome.is == Outcome::Is::ignored && (outcome.why == Ignored::other_program || line.program.empty()))
                continue;
            ++known;
        }
        return known;
    }

    void parse(std::string_view chunk, ParsedChunk& out) const override {
        out.clear();
        mail::TimeReader times;
        const char* at = chunk.data();
        const char* const end = at + chunk.size();
        while (at < end) {
            const auto* line_end = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
            if (line_end == nullptr) line_end = end;
            std::string_view text(at, static_cast<std::size_t>(line_end - at));
            at = line_end + 1;
            if (text.ends_with('\r')) text.remove_suffix(1);
            parse_line(text, times, out);
            ++out.lines;
        }
    }

  private:
    static constexpr std::uint64_t kMostAttempts = 1'000'000;  // that one line may tell of

    static void malformed(const char* found, const char* expected, ParsedChunk& out) {
        ++out.malformed;
        if (out.faults.size() < ParsedChunk::kFaultsKept) out.faults.push_back({out.lines, found, expected});
    }
    static void ignore(Ignored why, ParsedChunk& out) { ++out.ignored[static_cast<std::size_t>(why)]; }

    static void parse_line(std::string_view text, mail::TimeReader& times, ParsedChunk& out) {
        if (text.size() > kLongestMailLine) return malformed("a line of more than 65536 bytes", "a shorter one", out);
        Line line;
        const auto result = mail::take_apart(text, times, line, out.kept);
        using Is = mail::LineResult::Is;
        if (result.is == Is::malformed) return malformed(result.found, result.expected, out);
        if (result.is == Is::blank) return ignore(Ignored::blank, out);
        if (result.is == Is::other) return ignore(Ignored::other_program, out);
        if (result.is == Is::continuation) return ignore(Ignored::no_authentication, out);
        LogEvent event;
        const Outcome outcome = meaning_of(line, event);
        if (outcome.is == Outcome::Is::malformed) return malformed(outcome.found, outcome.expected, out);
        if (outcome.is != Outcome::Is::attempt) ignore(outcome.why, out);
        if (outcome.is == Outcome::Is::ignored) return;
        if (outcome.escaped && event.id.find('\\') != event.id.npos)
            event.id = out.kept.emplace_back(mail::without_octal(event.id));
        event.at = line.at;
        event.text = text;
        event.line = out.lines;
        if (event.kind == Kind::reject)
            event.attempts = static_cast<std::uint32_t>(
                std::min<std::uint64_t>(std::uint64_t{event.attempts} * line.times, kMostAttempts));
        out.events.push_back(event);
    }
};

}  // namespace

std::unique_ptr<LogParser> mail_parser() {
    return std::make_unique<MailParser>();
}

std::vector<std::unique_ptr<LogParser>> mail_parsers() {
    std::vector<std::unique_ptr<LogParser>> parsers;
    parsers.push_back(mail_parser());
    return parsers;
}

}  // namespace guard::replay
