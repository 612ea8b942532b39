// One line of comma-separated values, as RFC 4180 quotes them and RFC 8805 comments them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guard::geo {

// Splits `line` (without its line end) at commas, takes blanks around each field off and cuts a comment, which a '#'
// outside quotes begins. `"a, ""b"""` is one field. None: a quote is not closed, or text follows a closed one.
// A blank line or one with only a comment is a single empty field.
[[nodiscard]] std::optional<std::vector<std::string>> split_csv(std::string_view line);

}  // namespace guard::geo
