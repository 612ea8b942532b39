// Telephone numbers as customers' records hold them, in the one form that gateways take (ITU-T E.164).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace guard::notifier {

// "090-1234-5678" and "+81 90 1234 5678" become "+819012345678", with `country_code` "81". Blanks, hyphens, dots,
// brackets and full-width digits are understood; anything else, and fewer than 8 or more than 15 digits, is no number.
[[nodiscard]] std::optional<std::string> international_number(std::string_view written, std::string_view country_code);

// "***5678"
[[nodiscard]] std::string masked_number(std::string_view number);

}  // namespace guard::notifier
