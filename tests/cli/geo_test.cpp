// guardctl geo as a user types it.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analyzer/detection/history.hpp"
#include "geo/pool_table.hpp"
#include "tests/geo/mmdb_writer.hpp"
#include "tests/support/process.hpp"

namespace guard::test {
namespace {

using nlohmann::json;

constexpr const char* kPools =
    "prefix,country,region,city,postal,lat,lon,radius_km,nas\n"
    "10.1.0.0/16,JP,JP-01,Sapporo,,43.064,141.347,150,bras-sapporo\n"
    "10.46.0.0/16,JP,JP-46,Kagoshima,,31.560,130.558,80,bras-kagoshima\n"
    "10.46.7.0/24,JP,JP-47,Naha,,,,,bras-naha\n"
    "10.99.0.0/16\n"
    "10.98.0.0/16,US,US-CA\n"
    "10.97.0.0/16,JP,,,,35,139,10\n"
    "2001:db8::/32,JP,JP-13\n"
    "2001:db8:1::/48,JP,JP-14,Yokohama,,,,,bras-yokohama\n";

MmdbMap record(const char* country, const char* region, std::uint16_t radius, bool city) {
    MmdbMap map{{"country", MmdbMap{{"iso_code", country}}},
                {"location", MmdbMap{{"latitude", 37.5}, {"longitude", -120.25}, {"accuracy_radius", radius}}},
                {"subdivisions", MmdbArray{MmdbMap{{"iso_code", region}}}}};
    if (city) map.emplace("city", MmdbMap{{"geoname_id", std::uint32_t{1}}});
    return map;
}

struct Files {
    TemporaryDirectory directory{"geo"};

