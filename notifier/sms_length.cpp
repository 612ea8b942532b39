#include "notifier/sms_length.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace guard::notifier {
namespace {

// The default alphabet without what ASCII has at another place or not at all, and the ASCII that takes an escape.
constexpr std::u32string_view kBasicBeyondAscii = U"£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
constexpr std::u32string_view kEscaped = U"^{}\\[~]|€\f";

std::vector<char32_t> characters_of(std::string_view text) {
    std::vector<char32_t> result;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<std::uint8_t>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        char32_t character = length == 1 ? lead : lead & (0x7fU >> length);
        for (std::size_t j = 1; j < length && i + j < text.size(); ++j)
            character = character << 6 | (static_cast<std::uint8_t>(text[i + j]) & 0x3fU);
        result.push_back(character);
        i += length;
    }
    return result;
}

// 0: not in the alphabet.
unsigned septets_of(char32_t character) {
    if (kEscaped.find(character) != kEscaped.npos) return 2;
    if (character == U'\n' || character == U'\r') return 1;
    if (character >= 0x20 && character < 0x7f) return character == U'`' ? 0 : 1;
    return kBasicBeyondAscii.find(character) != kBasicBeyondAscii.npos ? 1 : 0;
}

unsigned segments_of(const std::vector<unsigned>& widths, unsigned total, unsigned single, unsigned part) {
    if (total <= single) return 1;
    unsigned segments = 1, used = 0;
    for (const unsigned width : widths) {
        if (used + width > part) {
            ++segments;
            used = 0;
        }
        used += width;
    }
    return segments;
}

}  // namespace

SmsLength sms_length(std::string_view text) {
    SmsLength result;
    std::vector<unsigned> widths;
    const auto characters = characters_of(text);
    for (const char32_t character : characters) widths.push_back(septets_of(character));
    result.gsm7 = std::ranges::find(widths, 0U) == widths.end();
    if (!result.gsm7)
        std::ranges::transform(characters, widths.begin(),
                               [](char32_t character) { return character > 0xffff ? 2U : 1U; });
    for (const unsigned width : widths) result.units += width;
    result.segments =
        result.gsm7 ? segments_of(widths, result.units, 160, 153) : segments_of(widths, result.units, 70, 67);
    return result;
}

}  // namespace guard::notifier
