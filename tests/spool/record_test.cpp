// One record: what goes in comes out, and nothing else is ever taken for a record.
#include <array>
#include <limits>
#include <random>

#include "event/crc32c.hpp"
#include "event/little_endian.hpp"
#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using guard::test::kStart;
using guard::test::numbered_event;

namespace {

constexpr std::uint64_t kEpoch = 0x0123'4567'89ab'cdef;

std::vector<std::uint8_t> encoded(const LoginEvent& event, std::uint64_t epoch = kEpoch) {
    RecordBuffer buffer;
    const std::size_t length = encode_record(event, epoch, buffer);
    return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(length)};
}

LoginEvent event_with(std::string id, std::initializer_list<const char*> addresses) {
    LoginEvent event{Service::pppoe, Kind::accept, std::move(id), {}, kStart};
    for (const char* text : addresses) event.addresses.push_back(IpAddress::parse(text).value());
    return event;
}

// Makes altered bytes a sound record again, as README.md says: to get behind the checksum.
void seal(std::vector<std::uint8_t>& record) {
    std::vector<std::uint8_t> bound(12);
    put_little_endian(kEpoch, bound.data());
    put_little_endian(static_cast<std::uint32_t>(record.size()), bound.data() + 8);
    bound.insert(bound.end(), record.begin() + 8, record.end());
    put_little_endian(static_cast<std::uint32_t>(record.size()), record.data());
    put_little_endian(crc32c(bound), record.data() + 4);
}

void check_round_trip(const LoginEvent& event) {
    const auto bytes = encoded(event);
    BOOST_TEST(bytes.size() == encoded_length(event));
    BOOST_TEST(bytes.size() % kRecordAlignment == 0U);
    const auto decoded = decode_record(bytes, kEpoch);
    BOOST_REQUIRE_MESSAGE(decoded, event);
    BOOST_TEST(decoded->event == event);
    BOOST_TEST(decoded->length == bytes.size());
}

