// The bytes on disk, read by a second decoder that was written from spool/README.md alone: it shares no code with the
// first one, so that neither a field nor a byte is in the file that the README does not name (R1, R2).
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;

namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint32_t plain_crc32c(const Bytes& bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
    }
    return ~crc;
}

std::uint64_t number_at(const Bytes& bytes, std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value += std::uint64_t{bytes.at(at + i)} << (8 * i);
    return value;
}

bool zero(const Bytes& bytes, std::size_t from, std::size_t to) {
    return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                       bytes.begin() + static_cast<std::ptrdiff_t>(to), [](std::uint8_t byte) { return byte == 0; });
}

struct PlainHeader {
    std::uint64_t epoch, size, created, end, appended, dropped, unusable, clamped, duplicates, writer;
    std::string fingerprint;
};

PlainHeader plain_header(const Bytes& file) {
    BOOST_REQUIRE(file.size() >= 4096U);
    BOOST_TEST(std::string(file.begin(), file.begin() + 8) == "PGSPOOL1");
    BOOST_TEST(number_at(file, 8, 4) == 1U);
    BOOST_TEST(number_at(file, 12, 4) == 0U);
    BOOST_TEST(number_at(file, 128, 4) == plain_crc32c(Bytes(file.begin(), file.begin() + 128)));
    BOOST_TEST(zero(file, 132, 4096));
    PlainHeader header{};
    std::size_t at = 16;
    for (std::uint64_t* field :
         {&header.epoch, &header.size, &header.created, &header.end, &header.appended, &header.dropped,
          &header.unusable, &header.clamped, &header.duplicates, &header.writer}) {
        *field = number_at(file, at, 8);
        at += 8;
    }
    const auto text = file.begin() + 96;
    header.fingerprint.assign(text, std::find(text, text + 32, std::uint8_t{0}));
    BOOST_TEST(zero(file, 96 + header.fingerprint.size(), 128));
    return header;
}

std::string plain_address(const Bytes& file, std::size_t& at) {
    const bool ipv6 = file.at(at) == 0x80;
    BOOST_TEST((ipv6 || file.at(at) == 0));
    const unsigned length = file.at(at + 1);
    std::string text;
    char part[8];
    for (std::size_t i = 0; i < (ipv6 ? 16U : 4U); i += ipv6 ? 2 : 1) {
        std::snprintf(part, sizeof part, ipv6 ? "%x" : "%u",
                      ipv6 ? unsigned{file.at(at + 2 + i)} << 8 | file.at(at + 3 + i) : unsigned{file.at(at + 2 + i)});
        text += (i == 0 ? "" : ipv6 ? ":" : ".") + std::string(part);
    }
    at += ipv6 ? 18 : 6;
    return text + '/' + std::to_string(length);
}

// As text, to be compared with what was put in.
std::string plain_record(const Bytes& file, std::size_t at, std::uint64_t epoch, std::size_t& next) {
    const auto length = static_cast<std::size_t>(number_at(file, at, 4));
    BOOST_REQUIRE((length >= 24 && length <= 352 && length % 8 == 0));
    Bytes bound;
    for (std::size_t i = 0; i < 8; ++i) bound.push_back(static_cast<std::uint8_t>(epoch >> (8 * i)));
    for (std::size_t i = 0; i < 4; ++i) bound.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
    bound.insert(bound.end(), file.begin() + static_cast<std::ptrdiff_t>(at) + 8,
                 file.begin() + static_cast<std::ptrdiff_t>(at + length));
    BOOST_TEST(number_at(file, at + 4, 4) == plain_crc32c(bound));
    next = at + length;
    std::string text = std::to_string(static_cast<std::int64_t>(number_at(file, at + 8, 8)));
    text += ' ' + std::to_string(file.at(at + 16) >> 4) + ' ' + std::to_string(file.at(at + 16) & 15);
    const std::size_t id_length = file.at(at + 17);
    const unsigned addresses = file.at(at + 18);
    BOOST_TEST(file.at(at + 19) == 0);
    std::size_t place = at + 20;
    text += ' ' + std::string(file.begin() + static_cast<std::ptrdiff_t>(place),
                              file.begin() + static_cast<std::ptrdiff_t>(place + id_length));
    place += id_length;
    for (unsigned i = 0; i < addresses; ++i) text += ' ' + plain_address(file, place);
    BOOST_TEST((next - place < 8 && zero(file, place, next)));
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_format)

