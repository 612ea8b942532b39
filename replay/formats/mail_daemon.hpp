// What each daemon's lines mean: one function a daemon, from the parts of a line to an attempt, or the reason why it is
// none. README.md in this folder lists the shapes of lines. Pure; any thread. What a client can put into a line (its
// ID, its EHLO name, its commands) is looked for only where the daemon itself ends it.
#pragma once

#include <optional>
#include <string_view>

#include "replay/formats/mail_line.hpp"

namespace guard::replay::mail {

struct Outcome {
    enum class Is : std::uint8_t {
        attempt,
        note,  // no attempt, but the ledger has to know: `event` with attempts 0, and the line counts as `why`
        ignored,
        malformed,
    } is = Is::ignored;
    Ignored why = Ignored::no_authentication;
    const char* found = "";  // malformed: neither holds anything of the line
    const char* expected = "";
    bool escaped = false;  // the ID has bytes as "\\347"
};

inline constexpr Outcome kAttempt{Outcome::Is::attempt};
inline constexpr Outcome kNoAuthentication{Outcome::Is::ignored, Ignored::no_authentication};
inline constexpr Outcome kNoAddress{Outcome::Is::ignored, Ignored::no_address};
inline constexpr Outcome kInternal{Outcome::Is::ignored, Ignored::internal};
inline constexpr Outcome kTemporary{Outcome::Is::ignored, Ignored::temporary};
inline constexpr Outcome kOtherProgram{Outcome::Is::ignored, Ignored::other_program};
inline constexpr Outcome kBadAddress{Outcome::Is::malformed, Ignored::blank, "no address", "an IPv4 or IPv6 address"};
inline constexpr Outcome kBadCount{Outcome::Is::malformed, Ignored::blank, "no number", "a number of attempts"};

[[nodiscard]] Outcome postfix_smtpd(const Line& line, LogEvent& event);
// `said` begins with what Dovecot calls the process: "imap-login: Login: ...", "auth: ...".
[[nodiscard]] Outcome dovecot(std::string_view said, LogEvent& event);
[[nodiscard]] Outcome exim(const Line& line, LogEvent& event);
[[nodiscard]] Outcome sendmail(const Line& line, LogEvent& event);
[[nodiscard]] Outcome cyrus(const Line& line, Protocol protocol, LogEvent& event);
[[nodiscard]] Outcome courier(const Line& line, Protocol protocol, LogEvent& event);
[[nodiscard]] Outcome courier_esmtpd(const Line& line, LogEvent& event);
[[nodiscard]] Outcome courierd(const Line& line, LogEvent& event);
[[nodiscard]] Outcome saslauthd(const Line& line);
// "pam_unix(dovecot:auth): authentication failure; ..."
[[nodiscard]] bool is_pam(std::string_view message);
[[nodiscard]] Outcome pam(std::string_view message, LogEvent& event);

// "192.0.2.1", "2001:db8::1", "IPv6:2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0"; no prefixes.
[[nodiscard]] std::optional<IpAddress> client_address(std::string_view text);
// Sets the one address of the event; false: `text` is none.
[[nodiscard]] bool set_address(std::string_view text, LogEvent& event);
// A decimal number of at most `most`.
[[nodiscard]] std::optional<std::uint32_t> number(std::string_view text, std::uint32_t most);
// A reject of a longer ID counts for its source; the ID is left empty.
void set_id(std::string_view id, LogEvent& event);
// Bytes that Exim and Sendmail write as "\\347", and the backslash that Exim writes twice.
[[nodiscard]] std::string without_octal(std::string_view text);
// The same for the same texts, never 0.
[[nodiscard]] std::uint64_t connection_of(std::string_view a, std::string_view b, std::string_view c = {});
// What is before the first `mark`, or all.
[[nodiscard]] inline std::string_view until(std::string_view text, std::string_view mark) {
    return text.substr(0, text.find(mark));
}

}  // namespace guard::replay::mail
