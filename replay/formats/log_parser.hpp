// What every reader of a log format is: chunks of bytes in, attempts out. A parser keeps nothing from one chunk to the
// next and guesses nothing, so any thread may parse any chunk and the result is the same for any cut. What only the
// whole file can tell (the year of a BSD syslog line, whether a summary repeats what was counted already) is added by
// whoever puts the chunks in order again; so is the normalisation of IDs.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "event/login_event.hpp"

namespace guard::replay {

enum class Protocol : std::uint8_t {
    pppoe,
    smtp,
    imap,
    pop3,
    mail,  // a mail service that the line does not name, or none of these three (ManageSieve)
};
inline constexpr std::size_t kProtocols = 5;
[[nodiscard]] std::string_view to_string(Protocol protocol);  // "pppoe", "smtp", ...

// Who tells of an attempt at a mail service. One attempt may have a line of each.
enum class Witness : std::uint8_t {
    server,   // that the client spoke to
    service,  // an authentication service behind it (Dovecot's auth)
    library,  // PAM behind that
};

// As the line tells it. Without its year the time lies in 2000, a leap year; without its zone it is written as if the
// zone were UTC.
struct LogTime {
    Time time{};
    bool has_year = true, has_zone = true;
};

// One attempt to authenticate, or one step of a session. Views are into the chunk or into ParsedChunk::kept.
struct LogEvent {
    LogTime at;
    Protocol protocol = Protocol::pppoe;
    Kind kind = Kind::accept;
    std::string_view id;           // as written, not normalised; empty: the log does not name it
    Addresses addresses;           // as LoginEvent
    std::uint32_t attempts = 1;    // rejects only: how many this line tells of; 0: none, it is a note for the ledger
    std::uint32_t line = 0;        // where it begins in its chunk, from 0
    std::uint64_t connection = 0;  // the same for all lines of one connection or process of a daemon; 0: not known
    std::string_view text;         // the line, where it may stand in another log, too
    bool summary = false;          // repeats rejects of its connection that may have had lines of their own
    bool copied = false;           // the daemon may have written the same line to a second log (Exim)
    Witness witness = Witness::server;
};

enum class Ignored : std::uint8_t {
    blank,
    other_program,      // no daemon that authenticates
    no_authentication,  // of such a daemon, about something else
    no_address,         // an SMTP-AUTH attempt whose client the line does not name: another line does, or none
    internal,           // from the daemon's own socket or process: no client
    not_wanted,         // a protocol or service the user did not ask for
    temporary,          // an attempt that failed by the server's own fault: no verdict on ID or password
    no_id,              // of RADIUS, but of no ID: Accounting-On, a reply in a file of its own
    repeated,           // of attempts that other lines told of already
};
inline constexpr std::size_t kIgnoredClasses = 9;
[[nodiscard]] std::string_view to_string(Ignored ignored);  // "blank", "other program", ...

// What a line should have been and was not. Holds no ID.
struct Fault {
    std::uint32_t line = 0;  // of the chunk, from 0
    std::string found, expected;
};

struct ParsedChunk {
    static constexpr std::size_t kFaultsKept = 20;

    std::vector<LogEvent> events;  // in the order of the chunk
    std::array<std::uint64_t, kIgnoredClasses> ignored{};
    std::array<std::uint64_t, kProtocols> left_out{};  // of Ignored::not_wanted, those whose protocol was not asked for
    std::vector<Fault> faults;                         // the first kFaultsKept
    std::uint64_t malformed = 0;
    std::uint32_t lines = 0;       // each is of one event or more, ignored, malformed, or a part of one of these
    std::deque<std::string> kept;  // texts that had to be unescaped

    void clear();
};

class LogParser {
  public:
    virtual ~LogParser() = default;

    // "mail", "detail", ...: what --format calls it.
    [[nodiscard]] virtual std::string_view name() const = 0;

    // How many lines (or records) of the beginning of an input are clearly of this format; 0: none.
    [[nodiscard]] virtual std::size_t recognise(std::string_view beginning) const = 0;

    // Whether the records are in about the order of time. Else all are read and sorted before the first is handed out.
    [[nodiscard]] virtual bool in_order() const { return true; }

    // Length of the longest beginning that consists of whole records; 0: not one is complete. Formats of one record a
    // line need not override it.
    [[nodiscard]] virtual std::size_t whole_records(std::string_view bytes) const;

    // `chunk` consists of whole records (the last may lack its line end); 64 bytes behind it may be read. Appends to
    // nothing: `out` is cleared first. Called by several threads at once.
    virtual void parse(std::string_view chunk, ParsedChunk& out) const = 0;
};

}  // namespace guard::replay
