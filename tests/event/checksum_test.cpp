// CRC-32C and SipHash against the vectors of their authors.
#include <array>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "event/crc32c.hpp"
#include "event/keyed_hash.hpp"

namespace guard {
namespace {

std::uint32_t crc_of(std::string_view text) {
    return crc32c({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

// Both ways of counting must agree with the vector.
void check_crc(std::span<const std::uint8_t> bytes, std::uint32_t expected) {
    BOOST_TEST(crc32c(bytes) == expected);
    BOOST_TEST(crc32c_portable(bytes) == expected);
}

std::string hexadecimal(const Hash128& hash) {
    std::string text;
    for (const std::uint64_t word : {hash.low, hash.high})
        for (unsigned i = 0; i < 8; ++i) {
            constexpr std::string_view kDigits = "0123456789abcdef";
            const auto byte = static_cast<std::uint8_t>(word >> (8 * i));
            text += kDigits[byte >> 4U];
            text += kDigits[byte & 15U];
        }
    return text;
}

BOOST_AUTO_TEST_SUITE(checksum)

BOOST_AUTO_TEST_CASE(crc32c_agrees_with_rfc_3720) {
    std::array<std::uint8_t, 32> bytes{};
    check_crc(bytes, 0x8a9136aaU);
    bytes.fill(0xff);
    check_crc(bytes, 0x62a8ab43U);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    check_crc(bytes, 0x46dd794eU);
    std::iota(bytes.rbegin(), bytes.rend(), std::uint8_t{0});
    check_crc(bytes, 0x113fdb5cU);
    const std::array<std::uint8_t, 48> scsi_read{0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0,    0, 0, 0, 0,
                                                 0x14, 0,    0, 0, 0, 0, 4, 0, 0,    0, 0, 0x14, 0, 0, 0, 0x18,
                                                 0x28, 0,    0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0,    0, 0, 0, 0};
    check_crc(scsi_read, 0xd9963a56U);
}

BOOST_AUTO_TEST_CASE(crc32c_of_nothing_and_of_the_check_string) {
    BOOST_TEST(crc_of("") == 0U);
    BOOST_TEST(crc_of("123456789") == 0xe3069283U);
}

// At every length and alignment, begun anew and gone on from what came before.
BOOST_AUTO_TEST_CASE(crc32c_by_instruction_and_portable_agree) {
    const std::uint32_t seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    if (!crc32c_by_instruction()) std::cerr << "not compared: this CPU has no instruction for CRC-32C\n";
    std::mt19937 random(seed);
    std::vector<std::uint8_t> bytes(400);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    for (std::size_t offset = 0; offset < 9; ++offset)
        for (std::size_t length = 0; offset + length <= bytes.size(); ++length) {
            const auto part = std::span<const std::uint8_t>(bytes).subspan(offset, length);
            const auto before = static_cast<std::uint32_t>(random());
            BOOST_REQUIRE_EQUAL(crc32c(part, before), crc32c_portable(part, before));
        }
}

BOOST_AUTO_TEST_CASE(crc32c_goes_on_from_part_to_part) {
    std::vector<std::uint8_t> bytes(77);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{3});
    const auto whole = std::span<const std::uint8_t>(bytes);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        BOOST_TEST(crc32c(whole.subspan(cut), crc32c(whole.first(cut))) == crc32c(whole));
        BOOST_TEST(crc32c_portable(whole.subspan(cut), crc32c_portable(whole.first(cut))) == crc32c(whole));
    }
}

BOOST_AUTO_TEST_CASE(crc32c_sees_every_single_bit) {
    std::vector<std::uint8_t> bytes(64, 0x5a);
    const std::uint32_t whole = crc32c(bytes);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        BOOST_REQUIRE_NE(crc32c(bytes), whole);
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
}

BOOST_AUTO_TEST_CASE(keyed_hash_agrees_with_the_official_vectors) {
    HashKey key{};
    std::iota(key.begin(), key.end(), std::uint8_t{0});
    std::vector<std::uint8_t> input;
    std::ifstream file(GUARD_SOURCE_DIR "/tests/data/siphash128_vectors.txt");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        BOOST_TEST(hexadecimal(keyed_hash(key, input)) == line, "length " << input.size());
        if (!input.empty())
            BOOST_TEST(hexadecimal(keyed_hash(key, input.front(), std::span(input).subspan(1))) == line,
                       "length " << input.size());
        input.push_back(static_cast<std::uint8_t>(input.size()));
    }
    BOOST_TEST(input.size() == 64U);
}

BOOST_AUTO_TEST_CASE(keyed_hash_depends_on_every_bit_of_the_key) {
    HashKey key{};
    const std::array<std::uint8_t, 5> input{'a', '@', 'b', '.', 'c'};
    std::set<std::string> hashes{hexadecimal(keyed_hash(key, input))};
    for (std::size_t bit = 0; bit < 128; ++bit) {
        HashKey other = key;
        other[bit / 8] = static_cast<std::uint8_t>(1U << bit % 8);
        hashes.insert(hexadecimal(keyed_hash(other, input)));
    }
    BOOST_TEST(hashes.size() == 129U);
}

BOOST_AUTO_TEST_CASE(random_keys_differ) {
    std::set<HashKey> keys;
    for (int i = 0; i < 100; ++i) keys.insert(random_key());
    BOOST_TEST(keys.size() == 100U);
    BOOST_TEST(keys.count(HashKey{}) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard
