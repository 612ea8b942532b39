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
        if (!locator) BOOST_FAIL(locator.error());
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
    const Locator nothing({}, nullptr, 0);
    BOOST_TEST(!nothing.anywhere(address("192.0.2.1")).has_value());
}

BOOST_AUTO_TEST_CASE(the_mistakes_of_both_files_are_in_one_report) {
    test::write_file(pools, "192.0.2.0/25,JPN\n192.0.2.0/99\n");
    test::write_file(database, "not a database");
    const auto geo = Locator::load(pools, database, 1);
    BOOST_REQUIRE(!geo.has_value());
    std::istringstream lines(geo.error());
    std::vector<std::string> mistakes;
    for (std::string line; std::getline(lines, line);) mistakes.push_back(line);
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
