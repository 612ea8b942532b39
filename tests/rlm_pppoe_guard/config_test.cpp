// What the server refuses to start with, what it says about it, and that looking at a configuration changes nothing.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <ostream>

#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

namespace {

struct Mistake {
    std::string_view items;        // of the instance
    std::string_view spool_items;  // of its section spool
    std::string_view said;         // what the message contains
};

std::ostream& operator<<(std::ostream& out, const Mistake& mistake) {
    return out << mistake.items << " spool { " << mistake.spool_items << " }";
}

const Mistake kMistakes[] = {
    {"suspended_file = /tmp/x", "", "Unknown item 'suspended_file' in section 'pppoe_guard': known are service, id,"},
    {"", "size = 3", "Unknown item 'size' in section 'spool': known are directory, segment_size, quota, retention"},
    {"events {\n enable = yes\n }", "", "Unknown item 'events'"},
    {"spool = /var/spool", "", "Unknown item 'spool'"},
    {"table = \"/tmp/other\"", "", "Item 'table' is given twice"},
    {"spool {\n directory = /tmp/other\n }", "", "Item 'spool' is given twice"},
    {"id = \"u0001\"", "", "Invalid value \"u0001\" for item 'id': expected an attribute reference"},
    {"id = 'User-Name'", "", "Invalid value \"User-Name\" for item 'id'"},
    {"id = %{User-Name}", "", "Invalid value \"%{User-Name}\" for item 'id'"},
    {"id = \"\"", "", "for item 'id'"},
    {"id = `/bin/echo u0001`", "", "Invalid value \"/bin/echo u0001\" for item 'id'"},
    {"id = &request:", "", "for item 'id'"},
    {"id = &Does-Not-Exist", "", "Does-Not-Exist"},
    {"id = \"%{Does-Not-Exist}\"", "", "Does-Not-Exist"},
    {"id = \"%{nosuchexpansion:%{User-Name}}\"", "", "nosuchexpansion"},
    {"id = \"%{User-Name\"", "", "%{User-Name"},
    {"address = &Calling-Station-Id", "", "Item 'address' is only for service = \"smtp-auth\""},
    {"case = \"upper\"", "", "Invalid value \"upper\" for item 'case': expected one of \"lower\", \"keep\""},
    {"realm = \"both\"", "", "Invalid value \"both\" for item 'realm': expected one of \"keep\", \"strip\""},
    {"action = \"reject\"", "", "Invalid value \"reject\" for item 'action': expected one of \"userlock\", \"mark\""},
    {"max_skew = 0", "", "Invalid value \"0\" for item 'max_skew': expected a time from 1s to 1d"},
    {"max_skew = 2d", "", "Invalid value \"2d\" for item 'max_skew'"},
    {"max_skew = 12abc", "", "Invalid value \"12abc\" for item 'max_skew'"},
    {"max_skew = -5", "", "Invalid value \"-5\" for item 'max_skew'"},
    {"", "quota = 127K", "Invalid value \"127K\" for item 'quota': expected bytes from 128K to 1024G"},
    {"", "quota = 1025G", "Invalid value \"1025G\" for item 'quota'"},
    {"", "quota = 99999999999999999999", "Invalid value \"99999999999999999999\" for item 'quota'"},
    {"", "quota = 18014398509481985K", "Invalid value \"18014398509481985K\" for item 'quota'"},
    {"", "retention = 59m", "Invalid value \"59m\" for item 'retention': expected a time from 1h to 7d"},
    {"", "retention = 8d", "Invalid value \"8d\" for item 'retention'"},
    {"", "retention = \"\"", "Invalid value \"\" for item 'retention'"},
};

// The configuration of `setup` with one text replaced.
RadiusConfig changed(const GuardedServer& guarded, const Setup& setup, std::string_view from, std::string_view to) {
    auto config = guarded.config(setup);
    const auto at = config.modules.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    config.modules.replace(at, from.size(), to);
    return config;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(configuration)

BOOST_DATA_TEST_CASE(a_mistake_refuses_to_start_and_says_where, boost::unit_test::data::make(kMistakes), mistake) {
    const GuardedServer guarded(
        Setup{.items = std::string(mistake.items), .spool_items = std::string(mistake.spool_items)});
    const auto result = guarded.server.check();
    BOOST_TEST(result.status != 0);
    BOOST_TEST(result.output.find(mistake.said) != std::string::npos, result.output);
    // The line: of the item where it is there.
    BOOST_TEST(result.output.find("/radiusd.conf[") != std::string::npos, result.output);
    BOOST_TEST(std::filesystem::is_empty(guarded.spool()));
}

BOOST_AUTO_TEST_CASE(the_line_is_that_of_the_item) {
    const Setup setup{.items = "\n\n\t\tmax_skew = 2d"};
    const GuardedServer guarded(setup);
    const auto config = read_file(guarded.server.directory() / "radiusd.conf");
    const auto line =
        1 + std::count(config.begin(), config.begin() + static_cast<std::ptrdiff_t>(config.find("max_skew")), '\n');
    const auto said = "radiusd.conf[" + std::to_string(line) + "]: Invalid value \"2d\"";
    const auto result = guarded.server.check();
    BOOST_TEST(result.output.find(said) != std::string::npos, result.output);
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_told_at_once) {
    const GuardedServer guarded(
        Setup{.items = "case = \"upper\"\nmax_skew = 0\nid = \"x\"", .spool_items = "quota = 1"});
    const auto output = guarded.server.check().output;
    for (const char* item : {"'case'", "'max_skew'", "'id'", "'quota'"})
        BOOST_TEST(output.find(item) != std::string::npos, output);
}

BOOST_AUTO_TEST_CASE(values_without_a_default_must_be_given) {
    const Setup setup;
    GuardedServer guarded(setup);
    const std::string table = "table = \"" + guarded.table().string() + "\"";
    const std::string directory = "directory = \"" + guarded.spool().string() + "\"";
    const auto section_at = guarded.config(setup).modules.find("spool {");
    const std::string section = guarded.config(setup).modules.substr(
        section_at, guarded.config(setup).modules.find('}', section_at) + 1 - section_at);
    const std::tuple<std::string, const char*, const char*> cases[] = {
        {table, "", "table"},
        {table, "table = \"relative/table\"",
         "Invalid value \"relative/table\" for item 'table': expected an absolute path"},
        {directory, "", "directory"},
        {directory, "directory = \"spool\"", "Invalid value \"spool\" for item 'directory': expected an absolute path"},
        {section, "", "directory"},
        {"segment_size = 64K", "segment_size = 63K",
         "Invalid value \"63K\" for item 'segment_size': expected bytes from 64K"},
        {"segment_size = 64K", "segment_size = 1G\nquota = 1G", "expected at least twice the segment_size"},
        {"\"Please call us.\"", "\"%{Does-Not-Exist}\"", "Does-Not-Exist"},
        {"\"pppoe\"", "\"sip\"", "Invalid value \"sip\" for item 'service': expected one of \"pppoe\", \"smtp-auth\""},
    };
    for (const auto& [from, to, said] : cases) {
        guarded.server.configure(changed(guarded, setup, from, to));
        const auto result = guarded.server.check();
        BOOST_TEST(result.status != 0, to);
        BOOST_TEST(result.output.find(said) != std::string::npos, result.output);
    }
}

BOOST_AUTO_TEST_CASE(a_literal_address_is_refused) {
    const Setup setup{.service = Service::smtp_auth, .items = "address = \"203.0.113.1\""};
    const GuardedServer guarded(setup);
    const auto result = guarded.server.check();
    BOOST_TEST(result.status != 0);
    BOOST_TEST(result.output.find("Invalid value \"203.0.113.1\" for item 'address'") != std::string::npos,
               result.output);
}

BOOST_AUTO_TEST_CASE(every_item_in_its_range_is_good) {
    const GuardedServer guarded(Setup{.service = Service::smtp_auth,
                                      .items = "id = \"%{%{Stripped-User-Name}:-%{User-Name}}\"\naddress = "
                                               "&NAS-IP-Address\ncase = \"keep\"\nrealm = \"strip\"\n"
                                               "action = \"mark\"\nmax_skew = 5m",
                                      .spool_items = "quota = 1024G\nretention = 7d"});
    const auto result = guarded.server.check();
    BOOST_TEST(result.status == 0, result.output);
}

BOOST_AUTO_TEST_CASE(checking_creates_nothing_and_takes_no_lock) {
    const GuardedServer guarded(Setup{.make_spool = false});
    const auto result = guarded.server.check();
    BOOST_TEST(result.status == 0, result.output);
    BOOST_TEST(!std::filesystem::exists(guarded.spool()));
    BOOST_TEST(!std::filesystem::exists(guarded.table()));

    // Beside a running server, whose segment it must leave alone.
    GuardedServer running;
    running.server.start();
    running.login("u0001");
    const auto files = [&] {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(running.spool())) names.push_back(entry.path());
        return names;
    };
    const auto before = files();
    BOOST_TEST(running.server.check().status == 0);
    BOOST_TEST(files() == before);
    running.login("u0001");
    BOOST_TEST(running.events().size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
