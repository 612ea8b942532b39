// The small things that every line of a log is made of, read without allocating: numbers, addresses, dates. Inlined:
// they run once or more a line. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "event/ip_address.hpp"
#include "event/time.hpp"

namespace guard::replay {

[[nodiscard]] inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The next line of `rest`, without its line end (LF or CRLF), which is taken off too.
[[nodiscard]] inline std::string_view take_line(std::string_view& rest) {
    const void* const found = std::memchr(rest.data(), '\n', rest.size());
    const std::size_t length =
        found ? static_cast<std::size_t>(static_cast<const char*>(found) - rest.data()) : rest.size();
    std::string_view line = rest.substr(0, length);
    rest.remove_prefix(found ? length + 1 : length);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

// A whole number in `text`, all of it, of at most 18 digits.
[[nodiscard]] inline std::optional<std::int64_t> scan_number(std::string_view text) {
    if (text.empty() || text.size() > 18) return std::nullopt;
    std::int64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

// Seconds from 1970, up to the end of 9999: no arithmetic with what is later overflows.
inline constexpr std::int64_t kLatestSecond = 253'402'300'799;
[[nodiscard]] inline std::optional<std::int64_t> scan_seconds(std::string_view text) {
    const auto seconds = scan_number(text);
    return seconds && *seconds <= kLatestSecond ? seconds : std::nullopt;
}

// Two digits at `at`; negative: they are none.
[[nodiscard]] inline int scan_two(const char* at) {
    return is_digit(at[0]) && is_digit(at[1]) ? (at[0] - '0') * 10 + (at[1] - '0') : -1;
}

// "192.0.2.1" and nothing else: what inet_pton() takes, no leading zeros.
[[nodiscard]] inline std::optional<IpAddress> scan_ipv4(std::string_view text) {
    if (text.size() < 7 || text.size() > 15) return std::nullopt;
    std::uint32_t address = 0;
    std::size_t at = 0;
    for (int part = 0; part < 4; ++part) {
        if (part > 0 && (at >= text.size() || text[at++] != '.')) return std::nullopt;
        const std::size_t first = at;
        std::uint32_t value = 0;
        for (; at < text.size() && at < first + 3 && is_digit(text[at]); ++at)
            value = value * 10 + static_cast<std::uint32_t>(text[at] - '0');
        if (at == first || value > 255 || (text[first] == '0' && at - first > 1)) return std::nullopt;
        address = address << 8 | value;
    }
    if (at != text.size()) return std::nullopt;
    return IpAddress::ipv4(address);
}

// As IpAddress::parse, faster for IPv4.
[[nodiscard]] inline std::optional<IpAddress> scan_address(std::string_view text) {
    if (const auto v4 = scan_ipv4(text)) return v4;
    return IpAddress::parse(text);
}

// 255.255.255.254 and .255 leave the choice to the NAS or to the subscriber (RFC 2865 section 5.8): no addresses.
[[nodiscard]] inline bool is_placeholder(const IpAddress& address) {
    static const auto kAll = IpAddress::ipv4(0xffffffff), kNas = IpAddress::ipv4(0xfffffffe);
    return address == kAll || address == kNas;
}
// Whether a session can have it: neither a placeholder nor 0.0.0.0 or ::, which are nobody's.
[[nodiscard]] inline bool is_assignable(const IpAddress& address) {
    const auto bytes = address.bytes();
    return !is_placeholder(address) && std::any_of(bytes.begin(), bytes.end(), [](auto byte) { return byte != 0; });
}

// "Jan" to "Dec".
[[nodiscard]] inline std::optional<std::chrono::month> month_of(std::string_view text) {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 3) return std::nullopt;
    const auto at = kMonths.find(text);
    if (at == kMonths.npos || at % 3 != 0) return std::nullopt;
    return std::chrono::month{static_cast<unsigned>(at / 3 + 1)};
}

// Days from 1970 of a date that is checked; the day of the line before is mostly the day of this one.
class DayScanner {
  public:
    // "2026-03-01" at `at`, where ten bytes are.
    [[nodiscard]] std::optional<Time> operator()(const char* at) {
        if (known_ && std::memcmp(at, text_.data(), text_.size()) == 0) return day_;
        const int century = scan_two(at), years = scan_two(at + 2), month = scan_two(at + 5), day = scan_two(at + 8);
        if (century < 0 || years < 0 || month < 0 || day < 0 || at[4] != '-' || at[7] != '-') return std::nullopt;
        const std::chrono::year_month_day date{std::chrono::year{century * 100 + years},
                                               std::chrono::month{static_cast<unsigned>(month)},
                                               std::chrono::day{static_cast<unsigned>(day)}};
        if (!date.ok()) return std::nullopt;
        std::memcpy(text_.data(), at, text_.size());
        day_ = std::chrono::sys_days{date};
        known_ = true;
        return day_;
    }

  private:
    std::array<char, 10> text_{};
    bool known_ = false;
    Time day_{};
};

// "09:01:01" at `at`, where eight bytes are.
[[nodiscard]] inline std::optional<std::chrono::seconds> scan_clock(const char* at) {
    const int hour = scan_two(at), minute = scan_two(at + 3), second = scan_two(at + 6);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || at[2] != ':' || at[5] != ':')
        return std::nullopt;
    return std::chrono::seconds{hour * 3600 + minute * 60 + second};
}

}  // namespace guard::replay
