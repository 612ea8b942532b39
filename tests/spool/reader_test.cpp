// Reading sound segments: live, resumed anywhere, from several writers, in the order of time.
#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

BOOST_AUTO_TEST_SUITE(spool_reader)

BOOST_AUTO_TEST_CASE(an_empty_or_missing_directory_has_no_event) {
    const SpoolDirectory directory;
    Reader empty(directory.path()), missing(directory.path() / "missing");
    BOOST_TEST(empty.peek() == nullptr);
    BOOST_TEST(missing.peek() == nullptr);
    missing.pop();  // of nothing
    BOOST_TEST(missing.position() == Position{});
    BOOST_TEST(missing.counters().read == 0U);
}

BOOST_AUTO_TEST_CASE(an_event_can_be_read_as_soon_as_it_is_written) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    Reader reader(directory.path());
    for (std::uint64_t i = 0; i < 4000; ++i) {
        BOOST_REQUIRE(reader.peek() == nullptr);
        append(*writer, i, 1, kStart + milliseconds{i}, {});
        const LoginEvent* event = reader.peek();
        BOOST_REQUIRE(event != nullptr);
        BOOST_REQUIRE(*event == numbered_event(i, kStart + milliseconds{i}));
        BOOST_REQUIRE(reader.peek() == event);
        reader.pop();
    }
    BOOST_TEST(reader.counters().read == 4000U);
    BOOST_TEST(directory.segments().size() > 3U);
}

BOOST_AUTO_TEST_CASE(a_live_tail_loses_nothing_and_reads_nothing_twice) {
    constexpr std::uint64_t kThreads = 4, kEach = 4000;
    SpoolDirectory directory;
    const auto writer = directory.writer();
    std::atomic<unsigned> writing{kThreads};
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread < kThreads; ++thread)
        threads.emplace_back([&, thread] {
            for (std::uint64_t i = 0; i < kEach; ++i)
                static_cast<void>(writer->append(numbered_event(thread * kEach + i, kStart + milliseconds{i}), kStart));
            --writing;
        });
    Reader reader(directory.path());
    std::vector<std::uint64_t> read;
    // Two empty looks after the last writer has ended: a segment may end in the first.
    for (int empty = 0; empty < 2;) {
        const bool ended = writing == 0;
        const auto some = read_numbers(reader);
        read.insert(read.end(), some.begin(), some.end());
        empty = ended && some.empty() ? empty + 1 : 0;
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(writer->counters().dropped == 0U);
    BOOST_TEST(sorted(read) == numbers(0, kThreads * kEach));
    BOOST_TEST(reader.counters().torn == 0U);
}

