// The table as a file: the bytes that README.md names and no others; whatever is wrong with them refuses the whole
// table.
#include <algorithm>
#include <random>

#include "event/crc32c.hpp"
#include "event/little_endian.hpp"
#include "tests/enforcement/table_fixture.hpp"

using namespace guard;
using namespace guard::enforcement;
using namespace guard::test;
using std::chrono::seconds;

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kIdAt = 88, kSourceAt = 88 + 2 * 16;

Table small_table() {
    return Table::build(
        0x0102030405060708, kKey, kFingerprint,
        {{Service::pppoe, "taro@example.net"}, {Service::smtp_auth, "hanako@example.net"}},
        {{address("2001:db8:1::/48"), kStart + seconds{2}}, {address("192.0.2.1"), kStart + seconds{1}}});
}

// Makes altered bytes sound again, to get behind the checksum.
void seal(Bytes& bytes) {
    put_little_endian(std::uint32_t{0}, bytes.data() + 84);
    put_little_endian(crc32c(bytes), bytes.data() + 84);
}

std::string refusal(const Bytes& bytes) {
    const auto table = Table::from_bytes(bytes);
    return table ? "" : table.error();
}

void check_refused_sealed(std::size_t offset, unsigned value, const char* reason) {
    Bytes bytes = small_table().to_bytes();
    BOOST_REQUIRE(bytes.at(offset) != value);
    bytes.at(offset) = static_cast<std::uint8_t>(value);
    seal(bytes);
    BOOST_TEST(refusal(bytes).find(reason) != std::string::npos,
               "offset " << offset << ": \"" << refusal(bytes) << '"');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(enforcement_table_bytes)

BOOST_AUTO_TEST_CASE(come_back) {
    const Bytes bytes = small_table().to_bytes();
    const auto table = Table::from_bytes(bytes);
    BOOST_REQUIRE(table);
    BOOST_TEST(table->generation() == 0x0102030405060708U);
    BOOST_TEST(table->id_fingerprint() == kFingerprint);
    BOOST_TEST(table->suspended_count() == 2U);
    BOOST_TEST(table->is_suspended(Service::pppoe, "taro@example.net"));
    BOOST_TEST(table->is_suspended(Service::smtp_auth, "hanako@example.net"));
    BOOST_TEST(table->is_blocked(address("2001:db8:1:2::3"), kStart));
    BOOST_TEST(table->is_blocked(address("192.0.2.1"), kStart));
    BOOST_TEST(!table->is_blocked(address("192.0.2.1"), kStart + seconds{1}));
    BOOST_TEST(table->to_bytes() == bytes);
    BOOST_TEST(Table::from_bytes(Table().to_bytes()).has_value());
}

BOOST_AUTO_TEST_CASE(are_those_of_the_readme) {
    const Bytes bytes = small_table().to_bytes();
    BOOST_REQUIRE(bytes.size() == 88U + 2 * 16 + 2 * 32);
    const auto number = [&](std::size_t at, std::size_t width) {
        std::uint64_t value = 0;
        for (std::size_t i = width; i-- > 0;) value = value << 8 | bytes[at + i];
        return value;
    };
    BOOST_TEST(std::string(bytes.begin(), bytes.begin() + 8) == "PGTABLE1");
    BOOST_TEST(number(8, 4) == 1U);
    BOOST_TEST(number(12, 4) == 2U);
    BOOST_TEST(number(16, 4) == 2U);
    BOOST_TEST(number(20, 4) == 0U);
    BOOST_TEST(number(24, 8) == 0x0102030405060708U);
    BOOST_TEST(Bytes(bytes.begin() + 32, bytes.begin() + 48) == Bytes(kKey.begin(), kKey.end()));
    BOOST_TEST(std::string(bytes.begin() + 48, bytes.begin() + 84) == kFingerprint + std::string(36 - 24, '\0'));
    Bytes zeroed = bytes;
    std::fill_n(zeroed.begin() + 84, 4, std::uint8_t{0});
    BOOST_TEST(number(84, 4) == crc32c(zeroed));
    // An ID is there as the keyed hash of the service and itself, high half first, and in no other form.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> hashes;
    for (const std::string text : {"\1taro@example.net", "\2hanako@example.net"}) {
        const Hash128 hash = keyed_hash(kKey, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
        hashes.emplace_back(hash.high, hash.low);
        BOOST_TEST((std::search(bytes.begin(), bytes.end(), text.begin() + 1, text.begin() + 5) == bytes.end()));
    }
    std::sort(hashes.begin(), hashes.end());
    for (std::size_t i = 0; i < 2; ++i) {
        BOOST_TEST(number(kIdAt + 16 * i, 8) == hashes[i].first);
        BOOST_TEST(number(kIdAt + 16 * i + 8, 8) == hashes[i].second);
    }
    const auto source = [&](std::size_t i, Bytes expected, std::uint64_t expires) {
        const auto at = kSourceAt + 32 * i;
        BOOST_TEST(bytes[at] == expected[0]);
        BOOST_TEST(bytes[at + 1] == expected[1]);
        BOOST_TEST(number(at + 2, 6) == 0U);
        BOOST_TEST(number(at + 8, 8) == expires);
        expected.resize(2 + 16);
        const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at) + 16;
        BOOST_TEST(Bytes(first, first + 16) == Bytes(expected.begin() + 2, expected.end()));
    };
    source(0, {4, 32, 192, 0, 2, 1}, 1'772'323'201'000'000);
    source(1, {6, 48, 0x20, 0x01, 0x0d, 0xb8, 0, 1}, 1'772'323'202'000'000);
}

BOOST_AUTO_TEST_CASE(every_truncation_and_every_added_byte_is_refused) {
    const Bytes bytes = small_table().to_bytes();
    for (std::size_t length = 0; length < bytes.size(); ++length)
        BOOST_TEST(!refusal(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length))).empty(),
                   "length " << length);
    for (std::size_t added = 1; added <= 64; ++added) {
        Bytes longer = bytes;
        longer.resize(bytes.size() + added);
        BOOST_TEST(!refusal(longer).empty(), "added " << added);
    }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_refused) {
    Bytes bytes = small_table().to_bytes();
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        BOOST_TEST(!refusal(bytes).empty(), "bit " << bit);
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    }
    BOOST_TEST(refusal(bytes).empty());
}

