// Hours in which nobody is to be disturbed, as the configuration writes them: "21:00-08:00", in the operator's time
// zone. Empty text: none.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace guard::config {

struct QuietHours {
    std::chrono::minutes from{0}, to{0};  // of the day; `to` may be the earlier one; the same: never quiet
};

// None when the text is neither empty nor two different times of day.
[[nodiscard]] std::optional<QuietHours> parse_quiet_hours(std::string_view text);

}  // namespace guard::config