BOOST_AUTO_TEST_CASE(reading_goes_on_at_every_event) {
    SpoolDirectory directory;
    const auto one = directory.writer(), two = directory.writer();
    for (std::uint64_t i = 0; i < 1500; ++i) append(i % 3 == 0 ? *one : *two, i, 1, kStart + milliseconds{i}, {});
    BOOST_REQUIRE(directory.segments().size() >= 3U);
    Reader reader(directory.path());
    std::vector<std::string> positions{reader.position().to_string()};
    std::vector<LoginEvent> events;
    while (const LoginEvent* event = reader.peek()) {
        events.push_back(*event);
        reader.pop();
        positions.push_back(reader.position().to_string());
    }
    BOOST_REQUIRE(events.size() == 1500U);
    for (std::size_t i = 0; i < positions.size(); ++i) {
        const auto position = Position::parse(positions[i]);
        BOOST_REQUIRE_MESSAGE(position, positions[i]);
        Reader resumed(directory.path(), *position);
        // All the rest now and then, else the next ones.
        const std::size_t until = i % 100 == 0 ? events.size() : std::min(i + 3, events.size());
        for (std::size_t next = i; next < until; ++next) {
            const LoginEvent* event = resumed.peek();
            BOOST_REQUIRE_MESSAGE((event != nullptr && *event == events[next]), "from " << i << " event " << next);
            resumed.pop();
        }
        if (until == events.size()) BOOST_TEST(resumed.peek() == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(an_event_that_was_only_looked_at_is_read_again) {
    SpoolDirectory directory;
    append(*directory.writer(), 0, 3, kStart, seconds{1});
    Reader first(directory.path());
    BOOST_REQUIRE(first.peek() != nullptr);
    first.pop();
    BOOST_REQUIRE(first.peek() != nullptr);
    Reader second(directory.path(), first.position());
    BOOST_TEST(read_numbers(second) == numbers(1, 2));
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_moved_goes_on) {
    SpoolDirectory directory;
    append(*directory.writer(), 0, 5, kStart, seconds{1});
    Reader first(directory.path());
    BOOST_REQUIRE(first.peek() != nullptr);
    Reader second(std::move(first));
    BOOST_TEST(read_numbers(second) == numbers(0, 5));
}

BOOST_AUTO_TEST_CASE(a_position_at_or_behind_the_end_means_the_end) {
    SpoolDirectory directory;
    append(*directory.writer(), 0, 3, kStart, seconds{1});
    const std::uint64_t segment = directory.segments().front();
    const auto size = std::filesystem::file_size(directory.file(segment));
    for (const std::uint64_t offset : {size, size + 8, std::uint64_t{1} << 62}) {
        Position position;
        position.offsets[segment] = offset;
        Reader reader(directory.path(), position);
        BOOST_TEST(reader.peek() == nullptr);
        BOOST_TEST(reader.counters().torn == 0U);
        append(*directory.writer(), 7, 1, kStart + hours{1}, {});
        BOOST_TEST(read_numbers(reader) == numbers(7, 1));
        std::filesystem::remove(directory.file(directory.segments().back()));
    }
}

BOOST_AUTO_TEST_CASE(two_writers_are_merged_in_the_order_of_time) {
    const std::uint64_t seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    SpoolDirectory directory;
    const auto one = directory.writer(), two = directory.writer();
    for (std::uint64_t i = 0; i < 6000; ++i) append(random() % 4 == 0 ? *one : *two, i, 1, kStart + seconds{i}, {});
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(0, 6000), "seed " << seed);
}

BOOST_AUTO_TEST_CASE(equal_times_keep_one_order) {
    SpoolDirectory directory;
    const auto one = directory.writer(), two = directory.writer();
    for (std::uint64_t i = 0; i < 100; ++i) append(i % 2 == 0 ? *one : *two, i, 1, kStart, {});
    Reader first(directory.path()), second(directory.path());
    const auto order = read_numbers(first);
    BOOST_TEST(order.size() == 100U);
    BOOST_TEST(order == read_numbers(second));
}

// The backlog of one writer has more segments than may be open at once, while another's one live segment reaches to the
// present: what is in the latter must wait for segments that were not even open when reading began.
BOOST_AUTO_TEST_CASE(a_long_backlog_stays_in_order_and_within_descriptors) {
    constexpr std::uint64_t kHours = 150;
    SpoolDirectory directory;
    auto options = directory.options();
    options.retention = hours{1000};
    const auto steady = directory.writer(options);
    std::vector<std::uint64_t> expected;
    for (std::uint64_t hour = 0; hour < kHours; ++hour) {
        const Time now = kStart + hours{hour};
        // An arrival time that stays the same: this writer has one segment for all of it.
        BOOST_REQUIRE(steady->append(numbered_event(2 * hour, now), kStart));
        append(*directory.writer(options), 2 * hour + 1, 1, now + seconds{1}, {});
    }
    BOOST_REQUIRE(directory.segments().size() == kHours + 1);
    const auto descriptors = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
    const auto before = descriptors();
    Reader reader(directory.path());
    std::ptrdiff_t most = 0;
    std::vector<std::uint64_t> read;
    while (const LoginEvent* event = reader.peek()) {
        read.push_back(number_of(*event));
        reader.pop();
        most = std::max(most, descriptors() - before);
    }
    BOOST_TEST(read == numbers(0, 2 * kHours));
    BOOST_TEST(most <= 64);
}

// A segment of one writer ends, and its next one is not known yet, while another's holds much later events.
BOOST_AUTO_TEST_CASE(a_following_segment_is_found_before_later_events_are_read) {
    SpoolDirectory directory;
    auto one = directory.writer();
    const auto two = directory.writer();
    append(*one, 0, 1, kStart, {});
    append(*two, 1, 1, kStart + seconds{1}, {});
    Reader reader(directory.path());
    BOOST_REQUIRE(reader.peek() != nullptr);
    reader.pop();
    BOOST_REQUIRE(reader.peek() != nullptr);  // both segments are open now
    append(*one, 2, 2, kStart + seconds{2}, seconds{1});
    one = directory.writer();
    append(*one, 4, 10, kStart + seconds{4}, seconds{1});
    append(*two, 14, 10, kStart + seconds{300}, seconds{1});
    BOOST_REQUIRE(directory.segments().size() == 3U);
    BOOST_TEST(read_numbers(reader) == numbers(1, 23));
}

BOOST_AUTO_TEST_CASE(counters_are_summed_over_writers) {
    SpoolDirectory directory;
    append(*directory.writer(), 0, 2000, kStart, milliseconds{1});
    auto options = directory.options();
    options.id_fingerprint = "v1,case=keep,realm=keep";
    {
        const auto other = directory.writer(options);
        append(*other, 0, 3, kStart + seconds{10}, milliseconds{1});
        other->count_clamped();
        other->count_duplicate(kStart);
    }
    const Reader reader(directory.path());
    const WriterState state = reader.writers();
    BOOST_TEST(state.counters.appended == 2003U);
    BOOST_TEST(state.counters.clamped == 1U);
    BOOST_TEST(state.counters.duplicates == 1U);
    BOOST_TEST(state.id_fingerprint == "v1,case=keep,realm=keep");
    BOOST_TEST(Reader(directory.path() / "missing").writers().id_fingerprint.empty());
}

BOOST_AUTO_TEST_SUITE_END()
