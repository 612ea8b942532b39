// What can be seen of a writer that lives: its counters second by second, also while it can write no event; and what it
// does about a segment that was removed under it, or another writer in the same directory.
#include <fcntl.h>

#include <atomic>
#include <map>
#include <thread>

#include "event/descriptor.hpp"
#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

Counters seen(const SpoolDirectory& directory) {
    return Reader(directory.path()).writers().counters;
}

std::optional<SegmentHeader> header_of(const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    auto header = file ? read_header(file.get()) : unexpected("gone");
    return header ? std::optional(*header) : std::nullopt;
}

// One segment and no room for another; appends to it at kStart until it is full, and the first event was dropped.
struct FullSegment {
    FullSegment() {
        auto options = directory.options();
        options.quota_bytes = kSmallSegment;
        writer = directory.writer(options);
        while (writer->append(numbered_event(written, kStart), kStart)) ++written;
        BOOST_REQUIRE(directory.segments().size() == 1U);
    }
    SpoolDirectory directory;
    std::unique_ptr<Writer> writer;
    std::uint64_t written = 0;
};

void drop(Writer& writer, Time now) {
    BOOST_TEST(!writer.append(numbered_event(999'999, now), now));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_live_segment)

BOOST_AUTO_TEST_CASE(the_header_follows_once_a_second) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    append(*writer, 0, 1, kStart, {});
    BOOST_TEST(seen(directory).appended == 1U);
    append(*writer, 1, 9, kStart + milliseconds{1}, milliseconds{100});
    BOOST_TEST(seen(directory).appended == 1U);
    append(*writer, 10, 1, kStart + seconds{1} - Microseconds{1}, {});
    BOOST_TEST(seen(directory).appended == 1U);
    append(*writer, 11, 1, kStart + seconds{1}, {});
    BOOST_TEST(seen(directory).appended == 12U);
    // A clock that was set back does not stop it.
    append(*writer, 12, 1, kStart - minutes{10}, {});
    BOOST_TEST(seen(directory).appended == 13U);
    BOOST_TEST(directory.segments().size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_header_follows_when_there_is_nothing_but_to_count) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    BOOST_REQUIRE(writer->open(kStart));
    writer->count_unusable(kStart + seconds{1});
    BOOST_TEST(seen(directory).unusable == 1U);
    writer->count_duplicate(kStart + seconds{2} - Microseconds{1});
    BOOST_TEST(seen(directory).duplicates == 0U);
    writer->count_duplicate(kStart + seconds{2});
    BOOST_TEST(seen(directory).duplicates == 2U);
    LoginEvent event = numbered_event(1, kStart);
    event.id.clear();
    BOOST_TEST(!writer->append(event, kStart + seconds{3}));
    BOOST_TEST(seen(directory).unusable == 2U);
}

BOOST_FIXTURE_TEST_CASE(dropped_events_are_seen_while_the_quota_is_reached, FullSegment) {
    for (int second = 1; second < 10; ++second) {
        for (int i = 0; i < 5; ++i) drop(*writer, kStart + seconds{second} + milliseconds{i});
        // The first event of a second brings what came before it, and itself.
        BOOST_TEST(seen(directory).dropped == 1U + 5U * static_cast<unsigned>(second - 1) + 1U);
    }
    BOOST_TEST(seen(directory).appended == written);
}

BOOST_FIXTURE_TEST_CASE(at_the_end_of_a_full_segment_that_is_held_the_reader_waits, FullSegment) {
    const auto path = directory.file(directory.segments().front());
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(0, written));
    BOOST_TEST(reader.peek() == nullptr);
    BOOST_TEST(header_of(path).value().sealed_end == 0U);
    BOOST_TEST(reader.position().offsets.begin()->second != Position::kDone);
    // Sealed as soon as somebody looks after it, and held all the same.
    drop(*writer, kStart + seconds{1});
    const auto header = header_of(path).value();
    BOOST_TEST(header.sealed_end == std::filesystem::file_size(path));
    BOOST_TEST(is_held(Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)).get()));
    BOOST_TEST(reader.peek() == nullptr);
    BOOST_TEST(reader.position().offsets.begin()->second == Position::kDone);
    drop(*writer, kStart + seconds{2});
    BOOST_TEST(header_of(path).value().sealed_end == header.sealed_end);
    BOOST_TEST(seen(directory).dropped == 3U);
    BOOST_TEST(reader.counters().torn == 0U);
    writer.reset();
    BOOST_TEST(header_of(path).value().sealed_end == header.sealed_end);
}

