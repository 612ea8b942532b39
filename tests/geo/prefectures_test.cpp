#include "geo/prefectures.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

#include "geo/distance.hpp"

namespace guard::geo {
namespace {

BOOST_AUTO_TEST_SUITE(prefecture_table)

BOOST_AUTO_TEST_CASE(all_forty_seven_each_once) {
    BOOST_REQUIRE(prefectures().size() == 47U);
    std::set<std::string_view> english, japanese;
    for (std::size_t i = 0; i < 47; ++i) {
        const Prefecture& row = prefectures()[i];
        const std::string iso = i < 9 ? "JP-0" + std::to_string(i + 1) : "JP-" + std::to_string(i + 1);
        BOOST_TEST(row.iso == iso);
        BOOST_TEST(prefecture(iso) == &row);
        english.insert(row.english);
        japanese.insert(row.japanese);
        BOOST_TEST(row.radius == (i == 0 ? 120.0 : 50.0), iso);
    }
    BOOST_TEST(english.size() == 47U);
    BOOST_TEST(japanese.size() == 47U);
}

BOOST_AUTO_TEST_CASE(names_have_the_endings_of_japanese_prefectures) {
    for (const Prefecture& row : prefectures()) {
        const std::string_view ending = row.iso == "JP-01"                         ? "道"
                                        : row.iso == "JP-13"                       ? "都"
                                        : row.iso == "JP-26" || row.iso == "JP-27" ? "府"
                                                                                   : "県";
        BOOST_TEST(row.japanese.ends_with(ending), row.iso);
    }
}

// A slipped digit would put a capital far from the places whose distance is known.
BOOST_AUTO_TEST_CASE(capitals_lie_where_they_are_known_to_lie) {
    const auto apart = [](std::string_view a, std::string_view b) {
        return great_circle(prefecture(a)->capital, prefecture(b)->capital);
    };
    BOOST_TEST(apart("JP-01", "JP-46") == 1590, boost::test_tools::tolerance(0.01));  // Sapporo, Kagoshima
    BOOST_TEST(apart("JP-13", "JP-27") == 396, boost::test_tools::tolerance(0.01));   // Tokyo, Osaka
    BOOST_TEST(apart("JP-40", "JP-47") == 861, boost::test_tools::tolerance(0.01));   // Fukuoka, Naha
    BOOST_TEST(apart("JP-25", "JP-26") == 10.5, boost::test_tools::tolerance(0.05));  // Otsu, Kyoto
    for (const Prefecture& row : prefectures()) {
        BOOST_TEST(row.capital.latitude > 26, row.iso);
        BOOST_TEST(row.capital.latitude < 43.1, row.iso);
        BOOST_TEST(row.capital.longitude > 127.6, row.iso);
        BOOST_TEST(row.capital.longitude < 141.4, row.iso);
        double nearest = kEarthRadius;
        for (const Prefecture& other : prefectures())
            if (&other != &row) nearest = std::min(nearest, great_circle(row.capital, other.capital));
        // Each has a neighbour; only Sapporo and Naha are far from all others.
        BOOST_TEST(nearest > 9, row.iso);
        BOOST_TEST(nearest < (row.iso == "JP-47" ? 700 : row.iso == "JP-01" ? 260 : 130), row.iso);
    }
}

BOOST_AUTO_TEST_CASE(names_for_sentences) {
    BOOST_TEST(english_name("JP-01") == "Hokkaido");
    BOOST_TEST(japanese_name("JP-01") == "北海道");
    BOOST_TEST(japanese_name("JP-46") == "鹿児島県");
    for (const char* other : {"US-CA", "US", "JP", "JP-00", "JP-48", "JP-1", "JP-011", "jp-01", ""}) {
        BOOST_TEST(!prefecture(other), other);
        BOOST_TEST(english_name(other) == other);
        BOOST_TEST(japanese_name(other) == other);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
