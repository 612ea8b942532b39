#include "analyzer/detection/explain_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "event/text.hpp"

namespace guard::detection {

std::string number(double value) {
    return with_commas(std::round(value));
}

std::string en_span(std::chrono::seconds span) {
    const auto count = span.count();
    const auto unit = [](std::int64_t value, const char* name) {
        return fmt::format("{} {}{}", value, name, value == 1 ? "" : "s");
    };
    if (count < 1) return "less than a second";
    if (count < 120) return unit(count, "second");
    if (count < 7200) return unit(count / 60, "minute");
    return unit(count / 3600, "hour");
}

std::string ja_span(std::chrono::seconds span) {
    const auto count = span.count();
    if (count < 1) return "1秒足らず";
    if (count < 120) return fmt::format("{}秒", count);
    if (count < 7200) return fmt::format("{}分", count / 60);
    return fmt::format("{}時間", count / 3600);
}

std::chrono::seconds between(Time a, Time b) {
    return std::chrono::floor<std::chrono::seconds>(a < b ? b - a : a - b);
}

}  // namespace guard::detection
