// The writer when the environment fails it: every event is written or counted, never both, and the trouble stays cheap.
#include <sys/resource.h>

#include <stdexcept>

#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

WriterOptions options_in(const SpoolDirectory& directory, const char* name) {
    auto options = directory.options();
    options.directory /= name;
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_writer_failure)

BOOST_AUTO_TEST_CASE(a_missing_directory_is_reported_once_a_minute) {
    SpoolDirectory directory;
    const auto writer = directory.writer(options_in(directory, "missing"));
    BOOST_TEST(!writer->open(kStart));
    for (int second = 1; second < 180; ++second) {
        const Time now = kStart + seconds{second};
        BOOST_TEST(!writer->append(numbered_event(1, now), now));
    }
    BOOST_TEST(directory.warnings().size() == 3U);
    BOOST_TEST(directory.warnings().front().find("No such file") != std::string::npos);
    BOOST_TEST(directory.warnings().front().find("events are dropped") != std::string::npos);
    BOOST_TEST(writer->counters().dropped == 179U);
    BOOST_TEST(writer->counters().appended == 0U);
}

BOOST_AUTO_TEST_CASE(a_file_in_place_of_the_directory_is_reported) {
    SpoolDirectory directory;
    write_file(directory.path() / "spool", "not a directory");
    const auto writer = directory.writer(options_in(directory, "spool"));
    BOOST_TEST(!writer->open(kStart));
    BOOST_REQUIRE(directory.warnings().size() == 1U);
    BOOST_TEST(directory.warnings().front().find("Not a directory") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_tries_again_after_a_second_and_recovers) {
    SpoolDirectory directory;
    const auto options = options_in(directory, "late");
    const auto writer = directory.writer(options);
    BOOST_TEST(!writer->append(numbered_event(0, kStart), kStart));
    std::filesystem::create_directory(options.directory);
    // Not before, whatever the order in which threads arrive.
    for (const int ms : {0, 1, 999, 500, -1, 2, -500, -999})
        BOOST_TEST(!writer->append(numbered_event(1, kStart), kStart + milliseconds{ms}), ms << " ms");
    BOOST_TEST(list_segments(options.directory).empty());
    append(*writer, 100, 3, kStart + seconds{1}, milliseconds{1});
    BOOST_TEST(writer->counters().dropped == 9U);
    Reader reader(options.directory);
    BOOST_TEST(read_numbers(reader) == numbers(100, 3));
    BOOST_TEST(reader.writers().counters.dropped == 9U);
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_does_not_stop_the_tries) {
    SpoolDirectory directory;
    const auto options = options_in(directory, "late");
    const auto writer = directory.writer(options);
    BOOST_TEST(!writer->open(kStart));
    std::filesystem::create_directory(options.directory);
    const Time back = kStart - std::chrono::hours{24 * 365};
    BOOST_TEST(writer->append(numbered_event(1, back), back));
}

BOOST_AUTO_TEST_CASE(a_failed_write_leaves_a_hole_that_is_stepped_over) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    append(*writer, 0, 3, kStart, milliseconds{1});
    {
        // In the middle of the next record.
        const std::uint64_t used = record_offsets(directory.file(directory.segments().front())).back() +
                                   encoded_length(numbered_event(2, kStart));
        const Limit limit(RLIMIT_FSIZE, used + 12);
        const Time now = kStart + seconds{1};
        BOOST_TEST(!writer->append(numbered_event(3, now), now));
        for (int ms = 0; ms < 1000; ms += 10)
            BOOST_TEST(!writer->append(numbered_event(4, now), now + milliseconds{ms}));
        BOOST_TEST(directory.segments().size() == 1U);  // not one more for every event
    }
    BOOST_TEST(directory.warnings().size() == 1U);
    BOOST_TEST(directory.warnings().front().find("File too large") != std::string::npos);
    append(*writer, 5, 3, kStart + seconds{2}, milliseconds{1});
    BOOST_TEST(directory.segments().size() == 2U);
    BOOST_TEST(writer->counters().appended == 6U);
    BOOST_TEST(writer->counters().dropped == 101U);
    Reader reader(directory.path());
    BOOST_TEST((read_numbers(reader) == std::vector<std::uint64_t>{0, 1, 2, 5, 6, 7}));
    BOOST_TEST(reader.counters().torn == 1U);
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_when_a_segment_is_begun_leaves_nothing_behind) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    {
        const Limit limit(RLIMIT_FSIZE, kSmallSegment / 2);
        BOOST_TEST(!writer->open(kStart));
    }
    BOOST_REQUIRE(directory.warnings().size() == 1U);
    BOOST_TEST(std::filesystem::is_empty(directory.path()));
    BOOST_TEST(writer->open(kStart + seconds{1}));
}

BOOST_AUTO_TEST_CASE(an_event_without_a_usable_id_is_counted_and_not_written) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    LoginEvent event = numbered_event(1, kStart);
    event.id.clear();
    BOOST_TEST(!writer->append(event, kStart));
    event.id.assign(kMaxIdBytes + 1, 'x');
    BOOST_TEST(!writer->append(event, kStart));
    event.id.assign(100'000, 'x');
    BOOST_TEST(!writer->append(event, kStart));
    BOOST_TEST(writer->counters().unusable == 3U);
    BOOST_TEST(writer->counters().dropped == 0U);
    BOOST_TEST(directory.segments().empty());
}

BOOST_AUTO_TEST_CASE(a_warning_that_throws_loses_only_the_event) {
    SpoolDirectory directory;
    Writer writer(options_in(directory, "missing"), [](const std::string&) { throw std::runtime_error("log full"); });
    BOOST_TEST(!writer.append(numbered_event(1, kStart), kStart));
    BOOST_TEST(writer.counters().dropped == 1U);
    std::filesystem::create_directory(directory.path() / "missing");
    BOOST_TEST(writer.append(numbered_event(2, kStart), kStart + seconds{1}));
}

BOOST_AUTO_TEST_SUITE_END()
