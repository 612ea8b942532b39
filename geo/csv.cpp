#include "geo/csv.hpp"

namespace guard::geo {
namespace {

constexpr std::string_view kBlank = " \t";

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(kBlank);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Reads a quoted field, whose opening quote is already off `rest`; leaves `rest` behind the closing one.
std::optional<std::string> quoted(std::string_view& rest) {
    std::string field;
    for (;;) {
        const auto quote = rest.find('"');
        if (quote == std::string_view::npos) return std::nullopt;
        field += rest.substr(0, quote);
        rest.remove_prefix(quote + 1);
        if (!rest.starts_with('"')) return field;
        field += '"';
        rest.remove_prefix(1);
    }
}

}  // namespace

std::optional<std::vector<std::string>> split_csv(std::string_view line) {
    std::vector<std::string> fields;
    for (std::string_view rest = line;;) {
        rest.remove_prefix(std::min(rest.find_first_not_of(kBlank), rest.size()));
        std::optional<std::string> in_quotes;
        if (rest.starts_with('"')) {
            rest.remove_prefix(1);
            in_quotes = quoted(rest);
            if (!in_quotes) return std::nullopt;
        }
        const auto end = std::min(rest.find_first_of(",#"), rest.size());
        const std::string_view plain = without_blanks(rest.substr(0, end));
        if (in_quotes && !plain.empty()) return std::nullopt;
        fields.push_back(in_quotes ? std::move(*in_quotes) : std::string(plain));
        if (end == rest.size() || rest[end] == '#') return fields;
        rest.remove_prefix(end + 1);
    }
}

}  // namespace guard::geo