    Files() {
        write("pools.csv", kPools);
        MmdbWriter database("Test-City");
        database.insert(IpAddress::parse("192.0.2.0/25").value(), record("US", "CA", 20, true));
        database.insert(IpAddress::parse("198.51.100.0/24").value(), record("US", "CA", 500, false));
        database.write(path("places.mmdb"));
    }
    std::string path(const std::string& name) const { return (directory.path() / name).string(); }
    void write(const std::string& name, const std::string& text) const { write_file(path(name), text); }
    Result geo(std::vector<std::string> arguments, const std::string& input = {}) const {
        ProcessOptions options;
        options.directory = directory.path();
        options.input = input;
        arguments.insert(arguments.begin(), {std::string(GUARD_BINARY_DIR) + "/bin/guardctl", "geo"});
        return run(arguments, options);
    }
    // One object for each line of the answer.
    std::vector<json> objects(std::vector<std::string> arguments, int status, const std::string& input = {}) const {
        arguments.emplace_back("--json");
        const Result result = geo(std::move(arguments), input);
        BOOST_TEST(result.status == status, result.output);
        std::vector<json> objects;
        std::istringstream lines(result.output);
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with('{')) objects.push_back(json::parse(line));
        return objects;
    }
    json object(std::vector<std::string> arguments, int status) const {
        const auto all = objects(std::move(arguments), status);
        BOOST_REQUIRE(all.size() == 1);
        return all.front();
    }
};

bool has(const Result& result, const std::string& text) {
    return result.output.find(text) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(geo, Files)

BOOST_AUTO_TEST_CASE(an_address_in_a_pool_is_told_with_its_row) {
    const json answer = object({"lookup", "--pools", "pools.csv", "10.1.2.3"}, 0);
    BOOST_TEST(answer.at("place") == json::parse(R"({"country":"JP","region":"JP-01","region_name":"Hokkaido",
        "latitude":43.064,"longitude":141.347,"radius_km":150.0,"country_only":false})"));
    BOOST_TEST(answer.at("source") == json::parse(R"({"kind":"pool","file":"pools.csv","line":2,
        "prefix":"10.1.0.0/16","nas":"bras-sapporo"})"));
    BOOST_TEST(answer.at("generation") == 1);
    // The longest pool counts.
    BOOST_TEST(object({"lookup", "--pools", "pools.csv", "10.46.7.9"}, 0).at("source").at("line") == 4);
}

BOOST_AUTO_TEST_CASE(an_address_of_the_database_is_told_with_its_network_and_build) {
    const json answer = object({"lookup", "--pools", "pools.csv", "--geo", "places.mmdb", "192.0.2.7"}, 0);
    BOOST_TEST(answer.at("place").at("region") == "US-CA");
    BOOST_TEST(answer.at("place").at("region_name").is_null());
    BOOST_TEST(answer.at("place").at("radius_km") == 20);
    BOOST_TEST(answer.at("place").at("country_only") == false);
    BOOST_TEST(answer.at("source") == json::parse(R"({"kind":"database","type":"Test-City",
        "built":"2026-01-01T00:00:00.000000Z","network":"192.0.2.0/25"})"));
    BOOST_TEST(object({"lookup", "--geo", "places.mmdb", "198.51.100.7"}, 0).at("place").at("country_only") == true);
    // A pool that names California without coordinates has those of its addresses.
    BOOST_TEST(object({"lookup", "--pools", "pools.csv", "--geo", "places.mmdb", "10.98.1.1"}, 0)
                       .at("place")
                       .at("latitude")
                       .get<double>() == 37.5,
               boost::test_tools::tolerance(0.001));
}

BOOST_AUTO_TEST_CASE(nowhere_is_told_with_its_reason_and_exit_code_1) {
    const auto reason = [&](const std::string& address, bool with_database) {
        std::vector<std::string> arguments{"lookup", "--pools", "pools.csv", address};
        if (with_database) arguments.insert(arguments.end(), {"--geo", "places.mmdb"});
        const json answer = object(arguments, 1);
        BOOST_TEST(answer.at("place").is_null());
        BOOST_TEST(!answer.at("explanation").get<std::string>().empty());
        return answer.at("reason").get<std::string>();
    };
    BOOST_TEST(reason("203.0.113.1", false) == "outside_every_pool");
    BOOST_TEST(reason("203.0.113.1", true) == "unknown_to_database");
    BOOST_TEST(reason("10.99.1.1", true) == "no_location_on_purpose");
    BOOST_TEST(reason("10.98.1.1", false) == "no_coordinates");
    BOOST_TEST(reason("10.1.0.0/15", false) == "outside_every_pool");
    BOOST_TEST(reason("10.46.0.0/15", false) == "wider_than_pool");
}

BOOST_AUTO_TEST_CASE(standard_input_has_an_address_a_line_and_bad_ones_are_named) {
    const auto answers = objects({"lookup", "--pools", "pools.csv", "-"}, 0, "10.1.2.3\r\n\n  10.46.7.9 \n");
    BOOST_TEST(answers.size() == 2U);
    const Result bad = geo({"lookup", "--pools", "pools.csv", "10.1.2.3", "-"}, "10.1.2.3\n10.1.2\n10.46.7.9\n");
    BOOST_TEST(bad.status == 2);
    BOOST_TEST(has(bad, "standard input:2: found \"10.1.2\", expected an IPv4 or IPv6 address or prefix"), bad.output);
    BOOST_TEST(has(bad, "JP-47 Okinawa"), bad.output);
    BOOST_TEST(geo({"lookup", "--pools", "pools.csv", "10.1.2.3/33"}).status == 2);
}

BOOST_AUTO_TEST_CASE(an_answer_that_cannot_be_written_is_no_success) {
    const Result full = run({"sh", "-c", "\"$0\" geo lookup --pools \"$1\" 10.1.2.3 > /dev/full",
                             std::string(GUARD_BINARY_DIR) + "/bin/guardctl", path("pools.csv")});
    BOOST_TEST(full.status == 2, full.output);
    BOOST_TEST(has(full, "could not be written"), full.output);
}

BOOST_AUTO_TEST_CASE(the_columns_of_the_table_are_aligned) {
    const Result table =
        geo({"lookup", "--pools", "pools.csv", "10.1.2.3", "2001:db8:1::7", "203.0.113.1", "10.46.0.1"});
    std::istringstream lines(table.output);
    std::string heading, line;
    std::getline(lines, heading);
    for (const char* source :
         {"pools.csv:2 10.1.0.0/16 bras-sapporo", "pools.csv:9 ", "nowhere: outside", "pools.csv:3"}) {
        std::getline(lines, line);
        BOOST_TEST(line.find(source) == heading.find("SOURCE"), table.output);
    }
}

BOOST_AUTO_TEST_CASE(the_files_are_those_of_the_configuration_unless_named) {
    write("guard.toml", "[geo]\npools = \"pools.csv\"\nmmdb = \"places.mmdb\"\n");
    write("other.csv", "10.1.0.0/16,JP,JP-13\n");
    BOOST_TEST(object({"lookup", "--config", "guard.toml", "192.0.2.7"}, 0).at("source").at("kind") == "database");
    BOOST_TEST(
        object({"lookup", "--config", "guard.toml", "--pools", "other.csv", "10.1.2.3"}, 0).at("place").at("region") ==
        "JP-13");
    write("empty.toml", "");
    const Result none = geo({"lookup", "--config", "empty.toml", "192.0.2.7"});
    BOOST_TEST(none.status == 2);
    BOOST_TEST(has(none, "--pools or --geo"), none.output);
    write("bad.csv", "ten,JP\n10.2.0.0/16,JPN\n");
    const Result bad = geo({"lookup", "--pools", "bad.csv", "--geo", "none.mmdb", "192.0.2.7"});
    BOOST_TEST(bad.status == 2);
    for (const char* mistake : {"bad.csv:1: found", "bad.csv:2: found", "none.mmdb: found"})
        BOOST_TEST(has(bad, mistake), bad.output);
}

BOOST_AUTO_TEST_CASE(check_names_every_mistake_with_its_line) {
    write("bad.csv", std::string(kPools) + "10.1.0.0/16,JP,JP-01\nten,JP\n10.5.0.0/16,JP,JP-48\n");
    const Result bad = geo({"check", "bad.csv"});
    BOOST_TEST(bad.status == 1);
    for (const char* line : {"bad.csv:10:", "bad.csv:11:", "bad.csv:12:"}) BOOST_TEST(has(bad, line), bad.output);
    BOOST_TEST(!has(bad, "Hokkaido"), bad.output);
    BOOST_TEST(geo({"check", "none.csv"}).status == 1);
    BOOST_TEST(geo({"check", "pools.csv", "--geo", "none.mmdb"}).status == 2);
}

BOOST_AUTO_TEST_CASE(check_sums_up_what_a_file_covers) {
    const json summary = object({"check", "pools.csv"}, 0);
    BOOST_TEST(summary.at("pools") == 8);
    BOOST_TEST(summary.at("ipv4_addresses") == 5 * 65536);  // what is nested counts once
    BOOST_TEST(summary.at("ipv6_networks_of_64") == 4294967296);
    const auto region = [&](const json& code) {
        for (const json& one : summary.at("regions"))
            if (one.at("region") == code) return one;
        return json();
    };
    BOOST_TEST(region("JP-46").at("ipv4_addresses") == 65536 - 256);
    BOOST_TEST(region("JP-47").at("ipv4_addresses") == 256);
    BOOST_TEST(region("JP-47").at("name") == "Okinawa");
    BOOST_TEST(region("JP-13").at("ipv6_networks_of_64") == 4294967296 - 65536);
    BOOST_TEST(region("JP").at("pools") == 1);
    BOOST_TEST(region(nullptr).at("pools") == 2);
    BOOST_TEST(summary.at("no_location_on_purpose") == 1);
    BOOST_TEST(summary.at("nases") == json({"bras-kagoshima", "bras-naha", "bras-sapporo", "bras-yokohama"}));
    BOOST_TEST(summary.at("without_nas") == 4);
    BOOST_TEST(summary.at("nested") ==
               json::parse(R"([{"line":4,"prefix":"10.46.7.0/24","in_line":3,"in_prefix":"10.46.0.0/16"},
                   {"line":9,"prefix":"2001:db8:1::/48","in_line":8,"in_prefix":"2001:db8::/32"}])"));
    BOOST_TEST(summary.at("warnings").size() == 1U);
    // A database knows where California is.
    BOOST_TEST(object({"check", "pools.csv", "--geo", "places.mmdb"}, 0).at("warnings").empty());

    const Result text = geo({"check", "pools.csv"});
    for (const char* part : {"8 pools, 327,680 IPv4 addresses, 4,294,967,296 IPv6", "1 pool of no location on purpose",
                             "4 NASes: bras-kagoshima, ", "pools.csv:4: 10.46.7.0/24 lies in 10.46.0.0/16 of line 3",
                             "1 warning\npools.csv:6: 10.98.0.0/16"})
        BOOST_TEST(has(text, part), text.output);
}

BOOST_AUTO_TEST_CASE(check_takes_a_plain_geofeed) {
    write("geofeed.csv",
          "# of RFC 8805\n192.0.2.0/25,JP,JP-01,Sapporo,\n2001:db8::/32,JP,JP-13,Tokyo,\n192.0.2.128/25,,,,\n");
    const json summary = object({"check", "geofeed.csv"}, 0);
    BOOST_TEST(summary.at("pools") == 3);
    BOOST_TEST(summary.at("no_location_on_purpose") == 1);
    BOOST_TEST(summary.at("without_nas") == 3);
    BOOST_TEST(summary.at("warnings").empty());
}

BOOST_AUTO_TEST_CASE(a_step_is_impossible_for_as_long_as_the_detector_says) {
    const json answer = object({"distance", "--pools", "pools.csv", "10.1.2.3", "10.46.1.1"}, 0);
    BOOST_TEST(answer.at("distance_km").get<double>() == 1593, boost::test_tools::tolerance(0.001));
    BOOST_TEST(answer.at("least_distance_km").get<double>() == 1363, boost::test_tools::tolerance(0.001));
    BOOST_TEST(answer.at("same_region") == false);
    BOOST_TEST(answer.at("pppoe").at("far") == true);
    const std::chrono::seconds longest{answer.at("pppoe").at("impossible_within_seconds").get<std::int64_t>()};

    const auto table = guard::geo::PoolTable::load(path("pools.csv"));
    BOOST_REQUIRE(table.has_value());
    const auto impossible = [&](std::chrono::seconds span) {
        return detection::History::impossible_step(*table->pools()[0].place, Time{}, *table->pools()[1].place,
                                                   Time{} + span, config::PppoeSettings{})
            .has_value();
    };
    BOOST_TEST(impossible(longest));
    BOOST_TEST(!impossible(longest + std::chrono::seconds{1}));

    const Result text = geo({"distance", "--pools", "pools.csv", "10.1.2.3", "10.46.1.1"});
    for (const char* part :
         {"1,363 km", "far apart", "impossible within 2 h 41 min 32 s", "possible in any time: the same country"})
        BOOST_TEST(has(text, part), text.output);
}

BOOST_AUTO_TEST_CASE(the_settings_decide_what_is_far) {
    const std::string pools = "[geo]\npools = \"pools.csv\"\n[detection.pppoe]\n";
    const auto pppoe = [&](const std::string& setting) {
        write("guard.toml", pools + setting);
        return object({"distance", "--config", "guard.toml", "10.1.2.3", "10.46.1.1"}, 0).at("pppoe");
    };
    BOOST_TEST(pppoe("min_distance_km = 1362").at("far") == true);
    const json near = pppoe("min_distance_km = 1363");
    BOOST_TEST(near.at("far") == false);
    BOOST_TEST(near.at("impossible_within_seconds").is_null());
    BOOST_TEST(pppoe("max_speed_kmh = 1000").at("impossible_within_seconds") ==
               (pppoe("max_speed_kmh = 500").at("impossible_within_seconds").get<int>() + 120) / 2 - 120);
}

BOOST_AUTO_TEST_CASE(what_is_not_compared_is_told_with_its_reason) {
    const auto explanation = [&](const std::string& other) {
        const json answer = object({"distance", "--pools", "pools.csv", "--geo", "places.mmdb", "10.1.2.3", other},
                                   other.starts_with("10.99") ? 1 : 0);
        BOOST_TEST(answer.at("pppoe").at("compared") == false);
        BOOST_TEST(!answer.at("pppoe").contains("far"));
        return answer.at("pppoe").at("explanation").get<std::string>();
    };
    BOOST_TEST(explanation("192.0.2.7") == "192.0.2.7 is outside every pool");
    BOOST_TEST(explanation("10.97.0.1") == "the pool of 10.97.0.1 names no region");
    BOOST_TEST(explanation("10.99.0.1") == "the pool of 10.99.0.1 has no place");
    const json wide = object({"distance", "--geo", "places.mmdb", "192.0.2.7", "198.51.100.7"}, 0);
    BOOST_TEST(wide.at("country_only") == true);
    BOOST_TEST(wide.at("same_region") == true);
    BOOST_TEST(wide.at("smtp_auth").at("same_country") == true);
    BOOST_TEST(wide.at("smtp_auth").at("impossible_within_seconds").is_null());
    // Of 198.51.100.7 the country alone is known, which is no larger here: at 1,000 km/h, less what clocks may be off.
    const json alone =
        object({"distance", "--pools", "pools.csv", "--geo", "places.mmdb", "10.1.2.3", "198.51.100.7"}, 0);
    BOOST_TEST(alone.at("smtp_auth").at("impossible_within_seconds").get<double>() ==
                   alone.at("least_distance_km").get<double>() * 3.6 - 120,
               boost::test_tools::tolerance(1e-3));
    BOOST_TEST(geo({"distance", "--pools", "pools.csv", "10.1.2.3"}).status == 2);
    BOOST_TEST(geo({"distance", "--pools", "pools.csv", "10.1.2.3", "ten"}).status == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
