#include "geo/pool_table.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <set>
#include <sstream>

#include "geo/csv.hpp"
#include "geo/prefectures.hpp"
#include "tests/support/process.hpp"

namespace guard::geo {
namespace {

using Fields = std::vector<std::string>;

PoolTable good(const std::string& text) {
    std::istringstream in(text);
    auto table = PoolTable::parse(in, "pools.csv");
    if (!table) BOOST_FAIL(table.error().front());
    return std::move(*table);
}

Fields mistakes(const std::string& text) {
    std::istringstream in(text);
    const auto table = PoolTable::parse(in, "pools.csv");
    BOOST_REQUIRE_MESSAGE(!table.has_value(), "no mistake was seen in " << text);
    return table.error();
}

// The one mistake of a file with one line, without its place.
std::string mistake(const std::string& line) {
    const Fields all = mistakes(line + '\n');
    BOOST_TEST(all.size() == 1U, all.back());
    constexpr std::string_view kPlace = "pools.csv:1: ";
    BOOST_TEST(all.front().starts_with(kPlace), all.front());
    return all.front().substr(kPlace.size());
}

const Pool* find(const PoolTable& table, std::string_view address) {
    return table.find(IpAddress::parse(address).value());
}

std::string region(const PoolTable& table, std::string_view address) {
    const Pool* pool = find(table, address);
    return pool ? std::string(pool->region.view()) : "outside";
}

BOOST_AUTO_TEST_SUITE(pool_table)

BOOST_AUTO_TEST_CASE(csv_fields) {
    BOOST_TEST(*split_csv("") == Fields{""}, boost::test_tools::per_element());
    BOOST_TEST(*split_csv(" a ,b\t,, c d ") == (Fields{"a", "b", "", "c d"}), boost::test_tools::per_element());
    BOOST_TEST(*split_csv("a,b # c,d") == (Fields{"a", "b"}), boost::test_tools::per_element());
    BOOST_TEST(*split_csv("# a") == Fields{""}, boost::test_tools::per_element());
    BOOST_TEST(*split_csv("a,") == (Fields{"a", ""}), boost::test_tools::per_element());
    BOOST_TEST(*split_csv(R"( "a, ""b"" #1" ,c)") == (Fields{R"(a, "b" #1)", "c"}), boost::test_tools::per_element());
    BOOST_TEST(*split_csv(R"("",x)") == (Fields{"", "x"}), boost::test_tools::per_element());
    BOOST_TEST(*split_csv(R"("a"#b)") == Fields{"a"}, boost::test_tools::per_element());
    BOOST_TEST(*split_csv(R"(a"b,c)") == (Fields{R"(a"b)", "c"}), boost::test_tools::per_element());
    BOOST_TEST(!split_csv(R"("a)").has_value());
    BOOST_TEST(!split_csv(R"("a"b,c)").has_value());
    BOOST_TEST(!split_csv(R"x(a,"b"")x").has_value());
}

BOOST_AUTO_TEST_CASE(a_full_row) {
    const PoolTable table = good(
        "prefix,country,region,city,postal,lat,lon,radius_km,nas\n"
        "192.0.2.0/24,jp,jp-46,\"Kanoya, east\",893-0001,31.38,130.85,15.5,bras-kagoshima-1\n");
    BOOST_TEST(table.pools().size() == 1U);
    BOOST_TEST(table.warnings().empty());
    const Pool* pool = find(table, "192.0.2.255");
    BOOST_REQUIRE(pool);
    BOOST_TEST(pool->prefix.to_string() == "192.0.2.0/24");
    BOOST_TEST(pool->country.view() == "JP");
    BOOST_TEST(pool->region.view() == "JP-46");
    BOOST_TEST(pool->city == "Kanoya, east");
    BOOST_TEST(pool->nas == "bras-kagoshima-1");
    BOOST_TEST(pool->line == 2U);
    BOOST_REQUIRE(pool->place.has_value());
    BOOST_TEST(pool->place->country.view() == "JP");
    BOOST_TEST(pool->place->region.view() == "JP-46");
    BOOST_TEST(pool->place->coordinates.latitude == 31.38);
    BOOST_TEST(pool->place->coordinates.longitude == 130.85);
    BOOST_TEST(pool->place->radius == 15.5);
    BOOST_TEST(!pool->place->country_only);
    BOOST_TEST((pool->place->source == Place::Source::pool));
    BOOST_TEST((pool->place->network == pool->prefix));
}

BOOST_AUTO_TEST_CASE(a_plain_geofeed_loads_unchanged) {
    const PoolTable table = good(
        "# a geofeed as RFC 8805 has them\r\n"
        "192.0.2.0/25,JP,JP-13,Tokyo,\r\n"
        "\r\n"
        "192.0.2.128,JP,JP-27,Osaka,530-0001 # one host\r\n"
        "2001:db8::/32,JP,JP-01,,\r\n"
        "198.51.100.0/24\r\n");
    BOOST_TEST(table.pools().size() == 4U);
    BOOST_TEST(region(table, "192.0.2.127") == "JP-13");
    BOOST_TEST(region(table, "192.0.2.128") == "JP-27");
    BOOST_TEST(region(table, "192.0.2.129") == "outside");
    BOOST_TEST(region(table, "2001:db8:ffff::1") == "JP-01");
    BOOST_TEST(find(table, "2001:db8::1")->place->radius == 120);
    BOOST_TEST(find(table, "192.0.2.1")->place->radius == 50);
    BOOST_TEST((find(table, "192.0.2.1")->place->coordinates == prefecture("JP-13")->capital));
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_and_a_missing_last_line_end) {
    BOOST_TEST(region(good("\xEF\xBB\xBF"
                           "192.0.2.0/24,JP,JP-13"),
                      "192.0.2.1") == "JP-13");
    BOOST_TEST(region(good("\xEF\xBB\xBFprefix,country,region\n192.0.2.0/24,JP,JP-13"), "192.0.2.1") == "JP-13");
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_an_empty_table) {
    BOOST_TEST(good("").pools().empty());
    BOOST_TEST(good("\n# nothing\n \t \n").pools().empty());
    BOOST_TEST(!find(good(""), "192.0.2.1"));
    BOOST_TEST(!PoolTable{}.find(IpAddress{}));
}

BOOST_AUTO_TEST_CASE(columns_behind_the_ninth_are_ignored) {
    const PoolTable table = good("192.0.2.0/24,JP,JP-13,,,35.7,139.7,10,bras,what,\"ever, this\",is\n");
    BOOST_TEST(find(table, "192.0.2.1")->nas == "bras");
}

BOOST_AUTO_TEST_CASE(deliberately_of_no_location) {
    const PoolTable table = good("10.0.0.0/8,JP,JP-13\n10.1.0.0/16\n10.2.0.0/16,,,,,,,,bras\n");
    BOOST_REQUIRE(find(table, "10.1.2.3"));
    BOOST_TEST(!find(table, "10.1.2.3")->place.has_value());
    BOOST_TEST(find(table, "10.2.2.3")->nas == "bras");
    BOOST_TEST(!find(table, "10.2.2.3")->place.has_value());
    BOOST_TEST(find(table, "10.3.0.0")->place.has_value());
    BOOST_TEST(table.warnings().empty());
}

BOOST_AUTO_TEST_CASE(a_location_without_coordinates_is_no_place_and_says_so) {
    const PoolTable table =
        good("192.0.2.0/24,US,US-CA,San Jose\n198.51.100.0/24,JP\n203.0.113.0/24,US,US-CA,,,37.3,-121.9\n");
    BOOST_REQUIRE(find(table, "192.0.2.1"));
    BOOST_TEST(!find(table, "192.0.2.1")->place.has_value());
    BOOST_TEST(find(table, "192.0.2.1")->region.view() == "US-CA");
    BOOST_TEST(!find(table, "198.51.100.1")->place.has_value());
    BOOST_TEST(find(table, "203.0.113.1")->place->radius == kDefaultPoolRadius);
    BOOST_REQUIRE(table.warnings().size() == 2U);
    BOOST_TEST(table.warnings()[0] ==
               "pools.csv:1: 192.0.2.0/24 gives US-CA without coordinates: its addresses have no place");
    BOOST_TEST(table.warnings()[1] ==
               "pools.csv:2: 198.51.100.0/24 gives JP without coordinates: its addresses have no place");
}

BOOST_AUTO_TEST_CASE(radius_by_default_and_by_the_row) {
    const PoolTable table = good(
        "192.0.2.0/26,JP,JP-01\n192.0.2.64/26,JP,JP-01,,,,,0\n192.0.2.128/26,JP,JP-01,,,43,143\n"
        "192.0.2.192/26,JP,,,,36,138,20000\n");
    BOOST_TEST(find(table, "192.0.2.0")->place->radius == 120);
    BOOST_TEST(find(table, "192.0.2.64")->place->radius == 0);
    BOOST_TEST(find(table, "192.0.2.128")->place->radius == 120);
    BOOST_TEST(find(table, "192.0.2.128")->place->coordinates.longitude == 143);
    BOOST_TEST(find(table, "192.0.2.192")->place->radius == 20000);
}

BOOST_AUTO_TEST_CASE(country_only_from_two_hundred_kilometres_without_a_city) {
    const auto country_only = [](const std::string& rest) {
        return find(good("192.0.2.0/24,JP,," + rest + "\n"), "192.0.2.1")->place->country_only;
    };
    BOOST_TEST(!country_only(",,36,138,199.9"));
    BOOST_TEST(country_only(",,36,138,200"));
    BOOST_TEST(!country_only("Nagano,,36,138,200"));
}

BOOST_AUTO_TEST_CASE(mistakes_of_a_row) {
    BOOST_TEST(mistake("192.0.2.0/33,JP") ==
               R"(found "192.0.2.0/33", expected an IPv4 or IPv6 prefix with no bits set behind its length)");
    BOOST_TEST(mistake("192.0.2.1/24,JP").starts_with(R"(found "192.0.2.1/24", expected an IPv4 or IPv6 prefix)"));
    BOOST_TEST(mistake("2001:db8::1/64,JP").starts_with(R"(found "2001:db8::1/64", expected)"));
    BOOST_TEST(mistake("::ffff:192.0.2.0/90,JP").starts_with(R"(found "::ffff:192.0.2.0/90", expected)"));
    BOOST_TEST(mistake(",JP").starts_with(R"(found "", expected an IPv4 or IPv6 prefix)"));
    BOOST_TEST(mistake("localhost,JP").starts_with(R"(found "localhost", expected an IPv4 or IPv6 prefix)"));
    BOOST_TEST(mistake("192.0.2.0/24,JPN") ==
               R"(found "JPN", expected a country of two letters (ISO 3166-1), such as "JP")");
    BOOST_TEST(mistake("192.0.2.0/24,J1").starts_with(R"(found "J1", expected a country)"));
    BOOST_TEST(mistake("192.0.2.0/24,日本").starts_with(R"(found "日本", expected a country)"));
    BOOST_TEST(mistake("192.0.2.0/24,JP,01") == R"(found "01", expected a region of ISO 3166-2, such as "JP-01")");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-").starts_with(R"(found "JP-", expected a region)"));
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-0-1").starts_with(R"(found "JP-0-1", expected a region)"));
    BOOST_TEST(mistake("192.0.2.0/24,JP,Hokkaido").starts_with(R"(found "Hokkaido", expected a region)"));
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-0001").starts_with(R"(found "JP-0001", expected a region)"));
    BOOST_TEST(mistake("192.0.2.0/24,JP,US-CA") == R"(found "US-CA", expected a region of the row's country, JP-...)");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-48") == R"(found "JP-48", expected a prefecture, JP-01 to JP-47)");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-1") == R"(found "JP-1", expected a prefecture, JP-01 to JP-47)");
    BOOST_TEST(mistake("192.0.2.0/24,,JP-01") == R"(found "", expected a country, since the row gives a location)");
    BOOST_TEST(mistake("192.0.2.0/24,,,Tokyo") == R"(found "", expected a country, since the row gives a location)");
    BOOST_TEST(mistake("192.0.2.0/24,,,,,35,139") == R"(found "", expected a country, since the row gives a location)");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-13,\x80") ==
               R"(found "\x80", expected UTF-8 text without control characters)");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-13,,,,,,\x1b[2J") ==
               R"(found "\x1b[2J", expected UTF-8 text without control characters)");
    BOOST_TEST(mistake("192.0.2.0/24,\"JP") ==
               R"(found "192.0.2.0/24,\x22JP", expected every quote to be closed before a comma)");
}

BOOST_AUTO_TEST_CASE(mistakes_of_numbers) {
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-13,,,90.1,139") ==
               R"(found "90.1", expected a latitude of -90 to 90 degrees)");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-13,,,35,-180.5") ==
               R"(found "-180.5", expected a longitude of -180 to 180 degrees)");
    for (const char* number : {"north", "35N", "35.0.0", "+35", "nan", "inf", "-inf", "0x23", "1e999", "35,5"})
        BOOST_TEST(mistake("192.0.2.0/24,JP,JP-13,,,\"" + std::string(number) + "\",139") ==
                   "found \"" + std::string(number) + "\", expected a latitude of -90 to 90 degrees");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-13,,,35,") ==
               R"(found "35,", expected both a latitude and a longitude, or neither)");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-13,,,,139") ==
               R"(found ",139", expected both a latitude and a longitude, or neither)");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-13,,,35,139,-1") == R"(found "-1", expected a radius of 0 to 20000 km)");
    BOOST_TEST(mistake("192.0.2.0/24,JP,JP-13,,,35,139,20000.1") ==
               R"(found "20000.1", expected a radius of 0 to 20000 km)");
    BOOST_TEST(mistake("192.0.2.0/24,US,US-CA,,,,,30") ==
               R"(found "30", expected no radius without coordinates, unless the region is a prefecture)");
}

