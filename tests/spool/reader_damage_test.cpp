// Damage inside segments: what is whole is read, what is not is counted, and nothing stops the reader.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

#include "event/crc32c.hpp"
#include "event/descriptor.hpp"
#include "event/little_endian.hpp"
#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::atomic<std::int64_t> bad_place{-1};  // reads that touch this offset fail, as on a disk with a bad sector

// Twenty events in a segment whose writer is gone without having sealed it.
struct Abandoned {
    Abandoned() {
        const auto writer = source.writer();
        append(*writer, 0, 20, kStart, milliseconds{1});
        directory.leave_abandoned_copies(source);
        path = directory.file(directory.segments().front());
        offsets = record_offsets(path);
    }
    [[nodiscard]] std::size_t length(std::size_t record) const {
        return static_cast<std::size_t>(offsets.at(record + 1) - offsets.at(record));
    }
    // Reads it, expecting all events but those, and so many torn places.
    void check_lost(const std::vector<std::uint64_t>& lost, std::uint64_t torn) const {
        Reader reader(directory.path());
        auto expected = numbers(0, 20);
        std::erase_if(expected, [&](std::uint64_t number) { return std::ranges::find(lost, number) != lost.end(); });
        BOOST_TEST(read_numbers(reader) == expected);
        BOOST_TEST(reader.counters().torn == torn);
        BOOST_TEST(reader.counters().malformed == 0U);
        BOOST_TEST(reader.peek() == nullptr);
        BOOST_TEST(reader.counters().torn == torn);  // once, not at every look
        BOOST_TEST(reader.position().offsets.at(directory.segments().front()) == Position::kDone);
    }

    SpoolDirectory source, directory;
    std::filesystem::path path;
    std::vector<std::uint64_t> offsets;
};

void put_header_number(const std::filesystem::path& path, std::size_t offset, std::uint64_t value, std::size_t width) {
    auto header = file_bytes(path);
    header.resize(132);
    for (std::size_t i = 0; i < width; ++i) header[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
    put_little_endian(crc32c(std::span(header).first(128)), header.data() + 128);
    overwrite(path, 0, header);
}

}  // namespace

// In place of the C library's, for this program.
extern "C" ssize_t pread(int file, void* to, std::size_t count, off_t offset) {
    const std::int64_t bad = bad_place.load();
    if (bad >= 0 && bad >= offset && bad < offset + static_cast<off_t>(count)) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, file, to, count, offset);
}

BOOST_AUTO_TEST_SUITE(spool_reader_damage)

BOOST_FIXTURE_TEST_CASE(an_abandoned_segment_is_read_to_its_last_record, Abandoned) {
    check_lost({}, 0);
}

BOOST_FIXTURE_TEST_CASE(a_record_never_written_is_stepped_over, Abandoned) {
    overwrite_with_zeros(path, offsets[7], length(7));
    check_lost({7}, 1);
}

BOOST_FIXTURE_TEST_CASE(the_first_record_never_written_is_stepped_over, Abandoned) {
    overwrite_with_zeros(path, offsets[0], length(0));
    check_lost({0}, 1);
}

BOOST_FIXTURE_TEST_CASE(holes_are_counted_by_place, Abandoned) {
    overwrite_with_zeros(path, offsets[3], length(3) + length(4));
    overwrite_with_zeros(path, offsets[9], length(9));
    check_lost({3, 4, 9}, 2);
}

BOOST_FIXTURE_TEST_CASE(every_way_to_tear_a_record_loses_that_one_only, Abandoned) {
    const auto sound = file_bytes(path);
    BOOST_REQUIRE(sound.at(offsets[13] - 8) != 0);              // not all of what is torn off is zero anyway
    for (std::size_t kept = 8; kept < length(12); kept += 8) {  // the first bytes came, the rest did not
        overwrite_with_zeros(path, offsets[12] + kept, length(12) - kept);
        check_lost({12}, 1);
        overwrite(path, 0, sound);
    }
    for (std::size_t lost = 8; lost < length(12); lost += 8) {  // the other way round
        overwrite_with_zeros(path, offsets[12], lost);
        check_lost({12}, 1);
        overwrite(path, 0, sound);
    }
}

