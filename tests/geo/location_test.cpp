#include "geo/location.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <sstream>

#include "geo/distance.hpp"

namespace guard::geo {
namespace {

constexpr Kilometres kTolerance = 0.02;

Place place(Coordinates coordinates, Kilometres radius = 0, std::string_view region = "JP-01") {
    Place result;
    result.region = Code::parse(region).value();
    result.country = Code::parse(region.substr(0, 2)).value();
    result.coordinates = coordinates;
    result.radius = radius;
    result.source = Place::Source::database;
    result.network = IpAddress::parse("192.0.2.0/24").value();
    return result;
}

double four_decimals(double degrees) {
    return std::round(degrees * 1e4) / 1e4;
}

// Compares both reckonings, except where the distance is so near the true one that either answer is right.
class Agreement {
  public:
    void compare(const Place& a, const Place& b, Kilometres distance) {
        const Kilometres apart = lower_bound_distance(a, b);
        if (distance > 0 && std::abs(apart - distance) <= kTolerance) return;
        ++compared_;
        if (farther_than(Location::from(a), Location::from(b), distance) == (apart >= distance)) return;
        std::ostringstream text;
        text << '(' << a.coordinates.latitude << ", " << a.coordinates.longitude << ") radius " << a.radius << " and ("
             << b.coordinates.latitude << ", " << b.coordinates.longitude << ") radius " << b.radius << ": at least "
             << apart << " km apart, farther_than(" << distance << ") says otherwise";
        if (++wrong_ <= 3) BOOST_TEST_MESSAGE(text.str());
    }
    // At the distances where an answer could be wrong: the border of the tolerance, and both ends.
    void compare_around(const Place& a, const Place& b) {
        const Kilometres apart = lower_bound_distance(a, b);
        for (const Kilometres distance :
             {-1.0, 0.0, 0.03, apart - 1, apart - 0.021, apart + 0.021, apart + 1, 20'000.0})
            compare(a, b, distance);
    }
    void check() const { BOOST_TEST(wrong_ == 0U, wrong_ << " wrong of " << compared_); }

  private:
    std::size_t compared_ = 0, wrong_ = 0;
};

BOOST_AUTO_TEST_SUITE(location)

BOOST_AUTO_TEST_CASE(a_place_survives_the_round_trip) {
    constexpr std::uint64_t kSeed = 31;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    std::uniform_real_distribution<double> latitude(-90, 90), longitude(-180, 180);
    constexpr std::array<std::string_view, 6> kRegions{"JP-01", "US-CA", "GB-ENG", "DE-B", "AQ-0", "ZZ-999"};
    for (int i = 0; i < 20'000; ++i) {
        Place before = place({four_decimals(latitude(random)), four_decimals(longitude(random))},
                             static_cast<Kilometres>(random() % 20'001), kRegions[random() % kRegions.size()]);
        before.country_only = random() % 2 == 0;
        if (random() % 4 == 0) before.region = {};
        before.source = random() % 2 == 0 ? Place::Source::pool : Place::Source::database;
        const Place after = Location::from(before).to_place(before.network);
        if (after != before)
            BOOST_FAIL("(" << before.coordinates.latitude << ", " << before.coordinates.longitude << ") "
                           << before.region.view() << " became (" << after.coordinates.latitude << ", "
                           << after.coordinates.longitude << ") " << after.region.view());
    }
}

BOOST_AUTO_TEST_CASE(the_ends_of_all_fields) {
    for (const Coordinates end :
         {Coordinates{90, 180}, Coordinates{-90, -180}, Coordinates{0, 0}, Coordinates{0, 180}}) {
        const Place before = place(end, 20'000, "DE-B");
        BOOST_TEST((Location::from(before).to_place(before.network) == before));
    }
    Place pool = place({43.0642, 141.3469}, 120);
    pool.source = Place::Source::pool;
    pool.network = IpAddress::parse("2001:db8::/128").value();
    const Location location = Location::from(pool);
    BOOST_TEST(location.prefix_length == 128);
    BOOST_TEST((location.kind == Location::Kind::pool));
    BOOST_TEST(location.country_text() == "JP");
    BOOST_TEST(location.region_code().view() == "JP-01");
    BOOST_TEST(std::abs(std::hypot(location.direction_x, location.direction_y, location.direction_z) - 1) < 1e-6F);
    BOOST_TEST(Location::from(place({43, 141})).prefix_length == 0);  // a database's word is of no pool
}

BOOST_AUTO_TEST_CASE(regions_have_up_to_three_characters) {
    for (const std::string_view region : {"DE-B", "JP-01", "GB-ENG"})
        BOOST_TEST(Location::from(place({1, 1}, 0, region)).region_code().view() == region);
    Place country = place({1, 1});
    country.region = {};
    BOOST_TEST(Location::from(country).region_code().empty());
    BOOST_TEST(Location::from(country).country_text() == "JP");
    BOOST_TEST(Location{}.region_code().empty());
    BOOST_TEST(Location{}.country_text().empty());
}

BOOST_AUTO_TEST_CASE(nowhere_is_never_farther) {
    const Location somewhere = Location::from(place({43, 141}));
    for (const Kilometres distance : {-1.0, 0.0, 1.0, 20'000.0}) {
        BOOST_TEST(!farther_than({}, somewhere, distance));
        BOOST_TEST(!farther_than(somewhere, {}, distance));
        BOOST_TEST(!farther_than({}, {}, distance));
    }
}

BOOST_AUTO_TEST_CASE(random_pairs_agree_with_the_formula) {
    constexpr std::uint64_t kSeed = 32;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    std::uniform_real_distribution<double> latitude(-90, 90), longitude(-180, 180), radius(0, 5000),
        distance(0, 20'000), near(-0.5, 0.5);
    Agreement agreement;
    for (int i = 0; i < 100'000; ++i) {
        const bool points = random() % 4 == 0;
        const Place a = place({latitude(random), longitude(random)}, points ? 0 : radius(random));
        Place b = place({latitude(random), longitude(random)}, points ? 0 : radius(random));
        if (random() % 4 == 0)  // neighbours
            b.coordinates = {std::clamp(a.coordinates.latitude + near(random), -90.0, 90.0),
                             std::clamp(a.coordinates.longitude + near(random), -180.0, 180.0)};
        agreement.compare(a, b, distance(random));
        agreement.compare_around(a, b);
    }
    agreement.check();
}

BOOST_AUTO_TEST_CASE(antipodes_poles_the_date_line_and_equal_places) {
    constexpr std::uint64_t kSeed = 33;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    std::uniform_real_distribution<double> latitude(-90, 90), longitude(-180, 180), near(-2, 2);
    const auto clamped = [](double lat, double lon) {
        return Coordinates{std::clamp(lat, -90.0, 90.0), lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon};
    };
    Agreement agreement;
    for (int i = 0; i < 5000; ++i) {
        const double lat = latitude(random), lon = longitude(random);
        const Place a = place({lat, lon}), opposite = place(clamped(-lat, lon + 180));
        agreement.compare_around(a, opposite);
        agreement.compare_around(a, place(clamped(-lat + near(random), lon + 180 + near(random))));
        agreement.compare_around(a, a);
        agreement.compare_around(place({90, lon}), place({90, longitude(random)}));
        agreement.compare_around(place({90, lon}), place({-90, longitude(random)}, 3));
        agreement.compare_around(place({90 + near(random) / 2 - 1, lon}), place({-90 + near(random) / 2 + 1, lon}, 10));
        agreement.compare_around(place({lat, 180}, 1), place({lat, -180}, 2));
        agreement.compare_around(place({lat, 179.9}), place({lat, -179.9 - near(random) / 100}));
    }
    agreement.check();
}

// Circles that overlap are 0 km apart: a threshold of 0 accepts that, as the formula does, and no other.
BOOST_AUTO_TEST_CASE(overlapping_circles) {
    const Place a = place({43, 141}, 50), b = place({43, 141.1}, 50);  // 8 km
    const Location first = Location::from(a), second = Location::from(b);
    BOOST_TEST(farther_than(first, second, 0));
    BOOST_TEST(!farther_than(first, second, 0.1));
    BOOST_TEST(!farther_than(Location::from(place({90, 0}, 12'000)), Location::from(place({-90, 0}, 12'000)), 1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
