// What leaves radiusd is what R1 to R3 allow, to the byte: ID, address, time, stream, kind.
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <filesystem>

#include "tests/rlm_pppoe_guard/guarded_server.hpp"
#include "tests/rlm_pppoe_guard/spool_bytes.hpp"

using namespace guard;
using namespace guard::test;

namespace {

// Values that are found nowhere by chance: at least four bytes each.
constexpr std::string_view kSecrets = R"(NAS-IP-Address = 192.0.2.201
NAS-Identifier = "bras-Kagoshima-77"
NAS-Port = 3735928559
NAS-Port-Id = "eth 3/1:vlan4077"
NAS-Port-Type = Ethernet
Called-Station-Id = "02-AB-CD-EF-01-99:pppoe"
Acct-Session-Id = "sEsSiOn-9f8e7d"
Connect-Info = "1000000000/ftth-plan"
)";

std::string reversed(std::string text) {
    return {text.rbegin(), text.rend()};
}

// Every form in which a value could be written.
std::vector<std::string> forms(const std::string& value) {
    std::string upper = value, lower = value;
    for (char& letter : upper) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    for (char& letter : lower) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return {value, reversed(value), upper, lower};
}

std::vector<std::string> forbidden() {
    return {"swordfish-2026",
            std::string("\xc0\x00\x02\xc9", 4),
            "192.0.2.201",
            "bras-Kagoshima-77",
            "\xde\xad\xbe\xef",
            "3735928559",
            "eth 3/1:vlan4077",
            "02-AB-CD-EF-01-99",
            "\x02\xab\xcd\xef\x01\x99",
            "02abcdef0199",
            "02-AB-CD-EF-55-66",
            "\x02\xab\xcd\xef\x55\x66",
            "sEsSiOn-9f8e7d",
            "ftth-plan"};
}

void check_bytes(const GuardedServer& guarded, const std::vector<std::string>& values) {
    const std::string bytes = all_bytes(guarded.spool());
    BOOST_TEST(bytes.size() > 4096U);
    for (const std::string& value : values)
        for (const std::string& form : forms(value))
            BOOST_TEST(bytes.find(form) == std::string::npos, "the spool contains " << value);
}

PlainSegment only_segment(const GuardedServer& guarded) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(guarded.spool())) files.push_back(entry.path());
    BOOST_REQUIRE_EQUAL(files.size(), 1U);
    BOOST_TEST(files[0].extension() == ".segment");
    BOOST_TEST(files[0].stem().string().find_first_not_of("0123456789") == std::string::npos);
    auto segment = read_plain_segment(files[0]);
    for (const std::string& unexplained : segment.unexplained) BOOST_ERROR("a byte of no field at " << unexplained);
    return segment;
}

void forget_times(PlainSegment& segment, Time earliest, Time latest) {
    for (PlainRecord& record : segment.records) {
        BOOST_TEST(record.microseconds >= earliest.time_since_epoch().count());
        BOOST_TEST(record.microseconds <= latest.time_since_epoch().count());
        record.microseconds = 0;
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(privacy)

BOOST_AUTO_TEST_CASE(of_a_pppoe_line_id_address_and_time_leave_the_server_and_nothing_else) {
    const Time earliest = SystemClock{}.now() - std::chrono::seconds{40};
    GuardedServer guarded;
    guarded.publish({"u0007@isp.example"});
    auto config = guarded.config({});
    config.users =
        "u0002\tCleartext-Password := \"swordfish-2026\"\n\tFramed-IP-Address := 198.51.100.2,\n"
        "\tDelegated-IPv6-Prefix := 2001:db8:300::/56,\n\tFilter-Id := \"ftth-plan\"\n\n"
        "u0007@isp.example\tCleartext-Password := \"swordfish-2026\"\n";
    guarded.server.configure(config);
    guarded.server.start();
    const std::string secrets = std::string(kSecrets) + "Calling-Station-Id = \"02-AB-CD-EF-55-66\"\n";
    const auto authenticate = [&](std::string_view id, std::string_view password) {
        return send(guarded.server.auth_port(), RequestType::authentication,
                    "User-Name = \"" + std::string(id) + "\"\nUser-Password = \"" + std::string(password) + "\"\n" +
                        secrets)
            .code;
    };
    BOOST_TEST(authenticate("u0002", "swordfish-2026") == "Access-Accept");
    BOOST_TEST(authenticate("u0002", "swordfish-2026x") == "Access-Reject");
    BOOST_TEST(authenticate("u0007@isp.example", "swordfish-2026") == "Access-Reject");
    for (const char* status : {"Start", "Interim-Update", "Stop"})
        BOOST_TEST(guarded
                       .accounting("User-Name = u0002\nAcct-Status-Type = " + std::string(status) +
                                   "\nFramed-IP-Address = 198.51.100.2\nFramed-IPv6-Prefix = 2001:db8:2::/64\n"
                                   "Acct-Delay-Time = 30\n" +
                                   secrets)
                       .code == "Accounting-Response");
    // Refused by the server as an accounting repetition, an unusable name and an unknown step: counted at most.
    guarded.accounting("User-Name = u0002\nAcct-Status-Type = Tunnel-Start\n" + secrets);
    guarded.accounting("Acct-Status-Type = Start\n" + secrets);
    guarded.server.stop();

    auto segment = only_segment(guarded);
    forget_times(segment, earliest, SystemClock{}.now());
    const std::vector<std::string> session{"198.51.100.2", "2001:db8:2::/64"};
    // In the order of their arrival.
    const std::vector<PlainRecord> expected{
        {"pppoe", "accept", "u0002", {"198.51.100.2", "2001:db8:300::/56"}},
        {"pppoe", "reject", "u0002", {}},
        {"pppoe", "reject", "u0007@isp.example", {}},
        {"pppoe", "assign", "u0002", session},
        {"pppoe", "alive", "u0002", session},
        {"pppoe", "release", "u0002", session},
    };
    BOOST_TEST((segment.records == expected));
    BOOST_TEST(segment.fingerprint == "v1,case=lower,realm=keep");
    check_bytes(guarded, forbidden());
}

BOOST_AUTO_TEST_CASE(of_an_smtp_login_the_client_address_leaves_as_well) {
    const Time earliest = SystemClock{}.now();
    GuardedServer guarded(Setup{.service = Service::smtp_auth});
    guarded.server.start();
    const auto reply = guarded.login("u0002", "\nCalling-Station-Id = \"203.0.113.9\"\n" + std::string(kSecrets));
    BOOST_TEST(reply.code == "Access-Accept");
    guarded.server.stop();
    auto segment = only_segment(guarded);
    forget_times(segment, earliest, SystemClock{}.now());
    BOOST_TEST((segment.records == std::vector<PlainRecord>{{"smtp_auth", "accept", "u0002", {"203.0.113.9"}}}));
    check_bytes(guarded, forbidden());
    // Not the address of a PPPoE session that the same account's reply carries.
    check_bytes(guarded, {"\xc6\x33\x64\x02"});
}

// The search itself must be able to find.
BOOST_AUTO_TEST_CASE(the_search_finds_what_is_there) {
    GuardedServer guarded;
    guarded.server.start();
    guarded.accounting("User-Name = findme, Acct-Status-Type = Start, Framed-IP-Address = 203.0.113.200");
    const std::string bytes = all_bytes(guarded.spool());
    BOOST_TEST(bytes.find("findme") != std::string::npos);
    BOOST_TEST(bytes.find("\xcb\x00\x71\xc8", 0, 4) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