BOOST_FIXTURE_TEST_CASE(a_torn_last_record_is_counted, Abandoned) {
    overwrite_with_zeros(path, offsets[19] + 16, kMaxRecordBytes);
    check_lost({19}, 1);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_length_does_not_hide_the_next_record, Abandoned) {
    const auto sound = file_bytes(path);
    for (const std::uint32_t wrong : {1U, 8U, 24U, 352U, 360U, 0xfffffff8U, 0xffffffffU}) {
        std::array<std::uint8_t, 4> bytes{};
        put_little_endian(wrong, bytes.data());
        overwrite(path, offsets[5], bytes);
        check_lost({5}, 1);
        overwrite(path, 0, sound);
    }
}

BOOST_FIXTURE_TEST_CASE(bytes_of_an_older_segment_are_no_records, Abandoned) {
    // The same records under another epoch, where the disk gave back old blocks.
    const SpoolDirectory other;
    Writer writer(other.options(), {});
    append(writer, 100, 5, kStart, milliseconds{1});
    const auto old = file_bytes(other.file(other.segments().front()));
    const std::uint64_t end = offsets[19] + encoded_length(numbered_event(19, kStart));
    overwrite(path, end, std::span(old).subspan(kSegmentHeaderBytes, 512));
    check_lost({}, 1);
}

BOOST_FIXTURE_TEST_CASE(a_sound_record_that_is_no_event_is_counted, Abandoned) {
    const auto bytes = file_bytes(path);
    std::vector<std::uint8_t> bound(bytes.begin() + 16, bytes.begin() + 24);  // the epoch
    std::vector<std::uint8_t> record(bytes.begin() + static_cast<std::ptrdiff_t>(offsets[5]),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(offsets[6]));
    record[16] = 0x7f;  // a service and a kind of the future
    bound.insert(bound.end(), record.begin(), record.begin() + 4);
    bound.insert(bound.end(), record.begin() + 8, record.end());
    put_little_endian(crc32c(bound), record.data() + 4);
    overwrite(path, offsets[5], record);
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader).size() == 19U);
    BOOST_TEST(reader.counters().malformed == 1U);
    BOOST_TEST(reader.counters().torn == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_place_that_cannot_be_read_is_skipped, Abandoned) {
    append(*directory.writer(), 100, 3, kStart + hours{1}, milliseconds{1});
    bad_place = static_cast<std::int64_t>(offsets[10]);
    Reader reader(directory.path());
    const auto read = read_numbers(reader);
    bad_place = -1;
    BOOST_TEST(read == numbers(100, 3));  // one read covers the whole of the small segment before it
    BOOST_TEST(reader.counters().torn == 1U);
}

BOOST_AUTO_TEST_CASE(at_a_gap_in_a_live_segment_the_reader_waits) {
    SpoolDirectory directory;
    auto writer = directory.writer();
    append(*writer, 0, 10, kStart, milliseconds{1});
    const auto path = directory.file(directory.segments().front());
    const auto offsets = record_offsets(path);
    const auto sound = file_bytes(path);
    overwrite_with_zeros(path, offsets[4], static_cast<std::size_t>(offsets[5] - offsets[4]));
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(0, 4));
    BOOST_TEST(reader.peek() == nullptr);
    // The slow thread's record comes after all.
    overwrite(path, offsets[4], std::span(sound).subspan(offsets[4], offsets[5] - offsets[4]));
    BOOST_TEST(read_numbers(reader) == numbers(4, 6));
    // Another never comes, and the segment is sealed.
    append(*writer, 10, 3, kStart + seconds{1}, milliseconds{1});
    const auto more = record_offsets(path);
    overwrite_with_zeros(path, more[11], static_cast<std::size_t>(more[12] - more[11]));
    BOOST_TEST(read_numbers(reader) == numbers(10, 1));
    BOOST_TEST(reader.counters().torn == 0U);
    writer.reset();
    BOOST_TEST(read_numbers(reader) == numbers(12, 1));
    BOOST_TEST(reader.counters().torn == 1U);
}

