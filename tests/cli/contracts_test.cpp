// The file of contracts: read, and refused with every mistake.
#include "cli/contracts.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "tests/support/process.hpp"

namespace guard::cli {
namespace {

struct Files {
    test::TemporaryDirectory directory{"contracts"};

    [[nodiscard]] auto load(const std::string& text) const {
        const auto file = directory.path() / "contracts.csv";
        test::write_file(file, text);
        return load_contracts(file, IdNormalisation{});
    }
    [[nodiscard]] std::vector<std::string> mistakes(const std::string& text) const {
        const auto loaded = load(text);
        BOOST_TEST_REQUIRE(!loaded.has_value());
        std::vector<std::string> shown;
        for (const std::string& mistake : loaded.error())
            shown.push_back(mistake.substr(mistake.find("contracts.csv")));
        return shown;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(contracts)

BOOST_AUTO_TEST_CASE(an_id_is_taken_to_the_byte) {
    const Files files;
    const auto loaded = files.load("id,sessions\na#1@isp.example,2\n b ,3\n");
    BOOST_TEST_REQUIRE(loaded.has_value());
    BOOST_TEST_REQUIRE((*loaded)(Service::pppoe, "a#1@isp.example").has_value());
    BOOST_TEST((*loaded)(Service::pppoe, "a#1@isp.example")->sessions == 2U);
    BOOST_TEST((*loaded)(Service::pppoe, " b ").has_value());
    BOOST_TEST(!(*loaded)(Service::pppoe, "a").has_value());
}

BOOST_AUTO_TEST_CASE(an_id_has_its_sessions_and_its_home) {
    const Files files;
    const auto loaded = files.load("id,sessions,home_region\nShop@Isp.Example,3,JP-01\n\n\"a,b\",1,\n");
    BOOST_TEST_REQUIRE(loaded.has_value());
    const ContractLookup& find = *loaded;
    BOOST_TEST_REQUIRE(find(Service::pppoe, "shop@isp.example").has_value());
    BOOST_TEST(find(Service::pppoe, "shop@isp.example")->sessions == 3U);
    BOOST_TEST(find(Service::pppoe, "shop@isp.example")->home_region.view() == "JP-01");
    BOOST_TEST(find(Service::pppoe, "a,b")->home_region.empty());
    BOOST_TEST(!find(Service::pppoe, "nobody").has_value());
    BOOST_TEST(!find(Service::smtp_auth, "shop@isp.example").has_value());
    BOOST_TEST(files.load("id,sessions\na,1000\n").has_value());
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_named_and_no_id) {
    const Files files;
    const auto mistakes =
        files.mistakes("id,sessions\nsecret,0\nsecret,1001\nsecret,two\nsecret\n,1\na,1\nA,2\nb,2,JP-01\n\"c,1\n");
    const std::vector<std::string> expected{
        "contracts.csv:2: found \"0\", expected a number of sessions from 1 to 1000",
        "contracts.csv:3: found \"1001\", expected a number of sessions from 1 to 1000",
        "contracts.csv:4: found \"two\", expected a number of sessions from 1 to 1000",
        "contracts.csv:5: found no row of 2 columns, expected one as the first line says",
        "contracts.csv:6: found an ID of 0 bytes, expected one of 1 to 253",
        "contracts.csv:8: found a second row of the same ID, expected one",
        "contracts.csv:9: found no row of 2 columns, expected one as the first line says",
        "contracts.csv:10: found no row of 2 columns, expected one as the first line says"};
    BOOST_TEST(mistakes == expected, boost::test_tools::per_element());
    BOOST_TEST(files.mistakes("a,1\n").front() ==
               "contracts.csv:1: found \"a,1\", expected the columns id,sessions[,home_region]");
    BOOST_TEST(files.mistakes("").front() == "contracts.csv: found an empty file, expected the columns id,sessions");
    BOOST_TEST(files.mistakes("id,sessions,home_region\na,1,Hokkaido-1\n").front().find("such as JP-01") !=
               std::string::npos);
    BOOST_TEST(!load_contracts("/nonexistent", IdNormalisation{}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::cli
