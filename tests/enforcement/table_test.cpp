// Who is refused: IDs of one service and no other, sources and prefixes until their time.
#include "tests/enforcement/table_fixture.hpp"

using namespace guard;
using namespace guard::enforcement;
using namespace guard::test;
using std::chrono::seconds;

namespace {

Table blocking(const std::vector<BlockedSource>& sources) {
    return Table::build(1, kKey, kFingerprint, {}, sources);
}

std::string user(unsigned number) {
    return "user" + std::to_string(number) + "@example.net";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(enforcement_table)

BOOST_AUTO_TEST_CASE(an_empty_table_refuses_nobody) {
    const Table none, built = Table::build(7, kKey, kFingerprint, {}, {});
    for (const Table* table : {&none, &built}) {
        BOOST_TEST(!table->is_suspended(Service::pppoe, "taro"));
        BOOST_TEST(!table->is_suspended(Service::pppoe, ""));
        BOOST_TEST(!table->is_blocked(address("192.0.2.1"), kStart));
        BOOST_TEST(table->suspended_count() + table->blocked_count() == 0U);
    }
    BOOST_TEST(none.generation() == 0U);
    BOOST_TEST(built.generation() == 7U);
    BOOST_TEST(built.id_fingerprint() == kFingerprint);
}

BOOST_AUTO_TEST_CASE(an_id_is_refused_for_its_service_only) {
    const Table table = Table::build(
        1, kKey, kFingerprint, {{Service::pppoe, "taro@example.net"}, {Service::smtp_auth, "hanako@example.net"}}, {});
    BOOST_TEST(table.is_suspended(Service::pppoe, "taro@example.net"));
    BOOST_TEST(table.is_suspended(Service::smtp_auth, "hanako@example.net"));
    BOOST_TEST(!table.is_suspended(Service::smtp_auth, "taro@example.net"));
    BOOST_TEST(!table.is_suspended(Service::pppoe, "hanako@example.net"));
    for (const char* other : {"", "taro", "taro@example.ne", "taro@example.nett", "Taro@example.net"})
        BOOST_TEST(!table.is_suspended(Service::pppoe, other), other);
}

BOOST_AUTO_TEST_CASE(any_bytes_and_any_length_make_an_id) {
    std::vector<SuspendedId> ids;
    for (std::size_t length = 1; length <= kMaxIdBytes; ++length)
        ids.push_back({Service::pppoe, std::string(length, '\0')});
    const Table table = Table::build(1, kKey, kFingerprint, ids, {});
    BOOST_TEST(table.suspended_count() == kMaxIdBytes);
    for (const SuspendedId& suspended : ids) {
        BOOST_TEST(table.is_suspended(Service::pppoe, suspended.id));
        std::string other = suspended.id;
        other.back() = 'x';
        BOOST_TEST(!table.is_suspended(Service::pppoe, other));
    }
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_of_each_are_found_and_no_other) {
    constexpr unsigned kCount = 100'000;
    std::vector<SuspendedId> ids;
    std::vector<BlockedSource> sources;
    for (unsigned i = 0; i < kCount; ++i) {
        ids.push_back({i % 2 == 0 ? Service::pppoe : Service::smtp_auth, user(i)});
        std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
        bytes[5] = static_cast<std::uint8_t>(i >> 16);
        bytes[6] = static_cast<std::uint8_t>(i >> 8);
        bytes[7] = static_cast<std::uint8_t>(i);
        sources.push_back({i % 2 == 0 ? IpAddress::ipv4(0x0a000000 + i) : *IpAddress::from_bytes(bytes, 64),
                           kStart + seconds{1 + i % 3}});
    }
    const auto table = Table::from_bytes(Table::build(9, kKey, kFingerprint, ids, sources).to_bytes());
    BOOST_REQUIRE(table);
    BOOST_TEST(table->suspended_count() == kCount);
    BOOST_TEST(table->blocked_count() == kCount);
    unsigned wrong = 0;
    const auto expect = [&](bool found, bool expected) { wrong += found == expected ? 0U : 1U; };
    for (unsigned i = 0; i < kCount; ++i) {
        const Service service = i % 2 == 0 ? Service::pppoe : Service::smtp_auth;
        const Service other = i % 2 == 0 ? Service::smtp_auth : Service::pppoe;
        expect(table->is_suspended(service, user(i)), true);
        expect(table->is_suspended(other, user(i)), false);
        expect(table->is_suspended(service, user(kCount + i)), false);
        expect(table->is_blocked(sources[i].source, kStart), true);
        expect(table->is_blocked(sources[i].source, sources[i].expires), false);
        expect(table->is_blocked(IpAddress::ipv4(0x0a000000 + kCount + i), kStart), false);
        expect(table->is_blocked(IpAddress::ipv4(0x0a000000 + i), kStart), i % 2 == 0);
    }
    BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_CASE(a_block_ends_at_its_time) {
    const Table table = blocking({{address("192.0.2.1"), kStart}, {address("192.0.2.0/24"), kStart + seconds{10}}});
    const Microseconds tick{1};
    BOOST_TEST(table.is_blocked(address("192.0.2.1"), kStart - tick));
    BOOST_TEST(table.is_blocked(address("192.0.2.1"), kStart));  // by the prefix, whose time is later
    BOOST_TEST(table.is_blocked(address("192.0.2.2"), kStart + seconds{10} - tick));
    BOOST_TEST(!table.is_blocked(address("192.0.2.1"), kStart + seconds{10}));
    BOOST_TEST(!table.is_blocked(address("192.0.2.2"), kStart + seconds{10}));
}

BOOST_AUTO_TEST_CASE(a_prefix_covers_what_lies_in_it) {
    const Time later = kStart + seconds{60};
    const Table table = blocking({{address("192.0.2.64/26"), later},
                                  {address("198.51.100.7"), later},
                                  {address("10.0.0.0/8"), later},
                                  {address("2001:db8:1:2::/64"), later},
                                  {address("2001:db8:ff00::/40"), later},
                                  {address("2001:db8::9"), later}});
    for (const char* inside :
         {"192.0.2.64", "192.0.2.127", "192.0.2.64/26", "192.0.2.96/27", "198.51.100.7", "10.255.255.255", "10.0.0.0/8",
          "2001:db8:1:2::", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64", "2001:db8:ffff:1::1",
          "2001:db8:ff00::/56", "2001:db8::9", "::ffff:10.1.2.3"})
        BOOST_TEST(table.is_blocked(address(inside), kStart), inside);
    for (const char* outside :
         {"192.0.2.63", "192.0.2.128", "192.0.2.0/24", "198.51.100.6", "198.51.100.0/24", "11.0.0.0", "9.255.255.255",
          "0.0.0.0/0", "2001:db8:1:1:ffff:ffff:ffff:ffff", "2001:db8:1:3::", "2001:db8:1::/48", "2001:db8:fe00::1",
          "2001:db8::8", "::", "::10.1.2.3", "::/0"})
        BOOST_TEST(!table.is_blocked(address(outside), kStart), outside);
}

BOOST_AUTO_TEST_CASE(the_whole_of_one_family_is_not_the_other) {
    const Table four = blocking({{address("0.0.0.0/0"), kStart + seconds{1}}});
    BOOST_TEST(four.is_blocked(address("203.0.113.255"), kStart));
    BOOST_TEST(!four.is_blocked(address("::"), kStart));
    const Table six = blocking({{address("::/0"), kStart + seconds{1}}});
    BOOST_TEST(six.is_blocked(address("2001:db8::1"), kStart));
    BOOST_TEST(!six.is_blocked(address("0.0.0.0"), kStart));
}

BOOST_AUTO_TEST_CASE(repetitions_count_once_and_the_longest_block_holds) {
    const Table table =
        Table::build(1, kKey, kFingerprint,
                     {{Service::pppoe, "a"}, {Service::pppoe, "b"}, {Service::pppoe, "a"}, {Service::smtp_auth, "a"}},
                     {{address("192.0.2.1"), kStart + seconds{5}},
                      {address("192.0.2.1"), kStart + seconds{9}},
                      {address("192.0.2.1"), kStart + seconds{1}},
                      {address("192.0.2.1/31"), kStart}});
    BOOST_TEST(table.suspended_count() == 3U);
    BOOST_TEST(table.blocked_count() == 2U);
    BOOST_TEST(table.is_blocked(address("192.0.2.1"), kStart + seconds{8}));
    BOOST_TEST(!table.is_blocked(address("192.0.2.1"), kStart + seconds{9}));
}

BOOST_AUTO_TEST_SUITE_END()
