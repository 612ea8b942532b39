// The writer when the environment fails it: every event is written or counted, never both, and the trouble stays cheap.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <thread>

#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Every write behind a header fails with this error, as from a disk that is broken. 0: none does.
std::atomic<int> write_error{0};

WriterOptions options_in(const SpoolDirectory& directory, const char* name) {
    auto options = directory.options();
    options.directory /= name;
    return options;
}

// As from a disk with a broken place: the event is lost, the next segment is elsewhere.
void check_lost_write(int error) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    append(*writer, 0, 3, kStart, milliseconds{1});
    write_error = error;
    const bool written = writer->append(numbered_event(3, kStart), kStart);
    write_error = 0;
    BOOST_TEST(!written);
    BOOST_TEST(writer->counters().dropped == 1U);
    BOOST_REQUIRE(directory.warnings().size() == 1U);
    BOOST_TEST(directory.warnings().front().find(std::strerror(error)) != std::string::npos);
    append(*writer, 4, 3, kStart + seconds{1}, milliseconds{1});
    Reader reader(directory.path());
    BOOST_TEST((read_numbers(reader) == std::vector<std::uint64_t>{0, 1, 2, 4, 5, 6}));
    BOOST_TEST(reader.counters().torn == 1U);
    BOOST_TEST(reader.writers().counters.dropped == 1U);
}

// Runs `work` where `directory` is a file system of its own with that many bytes. False when this is not allowed.
bool on_small_disk(const std::filesystem::path& directory, std::uint64_t bytes, const std::function<void()>& work) {
    bool mounted = false;
    std::thread([&] {  // the mount is this thread's alone, and goes with it
        mounted = unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                  mount("tmpfs", directory.c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes)).c_str()) == 0;
        if (mounted) work();
    })
        .join();
    return mounted;
}

}  // namespace

// In place of the C library's, for this program.
extern "C" ssize_t pwrite(int file, const void* from, std::size_t count, off_t offset) {
    const int error = write_error.load();
    if (error != 0 && offset >= static_cast<off_t>(kSegmentHeaderBytes)) {
        errno = error;
        return -1;
    }
    return syscall(SYS_pwrite64, file, from, count, offset);
}

BOOST_AUTO_TEST_SUITE(spool_writer_failure)

BOOST_AUTO_TEST_CASE(a_disk_that_cannot_write_loses_one_event) {
    check_lost_write(EIO);
}

// Some file systems (those that never write in place) run full in the middle of a file that was allocated before.
BOOST_AUTO_TEST_CASE(a_disk_that_is_full_in_the_middle_of_a_segment_loses_one_event) {
    check_lost_write(ENOSPC);
}

// The drops must be seen, and what other threads wrote behind the hole must be read, though there is no next segment.
BOOST_AUTO_TEST_CASE(a_failed_write_without_a_next_segment_hides_nothing) {
    SpoolDirectory directory;
    auto options = directory.options();
    options.quota_bytes = kSmallSegment;
    const auto writer = directory.writer(options);
    append(*writer, 0, 3, kStart, milliseconds{1});
    write_error = EIO;
    const bool written = writer->append(numbered_event(3, kStart), kStart);
    write_error = 0;
    BOOST_TEST(!written);
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(0, 3));
    for (int second = 1; second < 5; ++second) {
        const Time now = kStart + seconds{second};
        BOOST_TEST(!writer->append(numbered_event(4, now), now));
        BOOST_TEST(reader.writers().counters.dropped == 1U + static_cast<unsigned>(second));
    }
    BOOST_TEST(reader.peek() == nullptr);
    BOOST_TEST(reader.counters().torn == 1U);
    BOOST_TEST(reader.position().offsets.begin()->second == Position::kDone);
}

BOOST_AUTO_TEST_CASE(a_full_disk_drops_counts_warns_and_goes_on_when_there_is_room) {
    SpoolDirectory directory;
    const bool mounted = on_small_disk(directory.path(), 2 * kSmallSegment + 16'384, [&] {
        const auto writer = directory.writer();
        std::uint64_t taken = 0;
        while (writer->append(numbered_event(taken, kStart), kStart)) ++taken;
        BOOST_TEST(directory.segments().size() == 2U);
        for (int second = 1; second < 120; ++second) {
            const Time now = kStart + seconds{second};
            BOOST_TEST(!writer->append(numbered_event(999'999, now), now));
        }
        Reader reader(directory.path());
        BOOST_TEST(read_numbers(reader) == numbers(0, taken));
        BOOST_TEST(reader.writers().counters.dropped == 120U);
        BOOST_REQUIRE(directory.warnings().size() == 2U);  // one a minute
        BOOST_TEST(directory.warnings().front().find("No space left") != std::string::npos);
        BOOST_TEST(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 2);
        std::filesystem::remove(directory.file(directory.segments().front()));
        append(*writer, taken, 3, kStart + seconds{121}, milliseconds{1});
        BOOST_TEST(read_numbers(reader) == numbers(taken, 3));
    });
    if (!mounted) skip("only root can mount a small disk");
}

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
