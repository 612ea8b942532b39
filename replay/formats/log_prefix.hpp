// What stands before the message of a line in a log of FreeRADIUS: its own ("Sun Nov 22 09:14:21 2026 : Auth: "), that
// of syslog ("Nov 22 09:14:21 host freeradius[812]: ", or with a time of RFC 3339 or of journalctl -o short-iso); or
// the line is an entry of journalctl -o json. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "replay/formats/log_parser.hpp"
#include "replay/formats/text_scan.hpp"

namespace guard::replay {

struct PrefixedLine {
    LogTime at;
    bool has_time = false;
    std::string_view program;   // without its process number; empty: the server's own log, or no prefix at all
    std::string_view category;  // of the server's own log: "Auth", "Info", ...
    std::string_view message;
};

// A date and time in one: "2026-03-02 10:00:00.5+09", "2026-03-02T01:00:00Z", "...+0900", "...+09:00", or without zone.
// None: it is something else.
[[nodiscard]] std::optional<LogTime> scan_timestamp(std::string_view text, DayScanner& day);

// Takes the prefix off; a line with none that is known is all message. Views are into `line`.
[[nodiscard]] PrefixedLine take_prefix(std::string_view line, DayScanner& day);

// Entries of the journal as JSON: MESSAGE, _SOURCE_REALTIME_TIMESTAMP or __REALTIME_TIMESTAMP, SYSLOG_IDENTIFIER or
// _COMM. One thread; keeps the memory of its parser.
class JournalReader {
  public:
    JournalReader();
    ~JournalReader();
    JournalReader(const JournalReader&) = delete;
    JournalReader& operator=(const JournalReader&) = delete;

    // Views are into `kept`. None: `line` is no such entry.
    [[nodiscard]] std::optional<PrefixedLine> read(std::string_view line, std::deque<std::string>& kept);

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace guard::replay