BOOST_AUTO_TEST_CASE(a_second_decoder_reads_what_was_written) {
    const SpoolDirectory directory;
    {
        Writer writer(
            [&] {
                auto options = directory.options();
                options.segment_bytes = 1 << 20;
                return options;
            }(),
            {});
        const Time time = kStart + Microseconds{1};
        LoginEvent event{Service::pppoe, Kind::accept, "taro@example.net", {IpAddress::ipv4(0xc6336407)}, time};
        BOOST_REQUIRE(writer.append(event, kStart));
        event = {Service::smtp_auth, Kind::reject, "a", {}, Time{Microseconds{-2}}};
        BOOST_REQUIRE(writer.append(event, kStart));
        event = {Service::pppoe, Kind::release, std::string(253, 'z'), {}, kStart};
        for (const char* text : {"192.0.2.0/24", "2001:db8::1", "2001:db8:0:ff00::/56", "203.0.113.9"})
            event.addresses.push_back(IpAddress::parse(text).value());
        BOOST_REQUIRE(writer.append(event, kStart));
        writer.count_unusable(kStart);
        writer.count_clamped();
        writer.count_clamped();
        for (int i = 0; i < 3; ++i) writer.count_duplicate(kStart);
    }
    BOOST_REQUIRE(directory.segments() == std::vector<std::uint64_t>{1'772'323'200'000'000});
    BOOST_REQUIRE(std::filesystem::exists(directory.path() / "1772323200000000.segment"));
    const Bytes file = file_bytes(directory.path() / "1772323200000000.segment");
    const PlainHeader header = plain_header(file);
    BOOST_TEST(header.size == 1U << 20);
    BOOST_TEST(header.created == 1'772'323'200'000'000U);
    BOOST_TEST(header.end == file.size());
    BOOST_TEST(header.fingerprint == "v1,case=lower,realm=keep");
    BOOST_TEST((header.appended == 3 && header.dropped == 0 && header.unusable == 1 && header.clamped == 2 &&
                header.duplicates == 3));

    std::size_t at = 4096;
    BOOST_TEST(plain_record(file, at, header.epoch, at) == "1772323200000001 1 1 taro@example.net 198.51.100.7/32");
    BOOST_TEST(at == 4096U + 48);  // 20 + 16 + 6 = 42, padded
    BOOST_TEST(plain_record(file, at, header.epoch, at) == "-2 2 2 a");
    BOOST_TEST(plain_record(file, at, header.epoch, at) ==
               "1772323200000000 1 5 " + std::string(253, 'z') +
                   " 192.0.2.0/24 2001:db8:0:0:0:0:0:1/128 2001:db8:0:ff00:0:0:0:0/56 203.0.113.9/32");
    BOOST_TEST(at == file.size());
}

BOOST_AUTO_TEST_CASE(a_segment_in_use_is_preallocated_and_not_for_everybody) {
    const SpoolDirectory directory;
    Writer writer(directory.options(), {});
    BOOST_REQUIRE(writer.open(kStart));
    BOOST_REQUIRE(writer.append(numbered_event(1, kStart), kStart));
    BOOST_REQUIRE(directory.segments().size() == 1U);
    const auto path = directory.file(directory.segments().front());
    const Bytes file = file_bytes(path);
    BOOST_TEST(file.size() == kSmallSegment);
    const PlainHeader header = plain_header(file);
    BOOST_TEST(header.end == 0U);
    BOOST_TEST(header.appended == 1U);
    std::size_t at = 4096;
    plain_record(file, at, header.epoch, at);
    BOOST_TEST(zero(file, at, file.size()));
    struct stat status {};
    BOOST_REQUIRE(stat(path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777) == 0640U);
    BOOST_TEST(status.st_blocks * 512 >= static_cast<blkcnt_t>(kSmallSegment));
    // Nothing else is left of its making.
    BOOST_TEST(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 1);
}

BOOST_AUTO_TEST_CASE(epochs_and_writers_are_never_the_same) {
    const SpoolDirectory directory;
    for (int i = 0; i < 3; ++i) BOOST_REQUIRE(Writer(directory.options(), {}).open(kStart));
    std::vector<std::uint64_t> values;
    for (const std::uint64_t segment : directory.segments()) {
        const PlainHeader header = plain_header(file_bytes(directory.file(segment)));
        values.insert(values.end(), {header.epoch, header.writer});
    }
    values = sorted(values);
    BOOST_TEST(values.size() == 6U);
    BOOST_TEST((std::adjacent_find(values.begin(), values.end()) == values.end()));
}

BOOST_AUTO_TEST_SUITE_END()
