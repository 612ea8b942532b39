// A line of a mail log, taken apart as far as all daemons agree: when, on which host, which program, what it said. BSD
// syslog, RFC 3339 and RFC 5424, `journalctl -o short*` and `-o json`, and files that a daemon writes itself. Views are
// into the line, or into `kept` where a journal entry had to be unescaped.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "replay/formats/mail_time.hpp"

namespace guard::replay::mail {

struct Line {
    LogTime at;
    std::string_view host;     // empty: the line names none
    std::string_view program;  // "postfix/smtpd", "dovecot", "imap-login"; empty: a file of Exim's own
    std::string_view process;  // its number, as written; may be empty
    std::string_view message;
    std::string_view tagged;  // from the program to the end; empty where the line has no tag
    std::uint32_t times = 1;  // "message repeated N times" stands for so many
};

struct LineResult {
    enum class Is : std::uint8_t {
        line,
        blank,
        other,         // a line without a sender, or of the kernel
        continuation,  // of an entry of several lines: the headers in Exim's reject log
        container,     // of journal_entry() alone: an entry of a container engine, `message` is the whole line of a log
        malformed,
    } is = Is::line;
    const char* found = "";  // malformed: neither holds anything of the line
    const char* expected = "";
};

// `text` without its line end.
[[nodiscard]] LineResult take_apart(std::string_view text, TimeReader& times, Line& line,
                                    std::deque<std::string>& kept);

// An entry of `journalctl -o json`, or of Docker's json-file. In mail_journal.cpp.
[[nodiscard]] LineResult journal_entry(std::string_view text, Line& line, std::deque<std::string>& kept);

}  // namespace guard::replay::mail
