#include "notifier/local_time.hpp"

#include <date/tz.h>

#include <algorithm>

namespace guard::notifier {

LocalTime::LocalTime(const std::string& zone) : zone_(date::locate_zone(zone)) {}

std::string LocalTime::text(Time time, std::string_view language) const {
    const auto zoned = date::make_zoned(zone_, std::chrono::floor<std::chrono::minutes>(time));
    if (language != "ja") return date::format("%Y-%m-%d %H:%M %Z", zoned);
    const auto local = zoned.get_local_time();
    const auto day = date::floor<date::days>(local);
    const date::year_month_day date(day);
    const date::hh_mm_ss clock(local - day);
    const auto minute = clock.minutes().count();
    return std::to_string(static_cast<int>(date.year())) + "年" + std::to_string(static_cast<unsigned>(date.month())) +
           "月" + std::to_string(static_cast<unsigned>(date.day())) + "日 " + std::to_string(clock.hours().count()) +
           "時" + (minute < 10 ? "0" : "") + std::to_string(minute) + "分（" + zoned.get_info().abbrev + "）";
}

std::string LocalTime::date(Time time, std::string_view language) const {
    const auto local = date::make_zoned(zone_, time).get_local_time();
    const date::year_month_day date(date::floor<date::days>(local));
    const auto year = std::to_string(static_cast<int>(date.year()));
    const auto day = std::to_string(static_cast<unsigned>(date.day()));
    if (language == "ja") return year + "年" + std::to_string(static_cast<unsigned>(date.month())) + "月" + day + "日";
    return day + date::format(std::locale::classic(), " %B ", local) + year;
}

std::string LocalTime::stamp(Time time) const {
    const auto zoned = date::make_zoned(zone_, std::chrono::floor<std::chrono::seconds>(time));
    return date::format("%Y%m%d-%H%M%S", zoned);
}

std::string LocalTime::header(Time time) const {
    // Not by the stream's locale, which is the "C" one here, but said outright: RFC 5322 wants English names.
    const auto zoned = date::make_zoned(zone_, std::chrono::floor<std::chrono::seconds>(time));
    return date::format(std::locale::classic(), "%a, %d %b %Y %H:%M:%S %z", zoned);
}

Time LocalTime::after_quiet(Time time, const config::QuietHours& hours) const {
    const auto local = date::make_zoned(zone_, time).get_local_time();
    const auto day = date::floor<date::days>(local);
    const auto clock = local - day;
    const bool overnight = hours.from > hours.to;
    const bool quiet = overnight ? clock >= hours.from || clock < hours.to : clock >= hours.from && clock < hours.to;
    if (!quiet) return time;
    const auto end = day + (overnight && clock >= hours.from ? date::days(1) : date::days(0)) + hours.to;
    return std::max(time, std::chrono::time_point_cast<Microseconds>(zone_->to_sys(end, date::choose::latest)));
}

}  // namespace guard::notifier
