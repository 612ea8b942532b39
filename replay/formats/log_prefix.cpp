#include "replay/formats/log_prefix.hpp"

#include <simdjson.h>

namespace guard::replay {
namespace {

// Behind the seconds: a fraction, which is cut at the microsecond. False: a point without a digit.
bool take_fraction(std::string_view& text, Microseconds& fraction) {
    if (!text.starts_with('.') && !text.starts_with(',')) return true;
    text.remove_prefix(1);
    std::int64_t unit = 1'000'000, value = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && is_digit(text[digits]); ++digits) {
        unit /= 10;
        value += unit * (text[digits] - '0');
    }
    text.remove_prefix(digits);
    fraction = Microseconds{value};
    return digits > 0;
}

// "Z", "+09", "+0900", "+09:00", "+09:00:00", and nothing behind it.
std::optional<std::chrono::seconds> zone_of(std::string_view text) {
    if (text == "Z" || text == "z") return std::chrono::seconds{0};
    if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const bool west = text[0] == '-';
    text.remove_prefix(1);
    int total = 0;
    for (int unit = 3600, part = 0; !text.empty(); unit /= 60, ++part) {
        if (part > 0 && text[0] == ':') text.remove_prefix(1);
        if (part == 3 || text.size() < 2) return std::nullopt;
        const int value = scan_two(text.data());
        if (value < 0 || value > (part == 0 ? 23 : 59)) return std::nullopt;
        total += value * unit;
        text.remove_prefix(2);
    }
    return std::chrono::seconds{west ? -total : total};
}

// Time in 2000 and length of "Nov 22 09:14:21" or "Mar  2 09:14:21".
constexpr std::size_t kBsdBytes = 15;
std::optional<Time> bsd_time(std::string_view text) {
    if (text.size() < kBsdBytes || text[3] != ' ' || text[6] != ' ') return std::nullopt;
    const auto month = month_of(text.substr(0, 3));
    const auto day = scan_number(text[4] == ' ' ? text.substr(5, 1) : text.substr(4, 2));
    const auto clock = scan_clock(text.data() + 7);
    if (!month || !day || !clock) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{2000}, *month,
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return Time{std::chrono::sys_days{date}} + *clock;
}

// "host freeradius[812]: message".
void take_program(std::string_view text, PrefixedLine& line) {
    const auto host_end = text.find(' ');
    if (host_end == text.npos) return;
    text.remove_prefix(host_end + 1);
    const auto end = text.find_first_of("[: ");
    if (end == text.npos) return;
    line.program = text.substr(0, end);
    text.remove_prefix(end);
    if (text.starts_with('[')) text.remove_prefix(std::min(text.size(), text.find(']') + 1));
    if (text.starts_with(':')) text.remove_prefix(1);
    if (text.starts_with(' ')) text.remove_prefix(1);
    line.message = text;
}

// "Sun Nov 22 09:14:21 2026 : Auth: message"
bool take_own(std::string_view text, PrefixedLine& line) {
    constexpr std::size_t kTimeBytes = 24;
    if (text.size() < kTimeBytes + 3 || text[3] != ' ' || text[19] != ' ' || text.substr(kTimeBytes, 3) != " : ")
        return false;
    const auto in_2000 = bsd_time(text.substr(4));
    const auto year = scan_number(text.substr(20, 4));
    if (!in_2000 || !year) return false;
    const auto day = std::chrono::floor<std::chrono::days>(*in_2000);
    const std::chrono::year_month_day leap{day};
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)}, leap.month(), leap.day()};
    if (!date.ok()) return false;
    line.at = {Time{std::chrono::sys_days{date}} + (*in_2000 - day), true, false};
    line.has_time = true;
    text.remove_prefix(kTimeBytes + 3);
    const auto end = text.find(": ");
    line.category = end == text.npos ? std::string_view{} : text.substr(0, end);
    line.message = end == text.npos ? text : text.substr(end + 2);
    return true;
}

}  // namespace

std::optional<LogTime> scan_timestamp(std::string_view text, DayScanner& day_of) {
    constexpr std::size_t kUpToFraction = 19;
    if (text.size() < kUpToFraction || (text[10] != ' ' && text[10] != 'T' && text[10] != 't')) return std::nullopt;
    const auto day = day_of(text.data());
    const auto clock = scan_clock(text.data() + 11);
    if (!day || !clock) return std::nullopt;
    text.remove_prefix(kUpToFraction);
    Microseconds fraction{0};
    if (!take_fraction(text, fraction)) return std::nullopt;
    const Time wall = *day + *clock + fraction;
    if (text.empty()) return LogTime{wall, true, false};
    if (text[0] == ' ') text.remove_prefix(1);
    const auto zone = zone_of(text);
    if (!zone) return std::nullopt;
    return LogTime{wall - *zone, true, true};
}

PrefixedLine take_prefix(std::string_view text, DayScanner& day) {
    PrefixedLine line;
    line.message = text;
    if (text.size() < kBsdBytes) return line;
    if (is_digit(text[0])) {
        const auto end = text.find(' ');
        const auto time = text[4] == '-' && end != text.npos ? scan_timestamp(text.substr(0, end), day) : std::nullopt;
        if (!time) return line;
        line.at = *time;
        line.has_time = true;
        take_program(text.substr(end + 1), line);
    } else if (const auto time = bsd_time(text); time && text.size() > kBsdBytes && text[kBsdBytes] == ' ') {
        line.at = {*time, false, false};
        line.has_time = true;
        take_program(text.substr(kBsdBytes + 1), line);
    } else {
        static_cast<void>(take_own(text, line));
    }
    return line;
}

struct JournalReader::Parser {
    simdjson::dom::parser dom;
};

JournalReader::JournalReader() : parser_(std::make_unique<Parser>()) {}
JournalReader::~JournalReader() = default;

std::optional<PrefixedLine> JournalReader::read(std::string_view text, std::deque<std::string>& kept) {
    simdjson::dom::object entry;
    if (parser_->dom.parse(text.data(), text.size()).get(entry) != simdjson::SUCCESS) return std::nullopt;
    const auto text_of = [&](const char* key) -> std::optional<std::string_view> {
        std::string_view value;
        if (entry.at_key(key).get(value) != simdjson::SUCCESS) return std::nullopt;
        return kept.emplace_back(value);
    };
    PrefixedLine line;
    auto time = text_of("_SOURCE_REALTIME_TIMESTAMP");
    if (!time) time = text_of("__REALTIME_TIMESTAMP");
    const auto microseconds = time ? scan_number(*time) : std::nullopt;
    if (!microseconds || *microseconds > kLatestSecond * 1'000'000) return std::nullopt;
    line.at.time = Time{Microseconds{*microseconds}};
    line.has_time = true;
    auto program = text_of("SYSLOG_IDENTIFIER");
    if (!program) program = text_of("_COMM");
    line.program = program.value_or("");
    // A message that is no UTF-8 comes as a list of bytes.
    if (const auto message = text_of("MESSAGE")) {
        line.message = *message;
        return line;
    }
    simdjson::dom::array bytes;
    if (entry.at_key("MESSAGE").get(bytes) != simdjson::SUCCESS) return std::nullopt;
    std::string& message = kept.emplace_back();
    for (const auto byte : bytes) {
        std::uint64_t value = 0;
        if (byte.get(value) != simdjson::SUCCESS || value > 255) return std::nullopt;
        message += static_cast<char>(value);
    }
    line.message = message;
    return line;
}

}  // namespace guard::replay
