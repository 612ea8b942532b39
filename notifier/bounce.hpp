// Reads one delivery status notification (RFC 3464, RFC 6522): which of our mails it is about, and whether trying again
// can help. Called by `guardctl notices bounce` with whatever came into the mailbox; pure, and bounded whatever comes.
#pragma once

#include <string>
#include <string_view>

#include "event/expected.hpp"

namespace guard::notifier {

struct Bounce {
    enum class Action { failed, delayed, delivered, relayed, expanded };

    std::string message_id;  // of our mail, with its angle brackets: from the headers that the report returns
    Action action = Action::failed;
    std::string status;           // RFC 3463, "5.1.1"
    bool permanent = false;       // class 5: the same would fail again
    std::string final_recipient;  // address as the report gives it; printable ASCII, may be empty
    std::string diagnostic;       // one printable line of at most 200 octets; may be empty, may repeat the address
};

enum class BounceError {
    too_large,      // more than 1 MiB
    malformed,      // no header, or a header that is none
    no_report,      // a mail that is no delivery status notification: an answer, a vacation notice, spam
    no_recipient,   // a report without action and status of a recipient
    no_message_id,  // the report does not return the header of the mail it is about
};
[[nodiscard]] const char* to_string(BounceError error);

inline constexpr std::size_t kMaxBounce = 1 << 20;

// Line ends CRLF or LF. Of several recipients the first whose delivery failed counts, else the first.
[[nodiscard]] Expected<Bounce, BounceError> parse_bounce(std::string_view message);

}  // namespace guard::notifier
