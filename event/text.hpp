// Text from outside, made fit for a message: what stands in a file or in a log line may hold terminal sequences, broken
// UTF-8 or a megabyte without a line end.
#pragma once

#include <string>
#include <string_view>

namespace guard {

// UTF-8 (RFC 3629) without control characters (U+0000 to U+001F, U+007F to U+009F).
[[nodiscard]] bool is_plain_utf8(std::string_view text);

// `"text"`; control characters, quotes, backslashes and bytes that are no UTF-8 as \xNN; cut after about 60 bytes, and
// then it ends `"...`. For the `found` of a message: never pass an ID.
[[nodiscard]] std::string in_quotes(std::string_view text);

// "1,048,576": of a number that is not negative, rounded.
[[nodiscard]] std::string with_commas(double value);

// What stands outside printable ASCII becomes '?'.
[[nodiscard]] std::string printable_ascii(std::string_view text);

// Two lower-case digits for each byte.
[[nodiscard]] std::string hexadecimal(std::string_view bytes);

}  // namespace guard
