#include "geo/distance.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>
#include <random>

namespace guard::geo {
namespace {

namespace tt = boost::test_tools;

constexpr double kHalfTurn = std::numbers::pi * kEarthRadius;

Place place(Coordinates coordinates, Kilometres radius) {
    Place result;
    result.coordinates = coordinates;
    result.radius = radius;
    return result;
}

BOOST_AUTO_TEST_SUITE(distance)

BOOST_AUTO_TEST_CASE(known_distances) {
    BOOST_TEST(great_circle({0, 0}, {0, 0}) == 0);
    BOOST_TEST(great_circle({0, 0}, {0, 1}) == kHalfTurn / 180, tt::tolerance(1e-12));
    BOOST_TEST(great_circle({0, 0}, {1, 0}) == kHalfTurn / 180, tt::tolerance(1e-12));
    BOOST_TEST(great_circle({-90, 0}, {90, 0}) == kHalfTurn, tt::tolerance(1e-12));
    BOOST_TEST(great_circle({0, 0}, {0, 180}) == kHalfTurn, tt::tolerance(1e-12));
    // The two airports of the classic textbook example: 0.623585 rad.
    BOOST_TEST(great_circle({33.95, -118.4}, {40.633333, -73.783333}) == 0.623585 * kEarthRadius, tt::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(across_the_date_line_and_around_the_poles) {
    BOOST_TEST(great_circle({0, 179.5}, {0, -179.5}) == kHalfTurn / 180, tt::tolerance(1e-9));
    BOOST_TEST(great_circle({35, -180}, {35, 180}) == 0, tt::tolerance(1e-6));
    BOOST_TEST(great_circle({90, 12}, {90, -120}) < 1e-9);
    BOOST_TEST(great_circle({89, 0}, {89, 180}) == 2 * kHalfTurn / 180, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(places_close_together_are_not_lost_to_rounding) {
    const double metre = 1 / (kHalfTurn * 1000 / 180);  // degrees of latitude
    BOOST_TEST(great_circle({43, 141}, {43 + metre, 141}) == 0.001, tt::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(antipodes_never_become_not_a_number) {
    std::mt19937_64 random(11);
    std::uniform_real_distribution<double> latitude(-90, 90), longitude(-180, 0);
    for (int i = 0; i < 10'000; ++i) {
        const Coordinates a{latitude(random), longitude(random)};
        const double far = great_circle(a, {-a.latitude, a.longitude + 180});
        BOOST_REQUIRE(std::isfinite(far));
        BOOST_TEST(far == kHalfTurn, tt::tolerance(1e-7));
    }
}

// A metric, and the same as the chord through the Earth says.
BOOST_AUTO_TEST_CASE(properties) {
    std::mt19937_64 random(12);
    std::uniform_real_distribution<double> latitude(-90, 90), longitude(-180, 180);
    const auto any = [&] { return Coordinates{latitude(random), longitude(random)}; };
    const auto vector = [](const Coordinates& c) {
        const double phi = c.latitude * std::numbers::pi / 180, lambda = c.longitude * std::numbers::pi / 180;
        return std::array{std::cos(phi) * std::cos(lambda), std::cos(phi) * std::sin(lambda), std::sin(phi)};
    };
    for (int i = 0; i < 5000; ++i) {
        const Coordinates a = any(), b = any(), c = any();
        const double ab = great_circle(a, b);
        BOOST_TEST(great_circle(b, a) == ab, tt::tolerance(1e-12));
        BOOST_TEST(ab <= great_circle(a, c) + great_circle(c, b) + 1e-6);
        const auto u = vector(a), v = vector(b);
        const double chord = std::hypot(u[0] - v[0], u[1] - v[1], u[2] - v[2]);
        BOOST_TEST(ab == 2 * kEarthRadius * std::asin(chord / 2), tt::tolerance(1e-6));
    }
}

BOOST_AUTO_TEST_CASE(the_lower_bound_takes_both_radii_off) {
    const Place a = place({0, 0}, 30), b = place({0, 1}, 50);  // 111.195 km
    BOOST_TEST(lower_bound_distance(a, b) == kHalfTurn / 180 - 80, tt::tolerance(1e-9));
    BOOST_TEST(lower_bound_distance(b, a) == lower_bound_distance(a, b));
    BOOST_TEST(lower_bound_distance(a, place({0, 1}, 81.2)) == 0);
    BOOST_TEST(lower_bound_distance(a, a) == 0);
    BOOST_TEST(lower_bound_distance(place({90, 0}, 0), place({-90, 0}, 20'000)) == kHalfTurn - 20'000,
               tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(codes) {
    BOOST_TEST(Code::parse("jp-01")->view() == "JP-01");
    BOOST_TEST(Code::parse("GB-ENG1")->view() == "GB-ENG1");
    BOOST_TEST(Code::parse("")->empty());
    BOOST_TEST(!Code::parse("GB-ENG12").has_value());
    for (const char* bad : {"JP_01", "JP 01", "日", "JP-\x01"}) BOOST_TEST(!Code::parse(bad).has_value());
    BOOST_TEST(!Code::parse(std::string_view("JP\0", 3)).has_value());
    BOOST_TEST((Code::parse("jp") == Code::parse("JP")));
    BOOST_TEST((Code::parse("JP") < Code::parse("US")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
