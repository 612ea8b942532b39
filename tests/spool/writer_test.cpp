// The writer while all goes well: threads, rotation by size and by age, quota, numbers of segments when the clock
// jumps.
#include <fcntl.h>

#include <set>
#include <thread>

#include "event/descriptor.hpp"
#include "spool/retention.hpp"
#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

SegmentHeader header_of(const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    auto header = read_header(file.get());
    BOOST_REQUIRE_MESSAGE(header, path);
    return *header;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_writer)

BOOST_AUTO_TEST_CASE(touches_nothing_before_it_is_used) {
    SpoolDirectory directory;
    { const auto writer = directory.writer(); }
    BOOST_TEST(directory.segments().empty());
    const auto writer = directory.writer();
    BOOST_TEST(writer->open(kStart));
    BOOST_TEST(writer->open(kStart));
    BOOST_TEST(directory.segments().size() == 1U);
    BOOST_TEST(directory.warnings().empty());
}

BOOST_AUTO_TEST_CASE(many_threads_lose_nothing) {
    constexpr std::uint64_t kThreads = 4, kEach = 4000;
    SpoolDirectory directory;
    const auto writer = directory.writer();
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread < kThreads; ++thread)
        threads.emplace_back([&, thread] {
            for (std::uint64_t i = 0; i < kEach; ++i)
                static_cast<void>(writer->append(numbered_event(thread * kEach + i, kStart + milliseconds{i}), kStart));
        });
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(writer->counters().appended == kThreads * kEach);
    BOOST_TEST(writer->counters().dropped == 0U);
    BOOST_TEST(directory.segments().size() > 5U);
    Reader reader(directory.path());
    BOOST_TEST(sorted(read_numbers(reader)) == numbers(0, kThreads * kEach));
    BOOST_TEST(reader.counters().torn == 0U);
}

BOOST_AUTO_TEST_CASE(full_segments_are_sealed_with_the_counters) {
    SpoolDirectory directory;
    auto writer = directory.writer();
    append(*writer, 0, 3000, kStart, milliseconds{1});
    writer->count_unusable(kStart);
    writer.reset();
    const auto segments = directory.segments();
    BOOST_REQUIRE(segments.size() >= 3U);
    std::uint64_t before = 0;
    std::set<std::uint64_t> writers;
    for (const std::uint64_t segment : segments) {
        const auto header = header_of(directory.file(segment));
        BOOST_TEST(header.sealed_end == std::filesystem::file_size(directory.file(segment)));
        BOOST_TEST(header.sealed_end <= kSmallSegment);
        const std::uint64_t held = record_offsets(directory.file(segment)).size();
        BOOST_TEST(header.counters.appended == before + held);
        before += held;
        writers.insert(header.writer);
    }
    BOOST_TEST(before == 3000U);
    BOOST_TEST(writers.size() == 1U);
    BOOST_TEST(header_of(directory.file(segments.back())).counters.unusable == 1U);
    BOOST_TEST(header_of(directory.file(segments.front())).counters.unusable == 0U);
}

BOOST_AUTO_TEST_CASE(a_segment_ends_after_an_hour) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    append(*writer, 0, 2, kStart, minutes{60} - Microseconds{1});
    BOOST_TEST(directory.segments().size() == 1U);
    append(*writer, 2, 1, kStart + hours{1}, {});
    BOOST_REQUIRE(directory.segments().size() == 2U);
    BOOST_TEST(header_of(directory.file(directory.segments().front())).sealed_end != 0U);
    // An arrival time a little out of order is no reason.
    append(*writer, 3, 1, kStart + hours{1} - milliseconds{5}, {});
    BOOST_TEST(directory.segments().size() == 2U);
    // Low traffic for days: nothing stays longer than retention and the hour, nothing goes earlier.
    for (std::uint64_t hour = 2; hour < 120; ++hour) append(*writer, 100 + hour, 1, kStart + hours{hour}, {});
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(100 + 120 - 48, 48));
}

BOOST_AUTO_TEST_CASE(an_aged_segment_is_kept_when_there_is_no_other) {
    SpoolDirectory directory;
    auto options = directory.options();
    options.quota_bytes = kSmallSegment;
    const auto writer = directory.writer(options);
    append(*writer, 0, 10, kStart, minutes{30});
    BOOST_TEST(writer->counters().dropped == 0U);
    BOOST_TEST(directory.segments().size() == 1U);
    BOOST_REQUIRE(!directory.warnings().empty());
    BOOST_TEST(directory.warnings().front().find("dropped") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(quota_drops_the_newest_and_ends_with_retention) {
    SpoolDirectory directory;
    auto options = directory.options();
    options.quota_bytes = 2 * kSmallSegment;
    options.retention = hours{1};
    const auto writer = directory.writer(options);
    std::uint64_t taken = 0;
    Time now = kStart;
    for (; writer->append(numbered_event(taken, now), now); now += milliseconds{10}) ++taken;
    BOOST_TEST(taken > 1500U);
    BOOST_TEST(used_bytes(directory.path()) <= options.quota_bytes);
    BOOST_TEST(directory.segments().size() == 2U);
    const Time full = now;
    std::uint64_t dropped = 1;
    for (; now < full + minutes{3}; now += milliseconds{100}, ++dropped)
        BOOST_TEST(!writer->append(numbered_event(999'999, now), now));
    BOOST_TEST(writer->counters().dropped == dropped);
    BOOST_TEST(writer->counters().appended == taken);
    BOOST_TEST(directory.warnings().size() == 3U);  // one a minute
    now = kStart + hours{2};
    BOOST_TEST(writer->append(numbered_event(taken, now), now));
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == std::vector<std::uint64_t>{taken});
    BOOST_TEST(reader.writers().counters.dropped == dropped);
}

BOOST_AUTO_TEST_CASE(numbers_ascend_when_the_clock_is_set_back) {
    SpoolDirectory directory;
    append(*directory.writer(), 0, 10, kStart, seconds{1});
    const auto writer = directory.writer();
    append(*writer, 10, 10, kStart - hours{24}, seconds{1});
    append(*writer, 20, 1, kStart - hours{72}, {});  // and again, while it is in use: counts as aged
    const auto segments = directory.segments();
    BOOST_REQUIRE(segments.size() == 3U);
    BOOST_TEST(segments[1] == segments[0] + 1);
    BOOST_TEST(segments[2] == segments[0] + 2);
    BOOST_TEST((header_of(directory.file(segments[2])).created == kStart - hours{72}));
    Reader reader(directory.path());
    BOOST_TEST(sorted(read_numbers(reader)) == numbers(0, 21));
}

BOOST_AUTO_TEST_CASE(no_segment_gets_a_name_that_cannot_be_read) {
    SpoolDirectory directory;
    write_file(directory.path() / "9999999999999999.segment", "");
    const auto writer = directory.writer();
    BOOST_TEST(!writer->append(numbered_event(1, kStart), kStart));
    BOOST_TEST(directory.warnings().size() == 1U);
    BOOST_TEST(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 1);
}

BOOST_AUTO_TEST_CASE(names_are_numbers_of_sixteen_digits) {
    BOOST_TEST(segment_name(1) == "0000000000000001.segment");
    BOOST_TEST((segment_number("/a/0000000000000001.segment") == std::optional<std::uint64_t>{1}));
    for (const char* name : {"1.segment", "1772323261169230", "1772323261169230.new", "177232326116923x.segment",
                             "17723232611692300.segment", "-772323261169230.segment", ".segment"})
        BOOST_TEST(!segment_number(name).has_value(), name);
}

BOOST_AUTO_TEST_SUITE_END()
