#include "replay/time_repair.hpp"

#include <date/tz.h>

#include <cstdlib>

namespace guard::replay {
namespace {

using std::chrono::days;

// The same day and hour of `year`; none: that year has no 29 February.
std::optional<Time> in_year(Time time, int year) {
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::year_month_day moved{std::chrono::year{year}, date.month(), date.day()};
    if (!moved.ok()) return std::nullopt;
    return Time{std::chrono::sys_days{moved}} + (time - day);
}

int year_of(Time time) {
    return static_cast<int>(std::chrono::year_month_day{std::chrono::floor<days>(time)}.year());
}

date::local_time<Microseconds> as_local(Time time) {
    return date::local_time<Microseconds>{time.time_since_epoch()};
}
Time as_time(date::sys_time<std::chrono::seconds> time) {
    return Time{time.time_since_epoch()};
}

}  // namespace

struct Zone::Rules {
    const date::time_zone* zone;
    // On the wall, where `offset` is the only one there is.
    Time begin = Time::max(), end = Time::min();
    Microseconds offset{0};
};

Zone::Zone(std::unique_ptr<Rules> rules) : rules_(std::move(rules)) {}
Zone::Zone(const Zone& other) : rules_(std::make_unique<Rules>(*other.rules_)) {}
Zone::~Zone() = default;

Expected<Zone> Zone::find(const std::string& name) {
    const char* const environment = std::getenv("TZ");  // NOLINT(concurrency-mt-unsafe): before there are threads
    std::string wanted = !name.empty() || environment == nullptr ? name : std::string(environment);
    if (wanted.starts_with(':')) wanted.erase(0, 1);
    if (wanted.starts_with('/')) wanted.clear();  // "/etc/localtime", as some set it to spare a system call
    try {
        if (!wanted.empty()) return Zone(std::make_unique<Rules>(Rules{date::locate_zone(wanted)}));
    } catch (const std::exception&) {
        return unexpected("found a time zone that the system does not know, expected one like \"Asia/Tokyo\"");
    }
    try {
        return Zone(std::make_unique<Rules>(Rules{date::current_zone()}));
    } catch (const std::exception&) {
        // As glibc: without /etc/localtime it is UTC.
        return find("Etc/UTC");
    }
}

void Zone::look_up(Time local, std::optional<Time> after) {
    const auto info = rules_->zone->get_info(date::floor<std::chrono::seconds>(as_local(local)));
    const bool twice = info.result == date::local_info::ambiguous;
    // No log goes back by half an hour: its clock was put back.
    const bool second = twice && after && local - info.first.offset + std::chrono::minutes{30} < *after;
    const auto& rule = second ? info.second : info.first;
    rules_->offset = rule.offset;
    // An hour around a change of the clock is looked up each time.
    constexpr std::chrono::hours kAround{3};
    const bool unique = info.result == date::local_info::unique;
    rules_->begin = unique ? as_time(rule.begin) + rule.offset + kAround : Time::max();
    rules_->end = unique ? as_time(rule.end) + rule.offset - kAround : Time::min();
}

Time Zone::to_utc(Time local, std::optional<Time> after) {
    if (local < rules_->begin || local >= rules_->end) look_up(local, after);
    return local - rules_->offset;
}

TimeRepair::TimeRepair(Zone zone, std::optional<int> year, Time newest, bool in_order)
    : zone_(std::move(zone)), year_(year), newest_(newest), in_order_(in_order) {}

Time TimeRepair::with_year(Time time) {
    if (wall_) {
        // Within half a year of the line before nothing changes.
        const Time same = time + shift_;
        const auto apart = same > *wall_ ? same - *wall_ : *wall_ - same;
        if (apart < days{180} && std::chrono::floor<days>(same) == std::chrono::floor<days>(*wall_)) {
            wall_ = same;
            return same;
        }
    }
    std::optional<Time> best;
    const int first = year_of(wall_ ? *wall_ : newest_);
    for (int year = first + 1; year >= first - 8; --year) {  // eight years: 1900 had no 29 February, 2100 has none
        const auto candidate = in_year(time, !wall_ && year_ ? *year_ : year);
        if (!candidate) continue;
        if (!wall_) {
            if (!year_ && *candidate > newest_ + days{1}) continue;
            best = candidate;
            break;
        }
        const auto distance = [&](Time t) { return t > *wall_ ? t - *wall_ : *wall_ - t; };
        if (!best || distance(*candidate) < distance(*best)) best = candidate;
    }
    wall_ = best ? *best : time;
    shift_ = *wall_ - time;
    return *wall_;
}

Time TimeRepair::repaired(Time time, bool has_year, bool has_zone) {
    if (!has_year) time = with_year(time);
    if (!has_zone) time = zone_.to_utc(time, last_);
    if (in_order_) last_ = time;
    return time;
}

}  // namespace guard::replay
