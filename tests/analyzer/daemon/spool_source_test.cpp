#include "analyzer/daemon/spool_source.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <stdexcept>

#include "spool/writer.hpp"
#include "tests/support/process.hpp"

namespace guard::daemon {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{Microseconds{1'772'323'200'000'000}};

struct Spool {
    test::TemporaryDirectory directory{"source"};
    spool::Writer writer{{directory.path(), 64 * 1024, 1 << 30, 48h, "v1,case=lower,realm=keep"},
                         [](const std::string&) {}};

    void append(const std::string& id, Time time) {
        BOOST_REQUIRE(writer.append({Service::pppoe, Kind::accept, id, {IpAddress::ipv4(0x0a010101)}, time}, time));
    }
};

struct Two {
    Spool left, right;
    const Positions nothing;

    [[nodiscard]] SpoolSource source(const Positions& from) const {
        SpoolSource opened({left.directory.path(), right.directory.path()}, 48h);
        opened.open(from);
        return opened;
    }
    // Events 0 to count - 1, a second apart, in turn of the spools by threes.
    void fill(int count) {
        for (int n = 0; n < count; ++n) (n / 3 % 2 == 0 ? left : right).append(std::to_string(n), kNow + n * 1s);
    }
};

std::vector<std::string> all(EventSource& source) {
    std::vector<std::string> ids;
    while (const LoginEvent* event = source.peek()) {
        ids.push_back(event->id);
        source.pop();
    }
    return ids;
}

// Nothing of what was passed over will come again. Not the text: a segment that was only opened is in it, too.
bool is_at(const SpoolSource& source, const Positions& there) {
    return source.covers(source.positions(), there);
}

BOOST_FIXTURE_TEST_SUITE(spool_source, Two)

BOOST_AUTO_TEST_CASE(two_spools_are_one_stream_in_the_order_of_time) {
    fill(100);
    SpoolSource reading = source(nothing);
    std::vector<std::string> expected;
    for (int n = 0; n < 100; ++n) expected.push_back(std::to_string(n));
    BOOST_TEST(all(reading) == expected, boost::test_tools::per_element());
    left.append("late", kNow);  // earlier than all that was read: it comes when it is there
    BOOST_TEST(all(reading) == std::vector<std::string>{"late"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(peek_stays_until_pop) {
    fill(2);
    SpoolSource reading = source(nothing);
    reading.pop();  // of nothing
    BOOST_TEST(reading.peek()->id == "0");
    BOOST_TEST(reading.peek()->id == "0");
    reading.pop();
    BOOST_TEST(reading.peek()->id == "1");
}

BOOST_AUTO_TEST_CASE(empty_or_missing_spools_have_nothing) {
    SpoolSource reading({left.directory.path(), left.directory.path() / "missing"}, 48h);
    reading.open({});
    BOOST_TEST((reading.peek() == nullptr));
    BOOST_TEST(reading.positions().size() == 2U);
    BOOST_TEST(!reading.status().at((left.directory.path() / "missing").string()).present);
}

// Stopped after every possible number of events and opened there again: what comes is what is behind it. Opened at the
// beginning and told to stop there: what comes is what is before it.
BOOST_AUTO_TEST_CASE(every_position_divides_what_was_passed_over_from_what_comes) {
    constexpr int kEvents = 40;
    fill(kEvents);
    std::vector<std::string> expected;
    for (int n = 0; n < kEvents; ++n) expected.push_back(std::to_string(n));
    for (int stop = 0; stop <= kEvents; ++stop) {
        SpoolSource first = source(nothing);
        for (int n = 0; n < stop; ++n) {
            BOOST_REQUIRE(first.peek() != nullptr);
            first.pop();
        }
        const Positions there = first.positions();
        SpoolSource behind = source(there);
        BOOST_TEST(all(behind) == std::vector(expected.begin() + stop, expected.end()),
                   boost::test_tools::per_element());
        SpoolSource again = source(nothing);
        again.stop_at(there);
        BOOST_TEST(all(again) == std::vector(expected.begin(), expected.begin() + stop),
                   boost::test_tools::per_element());
        BOOST_TEST(is_at(again, there));
        again.stop_at(std::nullopt);
        BOOST_TEST(all(again) == std::vector(expected.begin() + stop, expected.end()),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(what_was_written_since_is_behind_the_limit_even_if_its_time_is_earlier) {
    fill(12);
    SpoolSource first = source(nothing);
    static_cast<void>(all(first));
    const Positions there = first.positions();
    left.append("left-late", kNow + 500ms);
    right.append("right-late", kNow + 1500ms);
    right.append("right-new", kNow + 1h);
    SpoolSource again = source(nothing);
    again.stop_at(there);
    BOOST_TEST(all(again).size() == 12U);
    again.stop_at(std::nullopt);
    BOOST_TEST(all(again) == (std::vector<std::string>{"left-late", "right-late", "right-new"}),
               boost::test_tools::per_element());
}

// Two radiusd in one spool: what the other one writes late is earlier by its time than what was read.
BOOST_AUTO_TEST_CASE(a_segment_behind_the_limit_holds_up_none_before_it) {
    spool::Writer other({left.directory.path(), 64 * 1024, 1 << 30, 48h, "v1,case=lower,realm=keep"},
                        [](const std::string&) {});
    left.append("first", kNow);
    SpoolSource first = source(nothing);
    BOOST_TEST(all(first).size() == 1U);
    left.append("second", kNow + 10s);
    BOOST_TEST(all(first).size() == 1U);
    const Positions there = first.positions();
    BOOST_REQUIRE(
        other.append({Service::pppoe, Kind::accept, "late", {IpAddress::ipv4(0x0a010101)}, kNow + 5s}, kNow + 5s));
    SpoolSource again = source(nothing);
    again.stop_at(there);
    BOOST_TEST(all(again) == (std::vector<std::string>{"first", "second"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_spool_that_no_limit_names_is_read_when_there_is_none) {
    fill(12);
    SpoolSource first({left.directory.path()}, 48h);
    first.open({});
    static_cast<void>(all(first));
    SpoolSource again = source(nothing);
    again.stop_at(first.positions());
    BOOST_TEST(all(again).size() == 6U);
    again.stop_at(std::nullopt);
    BOOST_TEST(all(again).size() == 6U);
}

BOOST_AUTO_TEST_CASE(a_spool_that_is_away_at_a_restart_does_not_come_twice) {
    fill(12);
    SpoolSource first = source(nothing);
    static_cast<void>(all(first));
    const Positions there = first.positions();
    const auto elsewhere = left.directory.path().string() + ".away";
    std::filesystem::rename(left.directory.path(), elsewhere);
    SpoolSource again = source(nothing);
    again.stop_at(there);
    BOOST_TEST(all(again).size() == 6U);
    again.stop_at(std::nullopt);
    BOOST_TEST(is_at(again, there));
    std::filesystem::rename(elsewhere, left.directory.path());
    again.maintain(kNow);
    BOOST_TEST(all(again).empty());
    left.append("new", kNow + 1min);
    BOOST_TEST(all(again) == std::vector<std::string>{"new"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(directories_that_match_are_spools_as_soon_as_they_are_there) {
    const test::TemporaryDirectory parent("spools");
    std::filesystem::create_directory(parent.path() / "not-this");
    test::write_file(parent.path() / "radius-file", "no directory");
    SpoolSource reading({parent.path() / "radius*"}, 48h);
    reading.open({});
    BOOST_TEST(reading.positions().empty());
    const auto directory = parent.path() / "radius1";
    std::filesystem::create_directory(directory);
    {
        spool::Writer writer({directory, 64 * 1024, 1 << 30, 48h, "v1"}, [](const std::string&) {});
        BOOST_REQUIRE(writer.append({Service::pppoe, Kind::accept, "one", {IpAddress::ipv4(1)}, kNow}, kNow));
        BOOST_TEST(all(reading).empty());
        reading.maintain(kNow);
        BOOST_TEST(reading.status().at(directory.string()).present);
        BOOST_TEST(all(reading) == std::vector<std::string>{"one"}, boost::test_tools::per_element());
    }
    // Gone for a while: nothing comes twice, and what was written meanwhile comes.
    const Positions there = reading.positions();
    std::filesystem::rename(directory, parent.path() / "elsewhere");
    reading.maintain(kNow);
    BOOST_TEST(reading.status().empty());
    BOOST_TEST(is_at(reading, there));
    std::filesystem::rename(parent.path() / "elsewhere", directory);
    spool::Writer writer({directory, 64 * 1024, 1 << 30, 48h, "v1"}, [](const std::string&) {});
    BOOST_REQUIRE(writer.append({Service::pppoe, Kind::accept, "two", {IpAddress::ipv4(1)}, kNow}, kNow));
    reading.maintain(kNow);
    BOOST_TEST(all(reading) == std::vector<std::string>{"two"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_position_that_cannot_be_read_is_no_position) {
    const Positions recorded{{left.directory.path().string(), "12 garbage"}};
    try {
        static_cast<void>(source(recorded));
        BOOST_FAIL("it was taken");
    } catch (const std::runtime_error& error) {
        BOOST_TEST(std::string(error.what()).find(left.directory.path().string()) != std::string::npos);
        BOOST_TEST(std::string(error.what()).find("12 garbage") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(keeps_the_term_and_tells_what_the_writers_say) {
    fill(12);
    SpoolSource reading = source(nothing);
    static_cast<void>(all(reading));
    const auto status = reading.status();
    BOOST_REQUIRE(status.size() == 2U);
    BOOST_TEST(status.at(left.directory.path().string()).read == 6U);
    BOOST_TEST(status.at(right.directory.path().string()).id_fingerprint == "v1,case=lower,realm=keep");
    const auto segments = [&] { return spool::list_segments(left.directory.path()).size(); };
    reading.maintain(kNow + 47h);
    BOOST_TEST(segments() == 1U);
    reading.acknowledge(reading.positions());
    BOOST_TEST(segments() == 1U);
    reading.maintain(kNow + 49h);
    BOOST_TEST(segments() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::daemon
