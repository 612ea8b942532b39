// Mail addresses as the notifier needs them: fit for an SMTP command and a header, or refused.
#pragma once

#include <string>
#include <string_view>

namespace guard::notifier {

// local@domain in ASCII, at most 64 and 254 octets (RFC 5321 section 4.5.3.1). The local part may also have dots in
// places that RFC 5321 allows only in quotes: some Japanese mobile carriers gave out such addresses. No quotes, no
// blanks, no control characters, and so nothing that could end a command or a header.
[[nodiscard]] bool is_mail_address(std::string_view address);

// As it is written in a command or a header: with the local part in quotes where it needs them. `address` is valid.
[[nodiscard]] std::string spelled(std::string_view address);

// Behind the last '@'; "pppoe-guard.invalid" (RFC 2606) when there is none.
[[nodiscard]] std::string domain_of(std::string_view address);

// "ta***@isp.example": enough for its owner to recognise an ID or an address, too little for anyone else. Bytes outside
// printable ASCII come out as '?'.
[[nodiscard]] std::string masked(std::string_view id);

}  // namespace guard::notifier
