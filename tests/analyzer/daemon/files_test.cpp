// The files the analyzer reads and writes besides its configuration: NAS secrets, gateways, and whole files as such.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <system_error>

#include "config/nas_file.hpp"
#include "event/file.hpp"
#include "geo/gateways.hpp"
#include "tests/support/process.hpp"

namespace guard {
namespace {

using Lines = std::vector<std::string>;

struct Directory {
    test::TemporaryDirectory directory{"files"};
    std::filesystem::path file = directory.path() / "file";

    void write(std::string_view text, mode_t mode = 0600) const {
        test::write_file(file, text);
        BOOST_REQUIRE(::chmod(file.c_str(), mode) == 0);
    }
    [[nodiscard]] mode_t mode() const {
        struct stat status {};
        BOOST_REQUIRE(::stat(file.c_str(), &status) == 0);
        return status.st_mode & 07777;
    }
    [[nodiscard]] Lines nas_mistakes(std::string_view text) const {
        write(text);
        const auto list = config::load_nas_file(file);
        BOOST_REQUIRE_MESSAGE(!list.has_value(), "no mistake was seen in " << text);
        for (const std::string& mistake : list.error())
            BOOST_TEST(mistake.find("hidden") == std::string::npos, mistake);
        return list.error();
    }
};

constexpr std::string_view kTwo =
    "[sapporo-bras1]\naddress = \"192.0.2.1\"\nport = 1700\nsecret = \"hidden one\"\n"
    "[kagoshima]\naddress = \"2001:db8::1\"\nsecret = \"hidden two\"\n";

BOOST_FIXTURE_TEST_SUITE(nas_file, Directory)

BOOST_AUTO_TEST_CASE(holds_one_table_a_nas) {
    for (const mode_t mode : {0600U, 0400U}) {
        write(kTwo, mode);
        const auto list = config::load_nas_file(file);
        BOOST_REQUIRE(list.has_value());
        BOOST_REQUIRE(list->size() == 2U);
        const config::Nas& sapporo = list->at("sapporo-bras1");
        BOOST_TEST(sapporo.address.to_string() == "192.0.2.1");
        BOOST_TEST(sapporo.port == 1700U);
        BOOST_TEST(sapporo.secret.reveal() == "hidden one");
        BOOST_TEST(list->at("kagoshima").port == 3799U);  // RFC 5176 section 2.1
    }
    write("");
    BOOST_TEST(config::load_nas_file(file)->empty());
}

BOOST_AUTO_TEST_CASE(open_to_others_is_refused) {
    for (const mode_t mode : {0604U, 0602U, 0601U, 0640U, 0620U, 0644U, 0666U}) {
        write(kTwo, mode);
        const auto list = config::load_nas_file(file);
        BOOST_REQUIRE(!list.has_value());
        BOOST_TEST(list.error() == Lines{file.string() + ": open to other users, expected mode 0600"},
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(missing_is_refused) {
    const auto list = config::load_nas_file(file);
    BOOST_REQUIRE(!list.has_value());
    BOOST_TEST(list.error().front().find(file.string()) == 0U);
}

BOOST_AUTO_TEST_CASE(every_mistake_is_named_at_once_and_no_secret) {
    const Lines mistakes = nas_mistakes(
        "name = \"hidden\"\n"
        "[a]\naddress = \"192.0.2.0/24\"\nsecret = \"hidden\"\n"
        "[b]\naddress = \"192.0.2.1\"\nport = 70000\n"
        "[c]\naddress = \"192.0.2.1\"\nsecret = \"\"\nsecrets = \"hidden\"\n"
        "[d]\nsecret = 12\nrelay = \"hidden\"\n");
    const Lines expected{
        "a.address: expected an IPv4 or IPv6 address",
        "b.port: expected a number from 1 to 65535",
        "b.secret: expected the secret shared with this NAS",
        "c.secrets: expected no such key: address, port, secret or relay",
        "c.secret: expected the secret shared with this NAS",
        "d.address: expected an IPv4 or IPv6 address",
        "d.secret: expected the secret shared with this NAS",
        "d.relay: expected true or false",
        "name: expected a table [NAME] with address, port and secret",
    };
    BOOST_REQUIRE(mistakes.size() == expected.size());
    for (const std::string& each : expected) {
        const auto named = [&](const std::string& mistake) { return mistake.find(": " + each) != std::string::npos; };
        BOOST_TEST(std::any_of(mistakes.begin(), mistakes.end(), named), each);
    }
    BOOST_TEST(mistakes.front().find(file.string() + ':') == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_toml_is_told_by_its_line_alone) {
    const Lines mistakes = nas_mistakes("[a]\naddress = \"192.0.2.1\"\nsecret = \"hidden\nport = 1\n");
    BOOST_TEST(mistakes == Lines{file.string() + ":3: expected TOML"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(whole_files, Directory)

std::string as_text(std::span<const std::uint8_t> bytes) {
    return {bytes.begin(), bytes.end()};
}
std::span<const std::uint8_t> as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

BOOST_AUTO_TEST_CASE(are_read_up_to_the_limit) {
    write("12345");
    BOOST_TEST(as_text(read_file(file, 5)) == "12345");
    BOOST_CHECK_EXCEPTION(static_cast<void>(read_file(file, 4)), std::system_error,
                          [](const auto& error) { return error.code().value() == EFBIG; });
    write("");
    BOOST_TEST(read_file(file, 0).empty());
}

BOOST_AUTO_TEST_CASE(missing_ones_say_so) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(read_file(file, 4)), std::system_error, [this](const auto& error) {
        return error.code().value() == ENOENT && std::string(error.what()).find(file.string()) != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(are_replaced_with_their_mode_and_leave_nothing_beside) {
    replace_file(file, as_bytes("first"), 0640);
    BOOST_TEST(mode() == 0640U);
    replace_file(file, as_bytes("second"), 0600);
    BOOST_TEST(mode() == 0600U);
    BOOST_TEST(test::read_file(file) == "second");
    BOOST_TEST(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 1);
}

BOOST_AUTO_TEST_CASE(what_was_there_is_kept_under_its_other_name) {
    const auto kept = directory.path() / "kept";
    replace_file(file, as_bytes("first"), 0600, kept);
    BOOST_TEST(!std::filesystem::exists(kept));  // there was nothing to keep
    replace_file(file, as_bytes("second"), 0600, kept);
    BOOST_TEST(test::read_file(kept) == "first");
    replace_file(file, as_bytes("third"), 0600, kept);
    BOOST_TEST(test::read_file(kept) == "second");
    BOOST_TEST(test::read_file(file) == "third");
    BOOST_TEST(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 2);
}

BOOST_AUTO_TEST_CASE(leftovers_of_a_crash_do_not_stand_in_the_way) {
    test::write_file(file.string() + ".next", "half writt");
    test::write_file(file.string() + ".kept", "of another time");
    replace_file(file, as_bytes("first"), 0600);
    replace_file(file, as_bytes("second"), 0600, directory.path() / "kept");
    BOOST_TEST(test::read_file(file) == "second");
    BOOST_TEST(test::read_file(directory.path() / "kept") == "first");
}

BOOST_AUTO_TEST_CASE(a_failure_leaves_the_file_as_it_was) {
    replace_file(file, as_bytes("first"), 0600);
    std::filesystem::create_directory(file.string() + ".next");  // cannot be written over
    BOOST_CHECK_THROW(replace_file(file, as_bytes("second"), 0600), std::system_error);
    BOOST_TEST(test::read_file(file) == "first");
    BOOST_CHECK_THROW(replace_file(directory.path() / "missing" / "file", as_bytes("x"), 0600), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(gateways, Directory)

BOOST_AUTO_TEST_CASE(one_address_or_prefix_a_line) {
    write("# carrier NAT\n192.0.2.1\n\n  198.51.100.0/24\t# a whole one\r\n2001:db8::/32\n2001:db8:1::25", 0644);
    const auto prefixes = geo::load_prefixes(file);
    BOOST_REQUIRE(prefixes.has_value());
    Lines texts;
    for (const IpAddress& prefix : *prefixes) texts.push_back(prefix.to_string());
    BOOST_TEST(texts == (Lines{"192.0.2.1", "198.51.100.0/24", "2001:db8::/32", "2001:db8:1::25"}),
               boost::test_tools::per_element());
    write("");
    BOOST_TEST(geo::load_prefixes(file)->empty());
}

BOOST_AUTO_TEST_CASE(every_mistake_with_its_line) {
    write("192.0.2.1\n192.0.2\n198.51.100.0/33 # too long\ngateway.example.net\n");
    const auto prefixes = geo::load_prefixes(file);
    BOOST_REQUIRE(!prefixes.has_value());
    BOOST_TEST(
        prefixes.error() == (Lines{file.string() + ":2: found \"192.0.2\", expected an address or prefix",
                                   file.string() + ":3: found \"198.51.100.0/33\", expected an address or prefix",
                                   file.string() + ":4: found \"gateway.example.net\", expected an address or prefix"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(missing_it_is_an_error) {
    const auto prefixes = geo::load_prefixes(file);
    BOOST_REQUIRE(!prefixes.has_value());
    BOOST_TEST(prefixes.error().front() ==
               file.string() + ": No such file or directory, expected a file with one address or prefix a line");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard
