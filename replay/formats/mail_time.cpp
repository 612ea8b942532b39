#include "replay/formats/mail_time.hpp"

#include <cstring>
#include <optional>

namespace guard::replay::mail {
namespace {

constexpr std::chrono::year kNoYear{2000};

bool digit(char c) {
    return c >= '0' && c <= '9';
}

// Two digits, the first of which may be a space; -1: not so.
int two(const char* at, bool padded = false) {
    if (!digit(at[1])) return -1;
    if (padded && at[0] == ' ') return at[1] - '0';
    return digit(at[0]) ? (at[0] - '0') * 10 + (at[1] - '0') : -1;
}

// 1 to 12; 0: none.
unsigned month_of(const char* at) {
    static constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (unsigned month = 0; month < 12; ++month)
        if (std::memcmp(at, kNames.data() + month * std::size_t{3}, 3) == 0) return month + 1;
    return 0;
}

std::optional<Time> minute_of(std::chrono::year year, unsigned month, int day, int hour, int minute) {
    if (day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
    const std::chrono::year_month_day date{year, std::chrono::month{month},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    return Time{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute};
}

// Reads ".123456" at `at`; digits behind the microsecond are skipped.
Microseconds fraction(std::string_view line, std::size_t& at) {
    if (at + 1 >= line.size() || (line[at] != '.' && line[at] != ',') || !digit(line[at + 1])) return {};
    std::int64_t value = 0;
    int digits = 0;
    for (++at; at < line.size() && digit(line[at]); ++at)
        if (digits < 6) {
            value = value * 10 + (line[at] - '0');
            ++digits;
        }
    for (; digits < 6; ++digits) value *= 10;
    return Microseconds{value};
}

// "Z", "+09:00", "+0900"; none: no zone here.
std::optional<std::chrono::minutes> zone(std::string_view line, std::size_t& at) {
    if (at >= line.size()) return std::nullopt;
    if (line[at] == 'Z') {
        ++at;
        return std::chrono::minutes{0};
    }
    if ((line[at] != '+' && line[at] != '-') || line.size() - at < 5) return std::nullopt;
    const bool colon = line[at + 3] == ':';
    if (colon && line.size() - at < 6) return std::nullopt;
    const int hours = two(line.data() + at + 1), minutes = two(line.data() + at + (colon ? 4 : 3));
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    const std::chrono::minutes east = std::chrono::hours{hours} + std::chrono::minutes{minutes};
    const bool west = line[at] == '-';
    at += colon ? 6 : 5;
    return west ? -east : east;
}

// The time of multilog: seconds since 1970 TAI with an offset of 2^62, as daemontools counts them: 10 s from UTC.
TimeReader::Result tai64n(std::string_view line) {
    constexpr std::size_t kDigits = 24;
    if (line.size() < 1 + kDigits) return {};
    std::uint64_t seconds = 0, nanoseconds = 0;
    for (std::size_t i = 0; i < kDigits; ++i) {
        const char c = line[1 + i];
        const int value = digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0) return {};
        std::uint64_t& number = i < 16 ? seconds : nanoseconds;
        number = number << 4 | static_cast<unsigned>(value);
    }
    constexpr std::uint64_t kEpoch = (std::uint64_t{1} << 62) + 10;
    constexpr std::uint64_t kLatest = 253'402'300'799;  // the year 9999
    if (seconds < kEpoch || seconds - kEpoch > kLatest || nanoseconds >= 1'000'000'000) return {};
    const Time at{std::chrono::seconds{static_cast<std::int64_t>(seconds - kEpoch)} +
                  Microseconds{static_cast<std::int64_t>(nanoseconds / 1000)}};
    return {TimeReader::Form::tai64n, {at, true, true}, 1 + kDigits};
}

// What the fast way does not take: a day of one digit without padding, or a year before the clock.
TimeReader::Result loose_bsd(std::string_view line) {
    if (line.size() < 12 || line[3] != ' ') return {};
    const unsigned month = month_of(line.data());
    std::size_t at = line[4] == ' ' ? 5 : 4;
    if (month == 0 || !digit(line[at])) return {};
    int day = line[at++] - '0';
    if (digit(line[at])) day = day * 10 + (line[at++] - '0');
    if (line[at++] != ' ') return {};
    std::chrono::year year = kNoYear;
    bool has_year = false;
    if (line.size() - at >= 13 && digit(line[at]) && digit(line[at + 2]) && line[at + 4] == ' ') {
        const int century = two(line.data() + at), of_century = two(line.data() + at + 2);
        if (century < 0 || of_century < 0) return {};
        year = std::chrono::year{century * 100 + of_century};
        has_year = true;
        at += 5;
    }
    if (line.size() - at < 8 || line[at + 2] != ':' || line[at + 5] != ':') return {};
    const auto minute = minute_of(year, month, day, two(line.data() + at), two(line.data() + at + 3));
    const int second = two(line.data() + at + 6);
    if (!minute || second < 0 || second > 60) return {};
    at += 8;
    Time time = *minute + std::chrono::seconds{second};
    time += fraction(line, at);
    return {TimeReader::Form::bsd, {time, has_year, false}, at};
}

// "1772323201.169230 ", by `journalctl -o short-unix`.
TimeReader::Result unix_time(std::string_view line) {
    constexpr std::size_t kDigits = 10;  // from 2001 to 2286
    std::int64_t seconds = 0;
    for (std::size_t i = 0; i < kDigits; ++i) {
        if (!digit(line[i])) return {};
        seconds = seconds * 10 + (line[i] - '0');
    }
    if (line[kDigits] != '.') return {};
    std::size_t at = kDigits;
    const Time time = Time{std::chrono::seconds{seconds}} + fraction(line, at);
    if (at == kDigits || at >= line.size() || line[at] != ' ') return {};
    return {TimeReader::Form::iso, {time, true, true}, at};
}

bool is_weekday(std::string_view line) {
    constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
    const auto day = kDays.find(line.substr(0, 3));
    return day != kDays.npos && day % 3 == 0 && line[3] == ' ';
}

}  // namespace

TimeReader::Result TimeReader::read(std::string_view line) {
    if (line.size() < 15) return {};
    const char first = line[0];
    if (first >= 'A' && first <= 'Z') {
        const Result result = bsd(line);
        return result.form == Form::none && is_weekday(line) ? with_weekday(line) : result;
    }
    if (digit(first)) return line[4] == '-' ? iso(line) : unix_time(line);
    return first == '@' ? tai64n(line) : Result{};
}

// "Sun 2026-03-01 09:00:01 JST ", by `journalctl -o short-full`, and "Sun Mar  1 09:00:01 2026 ", as ctime() writes it.
// Of the names of zones only these are not of one country or another.
TimeReader::Result TimeReader::with_weekday(std::string_view line) {
    constexpr std::size_t kDay = 4;
    std::string_view rest = line.substr(kDay);
    if (rest.size() < 20) return {};
    Result result = digit(rest[0]) ? iso(rest) : bsd(rest);
    if (result.form == Form::none) return {};
    rest.remove_prefix(result.length);
    if (result.form == Form::bsd) {
        if (rest.size() < 6 || rest[0] != ' ' || rest[5] != ' ') return {};
        const int century = two(rest.data() + 1), years = two(rest.data() + 3);
        if (century < 0 || years < 0) return {};
        const auto day = std::chrono::floor<std::chrono::days>(result.at.time);
        const std::chrono::year_month_day leap{day};
        const std::chrono::year_month_day date{std::chrono::year{century * 100 + years}, leap.month(), leap.day()};
        if (!date.ok()) return {};
        return {
            Form::bsd, {std::chrono::sys_days{date} + (result.at.time - day), true, false}, kDay + result.length + 5};
    }
    if (result.form != Form::spaced || rest.size() < 2 || rest[0] != ' ') return {};
    const std::string_view zone = rest.substr(1, rest.find(' ', 1) - 1);
    result.at.has_zone = result.at.has_zone || zone == "UTC" || zone == "GMT";
    return {Form::iso, result.at, kDay + result.length + 1 + zone.size()};
}

TimeReader::Result TimeReader::bsd(std::string_view line) {
    if (line[12] != ':' || line[9] != ':' || line[6] != ' ') return loose_bsd(line);
    const int second = two(line.data() + 13);
    if (second < 0 || second > 60) return {};
    if (std::memcmp(line.data(), bsd_minute_.data(), bsd_minute_.size()) != 0) {
        const unsigned month = month_of(line.data());
        if (month == 0 || line[3] != ' ') return {};
        const auto minute =
            minute_of(kNoYear, month, two(line.data() + 4, true), two(line.data() + 7), two(line.data() + 10));
        if (!minute) return {};
        bsd_at_ = *minute;
        std::memcpy(bsd_minute_.data(), line.data(), bsd_minute_.size());
    }
    Result result{Form::bsd, {bsd_at_ + std::chrono::seconds{second}, false, false}, 15};
    if (line.size() > 15 && line[15] != ' ') result.at.time += fraction(line, result.length);
    return result;
}

TimeReader::Result TimeReader::iso(std::string_view line) {
    if (line.size() < 19 || line[4] != '-' || line[7] != '-' || line[13] != ':' || line[16] != ':') return {};
    const bool spaced = line[10] == ' ';
    if (!spaced && line[10] != 'T') return {};
    const int second = two(line.data() + 17);
    if (second < 0 || second > 60) return {};
    if (std::memcmp(line.data(), iso_minute_.data(), iso_minute_.size()) != 0) {
        const int century = two(line.data()), year = two(line.data() + 2), month = two(line.data() + 5);
        if (century < 0 || year < 0 || month < 0) return {};
        const auto minute = minute_of(std::chrono::year{century * 100 + year}, static_cast<unsigned>(month),
                                      two(line.data() + 8), two(line.data() + 11), two(line.data() + 14));
        if (!minute) return {};
        iso_at_ = *minute;
        std::memcpy(iso_minute_.data(), line.data(), iso_minute_.size());
    }
    Result result{spaced ? Form::spaced : Form::iso, {iso_at_ + std::chrono::seconds{second}, true, false}, 19};
    result.at.time += fraction(line, result.length);
    std::size_t at = result.length;
    if (spaced && at < line.size() && line[at] == ' ') ++at;
    if (spaced && at == result.length) return result;
    if (const auto east = zone(line, at); east && (at == line.size() || line[at] == ' ')) {
        result.at.time -= *east;
        result.at.has_zone = true;
        result.length = at;
    }
    return result;
}

}  // namespace guard::replay::mail