BOOST_AUTO_TEST_CASE(limits_are_inclusive) {
    const PoolTable table = good("192.0.2.0/25,AQ,,,,-90,-180,0\n192.0.2.128/25,AQ,,,,90,180,20000\n");
    BOOST_TEST(find(table, "192.0.2.0")->place->coordinates.latitude == -90);
    BOOST_TEST(find(table, "192.0.2.128")->place->coordinates.longitude == 180);
}

BOOST_AUTO_TEST_CASE(all_mistakes_of_a_file_are_in_one_report) {
    const Fields all = mistakes(
        "192.0.2.0/24,JP,JP-13\n"
        "192.0.2.0/33,JPN,01,,,91,,-1\n"
        "# a comment\n"
        "192.0.2.0/24,JP,JP-27\n"
        "2001:db8::/129\n");
    BOOST_REQUIRE(all.size() == 8U);
    for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(all[i].starts_with("pools.csv:2: found "), all[i]);
    BOOST_TEST(all[6] == R"(pools.csv:4: found "192.0.2.0/24", expected each prefix once; it is on line 1 too)");
    BOOST_TEST(all[7].starts_with("pools.csv:5: found \"2001:db8::/129\""), all[7]);
}

BOOST_AUTO_TEST_CASE(duplicates_are_found_however_they_are_written) {
    BOOST_TEST(mistakes("192.0.2.1,JP\n192.0.2.1/32,JP\n").front().starts_with("pools.csv:2: found \"192.0.2.1\""));
    BOOST_TEST(mistakes("2001:db8::/32,JP\n2001:DB8:0::/32,JP\n").size() == 1U);
    BOOST_TEST(mistakes("192.0.2.0/24,JP\n::ffff:192.0.2.0/120,JP\n").size() == 1U);
    BOOST_TEST(good("192.0.2.0/24,JP\n192.0.2.0/25,JP\n").pools().size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_longest_match_wins) {
    const PoolTable table = good(
        "10.1.2.0/24,JP,JP-03\n0.0.0.0/0,JP,JP-13\n10.0.0.0/8,JP,JP-01\n10.1.0.0/16,JP,JP-02\n"
        "10.1.2.3,JP,JP-04\n10.1.3.0/24,JP,JP-05\n2001:db8::/32,JP,JP-06\n2001:db8:1::/48,JP,JP-07\n");
    BOOST_TEST(region(table, "10.1.2.3") == "JP-04");
    BOOST_TEST(region(table, "10.1.2.2") == "JP-03");
    BOOST_TEST(region(table, "10.1.2.4") == "JP-03");
    BOOST_TEST(region(table, "10.1.3.255") == "JP-05");
    BOOST_TEST(region(table, "10.1.4.0") == "JP-02");
    BOOST_TEST(region(table, "10.2.0.0") == "JP-01");
    BOOST_TEST(region(table, "11.0.0.0") == "JP-13");
    BOOST_TEST(region(table, "255.255.255.255") == "JP-13");
    BOOST_TEST(region(table, "0.0.0.0") == "JP-13");
    BOOST_TEST(region(table, "2001:db8:1:2::3") == "JP-07");
    BOOST_TEST(region(table, "2001:db8:2::") == "JP-06");
    BOOST_TEST(region(table, "2001:db9::") == "outside");
}

// A delegated prefix lies where the pool lies that holds all of it.
BOOST_AUTO_TEST_CASE(a_prefix_is_found_by_the_pool_that_holds_all_of_it) {
    const PoolTable table = good("2001:db8::/32,JP,JP-06\n2001:db8::/48,JP,JP-07\n2001:db8:0:ff00::/56,JP,JP-08\n");
    BOOST_TEST(region(table, "2001:db8:0:ff00::/56") == "JP-08");
    BOOST_TEST(region(table, "2001:db8:0:ff00::/60") == "JP-08");
    BOOST_TEST(region(table, "2001:db8:0:ff00::/55") == "JP-07");
    BOOST_TEST(region(table, "2001:db8::/48") == "JP-07");
    BOOST_TEST(region(table, "2001:db8::/47") == "JP-06");
    BOOST_TEST(region(table, "2001:db8::/31") == "outside");
}

BOOST_AUTO_TEST_CASE(families_do_not_mix) {
    const PoolTable table = good("0.0.0.0/0,JP,JP-01\n");
    BOOST_TEST(region(table, "::") == "outside");
    BOOST_TEST(region(table, "::ffff:192.0.2.1") == "JP-01");
    BOOST_TEST(region(good("::/0,JP,JP-01\n"), "0.0.0.0") == "outside");
}

// Against the plain definition: of all pools that hold the address, the one with the longest prefix.
BOOST_AUTO_TEST_CASE(agrees_with_brute_force) {
    constexpr std::uint64_t kSeed = 7;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    for (int round = 0; round < 20; ++round) {
        std::ostringstream text;
        std::set<IpAddress> prefixes;
        for (int i = 0; i < 400; ++i) {
            const bool v4 = random() % 2 == 0;
            const auto low = static_cast<std::uint32_t>(random() & 0x0303'0303U);  // few bits: much nesting
            std::array<std::uint8_t, 16> bytes{0x20, 1, 0x0d, 0xb8};
            bytes[5] = static_cast<std::uint8_t>(low >> 8U);
            bytes[7] = static_cast<std::uint8_t>(low);
            const auto length = static_cast<unsigned>(random() % (v4 ? 33 : 65));
            prefixes.insert(v4 ? IpAddress::ipv4(low, length) : IpAddress::from_bytes(bytes, length).value());
        }
        for (const IpAddress& prefix : prefixes) text << prefix.to_string() << ",JP,JP-13\n";
        const PoolTable table = good(text.str());
        BOOST_REQUIRE(table.pools().size() == prefixes.size());
        for (int i = 0; i < 2000; ++i) {
            const auto low = static_cast<std::uint32_t>(random() & 0x0707'0707U);
            const std::array<std::uint8_t, 16> bytes{
                0x20, 1, 0x0d, 0xb8, 0, static_cast<std::uint8_t>(low >> 8U), 0, static_cast<std::uint8_t>(low)};
            const auto length = static_cast<unsigned>(random() % 129);
            const IpAddress address =
                i % 2 == 0 ? IpAddress::ipv4(low, length / 4) : IpAddress::from_bytes(bytes, length).value();
            const IpAddress* longest = nullptr;
            for (const IpAddress& prefix : prefixes)
                if (prefix.contains(address) && (!longest || prefix.prefix_length() > longest->prefix_length()))
                    longest = &prefix;
            const Pool* found = table.find(address);
            BOOST_REQUIRE_MESSAGE((longest == nullptr) == (found == nullptr) && (!found || found->prefix == *longest),
                                  address.to_string());
        }
    }
}

BOOST_AUTO_TEST_CASE(files) {
    const test::TemporaryDirectory directory("pools");
    const auto file = directory.path() / "pools.csv";
    test::write_file(file, "192.0.2.0/24,JP,JP-13\n");
    BOOST_TEST(PoolTable::load(file).value().pools().size() == 1U);
    test::write_file(file, "192.0.2.0/24,XXX\n");
    BOOST_TEST(PoolTable::load(file).error().front().starts_with(file.string() + ":1: found \"XXX\", expected"));
    const auto none = PoolTable::load(directory.path() / "none.csv");
    BOOST_TEST(none.error().front() == (directory.path() / "none.csv").string() +
                                           ": found No such file or directory, expected a readable pool file");
    BOOST_TEST(PoolTable::load(directory.path()).error().front() ==
               directory.path().string() + ": found a directory, expected a readable pool file");
    BOOST_TEST(PoolTable::load("").error().front() == "found no file name, expected that of a pool file");
}

BOOST_AUTO_TEST_CASE(a_table_can_be_copied_and_moved) {
    PoolTable first = good("192.0.2.0/24,JP,JP-13\n");
    const PoolTable copy = first;
    const PoolTable moved = std::move(first);
    BOOST_TEST(region(copy, "192.0.2.1") == "JP-13");
    BOOST_TEST(region(moved, "192.0.2.1") == "JP-13");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