BOOST_FIXTURE_TEST_CASE(a_full_segment_is_let_go_when_there_is_another, FullSegment) {
    const auto full = directory.file(directory.segments().front());
    const SpoolDirectory aside;
    std::filesystem::rename(full, aside.path() / "full");  // makes room; it has a name still
    const Time now = kStart + seconds{1};
    BOOST_TEST(writer->append(numbered_event(written, now), now));
    BOOST_TEST(header_of(aside.path() / "full").value().sealed_end != 0U);
    BOOST_TEST(!is_held(Descriptor(::open((aside.path() / "full").c_str(), O_RDONLY | O_CLOEXEC)).get()));
    BOOST_TEST(directory.segments().size() == 1U);
}

// Threads that come a second apart and more, so that several look after the same segment at once.
BOOST_AUTO_TEST_CASE(no_header_goes_back) {
    constexpr std::uint64_t kThreads = 4, kEach = 3000;
    SpoolDirectory directory;
    const auto writer = directory.writer();
    BOOST_REQUIRE(writer->open(kStart));
    std::atomic<unsigned> writing{kThreads};
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread < kThreads; ++thread)
        threads.emplace_back([&, thread] {
            for (std::uint64_t i = 0; i < kEach; ++i) {
                const Time now = kStart + seconds{2} * static_cast<std::int64_t>(i % 2 + thread % 2);
                static_cast<void>(writer->append(numbered_event(thread * kEach + i, now), now));
            }
            --writing;
        });
    std::map<std::uint64_t, SegmentHeader> last;
    std::uint64_t looks = 0, steps_back = 0;
    while (writing != 0) {
        for (const std::uint64_t segment : directory.segments()) {
            const auto header = header_of(directory.file(segment));
            if (!header) continue;
            const auto before = last.find(segment);
            if (before != last.end() && (header->counters.appended < before->second.counters.appended ||
                                         header->sealed_end < before->second.sealed_end))
                ++steps_back;
            last[segment] = *header;
            ++looks;
        }
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(looks > 0U);
    BOOST_TEST(steps_back == 0U);
    BOOST_TEST(writer->counters().appended == kThreads * kEach);
}

