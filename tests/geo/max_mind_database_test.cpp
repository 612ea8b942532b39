#include "geo/max_mind_database.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "tests/geo/mmdb_writer.hpp"
#include "tests/support/process.hpp"

namespace guard::geo {
namespace {

using test::MmdbArray;
using test::MmdbMap;
using test::MmdbValue;
using test::MmdbWriter;

struct Directory {
    test::TemporaryDirectory directory{"mmdb"};
    std::filesystem::path file = directory.path() / "test.mmdb";

    [[nodiscard]] std::shared_ptr<const MaxMindDatabase> open(const MmdbWriter& writer) const {
        writer.write(file);
        auto database = MaxMindDatabase::open(file);
        if (!database) BOOST_FAIL(database.error());
        return *database;
    }
    [[nodiscard]] std::optional<Place> place_of(const MmdbValue& record) const {
        MmdbWriter writer;
        writer.insert(IpAddress::parse("192.0.2.0/24").value(), record);
        return open(writer)->lookup(IpAddress::parse("192.0.2.77").value());
    }
};

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

MmdbMap location(double latitude, double longitude, std::uint16_t radius) {
    return {{"latitude", latitude}, {"longitude", longitude}, {"accuracy_radius", radius}};
}

MmdbMap sapporo() {
    return {{"city", MmdbMap{{"geoname_id", std::uint32_t{2128295}}, {"names", MmdbMap{{"en", "Sapporo"}}}}},
            {"country", MmdbMap{{"iso_code", "JP"}}},
            {"location", location(43.06, 141.35, 20)},
            {"subdivisions", MmdbArray{MmdbMap{{"iso_code", "01"}}}}};
}

MmdbMap flat(const MmdbValue& latitude, const MmdbValue& longitude) {
    return {{"city", "Osaka"},        {"country_code", "JP"}, {"latitude", latitude},
            {"longitude", longitude}, {"state1", "Osaka"},    {"timezone", "Asia/Tokyo"}};
}

BOOST_FIXTURE_TEST_SUITE(max_mind_database, Directory)

BOOST_AUTO_TEST_CASE(a_nested_record) {
    const auto place = place_of(sapporo());
    BOOST_REQUIRE(place.has_value());
    BOOST_TEST(place->country.view() == "JP");
    BOOST_TEST(place->region.view() == "JP-01");
    BOOST_TEST(place->coordinates.latitude == 43.06);
    BOOST_TEST(place->coordinates.longitude == 141.35);
    BOOST_TEST(place->radius == 20);
    BOOST_TEST(!place->country_only);
    BOOST_TEST((place->source == Place::Source::database));
    BOOST_TEST(place->network.to_string() == "192.0.2.0/24");
}

BOOST_AUTO_TEST_CASE(a_flat_record_is_country_only) {
    const auto place = place_of(flat(34.69F, 135.5F));
    BOOST_REQUIRE(place.has_value());
    BOOST_TEST(place->country.view() == "JP");
    BOOST_TEST(place->region.empty());
    BOOST_TEST(place->coordinates.latitude == 34.69, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(place->radius == kUnknownRadius);
    BOOST_TEST(place->country_only);
}

BOOST_AUTO_TEST_CASE(country_only_from_two_hundred_kilometres_without_a_city) {
    MmdbMap record = sapporo();
    record.at("location") = location(43.06, 141.35, 200);
    BOOST_TEST(!place_of(record)->country_only);
    record.erase("city");
    BOOST_TEST(place_of(record)->country_only);
    record.at("location") = location(43.06, 141.35, 199);
    BOOST_TEST(!place_of(record)->country_only);
    record.insert_or_assign("city", MmdbMap{{"names", MmdbMap{{"en", "Sapporo"}}}});
    record.at("location") = location(43.06, 141.35, 500);
    BOOST_TEST(!place_of(record)->country_only);
}

BOOST_AUTO_TEST_CASE(without_a_radius_it_is_country_only) {
    MmdbMap record = sapporo();
    record.at("location") = MmdbMap{{"latitude", 43.06}, {"longitude", 141.35}};
    BOOST_TEST(place_of(record)->radius == kUnknownRadius);
    BOOST_TEST(place_of(record)->country_only);
    record.at("location") = MmdbMap{{"accuracy_radius", "20"}, {"latitude", 43.06}, {"longitude", 141.35}};
    BOOST_TEST(place_of(record)->radius == kUnknownRadius);
    record.at("location") =
        MmdbMap{{"accuracy_radius", std::uint32_t{20'001}}, {"latitude", 43.06}, {"longitude", 141.35}};
    BOOST_TEST(place_of(record)->radius == kUnknownRadius);
}

// Never zero coordinates: south of Ghana many an IP address has been "found" that way.
BOOST_AUTO_TEST_CASE(without_coordinates_it_is_no_place) {
    for (const char* missing : {"latitude", "longitude"}) {
        MmdbMap place = location(43.06, 141.35, 20);
        place.erase(missing);
        MmdbMap record = sapporo();
        record.at("location") = place;
        BOOST_TEST(!place_of(record).has_value(), missing);
    }
    MmdbMap record = sapporo();
    record.erase("location");
    BOOST_TEST(!place_of(record).has_value());
    BOOST_TEST(!place_of(flat("", "")).has_value());
    BOOST_TEST(!place_of(flat(34.69F, "")).has_value());
}

BOOST_AUTO_TEST_CASE(without_a_country_it_is_no_place) {
    MmdbMap record = sapporo();
    record.erase("country");
    BOOST_TEST(!place_of(record).has_value());
    record.insert_or_assign("registered_country", MmdbMap{{"iso_code", "JP"}});
    BOOST_TEST(!place_of(record).has_value());
    for (const MmdbValue& code :
         {MmdbValue(""), MmdbValue("JPN"), MmdbValue("J"), MmdbValue("日本"), MmdbValue(std::uint16_t{81})}) {
        record.insert_or_assign("country", MmdbMap{{"iso_code", code}});
        BOOST_TEST(!place_of(record).has_value());
    }
}

BOOST_AUTO_TEST_CASE(values_of_another_type_or_outside_their_range_are_no_place) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN(),
                     kInfinity = std::numeric_limits<double>::infinity();
    for (const MmdbValue& latitude : {MmdbValue("43.06"), MmdbValue(90.5), MmdbValue(-91.0), MmdbValue(kNaN),
                                      MmdbValue(kInfinity), MmdbValue(MmdbMap{}), MmdbValue(std::uint64_t{43})}) {
        MmdbMap record = sapporo();
        record.at("location") =
            MmdbMap{{"accuracy_radius", std::uint16_t{5}}, {"latitude", latitude}, {"longitude", 141.0}};
        BOOST_TEST(!place_of(record).has_value());
        BOOST_TEST(!place_of(flat(latitude, 141.0)).has_value());
    }
    BOOST_TEST(!place_of(flat(43.0, 180.1)).has_value());
    BOOST_TEST(!place_of(MmdbMap{}).has_value());
    BOOST_TEST(!place_of(MmdbArray{"JP"}).has_value());
    BOOST_TEST(!place_of("JP").has_value());
}

BOOST_AUTO_TEST_CASE(whole_numbers_are_coordinates_too) {
    MmdbMap record = sapporo();
    record.at("location") =
        MmdbMap{{"accuracy_radius", 20.5}, {"latitude", std::int32_t{-43}}, {"longitude", std::uint32_t{141}}};
    const auto place = place_of(record);
    BOOST_REQUIRE(place.has_value());
    BOOST_TEST(place->coordinates.latitude == -43);
    BOOST_TEST(place->coordinates.longitude == 141);
    BOOST_TEST(place->radius == 20.5);
}

BOOST_AUTO_TEST_CASE(a_subdivision_that_is_no_code_is_no_region) {
    for (const MmdbValue& subdivisions : {MmdbValue(MmdbArray{}), MmdbValue("01"), MmdbValue(MmdbArray{"01"}),
                                          MmdbValue(MmdbArray{MmdbMap{{"iso_code", "Hokkaido"}}})}) {
        MmdbMap record = sapporo();
        record.at("subdivisions") = subdivisions;
        const auto place = place_of(record);
        BOOST_REQUIRE(place.has_value());
        BOOST_TEST(place->region.empty());
    }
}

BOOST_AUTO_TEST_CASE(nested_networks_and_both_families) {
    MmdbMap osaka = sapporo();
    osaka.at("subdivisions") = MmdbArray{MmdbMap{{"iso_code", "27"}}};
    MmdbWriter writer;
    writer.insert(address("198.51.100.0/24"), sapporo());
    writer.insert(address("198.51.100.128/25"), osaka);
    writer.insert(address("2001:db8::/32"), sapporo());
    writer.insert(address("2001:db8:1::/48"), osaka);
    const auto database = open(writer);
    const auto found = [&](std::string_view text) {
        const auto place = database->lookup(address(text));
        return place ? std::string(place->region.view()) + ' ' + place->network.to_string() : "nowhere";
    };
    BOOST_TEST(found("198.51.100.127") == "JP-01 198.51.100.0/25");  // the tree knows no wider network any more
    BOOST_TEST(found("198.51.100.128") == "JP-27 198.51.100.128/25");
    BOOST_TEST(found("::ffff:198.51.100.128") == "JP-27 198.51.100.128/25");
    BOOST_TEST(found("198.51.101.0") == "nowhere");
    BOOST_TEST(found("2001:db8:1:2::3") == "JP-27 2001:db8:1::/48");
    BOOST_TEST(found("2001:db8:1::/56") == "JP-27 2001:db8:1::/48");
    BOOST_TEST(found("2001:db9::1") == "nowhere");
    BOOST_TEST(found("::") == "nowhere");
}

BOOST_AUTO_TEST_CASE(a_network_that_holds_all_of_ipv4) {
    MmdbWriter writer;
    writer.insert(address("::/8"), sapporo());
    BOOST_TEST(open(writer)->lookup(address("203.0.113.1"))->network.to_string() == "0.0.0.0/0");
}

BOOST_AUTO_TEST_CASE(a_database_of_ipv4_alone) {
    MmdbWriter writer("Test-City", 4);
    writer.insert(address("203.0.113.0/24"), sapporo());
    const auto database = open(writer);
    BOOST_TEST(database->lookup(address("203.0.113.9"))->network.to_string() == "203.0.113.0/24");
    BOOST_TEST(!database->lookup(address("2001:db8::1")).has_value());
}

BOOST_AUTO_TEST_CASE(places_outlive_the_database) {
    MmdbWriter writer;
    writer.insert(address("192.0.2.0/24"), sapporo());
    auto database = open(writer);
    BOOST_TEST(database->type() == "Test-City");
    BOOST_TEST(format_rfc3339(database->built()) == "2026-01-01T00:00:00.000000Z");
    const auto place = database->lookup(address("192.0.2.1"));
    database.reset();
    BOOST_TEST(place->region.view() == "JP-01");
}

BOOST_AUTO_TEST_CASE(files_that_are_no_database) {
    const auto refused = [&](const std::filesystem::path& path) {
        const auto database = MaxMindDatabase::open(path);
        BOOST_REQUIRE(!database.has_value());
        BOOST_TEST(database.error().starts_with(path.string() + ": found "), database.error());
        BOOST_TEST(database.error().ends_with(
            ", expected a MaxMind DB (format 2) with coordinates, such as GeoLite2-City.mmdb"));
        BOOST_TEST(database.error().find('\n') == std::string::npos);
        return database.error();
    };
    BOOST_TEST(refused(directory.path() / "none.mmdb").find("No such file or directory") != std::string::npos);
    refused(directory.path());
    test::write_file(file, "");
    refused(file);
    test::write_file(file, "prefix,country\n");
    refused(file);
    for (const char* type : {"GeoLite2-Country", "GeoLite2-ASN", "GeoIP2-ISP", "GeoIP2-Domain", "GeoIP2-Anonymous-IP",
                             "GeoIP2-Connection-Type"}) {
        MmdbWriter(type).write(file);
        BOOST_TEST(refused(file).find("a database of type \"" + std::string(type) + '"') != std::string::npos);
    }
    for (const char* type : {"GeoLite2-City", "GeoIP2-City-Asia-Pacific", "DBIP-City-Lite", "GeoIP2-Enterprise", ""}) {
        MmdbWriter(type).write(file);
        BOOST_TEST(MaxMindDatabase::open(file).has_value(), type);
    }
}

// What is cut off anywhere is no database; other damage is in hostile_database_test.cpp.
BOOST_AUTO_TEST_CASE(files_cut_off) {
    MmdbWriter writer;
    writer.insert(address("192.0.2.0/24"), sapporo());
    writer.insert(address("2001:db8::/32"), flat(34.69F, 135.5F));
    const std::string whole = writer.bytes();
    const auto opens = [&](const std::string& bytes) {
        test::write_file(file, bytes);
        return MaxMindDatabase::open(file).has_value();
    };
    BOOST_TEST(opens(whole));
    for (std::size_t length = 0; length < whole.size(); length += 7)
        BOOST_TEST(!opens(whole.substr(0, length)), length);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
