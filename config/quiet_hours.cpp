#include "config/quiet_hours.hpp"

#include <charconv>

namespace guard::config {
namespace {

// "08:00", always five letters.
std::optional<std::chrono::minutes> time_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const auto number = [](std::string_view digits) -> std::optional<unsigned> {
        unsigned value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + 2, value);
        if (error != std::errc{} || end != digits.data() + 2) return std::nullopt;
        return value;
    };
    const auto hours = number(text.substr(0, 2)), minutes = number(text.substr(3));
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
}

}  // namespace

std::optional<QuietHours> parse_quiet_hours(std::string_view text) {
    if (text.empty()) return QuietHours{};
    if (text.size() != 11 || text[5] != '-') return std::nullopt;
    const auto from = time_of_day(text.substr(0, 5)), to = time_of_day(text.substr(6));
    if (!from || !to || *from == *to) return std::nullopt;
    return QuietHours{*from, *to};
}

}  // namespace guard::config
