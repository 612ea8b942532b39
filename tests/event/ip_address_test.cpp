#include "event/ip_address.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <unordered_set>
#include <vector>

namespace guard {
namespace {

IpAddress address(std::string_view text) {
    const auto parsed = IpAddress::parse(text);
    BOOST_REQUIRE_MESSAGE(parsed.has_value(), text);
    return *parsed;
}

BOOST_AUTO_TEST_SUITE(ip_address)

BOOST_AUTO_TEST_CASE(default_is_the_unspecified_ipv4_address) {
    BOOST_TEST(IpAddress{}.to_string() == "0.0.0.0");
    BOOST_TEST(IpAddress{}.prefix_length() == 32U);
}

BOOST_AUTO_TEST_CASE(ipv4) {
    const IpAddress one = address("192.0.2.1");
    BOOST_TEST(one.is_ipv4());
    BOOST_TEST(one.width() == 32U);
    BOOST_TEST(!one.is_prefix());
    BOOST_TEST(one.bytes().size() == 4U);
    BOOST_TEST(one.bytes()[3] == 1);
    BOOST_TEST(one.to_string() == "192.0.2.1");
    BOOST_TEST((one == IpAddress::ipv4(0xc0000201)));
    BOOST_TEST(IpAddress::ipv4(0xc0000201, 24).to_string() == "192.0.2.0/24");
    BOOST_TEST(IpAddress::ipv4(0xc0000201, 99).to_string() == "192.0.2.1");
    BOOST_TEST(address("255.255.255.255/0").to_string() == "0.0.0.0/0");
}

BOOST_AUTO_TEST_CASE(ipv6) {
    const IpAddress one = address("2001:DB8:0:0::1");
    BOOST_TEST(!one.is_ipv4());
    BOOST_TEST(one.width() == 128U);
    BOOST_TEST(one.bytes().size() == 16U);
    BOOST_TEST(one.to_string() == "2001:db8::1");
    BOOST_TEST(address("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/57").to_string() == "2001:db8:ffff:ff80::/57");
    BOOST_TEST(address("2001:db8::/128").to_string() == "2001:db8::");
    BOOST_TEST(address("::/0").to_string() == "::/0");
}

BOOST_AUTO_TEST_CASE(a_mapped_address_is_the_ipv4_address_it_means) {
    BOOST_TEST((address("::ffff:192.0.2.1") == address("192.0.2.1")));
    BOOST_TEST((address("::ffff:c000:0201") == address("192.0.2.1")));
    BOOST_TEST((address("::ffff:192.0.2.1/120") == address("192.0.2.0/24")));
    BOOST_TEST((address("::ffff:0.0.0.0/96") == address("0.0.0.0/0")));
    // One bit wider it holds more than IPv4 and stays what it is.
    BOOST_TEST(!address("::ffff:0.0.0.0/95").is_ipv4());
    // Deprecated "IPv4-compatible" addresses (RFC 4291 section 2.5.5.1) mean none.
    BOOST_TEST(!address("::192.0.2.1").is_ipv4());
}

BOOST_AUTO_TEST_CASE(what_is_no_address) {
    for (const char* text : {"",
                             " ",
                             "192.0.2",
                             "192.0.2.256",
                             "192.0.2.1.1",
                             "192.0.2.1 ",
                             " 192.0.2.1",
                             "0192.0.2.1",
                             "0x7f.0.0.1",
                             "192.0.2.1/",
                             "192.0.2.1/33",
                             "192.0.2.1/-1",
                             "192.0.2.1/+1",
                             "192.0.2.1/2x",
                             "192.0.2.1/ 8",
                             "192.0.2.1/8/8",
                             "/8",
                             "2001:db8::/129",
                             "2001:db8::/1000",
                             "2001:db8::/0128",
                             "2001:db8",
                             "2001:db8:::1",
                             "fe80::1%eth0",
                             "[2001:db8::1]",
                             "192.0.2.1:25",
                             "example.jp",
                             "3232235777"})
        BOOST_TEST(!IpAddress::parse(text).has_value(), text);
    BOOST_TEST(!IpAddress::parse(std::string(100'000, '1')).has_value());
}

BOOST_AUTO_TEST_CASE(nothing_hides_behind_a_zero_byte) {
    using namespace std::string_view_literals;
    BOOST_TEST(!IpAddress::parse("192.0.2.1\0"sv).has_value());
    BOOST_TEST(!IpAddress::parse("192.0.2.1\0.example"sv).has_value());
    BOOST_TEST(!IpAddress::parse("2001:db8::1\0/64"sv).has_value());
}

BOOST_AUTO_TEST_CASE(bytes_and_their_limits) {
    const std::vector<std::uint8_t> bytes(17, 0xff);
    for (std::size_t size = 0; size <= 17; ++size) {
        const std::span<const std::uint8_t> part(bytes.data(), size);
        BOOST_TEST(IpAddress::from_bytes(part, 8).has_value() == (size == 4 || size == 16), "size " << size);
    }
    const std::span<const std::uint8_t> ipv4(bytes.data(), 4), ipv6(bytes.data(), 16);
    BOOST_TEST(IpAddress::from_bytes(ipv4, 32).has_value());
    BOOST_TEST(!IpAddress::from_bytes(ipv4, 33).has_value());
    BOOST_TEST(IpAddress::from_bytes(ipv6, 128).has_value());
    BOOST_TEST(!IpAddress::from_bytes(ipv6, 129).has_value());
    BOOST_TEST(IpAddress::from_bytes(ipv4, 0)->to_string() == "0.0.0.0/0");
    BOOST_TEST(IpAddress::from_bytes(ipv4, 9)->to_string() == "255.128.0.0/9");
}

BOOST_AUTO_TEST_CASE(prefixes) {
    const IpAddress one = address("198.51.100.77");
    BOOST_TEST(one.prefix(24).to_string() == "198.51.100.0/24");
    BOOST_TEST((one.prefix(32) == one));
    BOOST_TEST((one.prefix(200) == one));
    BOOST_TEST(one.prefix(0).to_string() == "0.0.0.0/0");
    BOOST_TEST(one.prefix(16).prefix(24).to_string() == "198.51.0.0/16");
    BOOST_TEST(one.network().to_string() == "198.51.100.0/24");
    BOOST_TEST((one.source() == one));
    const IpAddress six = address("2001:db8:1:2:3:4:5:6");
    BOOST_TEST(six.network().to_string() == "2001:db8:1::/48");
    BOOST_TEST(six.source().to_string() == "2001:db8:1:2::/64");
    BOOST_TEST((address("2001:db8:1::/40").source() == address("2001:db8::/40")));
}

BOOST_AUTO_TEST_CASE(containment) {
    const IpAddress pool = address("198.51.100.0/25");
    BOOST_TEST(pool.contains(pool));
    BOOST_TEST(pool.contains(address("198.51.100.0")));
    BOOST_TEST(pool.contains(address("198.51.100.127")));
    BOOST_TEST(!pool.contains(address("198.51.100.128")));
    BOOST_TEST(!pool.contains(address("198.51.99.255")));
    BOOST_TEST(!pool.contains(address("198.51.100.0/24")));
    BOOST_TEST(address("0.0.0.0/0").contains(pool));
    BOOST_TEST(!address("::/0").contains(pool));
    BOOST_TEST(!address("0.0.0.0/0").contains(address("2001:db8::1")));
    BOOST_TEST(address("2001:db8::/32").contains(address("2001:db8:ffff::/48")));
    BOOST_TEST(!address("2001:db8::/32").contains(address("2001:db9::")));
}

// Whatever the bits: text and bytes lead back to the same value, and the prefix of every length holds the address.
BOOST_AUTO_TEST_CASE(round_trips) {
    constexpr std::uint64_t kSeed = 20260301;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    for (int i = 0; i < 2000; ++i) {
        std::array<std::uint8_t, 16> bytes{};
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        const std::size_t size = i % 2 == 0 ? 4 : 16;
        const auto length = static_cast<unsigned>(random() % (size * 8 + 1));
        const auto first = IpAddress::from_bytes(std::span(bytes).first(size), length);
        const auto whole = IpAddress::from_bytes(std::span(bytes).first(size), static_cast<unsigned>(size) * 8);
        BOOST_REQUIRE(first && whole);
        BOOST_TEST((IpAddress::parse(first->to_string()) == first), first->to_string());
        BOOST_TEST((IpAddress::from_bytes(first->bytes(), first->prefix_length()) == first));
        BOOST_TEST((whole->prefix(length) == *first));
        BOOST_TEST(first->contains(*whole));
    }
}

BOOST_AUTO_TEST_CASE(hashes_tell_addresses_and_lengths_apart) {
    std::unordered_set<IpAddress, IpAddressHash> set;
    for (std::uint32_t i = 0; i < 1000; ++i) set.insert(IpAddress::ipv4(0x0a000000 + i));
    set.insert(address("10.0.0.0/24"));
    set.insert(address("::"));
    BOOST_TEST(set.size() == 1002U);
    BOOST_TEST(set.count(address("10.0.3.231")) == 1U);
    BOOST_TEST(set.count(address("10.0.3.232")) == 0U);
    BOOST_TEST(IpAddressHash{}(address("10.0.0.0/24")) != IpAddressHash{}(address("10.0.0.0")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard
