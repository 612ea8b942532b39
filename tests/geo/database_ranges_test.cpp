#include "geo/database_ranges.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "geo/locator.hpp"
#include "geo/max_mind_database.hpp"
#include "tests/geo/random_geo.hpp"
#include "tests/support/process.hpp"

namespace guard::geo {
namespace {

using test::MmdbArray;
using test::MmdbMap;
using test::MmdbWriter;
using test::Random;

constexpr std::array<std::uint8_t, 2> kSixToFour{0x20, 0x02};
constexpr std::array<std::uint8_t, 4> kTeredo{0x20, 0x01, 0, 0};
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

MmdbMap record(std::string_view region, double latitude, double longitude, std::uint16_t radius = 10) {
    MmdbMap result{
        {"city", MmdbMap{{"geoname_id", std::uint32_t{1}}}},
        {"country", MmdbMap{{"iso_code", std::string(region.substr(0, 2))}}},
        {"location", MmdbMap{{"accuracy_radius", radius}, {"latitude", latitude}, {"longitude", longitude}}}};
    if (region.size() > 3)
        result.insert({"subdivisions", MmdbArray{MmdbMap{{"iso_code", std::string(region.substr(3))}}}});
    return result;
}

// A database opened for look-ups in the file, and compiled.
struct Both {
    std::shared_ptr<const MaxMindDatabase> file;
    std::unique_ptr<const Locator> compiled;

    [[nodiscard]] std::string region(std::string_view text) const {
        const auto place = compiled->anywhere(address(text));
        return place ? std::string(place->region.view()) : "nowhere";
    }
    [[nodiscard]] bool agree(const IpAddress& at) const {
        return test::same_place(compiled->locate(at), file->lookup(at));
    }
};

struct Directory {
    test::TemporaryDirectory directory{"ranges"};

