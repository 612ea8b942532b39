#include "event/text.hpp"

#include <algorithm>
#include <array>
#include <boost/locale/utf.hpp>
#include <cstdio>

namespace guard {
namespace {

using Utf8 = boost::locale::utf::utf_traits<char>;

// Moves `at` behind the character there. False, and `at` moved by one byte, when it is none or a control character.
bool next_plain(std::string_view text, std::size_t& at) {
    const char* position = text.data() + at;
    const auto character = Utf8::decode(position, text.data() + text.size());
    const bool valid = character != boost::locale::utf::illegal && character != boost::locale::utf::incomplete;
    if (!valid || character < 0x20 || (character >= 0x7f && character < 0xa0)) {
        ++at;
        return false;
    }
    at = static_cast<std::size_t>(position - text.data());
    return true;
}

}  // namespace

bool is_plain_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();)
        if (!next_plain(text, at)) return false;
    return true;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kLongest = 60;
    std::string result = "\"";
    for (std::size_t at = 0; at < text.size();) {
        if (at >= kLongest) return result + "\"...";
        const std::size_t first = at;
        if (next_plain(text, at) && text[first] != '"' && text[first] != '\\') {
            result += text.substr(first, at - first);
        } else {
            std::array<char, 5> escaped{};
            std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(text[first]));
            result += escaped.data();
        }
    }
    return result + '"';
}

std::string with_commas(double value) {
    std::array<char, 320> digits{};  // the largest double has 309
    const int length = std::snprintf(digits.data(), digits.size(), "%.0f", value);
    std::string result(digits.data(), static_cast<std::size_t>(length));
    for (int at = length - 3; at > 0; at -= 3) result.insert(static_cast<std::size_t>(at), 1, ',');
    return result;
}

std::string printable_ascii(std::string_view text) {
    std::string result(text);
    std::replace_if(
        result.begin(), result.end(), [](char letter) { return letter < 0x20 || letter > 0x7e; }, '?');
    return result;
}

std::string hexadecimal(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string result;
    result.reserve(2 * bytes.size());
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        result += kDigits[value >> 4];
        result += kDigits[value & 0xf];
    }
    return result;
}

}  // namespace guard