void check_malformed(std::size_t offset, unsigned value, const LoginEvent& event) {
    auto bytes = encoded(event);
    BOOST_REQUIRE(bytes.at(offset) != value);
    bytes.at(offset) = static_cast<std::uint8_t>(value);
    seal(bytes);
    const auto decoded = decode_record(bytes, kEpoch);
    BOOST_REQUIRE_MESSAGE(!decoded, "offset " << offset << " value " << value);
    BOOST_TEST((decoded.error() == RecordError::malformed), "offset " << offset << " value " << value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_record)

BOOST_AUTO_TEST_CASE(every_kind_address_and_length_comes_back) {
    for (const Service service : {Service::pppoe, Service::smtp_auth})
        for (const Kind kind : {Kind::accept, Kind::reject, Kind::assign, Kind::alive, Kind::release})
            for (std::uint64_t i = 0; i < 35; ++i) {
                LoginEvent event = numbered_event(i, kStart);
                event.service = service;
                event.kind = kind;
                check_round_trip(event);
            }
    for (unsigned length = 0; length <= 32; ++length)
        check_round_trip(event_with("a", {("198.51.100.255/" + std::to_string(length)).c_str()}));
    for (unsigned length = 0; length <= 128; ++length)
        check_round_trip(
            event_with("a", {("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/" + std::to_string(length)).c_str()}));
}

BOOST_AUTO_TEST_CASE(limits_come_back) {
    for (std::size_t length = 1; length <= kMaxIdBytes; ++length)
        check_round_trip(event_with(std::string(length, 'i'), {}));
    std::string all_bytes;
    for (int byte = 3; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
    check_round_trip(event_with(all_bytes, {}));
    check_round_trip(event_with(std::string("\0\n\xff", 3), {"192.0.2.1"}));
    for (const std::int64_t time : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max()}) {
        LoginEvent event = event_with("a", {});
        event.time = Time{Microseconds{time}};
        check_round_trip(event);
    }
    const LoginEvent largest =
        event_with(std::string(kMaxIdBytes, 'i'), {"2001:db8::1", "2001:db8::2", "2001:db8:1::/64", "2001:db8:2::/56"});
    check_round_trip(largest);
    BOOST_TEST(encoded_length(largest) == kMaxRecordBytes);
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_refused) {
    for (std::uint64_t i = 0; i < 5; ++i) {
        auto bytes = encoded(numbered_event(i, kStart));
        bytes.resize(kMaxRecordBytes);  // a flipped length has something to reach
        for (std::size_t bit = 0; bit < encoded_length(numbered_event(i, kStart)) * 8; ++bit) {
            bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            BOOST_TEST(!decode_record(bytes, kEpoch), "event " << i << " bit " << bit);
            bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        }
        BOOST_TEST(decode_record(bytes, kEpoch).has_value());
    }
}

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
    for (std::uint64_t i = 0; i < 5; ++i) {
        const auto bytes = encoded(numbered_event(i, kStart));
        for (std::size_t length = 0; length < bytes.size(); ++length) {
            const auto decoded = decode_record(std::span(bytes).first(length), kEpoch);
            BOOST_REQUIRE(!decoded);
            BOOST_TEST((decoded.error() == RecordError::truncated));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_record_of_another_segment_is_refused) {
    const auto bytes = encoded(numbered_event(4, kStart), kEpoch);
    for (unsigned bit = 0; bit < 64; ++bit) {
        const auto decoded = decode_record(bytes, kEpoch ^ (std::uint64_t{1} << bit));
        BOOST_REQUIRE(!decoded);
        BOOST_TEST((decoded.error() == RecordError::damaged));
    }
}

BOOST_AUTO_TEST_CASE(zeros_are_no_record) {
    const std::array<std::uint8_t, 64> zeros{};
    const auto decoded = decode_record(zeros, kEpoch);
    BOOST_REQUIRE(!decoded);
    BOOST_TEST((decoded.error() == RecordError::absent));
    BOOST_TEST((decode_record(zeros, 0).error() == RecordError::absent));
}

BOOST_AUTO_TEST_CASE(lengths_out_of_range_are_damage) {
    for (const std::uint32_t length : {1U, 8U, 16U, 23U, 25U, 353U, 360U, 0x7fffffffU, 0xffffffffU}) {
        std::vector<std::uint8_t> bytes(400);
        put_little_endian(length, bytes.data());
        const auto decoded = decode_record(bytes, kEpoch);
        BOOST_REQUIRE(!decoded);
        BOOST_TEST((decoded.error() == RecordError::damaged), "length " << length);
    }
}

BOOST_AUTO_TEST_CASE(sound_bytes_that_are_no_event_are_malformed) {
    const LoginEvent ipv4 = event_with("abcd", {"192.0.2.1"});      // 20 + 4 + 6 = 30, padded to 32
    const LoginEvent ipv6 = event_with("abcd", {"2001:db8::/48"});  // address bytes from 26 on
    const LoginEvent no_address = event_with("abcdefghijkl", {});   // 32, no padding
    for (const unsigned what : {0x00U, 0x01U, 0x10U, 0x16U, 0x1fU, 0x31U, 0xf1U}) check_malformed(16, what, ipv4);
    for (const unsigned id_length : {0U, 3U, 5U, 12U, 254U, 255U}) check_malformed(17, id_length, ipv4);
    for (const unsigned count : {0U, 2U, 5U, 255U}) check_malformed(18, count, ipv4);
    for (const unsigned count : {1U, 4U}) check_malformed(18, count, no_address);
    check_malformed(19, 1, ipv4);
    for (const unsigned family : {1U, 4U, 6U, 0x80U, 0xffU}) check_malformed(24, family, ipv4);
    for (const unsigned length : {33U, 128U, 255U}) check_malformed(25, length, ipv4);
    for (const unsigned length : {129U, 255U}) check_malformed(25, length, ipv6);
    check_malformed(25, 24, ipv4);  // 192.0.2.1/24: a bit behind the prefix
    check_malformed(41, 1, ipv6);   // the last bit of 2001:db8::/48
    check_malformed(30, 1, ipv4);   // padding
    check_malformed(31, 0xff, ipv4);

    auto longer = encoded(ipv4);
    longer.resize(longer.size() + kRecordAlignment);
    seal(longer);
    BOOST_TEST((decode_record(longer, kEpoch).error() == RecordError::malformed));  // more padding than needed

    LoginEvent six = event_with("abcd", {"2001:db8::1"});
    auto mapped = encoded(six);
    const std::array<std::uint8_t, 16> address{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    std::copy(address.begin(), address.end(), mapped.begin() + 26);
    seal(mapped);
    BOOST_TEST((decode_record(mapped, kEpoch).error() == RecordError::malformed));  // it has an encoding of its own
}

BOOST_AUTO_TEST_CASE(random_bytes_are_refused) {
    const std::uint64_t seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 20'000; ++i) {
        std::vector<std::uint8_t> bytes(random() % 400);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
        if (bytes.size() >= 4) put_little_endian(static_cast<std::uint32_t>(random() % 50 * 8), bytes.data());
        BOOST_TEST(!decode_record(bytes, kEpoch), "seed " << seed << " round " << i);
    }
}

BOOST_AUTO_TEST_SUITE_END()