    [[nodiscard]] std::shared_ptr<const MaxMindDatabase> open(const MmdbWriter& writer) const {
        const auto path = directory.path() / "test.mmdb";
        writer.write(path);
        auto database = MaxMindDatabase::open(path);
        if (!database) BOOST_FAIL(database.error());
        return *database;
    }
    [[nodiscard]] DatabaseRanges ranges(const MmdbWriter& writer) const {
        auto ranges = open(writer)->ranges();
        if (!ranges) BOOST_FAIL(ranges.error());
        return *ranges;
    }
    [[nodiscard]] Both both(const MmdbWriter& writer) const {
        return {open(writer), std::make_unique<Locator>(PoolTable{}, ranges(writer), 1)};
    }
};

void alias_all(MmdbWriter& writer) {
    writer.alias(kSixToFour, 16);
    writer.alias(kTeredo, 32);
    writer.alias(kMapped, 96);
}

BOOST_FIXTURE_TEST_SUITE(database_ranges, Directory)

BOOST_AUTO_TEST_CASE(nested_networks_of_both_families) {
    for (const std::uint16_t size : std::initializer_list<std::uint16_t>{24, 28, 32}) {
        MmdbWriter writer("Test-City", 6, size);
        writer.insert(address("198.51.100.0/24"), record("JP-01", 43, 141));
        writer.insert(address("198.51.100.128/25"), record("JP-27", 34, 135));
        writer.insert(address("2001:db8::/32"), record("JP-01", 43, 141));
        writer.insert(address("2001:db8:1::/48"), record("JP-27", 34, 135));
        const DatabaseRanges all = ranges(writer);
        BOOST_TEST((all.v4 == Ranges<std::uint32_t>{{0, 0}, {0xc633'6400, 1}, {0xc633'6480, 2}, {0xc633'6500, 0}}));
        BOOST_REQUIRE(all.locations.size() == 3U);  // nowhere, and each place once though both families have it
        BOOST_TEST(all.locations[2].region_code().view() == "JP-27");
        BOOST_TEST(all.type == "Test-City");
        BOOST_TEST(format_rfc3339(all.built) == "2026-01-01T00:00:00.000000Z");
        const Both database = both(writer);
        BOOST_TEST(database.region("198.51.100.127") == "JP-01");
        BOOST_TEST(database.region("198.51.100.128") == "JP-27");
        BOOST_TEST(database.region("198.51.101.0") == "nowhere");
        BOOST_TEST(database.region("2001:db8:1:2::3") == "JP-27");
        BOOST_TEST(database.region("2001:db8:2::") == "JP-01");
        BOOST_TEST(database.region("2001:db9::") == "nowhere");
    }
}

BOOST_AUTO_TEST_CASE(a_database_of_ipv4_alone) {
    MmdbWriter writer("Test-City", 4, 24);
    writer.insert(address("203.0.113.0/24"), record("JP-01", 43, 141));
    BOOST_TEST(ranges(writer).v6.empty());
    const Both database = both(writer);
    BOOST_TEST(database.region("203.0.113.255") == "JP-01");
    for (const char* other : {"2001:db8::1", "::", "::203.0.113.1", "2002:cb00:7101::1"})
        BOOST_TEST(database.region(other) == "nowhere");
}

BOOST_AUTO_TEST_CASE(empty_and_everything) {
    BOOST_TEST(both(MmdbWriter()).region("192.0.2.1") == "nowhere");
    BOOST_TEST(both(MmdbWriter()).region("2001:db8::") == "nowhere");
    MmdbWriter half;
    half.insert(address("::/1"), record("JP-01", 43, 141));  // all of IPv4 is in it
    for (const char* in : {"0.0.0.0", "255.255.255.255", "::1", "7fff::1"})
        BOOST_TEST(both(half).region(in) == "JP-01");
    BOOST_TEST(both(half).region("8000::") == "nowhere");
    MmdbWriter four("Test-City", 4);
    four.insert(address("0.0.0.0/1"), record("JP-01", 43, 141));
    four.insert(address("128.0.0.0/1"), record("JP-01", 43, 141));
    BOOST_TEST((ranges(four).v4 == Ranges<std::uint32_t>{{0, 1}}));
}

BOOST_AUTO_TEST_CASE(ipv4_written_as_ipv6) {
    MmdbWriter writer("Test-City", 6, 28);
    writer.insert(address("192.0.2.0/25"), record("JP-13", 35, 139));
    alias_all(writer);
    const Both database = both(writer);
    for (const char* same : {"192.0.2.1", "::ffff:192.0.2.1", "::192.0.2.1", "2002:c000:0201::", "2002:c000:0201:1::9",
                             "2001:0:c000:0201::", "2001:0:c000:0201:8000:1:2:3"})
        BOOST_TEST(database.region(same) == "JP-13", same);
    for (const char* other : {"192.0.2.128", "::192.0.2.128", "::1:c000:201",
                              "2002:c000:0280::", "2001:0:c000:0280::", "2003:c000:0201::", "2001:1:c000:0201::", "::"})
        BOOST_TEST(database.region(other) == "nowhere", other);
}

// A narrower view than the file's, and said so: what is below /64 counts as the beginning of its /64.
BOOST_AUTO_TEST_CASE(networks_longer_than_64_bits) {
    MmdbWriter writer;
    writer.insert(address("2001:db8::/64"), record("JP-01", 43, 141));
    writer.insert(address("2001:db8::/80"), record("JP-27", 34, 135));
    writer.insert(address("2001:db8:0:1::/128"), record("JP-13", 35, 139));
    writer.insert(address("2001:db8:0:2:8000::/65"), record("JP-13", 35, 139));
    const Both database = both(writer);
    BOOST_TEST(database.region("2001:db8::1") == "JP-27");
    BOOST_TEST(database.region("2001:db8:0:0:ffff::") == "JP-27");
    BOOST_TEST(database.region("2001:db8:0:1::5") == "JP-13");
    BOOST_TEST(database.region("2001:db8:0:2:8000::1") == "nowhere");
    BOOST_TEST(database.region("2001:db8:0:3::") == "nowhere");
}

BOOST_AUTO_TEST_CASE(records_that_are_no_place) {
    MmdbMap without = record("JP-01", 43, 141), text = without, nan = without;
    without.erase("location");
    text.at("location") = MmdbMap{{"accuracy_radius", std::uint16_t{5}}, {"latitude", "43"}, {"longitude", 141.0}};
    nan.at("location") = MmdbMap{{"latitude", std::numeric_limits<double>::quiet_NaN()}, {"longitude", 141.0}};
    MmdbWriter writer;
    writer.insert(address("192.0.2.0/24"), record("JP-01", 43, 141));
    writer.insert(address("192.0.2.0/26"), without);
    writer.insert(address("192.0.2.64/26"), text);
    writer.insert(address("192.0.2.128/26"), nan);
    const Both database = both(writer);
    for (const char* none : {"192.0.2.0", "192.0.2.64", "192.0.2.128"}) BOOST_TEST(database.region(none) == "nowhere");
    BOOST_TEST(database.region("192.0.2.192") == "JP-01");
    BOOST_TEST(ranges(writer).locations.size() == 2U);
}

// Half of the addresses are in known networks and at their edges, half are anywhere.
std::size_t differences(Random& random, const Both& database, const std::vector<IpAddress>& networks, bool v6,
                        std::size_t count) {
    std::size_t found = 0;
    std::string first;
    for (std::size_t i = 0; i < count; ++i) {
        IpAddress at = i % 2 == 0         ? test::address_near(random, networks[random() % networks.size()])
                       : v6 && i % 4 == 1 ? test::random_address6(random)
                                          : test::random_address4(random);
        if (v6 && at.is_ipv4() && random() % 4 == 0) {  // one of the other ways to write it
            const auto ipv4 = at.bytes();
            std::array<std::uint8_t, 16> bytes{};
            const std::size_t way = random() % 3;
            if (way == 1) std::ranges::copy(kSixToFour, bytes.begin());
            if (way == 2) std::ranges::copy(kTeredo, bytes.begin());
            std::ranges::copy(ipv4, bytes.begin() + (way == 0 ? 12 : way == 1 ? 2 : 4));
            at = test::ipv6(bytes);
        }
        if (database.agree(at)) continue;
        if (++found == 1) first = at.to_string();
    }
    BOOST_TEST(found == 0U, found << " differences, the first at " << first);
    return found;
}

// 2,000,000 look-ups, compiled and by libmaxminddb in the file.
BOOST_AUTO_TEST_CASE(agrees_with_the_file) {
    constexpr std::uint64_t kSeed = 41;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    Random random(kSeed);
    struct Shape {
        std::uint16_t ip_version, record_size;
        bool aliases;
        std::size_t look_ups;
    };
    for (const Shape shape :
         {Shape{6, 28, true, 1'200'000}, Shape{6, 32, false, 400'000}, Shape{4, 24, false, 400'000}}) {
        const auto records = test::random_records(random, 500);
        auto networks = test::random_prefixes4(random, 10'000);
        if (shape.ip_version == 6) {
            const auto more = test::random_prefixes6(random, 10'000);
            networks.insert(networks.end(), more.begin(), more.end());
        }
        MmdbWriter writer("Test-City", shape.ip_version, shape.record_size);
        for (const IpAddress& network : networks) writer.insert(network, records[random() % records.size()]);
        if (shape.aliases) alias_all(writer);
        const Both database = both(writer);
        std::size_t known = 0;
        for (const IpAddress& network : networks)
            known += database.compiled->locate(network).kind == Location::Kind::database ? 1U : 0U;
        BOOST_TEST(known > networks.size() / 2);  // else the comparison would be one of nothing with nothing
        differences(random, database, networks, shape.ip_version == 6, shape.look_ups / test::kSlowness);
    }
}

BOOST_AUTO_TEST_CASE(the_middle_of_a_region) {
    MmdbWriter writer;
    // Three quarters of the addresses on the equator at 0 degrees, one quarter at 90: the mean of the directions is at
    // atan(1/3) = 18.43495 degrees. Only both together are 90 %, and the farther one is 71.56505 degrees =
    // 7957.7 km away.
    writer.insert(address("192.0.2.0/24"), record("XX-A", 0, 0));
    writer.insert(address("192.0.2.192/26"), record("XX-A", 0, 90));
    // 16 to 1: atan(1/16) = 3.57633 degrees = 397.7 km from 94 % of them.
    writer.insert(address("198.51.100.0/24"), record("XX-BCD", 0, 0, 50));
    writer.insert(address("203.0.113.0/28"), record("XX-BCD", 0, 90));
    // Equal parts at (60, 0) and (60, 180) have their middle at the pole, 30 degrees = 3335.9 km from both.
    writer.insert(address("10.0.0.0/9"), record("XX-P", 60, 0));
    writer.insert(address("10.128.0.0/9"), record("XX-P", 60, 180));
    // One place has no spread; wide circles, networks of IPv6 and regions unknown say nothing about the middle.
    writer.insert(address("11.0.0.0/24"), record("XX-1", 12.5, -100.25, 50));
    writer.insert(address("11.1.0.0/16"), record("XX-1", -80, 20, 51));
    writer.insert(address("11.2.0.0/16"), record("XX", 1, 1));
    writer.insert(address("11.3.0.0/16"), record("XX-2", 1, 1, 51));
    writer.insert(address("2001:db8::/32"), record("XX-3", 1, 1));
    const auto regions = ranges(writer).regions;
    BOOST_REQUIRE(regions.size() == 4U);
    const auto check = [&](const char* region, double latitude, double longitude, Kilometres radius) {
        const Place& place = regions.at(region);
        BOOST_TEST(place.region.view() == region);
        BOOST_TEST(place.country.view() == "XX");
        BOOST_TEST(std::abs(place.coordinates.latitude - latitude) < 1e-4, region << place.coordinates.latitude);
        BOOST_TEST((std::abs(latitude) == 90 || std::abs(place.coordinates.longitude - longitude) < 1e-4),
                   region << place.coordinates.longitude);
        BOOST_TEST(place.radius == radius, region << place.radius);
    };
    check("XX-A", 0, 18.43495, 7958);
    check("XX-BCD", 0, 3.57633, 398);
    check("XX-P", 90, 0, 3336);
    check("XX-1", 12.5, -100.25, 50);
}

BOOST_AUTO_TEST_CASE(the_circle_around_a_country) {
    MmdbWriter writer;
    // On the equator at 0, 10 and 30 degrees: the middle is at 15, 1667.9 km from both ends; and a radius of 10 km.
    writer.insert(address("192.0.2.0/26"), record("XX", 0, 0));
    writer.insert(address("192.0.2.64/26"), record("XX", 0, 30));
    writer.insert(address("192.0.2.128/26"), record("XX", 0, 10));
    // A place is one more, however few addresses it has and however wide it is.
    writer.insert(address("198.51.100.0/24"), record("YY", 50, 5));
    writer.insert(address("203.0.113.7/32"), record("YY", 50, 5, 300));
    MmdbMap alone = record("ZZ", 1, 1, 900);
    alone.erase("city");
    writer.insert(address("203.0.113.8/32"), alone);
    const Both database = both(writer);
    const auto circles = ranges(writer).countries;
    BOOST_REQUIRE(circles.size() == 2U);
    const Circle& xx = circles.at(Code::parse("XX").value());
    BOOST_TEST(std::abs(xx.centre.longitude - 15) < 0.5);
    BOOST_TEST(std::abs(xx.centre.latitude) < 0.5);
    BOOST_TEST(xx.radius >= 1678);
    BOOST_TEST(xx.radius < 1678 + 60);
    const Kilometres yy = circles.at(Code::parse("YY").value()).radius;
    BOOST_TEST((yy == 300 || yy == 301));  // rounded up

    Location place = database.compiled->locate(address("192.0.2.1"));
    BOOST_TEST((database.compiled->widened(place) == place));
    place.country_only = true;
    const Location wide = database.compiled->widened(place);
    BOOST_TEST(wide.radius == static_cast<float>(xx.radius));
    BOOST_TEST(std::abs(wide.longitude - 15) < 0.5);
    BOOST_TEST(wide.country_only);
    BOOST_TEST((wide.kind == Location::Kind::database));
    // How large this one is nobody knows: nothing is far from it.
    const Location nobody_knows = database.compiled->widened(database.compiled->locate(address("203.0.113.8")));
    BOOST_TEST(nobody_knows.country_text() == "ZZ");
    BOOST_TEST(!farther_than(nobody_knows, place, 1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
