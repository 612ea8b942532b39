#include "event/time.hpp"

#include <array>
#include <cstdio>

namespace guard {
namespace {

// Reads exactly `count` digits at `at`.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < count || at > text.size() - count) return std::nullopt;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

bool is(std::string_view text, std::size_t at, char wanted) {
    return at < text.size() && text[at] == wanted;
}

// Reads ".169230" at `at` and moves `at` behind it; no fraction is zero.
std::optional<Microseconds> fraction(std::string_view text, std::size_t& at) {
    if (!is(text, at, '.')) return Microseconds{0};
    ++at;
    const std::size_t first = at;
    std::int64_t value = 0, unit = 1'000'000;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
        unit /= 10;
        value += unit * (text[at] - '0');
    }
    if (at == first) return std::nullopt;
    return Microseconds{value};
}

// Reads "Z" or "+09:00", which must end the text.
std::optional<std::chrono::minutes> zone(std::string_view text, std::size_t at) {
    if (is(text, at, 'Z') || is(text, at, 'z')) {
        if (text.size() == at + 1) return std::chrono::minutes{0};
        return std::nullopt;
    }
    if (!is(text, at, '+') && !is(text, at, '-')) return std::nullopt;
    const auto hours = digits(text, at + 1, 2), minutes = digits(text, at + 4, 2);
    if (!hours || !minutes || !is(text, at + 3, ':') || text.size() != at + 6 || *hours > 23 || *minutes > 59)
        return std::nullopt;
    const int total = *hours * 60 + *minutes;
    return std::chrono::minutes{text[at] == '-' ? -total : total};
}

}  // namespace

std::optional<Time> parse_rfc3339(std::string_view text) {
    const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const bool separated = is(text, 4, '-') && is(text, 7, '-') && is(text, 13, ':') && is(text, 16, ':') &&
                           (is(text, 10, 'T') || is(text, 10, 't') || is(text, 10, ' '));
    if (!separated || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    std::size_t at = 19;
    const auto below_second = fraction(text, at);
    if (!below_second) return std::nullopt;
    const auto offset = zone(text, at);
    if (!offset) return std::nullopt;
    return Time{std::chrono::sys_days{date}} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
           std::chrono::seconds{*second} + *below_second - *offset;
}

std::string format_rfc3339(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::array<char, 48> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

Time SystemClock::now() const {
    return std::chrono::floor<Microseconds>(std::chrono::system_clock::now());
}

}  // namespace guard
