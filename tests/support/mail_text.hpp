// Reads a mail as its receiver would: written from the RFCs, sharing no code with the notifier.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace guard::test {

struct MailText {
    std::map<std::string, std::string> headers;  // by name; unfolded, RFC 2047 decoded
    std::string body;                            // decoded, lines end with "\n"; of alternatives the plain text
    std::string html;                            // the other alternative
    std::size_t longest_line = 0;                // octets without the line end
    std::size_t longest_encoded_word = 0;
};

// Line ends "\r\n" or "\n". Throws std::runtime_error where the message is malformed: a header twice, a line that is no
// header, a byte that is not ASCII, an encoded word that is longer than 75 octets or splits a character.
[[nodiscard]] MailText read_mail(std::string_view message);

}  // namespace guard::test
