// The names of countries for the sentences that the abuse desk reads on the phone.
#pragma once

#include <string_view>

namespace guard::detection {

// Of an ISO 3166-1 code ("US"): "the United States". What has no name here stays its code.
[[nodiscard]] std::string_view country_in_english(std::string_view code);
// "米国"
[[nodiscard]] std::string_view country_in_japanese(std::string_view code);

}  // namespace guard::detection
