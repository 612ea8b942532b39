#include "geo/place.hpp"

namespace guard::geo {

std::optional<Code> Code::parse(std::string_view text) {
    Code code;
    if (text.size() >= code.text_.size()) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char letter = text[i];
        const bool lower = letter >= 'a' && letter <= 'z';
        const bool other = (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || letter == '-';
        if (!lower && !other) return std::nullopt;
        code.text_[i] = lower ? static_cast<char>(letter - 'a' + 'A') : letter;
    }
    return code;
}

}  // namespace guard::geo
