#include "geo/range_map.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <random>
#include <set>

namespace guard::geo {
namespace {

// The plain definition.
template <class Address>
std::uint32_t expected(const Ranges<Address>& ranges, Address address) {
    const auto behind = std::upper_bound(ranges.begin(), ranges.end(), address,
                                         [](Address a, const Range<Address>& range) { return a < range.first; });
    return behind == ranges.begin() ? 0 : std::prev(behind)->value;
}

template <class Address>
struct MapOf;
template <>
struct MapOf<std::uint32_t> {
    using type = RangeMap4;
};
template <>
struct MapOf<std::uint64_t> {
    using type = RangeMap6;
};

// Looks up what is given, every border with its neighbours, and the ends of all addresses.
template <class Address>
void check(const Ranges<Address>& ranges, std::vector<Address> addresses) {
    constexpr Address kLast = std::numeric_limits<Address>::max();
    const typename MapOf<Address>::type map(ranges);
    for (const Range<Address>& range : ranges)
        for (const Address address : {range.first - 1, range.first, range.first + 1}) addresses.push_back(address);
    for (const Address address : {Address{0}, Address{1}, kLast - 1, kLast}) addresses.push_back(address);
    for (const Address address : addresses)
        if (map.find(address) != expected(ranges, address))
            BOOST_FAIL("at " << address << " of " << ranges.size() << " ranges: " << map.find(address) << ", expected "
                             << expected(ranges, address));
}

// Borders at random, in part close together, and at the edges of chunks.
template <class Address>
Ranges<Address> random_ranges(std::mt19937_64& random, std::size_t count, unsigned width) {
    constexpr unsigned kWidth = 8 * sizeof(Address);
    std::set<Address> firsts;
    while (firsts.size() < count) {
        auto first = static_cast<Address>(random() >> (64 - width));
        if (random() % 4 == 0) first = static_cast<Address>(first >> (kWidth / 2) << (kWidth / 2));  // 2^16, 2^32
        if (random() % 4 == 0) first = static_cast<Address>(first >> 12U << 12U);
        if (random() % 2 == 0 && !firsts.empty()) first = static_cast<Address>(*firsts.rbegin() + random() % 9 - 4);
        firsts.insert(first);
    }
    Ranges<Address> ranges;
    for (const Address first : firsts) append(ranges, first, static_cast<std::uint32_t>(random() % 5));
    return ranges;
}

template <class Address>
std::vector<Address> random_addresses(std::mt19937_64& random, std::size_t count, unsigned width) {
    std::vector<Address> addresses(count);
    for (Address& address : addresses) address = static_cast<Address>(random() >> (64 - width));
    return addresses;
}

using Ranges4 = Ranges<std::uint32_t>;
using Ranges6 = Ranges<std::uint64_t>;

BOOST_AUTO_TEST_SUITE(range_map)

BOOST_AUTO_TEST_CASE(append_keeps_a_list_in_order_and_without_repetition) {
    Ranges4 ranges;
    append(ranges, 7U, 0);
    BOOST_TEST(ranges.empty());  // all zeros is the empty list
    append(ranges, 9U, 3);
    BOOST_TEST((ranges == Ranges4{{0, 0}, {9, 3}}));
    append(ranges, 12U, 3);
    BOOST_TEST((ranges == Ranges4{{0, 0}, {9, 3}}));
    append(ranges, 12U, 4);
    append(ranges, 12U, 5);  // the later word about the same address holds
    BOOST_TEST((ranges == Ranges4{{0, 0}, {9, 3}, {12, 5}}));
    append(ranges, 12U, 3);  // and may make the border one of nothing
    BOOST_TEST((ranges == Ranges4{{0, 0}, {9, 3}}));
    append(ranges, 0xffff'ffffU, 0);
    BOOST_TEST((ranges == Ranges4{{0, 0}, {9, 3}, {0xffff'ffff, 0}}));
    Ranges4 from_zero;
    append(from_zero, 0U, 0);
    append(from_zero, 0U, 8);
    BOOST_TEST((from_zero == Ranges4{{0, 8}}));
}

BOOST_AUTO_TEST_CASE(append_agrees_with_an_array) {
    constexpr std::uint64_t kSeed = 21;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    for (int round = 0; round < 300; ++round) {
        std::vector<std::uint32_t> plain(64, 0);
        Ranges4 ranges;
        const auto up_to = [&](unsigned most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
        for (std::uint32_t first = up_to(2); first < plain.size(); first += up_to(3)) {
            const std::uint32_t value = up_to(2);
            std::fill(plain.begin() + first, plain.end(), value);
            append(ranges, first, value);
        }
        BOOST_TEST((ranges.empty() || ranges.front().first == 0));
        for (std::size_t i = 1; i < ranges.size(); ++i) {
            BOOST_TEST(ranges[i].first > ranges[i - 1].first);
            BOOST_TEST(ranges[i].value != ranges[i - 1].value);
        }
        for (std::uint32_t at = 0; at < plain.size(); ++at) BOOST_REQUIRE(expected(ranges, at) == plain[at]);
    }
}

BOOST_AUTO_TEST_CASE(none_and_one) {
    check(Ranges4{}, {12});
    check(Ranges6{}, {12});
    BOOST_TEST(RangeMap4().find(0xffff'ffff) == 0U);
    BOOST_TEST(RangeMap6().find(UINT64_MAX) == 0U);
    for (const std::uint32_t value : {0U, 7U, kExact}) {
        check(Ranges4{{0, value}}, {});
        check(Ranges6{{0, value}}, {});
    }
    BOOST_TEST(RangeMap4(Ranges4{{0, 7}}).find(0x8000'0000) == 7U);
    BOOST_TEST(RangeMap6(Ranges6{{0, 7}}).find(UINT64_MAX) == 7U);
}

BOOST_AUTO_TEST_CASE(two_ranges_with_the_border_anywhere) {
    for (std::uint32_t first : {1U, 2U, 0xfffU, 0x1000U, 0x1001U, 0xffffU, 0x1'0000U, 0x1'0001U, 0x7fff'ffffU,
                                0x8000'0000U, 0xffff'0000U, 0xffff'f000U, 0xffff'fffeU, 0xffff'ffffU})
        for (const std::uint32_t before : {0U, 9U}) check(Ranges4{{0, before}, {first, 4}}, {});
    for (unsigned bit = 0; bit < 64; ++bit)
        for (const std::uint64_t first :
             {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) + 1, ~std::uint64_t{0} >> bit})
            for (const std::uint32_t before : {0U, 9U})
                check(Ranges6{{0, before}, {first, 4}}, {first ^ 0x55, first / 2});
}

// In the chunks of 2^16 and of 2^12 addresses: with a border at its beginning or not, at every address, at its end.
BOOST_AUTO_TEST_CASE(every_address_of_a_chunk) {
    for (const bool many : {false, true}) {
        Ranges4 ranges;
        if (many)
            for (std::uint32_t i = 0; i < 60'000; ++i) append(ranges, i * 64, i % 2 + 1);
        constexpr std::uint32_t kChunk = 0x4000'0000;
        append(ranges, kChunk - 1, 5);
        for (std::uint32_t i = many ? 1 : 0; i < 0x1'0000; ++i) append(ranges, kChunk + i, i % 7 + 10);
        append(ranges, kChunk + 0x2'0001, 6);
        append(ranges, kChunk + 0x2'ffff, 7);
        std::vector<std::uint32_t> addresses;
        for (std::uint32_t i = 0; i < 0x4'0000; ++i) addresses.push_back(kChunk - 0x1'0000 + i);
        check(ranges, addresses);
    }
}

BOOST_AUTO_TEST_CASE(random_ranges_agree_with_a_search) {
    constexpr std::uint64_t kSeed = 22;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    for (const std::size_t count : {2U, 3U, 17U, 1000U, 49'000U, 70'000U, 200'000U})
        for (const unsigned width : {20U, 32U})
            if (count < 10'000 || width == 32)
                check(random_ranges<std::uint32_t>(random, count, width),
                      random_addresses<std::uint32_t>(random, 50'000, width));
    for (const std::size_t count : {2U, 3U, 17U, 1000U, 100'000U})
        for (const unsigned width : {20U, 40U, 63U, 64U})
            if (count < 10'000 || width > 20)
                check(random_ranges<std::uint64_t>(random, count, width),
                      random_addresses<std::uint64_t>(random, 50'000, width));
}

// Around 50,000 the map changes its layout; the ranges must be of different value, or append() folds them.
BOOST_AUTO_TEST_CASE(both_layouts_say_the_same) {
    for (const std::uint32_t count : {49'999U, 50'000U, 50'001U}) {
        Ranges4 ranges;
        for (std::uint32_t i = 0; i < count; ++i) append(ranges, i * 85'899U, i + 1);
        BOOST_TEST(ranges.size() == count);
        check(ranges, {});
    }
}

BOOST_AUTO_TEST_CASE(the_upper_bits_of_an_address) {
    BOOST_TEST(upper_bits<std::uint32_t>(IpAddress::parse("192.0.2.1").value()) == 0xc000'0201U);
    BOOST_TEST(upper_bits<std::uint64_t>(IpAddress::parse("2001:db8:1:2:3:4:5:6").value()) == 0x2001'0db8'0001'0002U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
