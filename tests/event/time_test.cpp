#include "event/time.hpp"

#include <boost/test/unit_test.hpp>

namespace guard {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

Time at(std::string_view text) {
    const auto time = parse_rfc3339(text);
    BOOST_REQUIRE_MESSAGE(time.has_value(), text);
    return *time;
}

BOOST_AUTO_TEST_SUITE(time)

BOOST_AUTO_TEST_CASE(reads_what_it_writes) {
    for (const char* text :
         {"1970-01-01T00:00:00.000000Z", "2026-03-01T00:01:01.169230Z", "2024-02-29T23:59:59.999999Z",
          "2000-02-29T12:00:00.000001Z", "1969-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"})
        BOOST_TEST(format_rfc3339(at(text)) == text);
}

BOOST_AUTO_TEST_CASE(counts_microseconds_since_1970) {
    BOOST_TEST(at("1970-01-01T00:00:00Z").time_since_epoch().count() == 0);
    BOOST_TEST(at("2001-09-09T01:46:40Z").time_since_epoch().count() == 1'000'000'000'000'000);
    BOOST_TEST(at("1969-12-31T23:59:59.5Z").time_since_epoch().count() == -500'000);
}

BOOST_AUTO_TEST_CASE(fractions) {
    const Time second = at("2026-03-01T00:01:01Z");
    BOOST_TEST((at("2026-03-01T00:01:01.5Z") - second == 500ms));
    BOOST_TEST((at("2026-03-01T00:01:01.000001Z") - second == 1us));
    BOOST_TEST((at("2026-03-01T00:01:01.0000019Z") - second == 1us));  // cut, not rounded
    BOOST_TEST((at("2026-03-01T00:01:01.99999999999999999999999999Z") - second == 999'999us));
}

BOOST_AUTO_TEST_CASE(zones) {
    const Time noon = at("2026-03-01T12:00:00Z");
    BOOST_TEST((at("2026-03-01T21:00:00+09:00") == noon));
    BOOST_TEST((at("2026-03-01T06:30:00-05:30") == noon));
    BOOST_TEST((at("2026-03-01T12:00:00+00:00") == noon));
    BOOST_TEST((at("2026-03-01T12:00:00-00:00") == noon));
    BOOST_TEST((at("2026-03-02T11:59:00+23:59") == noon));
    BOOST_TEST((at("2026-03-01t12:00:00z") == noon));
    BOOST_TEST((at("2026-03-01 12:00:00Z") == noon));
    // Across the turn of the year.
    BOOST_TEST((at("2026-01-01T08:59:59+09:00") == at("2025-12-31T23:59:59Z")));
}

BOOST_AUTO_TEST_CASE(a_leap_second_is_the_second_after_it) {
    BOOST_TEST((at("2016-12-31T23:59:60Z") == Time{sys_days{std::chrono::January / 1 / 2017}}));
    BOOST_TEST((at("2017-01-01T08:59:60.25+09:00") == Time{sys_days{std::chrono::January / 1 / 2017}} + 250ms));
}

BOOST_AUTO_TEST_CASE(what_is_no_time) {
    for (const char* text : {"",
                             "2026",
                             "2026-03-01",
                             "2026-03-01T00:01",
                             "2026-03-01T00:01:01",
                             "2026-03-01T00:01:01.5",
                             "2026-03-01T00:01:01.Z",
                             "2026-03-01T00:01:01,5Z",
                             "2026-03-01T24:00:00Z",
                             "2026-03-01T00:60:00Z",
                             "2026-03-01T00:00:61Z",
                             "2026-00-01T00:00:00Z",
                             "2026-13-01T00:00:00Z",
                             "2026-03-00T00:00:00Z",
                             "2026-02-29T00:00:00Z",
                             "1900-02-29T00:00:00Z",
                             "2026-04-31T00:00:00Z",
                             "26-03-01T00:00:00Z",
                             "2026/03/01T00:00:00Z",
                             "2026-03-01X00:00:00Z",
                             "2026-03-01T00.00.00Z",
                             "2026-03-01T00:00:00 Z",
                             "2026-03-01T00:00:00ZZ",
                             "2026-03-01T00:00:00Z ",
                             " 2026-03-01T00:00:00Z",
                             "2026-03-01T00:00:00+0900",
                             "2026-03-01T00:00:00+09",
                             "2026-03-01T00:00:00+24:00",
                             "2026-03-01T00:00:00+09:60",
                             "2026-03-01T00:00:00+09:00x",
                             "2026-03-01T00:00:00JST",
                             "+026-03-01T00:00:00Z",
                             "2026-03-01T-1:00:00Z",
                             "1772323261"})
        BOOST_TEST(!parse_rfc3339(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(every_beginning_of_a_time_is_no_time) {
    const std::string whole = "2026-03-01T09:01:01.169230+09:00";
    BOOST_TEST(parse_rfc3339(whole).has_value());
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST(!parse_rfc3339(whole.substr(0, length)).has_value(), whole.substr(0, length));
}

BOOST_AUTO_TEST_CASE(every_day_of_forty_years) {
    const sys_days first{std::chrono::January / 1 / 1999}, last{std::chrono::January / 1 / 2039};
    for (sys_days day = first; day < last; day += std::chrono::days{1}) {
        const Time moment = Time{day} + 13h + 14min + 15s + 16us;
        BOOST_REQUIRE(parse_rfc3339(format_rfc3339(moment)) == moment);
    }
}

BOOST_AUTO_TEST_CASE(the_system_clock_goes_forward) {
    const SystemClock clock;
    const Time before = clock.now();
    BOOST_TEST((before > at("2020-01-01T00:00:00Z")));
    BOOST_TEST((clock.now() >= before));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard
