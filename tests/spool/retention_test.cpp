// The journal ends at its term (R8: deleted after a set time): not earlier, not later, whatever clock or damage.
#include <fcntl.h>
#include <sys/stat.h>

#include <ctime>

#include "spool/retention.hpp"
#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

using Numbers = std::vector<std::uint64_t>;

// One sealed segment begun at each of these hours after kStart, in this order; returns their numbers.
Numbers make_segments(SpoolDirectory& directory, std::initializer_list<int> begun) {
    auto options = directory.options();
    options.retention = hours{1'000'000};  // the writer itself deletes nothing here
    for (const int hour : begun) BOOST_REQUIRE(directory.writer(options)->open(kStart + hours{hour}));
    return directory.segments();
}

void set_age(const std::filesystem::path& path, std::time_t seconds) {
    timespec times[2]{};
    times[0].tv_sec = times[1].tv_sec = std::time(nullptr) - seconds;
    BOOST_REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_retention)

BOOST_AUTO_TEST_CASE(deletes_at_the_boundary) {
    SpoolDirectory directory;
    const auto all = make_segments(directory, {0, 1, 2});
    const auto at = [&](Time now) { return delete_expired(directory.path(), hours{48}, now); };
    BOOST_TEST(at(kStart + hours{48} - Microseconds{1}) == Numbers{});
    BOOST_TEST(at(kStart + hours{48}) == Numbers{all[0]});
    BOOST_TEST(at(kStart + hours{48}) == Numbers{});
    BOOST_TEST(at(kStart + hours{100}) == (Numbers{all[1], all[2]}));
    BOOST_TEST(directory.segments() == Numbers{});
    BOOST_TEST(delete_expired(directory.path() / "missing", hours{48}, kStart) == Numbers{});
}

// Its writer may have begun a last write a moment before the term.
BOOST_AUTO_TEST_CASE(a_segment_that_is_held_goes_a_minute_after_its_term) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    append(*writer, 0, 1, kStart, {});
    const auto all = make_segments(directory, {0, 1});
    const auto at = [&](Time now) { return delete_expired(directory.path(), hours{48}, now); };
    BOOST_TEST(at(kStart + hours{48}) == Numbers{all[1]});
    BOOST_TEST(at(kStart + hours{48} + seconds{60} - Microseconds{1}) == Numbers{});
    BOOST_TEST(at(kStart + hours{48} + seconds{60}) == Numbers{all[0]});
    BOOST_TEST(directory.segments() == Numbers{all[2]});
}

BOOST_AUTO_TEST_CASE(a_writer_that_let_go_is_not_waited_for) {
    SpoolDirectory directory;
    auto writer = directory.writer();
    append(*writer, 0, 1, kStart, {});
    const auto all = directory.segments();
    BOOST_TEST(delete_expired(directory.path(), hours{48}, kStart + hours{48}) == Numbers{});
    writer.reset();
    BOOST_TEST(delete_expired(directory.path(), hours{48}, kStart + hours{48}) == all);
}

// The reason why a held segment may be deleted at all.
BOOST_AUTO_TEST_CASE(nothing_is_appended_to_a_segment_past_its_term) {
    SpoolDirectory directory;
    auto options = directory.options();
    options.quota_bytes = kSmallSegment;
    const auto writer = directory.writer(options);
    append(*writer, 0, 2, kStart, hours{48} - Microseconds{1});  // there is no other
    const Numbers first = directory.segments();
    BOOST_REQUIRE(first.size() == 1U);
    // Nor will there be: something else takes the quota.
    const auto taken = directory.path() / segment_name(first[0] + 3'600'000'000);
    write_file(taken, std::string(kSmallSegment, 'x'));
    const Time term = kStart + hours{48};
    BOOST_TEST(!writer->append(numbered_event(2, term), term));
    BOOST_TEST(!writer->append(numbered_event(3, term), term + seconds{59}));
    BOOST_TEST(writer->counters().dropped == 2U);
    BOOST_TEST(!std::filesystem::exists(directory.file(first[0])));  // let go, and so deleted
    std::filesystem::remove(taken);
    append(*writer, 4, 1, term + seconds{60}, {});
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(4, 1));
}

// A test or a spare server: one login, then none for days.
BOOST_AUTO_TEST_CASE(the_live_segment_of_an_idle_writer_goes_and_nothing_is_lost) {
    SpoolDirectory directory;
    const auto writer = directory.writer();
    append(*writer, 0, 3, kStart, {});
    const auto all = directory.segments();
    Reader reader(directory.path()), slow(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(0, 3));
    BOOST_REQUIRE(slow.peek() != nullptr);
    BOOST_TEST(delete_expired(directory.path(), hours{48}, kStart + hours{49}) == all);
    BOOST_TEST(reader.peek() == nullptr);
    BOOST_TEST(slow.peek() != nullptr);
    slow.pop();
    // What was read to its end and went is no loss; what was not is one.
    for (auto [position, lost] : {std::pair{reader.position(), 0U}, std::pair{slow.position(), 1U}}) {
        Reader resumed(directory.path(), position);
        BOOST_TEST(resumed.peek() == nullptr);
        BOOST_TEST(resumed.counters().deleted_unread == lost);
    }
    const Time now = kStart + hours{72};
    append(*writer, 3, 2, now, {});
    BOOST_TEST(directory.segments().size() == 1U);
    BOOST_TEST(read_numbers(reader) == numbers(3, 2));
    BOOST_TEST(read_numbers(slow) == numbers(1, 4));
    BOOST_TEST(reader.counters().deleted_unread + slow.counters().deleted_unread == 0U);
    BOOST_TEST(directory.warnings().empty());  // that is how it should be
}