// More of them at once than there ever are: each thread finds it due every time.
BOOST_AUTO_TEST_CASE(no_counter_goes_back_however_many_threads_write_the_header) {
    const SpoolDirectory directory;
    const auto counters = std::make_shared<LiveCounters>();
    SegmentHeader wanted;
    wanted.size = kSmallSegment;
    const auto segment = Segment::create(directory.path(), wanted, counters);
    const auto path = directory.file(directory.segments().front());
    std::atomic<unsigned> writing{3};
    std::vector<std::thread> threads;
    for (unsigned thread = 0; thread < 3; ++thread)
        threads.emplace_back([&] {
            for (int i = 0; i < 20'000; ++i) {
                ++counters->appended;
                segment->refresh();
            }
            --writing;
        });
    std::uint64_t last = 0, steps_back = 0;
    while (writing != 0) {
        const auto header = header_of(path);
        if (!header) continue;
        if (header->counters.appended < last) ++steps_back;
        last = header->counters.appended;
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(last > 0U);
    BOOST_TEST(steps_back == 0U);
}

// A thread that is late with the counters comes after the one that sealed.
BOOST_AUTO_TEST_CASE(a_sealed_header_stays_sealed) {
    const SpoolDirectory directory;
    const auto counters = std::make_shared<LiveCounters>();
    SegmentHeader wanted;
    wanted.size = kSmallSegment;
    wanted.created = kStart;
    auto segment = Segment::create(directory.path(), wanted, counters);
    const auto path = directory.file(directory.segments().front());
    segment->refresh();
    BOOST_TEST(header_of(path).value().sealed_end == 0U);
    segment->refresh(kSegmentHeaderBytes + 64);
    ++counters->dropped;
    segment->refresh();
    segment.reset();
    BOOST_TEST(header_of(path).value().sealed_end == kSegmentHeaderBytes + 64);
    BOOST_TEST(header_of(path).value().counters.dropped == 1U);
    BOOST_TEST(std::filesystem::file_size(path) == kSegmentHeaderBytes + 64);
}

BOOST_AUTO_TEST_CASE(a_removed_segment_is_replaced_within_a_second) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    append(*writer, 0, 1, kStart, {});
    Reader open_before(directory.path());
    BOOST_TEST(read_numbers(open_before) == numbers(0, 1));
    std::filesystem::remove(directory.file(directory.segments().front()));
    append(*writer, 1, 1, kStart + seconds{1} - Microseconds{1}, {});
    BOOST_TEST(directory.segments().empty());
    append(*writer, 2, 3, kStart + seconds{1}, milliseconds{1});
    BOOST_TEST(directory.segments().size() == 1U);
    BOOST_TEST(seen(directory).appended == 3U);
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(2, 3));
    BOOST_TEST(sorted(read_numbers(open_before)) == numbers(1, 4));
    BOOST_TEST(open_before.counters().deleted_unread == 0U);
    BOOST_REQUIRE(directory.warnings().size() == 1U);
    BOOST_TEST(directory.warnings().front().find("removed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_removed_segment_is_replaced_when_there_is_nothing_but_to_count) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    BOOST_REQUIRE(writer->open(kStart));
    std::filesystem::remove(directory.file(directory.segments().front()));
    writer->count_duplicate(kStart + seconds{1});
    BOOST_TEST(directory.segments().size() == 1U);
    BOOST_TEST(seen(directory).duplicates == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_removed_full_segment_makes_room, FullSegment) {
    std::filesystem::remove(directory.file(directory.segments().front()));
    const Time now = kStart + seconds{1};
    BOOST_TEST(writer->append(numbered_event(1, now), now));
    BOOST_TEST(seen(directory).dropped == 1U);
    BOOST_TEST(seen(directory).appended == written + 1);
}

BOOST_AUTO_TEST_CASE(a_directory_that_vanished_and_came_back_is_used_again) {
    SpoolDirectory directory;
    auto options = directory.options();
    options.directory /= "spool";
    std::filesystem::create_directory(options.directory);
    const auto writer = directory.writer(options);
    append(*writer, 0, 1, kStart, {});
    std::filesystem::remove_all(options.directory);
    std::uint64_t dropped = 0;
    for (int second = 1; second <= 120; ++second, ++dropped) drop(*writer, kStart + seconds{second});
    BOOST_TEST(writer->counters().dropped == dropped);
    // Of each kind one a minute: the directory that is missing, and once the segment that was removed.
    BOOST_TEST(directory.warnings().size() == 3U);
    std::filesystem::create_directory(options.directory);
    append(*writer, 1, 3, kStart + seconds{121}, milliseconds{1});
    Reader reader(options.directory);
    BOOST_TEST(read_numbers(reader) == numbers(1, 3));
    BOOST_TEST(reader.writers().counters.dropped == dropped);
    BOOST_TEST(reader.writers().counters.appended == 2U);
}

BOOST_AUTO_TEST_CASE(the_second_of_two_writers_says_so_once) {
    SpoolDirectory directory;
    const auto first = directory.writer();
    BOOST_REQUIRE(first->open(kStart));
    BOOST_TEST(directory.warnings().empty());
    const auto second = directory.writer();
    append(*second, 0, 2000, kStart, milliseconds{1});
    append(*first, 2000, 2000, kStart, milliseconds{1});
    BOOST_TEST(directory.segments().size() > 3U);
    BOOST_REQUIRE(directory.warnings().size() == 1U);
    const auto& warning = directory.warnings().front();
    BOOST_TEST(warning.find(directory.path().string()) != std::string::npos);
    BOOST_TEST(warning.find("quota of " + std::to_string(directory.options().quota_bytes)) != std::string::npos);
    BOOST_TEST(warning.find("directory of its own") != std::string::npos);
    Reader reader(directory.path());
    BOOST_TEST(sorted(read_numbers(reader)) == numbers(0, 4000));
    BOOST_TEST(seen(directory).appended > 0U);
}

BOOST_AUTO_TEST_CASE(a_writer_that_died_or_ended_is_no_second_one) {
    const SpoolDirectory live;
    Writer killed(live.options(), {});
    append(killed, 0, 1, kStart, {});
    SpoolDirectory directory;
    directory.leave_abandoned_copies(live);
    append(*directory.writer(), 1, 1, kStart + seconds{1}, {});
    append(*directory.writer(), 2, 1, kStart + seconds{2}, {});
    BOOST_TEST(directory.segments().size() == 3U);
    BOOST_TEST(directory.warnings().empty());
}

BOOST_AUTO_TEST_SUITE_END()
