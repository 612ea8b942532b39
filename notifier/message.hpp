// A notice as an Internet message (RFC 5322): plain text, and HTML as the
// alternative when there is any (RFC 2046 section 5.1.4); UTF-8 in base64, headers in ASCII by RFC 2047. Nothing of a
// mailing list; signing it (DKIM) is the mail server's part.
#pragma once

#include <string>
#include <string_view>

#include "event/expected.hpp"

namespace guard::notifier {

struct Message {
    std::string from;       // valid addresses, see address.hpp
    std::string from_name;  // may be empty
    std::string to;
    std::string subject;
    std::string date;        // as in a Date header
    std::string message_id;  // with its angle brackets
    std::string language;    // "ja", "en"
    std::string body;        // UTF-8, lines end with "\n"
    std::string html = {};   // the same; empty: none
};

enum class MessageError {
    bad_sender,     // no mail address
    bad_recipient,  // no mail address
    bad_header,     // a header would hold a control character, a line end or broken UTF-8
    bad_body,       // broken UTF-8
};

// Line ends are CRLF, no line is longer than 78 octets unless a single word of a header is. What could begin another
// header or end the message is refused, never repaired.
[[nodiscard]] Expected<std::string, MessageError> compose(const Message& message);

// The value of a header called `name` (needed for the width of its first line): as it is if it is short printable
// ASCII, else in encoded words of at most 75 octets that split no character (RFC 2047 section 2 and 5). `text` is plain
// UTF-8.
[[nodiscard]] std::string header_text(std::string_view name, std::string_view text);

}  // namespace guard::notifier
