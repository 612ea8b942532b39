// What happens to the directory under the reader: segments that go, that come late, that cannot be opened now.
#include <sys/resource.h>

#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// Three segments of ten events an hour apart, sealed.
struct ThreeSegments {
    ThreeSegments() {
        for (std::uint64_t hour = 0; hour < 3; ++hour)
            append(*directory.writer(), 10 * hour, 10, kStart + hours{hour}, seconds{1});
        segments = directory.segments();
        BOOST_REQUIRE(segments.size() == 3U);
    }
    SpoolDirectory directory;
    std::vector<std::uint64_t> segments;
};

void pass_over(Reader& reader, int count) {
    for (int i = 0; i < count; ++i) {
        BOOST_REQUIRE(reader.peek() != nullptr);
        reader.pop();
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_reader_directory)

BOOST_FIXTURE_TEST_CASE(a_segment_that_is_open_is_read_when_its_name_is_gone, ThreeSegments) {
    Reader reader(directory.path());
    pass_over(reader, 3);
    for (const std::uint64_t segment : segments) std::filesystem::remove(directory.file(segment));
    BOOST_TEST(read_numbers(reader) == numbers(3, 27));
    BOOST_TEST(reader.counters().deleted_unread == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_segment_that_went_while_nobody_read_is_counted, ThreeSegments) {
    Reader reader(directory.path());
    pass_over(reader, 3);
    std::filesystem::remove(directory.file(segments[0]));
    std::filesystem::remove(directory.file(segments[1]));
    Reader resumed(directory.path(), reader.position());
    BOOST_TEST(read_numbers(resumed) == numbers(20, 10));
    BOOST_TEST(resumed.counters().deleted_unread == 2U);
    BOOST_TEST(resumed.position().to_string().find(std::to_string(segments[0]) + ':') == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_segment_that_was_done_is_not_counted_when_it_goes, ThreeSegments) {
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(0, 30));
    for (const std::uint64_t segment : segments) std::filesystem::remove(directory.file(segment));
    BOOST_TEST(reader.peek() == nullptr);
    Reader resumed(directory.path(), reader.position());
    BOOST_TEST(resumed.peek() == nullptr);
    BOOST_TEST(reader.counters().deleted_unread + resumed.counters().deleted_unread == 0U);
}

BOOST_AUTO_TEST_CASE(segments_that_never_were_opened_are_counted_when_they_go) {
    SpoolDirectory directory;
    for (std::uint64_t i = 0; i < 100; ++i) append(*directory.writer(), i, 1, kStart + minutes{10 * i}, {});
    Reader reader(directory.path());
    BOOST_REQUIRE(reader.peek() != nullptr);
    const auto segments = directory.segments();
    for (std::size_t i = 90; i < 95; ++i) std::filesystem::remove(directory.file(segments[i]));
    auto expected = numbers(0, 90);
    expected.insert(expected.end(), {95, 96, 97, 98, 99});
    BOOST_TEST(read_numbers(reader) == expected);
    BOOST_TEST(reader.counters().deleted_unread == 5U);
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_is_away_for_a_moment_brings_nothing_twice, ThreeSegments) {
    // The first is live, so that the position must hold the others as done.
    const SpoolDirectory live;
    Writer writer(live.options(), {});
    append(writer, 100, 1, kStart - hours{1}, {});
    for (const std::uint64_t segment : segments) std::filesystem::rename(directory.file(segment), live.file(segment));
    Reader reader(live.path());
    BOOST_TEST(read_numbers(reader).size() == 31U);
    Position position = reader.position();
    BOOST_REQUIRE(position.offsets.size() == 4U);

    const auto away = live.path().string() + ".away";
    std::filesystem::rename(live.path(), away);
    Reader resumed(live.path(), position);
    BOOST_TEST(reader.peek() == nullptr);
    BOOST_TEST(resumed.peek() == nullptr);
    std::filesystem::rename(away, live.path());
    BOOST_TEST(reader.peek() == nullptr);
    BOOST_TEST(resumed.peek() == nullptr);
    BOOST_TEST(resumed.counters().deleted_unread == 0U);
    BOOST_TEST(resumed.position() == position);
    append(writer, 101, 1, kStart + hours{3}, {});
    BOOST_TEST(read_numbers(reader) == numbers(101, 1));
    BOOST_TEST(read_numbers(resumed) == numbers(101, 1));
}

BOOST_FIXTURE_TEST_CASE(a_segment_that_cannot_be_opened_now_is_read_later, ThreeSegments) {
    std::filesystem::rename(directory.file(segments[1]), directory.path() / "aside");
    std::filesystem::create_symlink(directory.path() / "nowhere", directory.file(segments[1]));
    Reader reader(directory.path());
    auto expected = numbers(0, 10);
    expected.insert(expected.end(), {20, 21, 22, 23, 24, 25, 26, 27, 28, 29});
    BOOST_TEST(read_numbers(reader) == expected);
    BOOST_TEST(reader.position().done_through < segments[1]);
    std::filesystem::rename(directory.path() / "aside", directory.file(segments[1]));
    Reader resumed(directory.path(), reader.position());
    BOOST_TEST(read_numbers(reader) == numbers(10, 10));
    BOOST_TEST(read_numbers(resumed) == numbers(10, 10));
    BOOST_TEST(reader.counters().unreadable == 0U);
}

BOOST_FIXTURE_TEST_CASE(without_a_free_descriptor_it_waits, ThreeSegments) {
    Reader reader(directory.path());
    {
        const Limit limit(RLIMIT_NOFILE, 3);
        BOOST_TEST(reader.peek() == nullptr);
    }
    BOOST_TEST(read_numbers(reader) == numbers(0, 30));
    BOOST_TEST(reader.counters().unreadable + reader.counters().deleted_unread == 0U);
}

// Two writers name segments at the same time: the later number may be there, be read and be done before the earlier
// one.
BOOST_AUTO_TEST_CASE(a_segment_that_is_named_late_is_read) {
    SpoolDirectory directory;
    append(*directory.writer(), 0, 5, kStart, {});
    append(*directory.writer(), 5, 5, kStart + seconds{10}, {});
    const auto segments = directory.segments();
    const auto unnamed = directory.path() / "late";
    std::filesystem::rename(directory.file(segments[0]), unnamed);
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(5, 5));
    Reader resumed(directory.path(), reader.position());
    std::filesystem::rename(unnamed, directory.file(segments[0]));
    BOOST_TEST(read_numbers(reader) == numbers(0, 5));
    BOOST_TEST(read_numbers(resumed) == numbers(0, 5));
    // Once a much younger segment is done, all of them are one number in the position.
    append(*directory.writer(), 10, 1, kStart + seconds{131}, {});
    BOOST_TEST(read_numbers(reader) == numbers(10, 1));
    BOOST_TEST(reader.peek() == nullptr);
    BOOST_TEST(reader.position().done_through == segments[1]);
    BOOST_TEST(reader.position().offsets.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(other_files_are_left_alone, ThreeSegments) {
    write_file(directory.path() / "README", "x");
    write_file(directory.path() / "123.new", "x");
    write_file(directory.path() / "1.segment", "x");
    std::filesystem::create_directory(directory.path() / "lost+found");
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(0, 30));
    BOOST_TEST(reader.counters().unreadable == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