BOOST_AUTO_TEST_CASE(a_sealed_segment_cut_off_anywhere_is_counted) {
    SpoolDirectory directory;
    append(*directory.writer(), 0, 6, kStart, milliseconds{1});
    const auto path = directory.file(directory.segments().front());
    append(*directory.writer(), 6, 2, kStart + seconds{1}, milliseconds{1});
    const auto sound = file_bytes(path);
    const auto offsets = record_offsets(path);
    for (std::uint64_t size = sound.size(); size-- > kSegmentHeaderBytes;) {
        std::filesystem::resize_file(path, size);
        std::uint64_t whole = 0;
        while (whole + 1 < offsets.size() && offsets[whole + 1] <= size) ++whole;
        auto expected = numbers(0, whole);
        expected.insert(expected.end(), {6, 7});
        Reader reader(directory.path());
        BOOST_TEST(read_numbers(reader) == expected, "size " << size);
        BOOST_TEST(reader.counters().torn == 1U, "size " << size);
    }
    BOOST_TEST(sound.size() > kSegmentHeaderBytes + 200);
}

BOOST_AUTO_TEST_CASE(a_sealed_segment_whose_end_never_reached_the_disk_is_counted) {
    SpoolDirectory directory;
    append(*directory.writer(), 0, 6, kStart, milliseconds{1});
    const auto path = directory.file(directory.segments().front());
    const auto offsets = record_offsets(path);
    overwrite_with_zeros(path, offsets[4], static_cast<std::size_t>(std::filesystem::file_size(path) - offsets[4]));
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(0, 4));
    BOOST_TEST(reader.counters().torn == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_damaged_header_costs_that_segment_only, Abandoned) {
    append(*directory.writer(), 100, 3, kStart + hours{1}, milliseconds{1});
    const auto sound = file_bytes(path);
    for (const std::size_t bit : {0U, 64U, 130U, 300U, 700U, 1023U, 1030U}) {
        const std::uint8_t flipped = sound[bit / 8] ^ static_cast<std::uint8_t>(1U << (bit % 8));
        overwrite(path, bit / 8, std::span(&flipped, 1));
        Reader reader(directory.path());
        BOOST_TEST(read_numbers(reader) == numbers(100, 3), "bit " << bit);
        BOOST_TEST(reader.peek() == nullptr);
        BOOST_TEST(reader.counters().unreadable == 1U, "bit " << bit);
        BOOST_TEST(reader.writers().counters.appended == 3U);
        overwrite(path, 0, sound);
    }
    put_header_number(path, 8, 2, 4);  // a format of the future, sound in itself
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(100, 3));
    BOOST_TEST(reader.counters().unreadable == 1U);
    // Neither is it counted again by a reader that goes on there.
    Reader resumed(directory.path(), reader.position());
    BOOST_TEST(resumed.peek() == nullptr);
    BOOST_TEST(resumed.counters().unreadable == 0U);
}

BOOST_FIXTURE_TEST_CASE(files_too_short_for_a_header_are_counted, Abandoned) {
    for (const std::uint64_t size : {0U, 8U, 131U}) {
        std::filesystem::resize_file(path, size);
        Reader reader(directory.path());
        BOOST_TEST(reader.peek() == nullptr);
        BOOST_TEST(reader.counters().unreadable == 1U);
    }
}

// The reader looks just while the writer replaces the header: half old, half new.
BOOST_FIXTURE_TEST_CASE(a_header_that_is_being_replaced_is_looked_at_again, Abandoned) {
    const auto sound = file_bytes(path);
    overwrite_with_zeros(path, 40, 60);
    const Descriptor writer(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    BOOST_REQUIRE(flock(writer.get(), LOCK_EX | LOCK_NB) == 0);
    Reader reader(directory.path());
    BOOST_TEST(reader.peek() == nullptr);
    BOOST_TEST(reader.counters().unreadable == 0U);
    overwrite(path, 0, std::span(sound).first(132));
    BOOST_TEST(read_numbers(reader) == numbers(0, 20));
    BOOST_TEST(reader.counters().unreadable == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