BOOST_AUTO_TEST_CASE(a_removed_segment_with_events_still_to_pass_over_is_not_done) {
    SpoolDirectory directory;
    append(*directory.writer(), 0, 1, kStart, {});
    const auto writer = directory.writer();
    append(*writer, 1, 3, kStart + seconds{1}, {});
    Reader reader(directory.path());
    BOOST_REQUIRE(reader.peek() != nullptr);  // both are open, the events of both are read
    reader.pop();
    std::filesystem::remove(directory.file(directory.segments().back()));
    BOOST_REQUIRE(reader.peek() != nullptr);  // the first one is done, so the directory was looked at
    Reader resumed(directory.path(), reader.position());
    BOOST_TEST(resumed.peek() == nullptr);
    BOOST_TEST(resumed.counters().deleted_unread == 1U);
}

// The quota's own full segment must not keep the quota from coming free.
BOOST_AUTO_TEST_CASE(a_full_segment_that_is_held_goes_at_its_term) {
    SpoolDirectory directory;
    auto options = directory.options();
    options.quota_bytes = kSmallSegment;
    const auto writer = directory.writer(options);
    std::uint64_t taken = 0;
    while (writer->append(numbered_event(taken, kStart), kStart)) ++taken;
    const Time term = kStart + hours{48};
    BOOST_TEST(!writer->append(numbered_event(taken, kStart), term - seconds{1}));
    append(*writer, taken, 3, term, {});
    Reader reader(directory.path());
    BOOST_TEST(read_numbers(reader) == numbers(taken, 3));
    BOOST_TEST(reader.writers().counters.dropped == 2U);
}

BOOST_AUTO_TEST_CASE(damage_keeps_nothing_beyond_its_term) {
    SpoolDirectory directory;
    const auto all = make_segments(directory, {0, 1, 2});
    overwrite_with_zeros(directory.file(all[0]), 0, 4096);
    std::filesystem::resize_file(directory.file(all[1]), 0);
    const auto at = [&](Time now) { return delete_expired(directory.path(), hours{48}, now); };
    BOOST_TEST(at(kStart + hours{48} - Microseconds{1}) == Numbers{});
    BOOST_TEST(at(kStart + hours{48}) == Numbers{all[0]});
    BOOST_TEST(at(kStart + hours{49}) == Numbers{all[1]});
    BOOST_TEST(at(kStart + hours{50}) == Numbers{all[2]});
}

// A clock ten years ahead, put right while the spool was in use: the segment from the future must not shield the rest.
BOOST_AUTO_TEST_CASE(a_clock_that_was_ahead_stops_nothing) {
    constexpr int kTenYears = 10 * 365 * 24;
    SpoolDirectory directory;
    const auto all = make_segments(directory, {0, kTenYears, 1, 2, 3});
    const auto at = [&](Time now) { return delete_expired(directory.path(), hours{48}, now); };
    BOOST_TEST(at(kStart + hours{47}) == Numbers{});
    BOOST_TEST(at(kStart + hours{48}) == Numbers{all[0]});
    BOOST_TEST(at(kStart + hours{49}) == (Numbers{all[1], all[2]}));  // no younger than the one begun after it
    BOOST_TEST(at(kStart + hours{51}) == (Numbers{all[3], all[4]}));
}

BOOST_AUTO_TEST_CASE(what_a_killed_writer_was_making_goes_after_a_minute) {
    SpoolDirectory directory;
    const auto all = make_segments(directory, {0});
    const auto old = directory.path() / "123.new", future = directory.path() / "124.new",
               fresh = directory.path() / "125.new", foreign = directory.path() / "notes.new";
    for (const auto& path : {old, future, fresh, foreign}) write_file(path, "x");
    set_age(old, 61);
    set_age(future, -3600);
    set_age(foreign, 3600);
    // Killed between giving the name and taking the old one away: two names of one file, one of them goes.
    const auto second_name = directory.path() / "126.new";
    std::filesystem::create_hard_link(directory.file(all[0]), second_name);
    set_age(second_name, 61);
    BOOST_TEST(delete_expired(directory.path(), hours{48}, kStart) == Numbers{});
    BOOST_TEST(!std::filesystem::exists(old));
    BOOST_TEST(!std::filesystem::exists(future));
    BOOST_TEST(!std::filesystem::exists(second_name));
    BOOST_TEST(std::filesystem::exists(fresh));
    BOOST_TEST(std::filesystem::exists(foreign));
    BOOST_TEST(directory.segments() == all);
}

BOOST_AUTO_TEST_CASE(used_bytes_are_those_of_the_segments) {
    SpoolDirectory directory;
    BOOST_TEST(used_bytes(directory.path()) == 0U);
    const auto sealed = make_segments(directory, {0});
    write_file(directory.path() / "README", "not counted");
    const auto writer = directory.writer();
    BOOST_REQUIRE(writer->open(kStart));
    BOOST_TEST(used_bytes(directory.path()) == 4096 + kSmallSegment);
    BOOST_TEST(used_bytes(directory.path() / "missing") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