BOOST_AUTO_TEST_CASE(a_newer_format_is_named) {
    check_refused_sealed(8, 2, "table format 2, expected 1");
    check_refused_sealed(0, 'Q', "not an enforcement table");
}

BOOST_AUTO_TEST_CASE(counts_that_do_not_fit_are_refused_before_memory_is_taken) {
    for (const std::uint32_t count : {1U, 3U, 4U, 10'000'001U, 0x7fffffffU, 0xffffffffU})
        for (const std::size_t field : {12U, 16U}) {
            Bytes bytes = small_table().to_bytes();
            put_little_endian(count, bytes.data() + field);
            seal(bytes);
            BOOST_TEST(refusal(bytes).find("length does not fit") != std::string::npos, "count " << count);
        }
}

BOOST_AUTO_TEST_CASE(sources_that_are_no_addresses_are_refused) {
    for (const unsigned family : {0U, 5U, 255U}) check_refused_sealed(kSourceAt, family, "is no address");
    for (const unsigned length : {33U, 128U, 255U}) check_refused_sealed(kSourceAt + 1, length, "is no address");
    for (const unsigned length : {129U, 255U}) check_refused_sealed(kSourceAt + 33, length, "is no address");
    // The IPv6 form of an IPv4 address would never be looked up.
    Bytes bytes = small_table().to_bytes();
    const Bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    std::copy(mapped.begin(), mapped.end(), bytes.begin() + kSourceAt + 32 + 16);
    bytes[kSourceAt + 33] = 128;
    seal(bytes);
    BOOST_TEST(refusal(bytes).find("source 1 is no address") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(entries_out_of_order_or_twice_are_refused) {
    const auto moved = [](std::size_t first, std::size_t size, bool twice) {
        Bytes bytes = small_table().to_bytes();
        const auto a = bytes.begin() + static_cast<std::ptrdiff_t>(first), b = a + static_cast<std::ptrdiff_t>(size);
        if (twice) {
            std::copy(a, b, b);
        } else {
            std::swap_ranges(a, b, b);
        }
        seal(bytes);
        return refusal(bytes);
    };
    for (const bool twice : {false, true}) {
        BOOST_TEST(moved(kIdAt, 16, twice) == "entries are not in order");
        BOOST_TEST(moved(kSourceAt, 32, twice) == "entries are not in order");
    }
}

BOOST_AUTO_TEST_CASE(random_damage_is_refused) {
    const std::uint64_t seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    const Bytes sound = small_table().to_bytes();
    for (int round = 0; round < 20'000; ++round) {
        Bytes bytes = sound;
        for (auto damaged = 1 + random() % 8; damaged > 0; --damaged)
            bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
        if (bytes != sound) BOOST_TEST(!refusal(bytes).empty(), "seed " << seed << " round " << round);
        // Behind the checksum: refused or a table that can be asked; never a crash.
        seal(bytes);
        if (const auto table = Table::from_bytes(bytes)) {
            static_cast<void>(table->is_suspended(Service::pppoe, "taro@example.net"));
            static_cast<void>(table->is_blocked(address("192.0.2.1"), kStart));
            BOOST_TEST(table->suspended_count() + table->blocked_count() == 4U);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
