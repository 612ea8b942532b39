#include "notifier/phone_number.hpp"

#include <algorithm>

namespace guard::notifier {
namespace {

constexpr std::size_t kLeast = 8, kMost = 15;  // digits, the country code included

// U+FF10 to U+FF19, U+FF0B, U+FF0D, U+3000 and the hyphens that input methods make of '-'.
std::string narrowed(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        const auto three = text.substr(i, 3);
        if (three.size() == 3 && three.starts_with("\xef\xbc") && three[2] >= '\x90' && three[2] <= '\x99') {
            result += static_cast<char>('0' + (three[2] - '\x90'));
            i += 3;
        } else if (three == "\xef\xbc\x8b") {
            result += '+';
            i += 3;
        } else if (three == "\xef\xbc\x8d" || three == "\xe3\x80\x80" || three == "\xe2\x80\x90" ||
                   three == "\xe2\x88\x92" || three == "\xe3\x83\xbc") {
            result += '-';
            i += 3;
        } else {
            result += text[i++];
        }
    }
    return result;
}

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

}  // namespace

std::optional<std::string> international_number(std::string_view written, std::string_view country_code) {
    if (written.size() > 100) return std::nullopt;
    auto text = narrowed(written);
    std::erase_if(text, [](char letter) { return std::string_view(" -.()").find(letter) != std::string_view::npos; });
    std::string digits;
    if (text.starts_with('+'))
        digits = text.substr(1);
    else if (text.starts_with('0'))
        digits = std::string(country_code) + text.substr(1);
    const bool fits = digits.size() >= kLeast && digits.size() <= kMost && digits.front() != '0' &&
                      std::ranges::all_of(digits, is_digit);
    return fits ? std::optional("+" + digits) : std::nullopt;
}

std::string masked_number(std::string_view number) {
    std::string digits;
    for (const char letter : narrowed(number.substr(0, 100)))
        if (is_digit(letter)) digits += letter;
    return digits.size() < kLeast ? "***" : "***" + digits.substr(digits.size() - 4);
}

}  // namespace guard::notifier
