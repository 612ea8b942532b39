#include "geo/locator.hpp"

#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tests/geo/mmdb_writer.hpp"
#include "tests/support/process.hpp"

namespace guard::geo {
namespace {

using test::MmdbMap;

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

MmdbMap record(const char* country, double latitude, double longitude) {
    return {{"city", MmdbMap{{"geoname_id", std::uint32_t{1}}}},
            {"country", MmdbMap{{"iso_code", country}}},
            {"location",
             MmdbMap{{"accuracy_radius", std::uint16_t{10}}, {"latitude", latitude}, {"longitude", longitude}}}};
}

struct Files {
    test::TemporaryDirectory directory{"locator"};
    std::filesystem::path pools = directory.path() / "pools.csv", database = directory.path() / "city.mmdb";

    Files() {
        test::write_file(pools,
                         "192.0.2.0/25,JP,JP-13\n"
                         "192.0.2.128/26\n"
                         "192.0.2.192/27,JP\n"
                         "192.0.2.224/27,US,US-CA\n");
        test::MmdbWriter writer;
        writer.insert(address("192.0.2.0/24"), record("JP", 43, 141));
        writer.insert(address("203.0.113.0/24"), record("KR", 37.5, 127));
        writer.write(database);
    }
    [[nodiscard]] std::shared_ptr<const Locator> load(std::uint64_t generation = 1) const {
        auto locator = Locator::load(pools, database, generation);
        if (!locator) BOOST_FAIL(locator.error().front());
        return *locator;
    }
};

BOOST_FIXTURE_TEST_SUITE(locator, Files)

BOOST_AUTO_TEST_CASE(pools_come_first) {
    const auto geo = load();
    const auto place = geo->anywhere(address("192.0.2.1"));
    BOOST_REQUIRE(place.has_value());
    BOOST_TEST((place->source == Place::Source::pool));
    BOOST_TEST(place->region.view() == "JP-13");
    BOOST_TEST((geo->in_pools(address("192.0.2.1")) == place));
}

BOOST_AUTO_TEST_CASE(outside_the_pools_the_database_answers_but_never_for_pppoe) {
    const auto geo = load();
    BOOST_TEST(geo->anywhere(address("203.0.113.5"))->country.view() == "KR");
    BOOST_TEST((geo->anywhere(address("203.0.113.5"))->source == Place::Source::database));
    BOOST_TEST(!geo->in_pools(address("203.0.113.5")).has_value());
    BOOST_TEST(!geo->anywhere(address("198.51.100.1")).has_value());
}

BOOST_AUTO_TEST_CASE(deliberately_no_location_is_not_filled_in) {
    const auto geo = load();
    BOOST_TEST(!geo->in_pools(address("192.0.2.130")).has_value());
    BOOST_TEST(!geo->anywhere(address("192.0.2.130")).has_value());
}

BOOST_AUTO_TEST_CASE(a_pool_that_gives_its_country_is_filled_in_if_the_database_agrees) {
    const auto geo = load();
    BOOST_TEST(!geo->in_pools(address("192.0.2.200")).has_value());
    BOOST_TEST(geo->anywhere(address("192.0.2.200"))->coordinates.latitude == 43);
    // The operator says the United States, the database Japan: one of them is wrong.
    BOOST_TEST(!geo->anywhere(address("192.0.2.230")).has_value());
}

BOOST_AUTO_TEST_CASE(without_a_database) {
    const auto geo = Locator::load(pools, {}, 7);
    BOOST_REQUIRE(geo.has_value());
    BOOST_TEST((*geo)->generation() == 7U);
    BOOST_TEST((*geo)->pools().pools().size() == 4U);
    BOOST_TEST((*geo)->anywhere(address("192.0.2.1")).has_value());
    BOOST_TEST(!(*geo)->anywhere(address("203.0.113.5")).has_value());
    const Locator nothing({}, {}, 0);
    BOOST_TEST(!nothing.anywhere(address("192.0.2.1")).has_value());
}

BOOST_AUTO_TEST_CASE(the_mistakes_of_both_files_are_in_one_report) {
    test::write_file(pools, "192.0.2.0/25,JPN\n192.0.2.0/99\n");
    test::write_file(database, "not a database");
    const auto geo = Locator::load(pools, database, 1);
    BOOST_REQUIRE(!geo.has_value());
    const auto& mistakes = geo.error();
    BOOST_REQUIRE(mistakes.size() == 3U);
    BOOST_TEST(mistakes[0].starts_with(pools.string() + ":1: found \"JPN\""));
    BOOST_TEST(mistakes[1].starts_with(pools.string() + ":2: found \"192.0.2.0/99\""));
    BOOST_TEST(mistakes[2].starts_with(database.string() + ": found "));
}

BOOST_AUTO_TEST_CASE(a_reload_leaves_the_old_snapshot_as_it_was) {
    const auto before = load(1);
    // As an update tool does it: a new file under the old name.
    const auto next = directory.path() / "next.mmdb";
    test::MmdbWriter writer;
    writer.insert(address("203.0.113.0/24"), record("TW", 25, 121));
    writer.write(next);
    std::filesystem::rename(next, database);
    const auto after = load(2);
    BOOST_TEST(before->anywhere(address("203.0.113.5"))->country.view() == "KR");
    BOOST_TEST(after->anywhere(address("203.0.113.5"))->country.view() == "TW");
    BOOST_TEST(after->generation() == 2U);
}

// The place of the region of ISO 3166-2 that a row names and the database knows, whose own row gives no coordinates.
BOOST_AUTO_TEST_CASE(regions_outside_japan_are_completed_from_the_database) {
    MmdbMap california = record("US", 34, -118);
    california.insert({"subdivisions", test::MmdbArray{MmdbMap{{"iso_code", "CA"}}}});
    MmdbMap alaska_east = record("US", 58, -134), alaska_west = record("US", 61, -166);  // 1,807 km apart
    for (MmdbMap* alaska : {&alaska_east, &alaska_west})
        alaska->insert({"subdivisions", test::MmdbArray{MmdbMap{{"iso_code", "AK"}}}});
    test::MmdbWriter writer;
    writer.insert(address("203.0.113.0/24"), california);
    writer.insert(address("198.51.100.0/25"), alaska_east);
    writer.insert(address("198.51.100.128/25"), alaska_west);
    writer.write(database);
    test::write_file(pools,
                     "192.0.2.0/26,US,US-CA\n192.0.2.64/26,US,US-AK\n192.0.2.128/26,US,US-AK,Juneau\n"
                     "192.0.2.192/27,US,US-NY\n192.0.2.224/27,US\n2001:db8::1,US,US-CA\n192.0.3.0/24\n");

    const auto place = [](const Locator& geo, const char* at) { return geo.in_pools(address(at)); };
    const auto geo = load();
    BOOST_REQUIRE(place(*geo, "192.0.2.1").has_value());
    const Place found = *place(*geo, "192.0.2.1");
    BOOST_TEST(std::abs(found.coordinates.latitude - 34) < 1e-4);
    BOOST_TEST(std::abs(found.coordinates.longitude + 118) < 1e-4);
    BOOST_TEST(found.radius == 50);
    BOOST_TEST(found.country.view() == "US");
    BOOST_TEST(found.region.view() == "US-CA");
    BOOST_TEST((found.source == Place::Source::pool));
    BOOST_TEST(found.network.to_string() == "192.0.2.0/26");
    BOOST_TEST(!found.country_only);
    BOOST_TEST((geo->locate(address("192.0.2.1")).kind == Location::Kind::pool));
    BOOST_TEST(place(*geo, "2001:db8::1")->network.to_string() == "2001:db8::1");
    BOOST_TEST(!place(*geo, "2001:db8::2").has_value());
    // A wide region is no more than its country, unless the row names the city.
    BOOST_TEST(place(*geo, "192.0.2.65")->radius > kCountryOnlyRadius);
    BOOST_TEST(place(*geo, "192.0.2.65")->country_only);
    BOOST_TEST(!place(*geo, "192.0.2.129")->country_only);
    BOOST_TEST(!place(*geo, "192.0.2.193").has_value());  // a region that the database does not know

    // What is left without a place is said; before the database was asked it would have been all of them.
    const auto warnings = geo->pools().warnings();
    BOOST_REQUIRE(warnings.size() == 2U);
    BOOST_TEST(warnings[0] ==
               pools.string() + ":4: 192.0.2.192/27 gives US-NY without coordinates: its addresses have no place");
    BOOST_TEST(warnings[1].starts_with(pools.string() + ":5: 192.0.2.224/27 gives US without"));
    BOOST_TEST(PoolTable::load(pools).value().warnings().size() == 6U);

    const auto without = Locator::load(pools, {}, 1).value();
    for (const char* at : {"192.0.2.1", "192.0.2.65", "2001:db8::1"}) {
        BOOST_TEST(!place(*without, at).has_value(), at);
        BOOST_TEST(!without->anywhere(address(at)).has_value(), at);
    }
    BOOST_TEST(without->pools().warnings().size() == 6U);
}

// The narrower pool leaves its place to the database, but a prefix wider than it is in the wider pool.
BOOST_AUTO_TEST_CASE(a_prefix_that_reaches_beyond_a_pool_the_database_completes) {
    test::write_file(pools,
                     "203.0.112.0/22,KR,,,,37,127\n203.0.113.0/24,KR\n2001:db8::/32,JP,JP-01\n2001:db8::/48,KR\n");
    test::MmdbWriter writer;
    writer.insert(address("203.0.113.0/24"), record("KR", 35, 129));
    writer.insert(address("2001:db8::/48"), record("KR", 35, 129));
    writer.write(database);
    const auto geo = load();
    BOOST_TEST(geo->anywhere(address("203.0.113.0"))->coordinates.latitude == 35);
    BOOST_TEST(!geo->in_pools(address("203.0.113.0")).has_value());
    for (const char* wide : {"203.0.112.0/23", "203.0.112.0/22", "2001:db8::/47", "2001:db8::/32"}) {
        const auto place = geo->in_pools(address(wide));
        BOOST_REQUIRE_MESSAGE(place.has_value(), wide);
        BOOST_TEST((place->source == Place::Source::pool), wide);
        BOOST_TEST((geo->anywhere(address(wide)) == place), wide);
        BOOST_TEST((geo->locate(address(wide)).kind == Location::Kind::pool), wide);
    }
    for (const char* wider : {"203.0.112.0/21", "2001:db8::/31"})
        BOOST_TEST(!geo->in_pools(address(wider)).has_value());
    BOOST_TEST(!geo->in_pools(address("2001:db8::/56")).has_value());
    BOOST_TEST((geo->anywhere(address("2001:db8::/56"))->source == Place::Source::database));
}

// 6to4 (RFC 3056) and the like: an SMTP client is where its IPv4 address is, pools included. A PPPoE session's IPv6
// address is in a pool of IPv6 or in none, with a database and without.
BOOST_AUTO_TEST_CASE(an_ipv4_pool_is_no_pool_of_ipv6) {
    constexpr std::array<std::uint8_t, 2> kSixToFour{0x20, 0x02};
    test::MmdbWriter writer;
    writer.insert(address("192.0.2.0/24"), record("JP", 43, 141));
    writer.alias(kSixToFour, 16);
    writer.write(database);
    const auto geo = load();
    for (const char* same : {"2002:c000:0201::1", "::192.0.2.1"}) {
        BOOST_TEST(geo->anywhere(address(same))->region.view() == "JP-13", same);
        BOOST_TEST(!geo->in_pools(address(same)).has_value(), same);
        BOOST_TEST(!Locator::load(pools, {}, 1).value()->in_pools(address(same)).has_value(), same);
    }
    BOOST_TEST(!geo->in_pools(address("2002:c000:0200::/48")).has_value());
    BOOST_TEST(geo->in_pools(address("::ffff:192.0.2.1")).has_value());  // is an IPv4 address
}

BOOST_AUTO_TEST_CASE(the_generation_is_the_callers) {
    for (const std::uint64_t generation : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX})
        BOOST_TEST(load(generation)->generation() == generation);
    BOOST_TEST(load()->database_type() == "Test-City");
    BOOST_TEST(format_rfc3339(load()->database_built()) == "2026-01-01T00:00:00.000000Z");
    BOOST_TEST(Locator::load(pools, {}, 1).value()->database_type().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
