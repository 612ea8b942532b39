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

BOOST_AUTO_TEST_CASE(a_segment_that_is_held_stays) {
    SpoolDirectory directory;
    auto writer = directory.writer();
    append(*writer, 0, 1, kStart, {});
    const auto later = make_segments(directory, {1});
    BOOST_TEST(delete_expired(directory.path(), hours{48}, kStart + hours{100}) == Numbers{later[1]});
    BOOST_TEST(directory.segments() == Numbers{later[0]});
    writer.reset();
    BOOST_TEST(delete_expired(directory.path(), hours{48}, kStart + hours{100}) == Numbers{later[0]});
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
