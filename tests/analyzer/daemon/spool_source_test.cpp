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
    std::map<std::string, std::string> nothing;

    [[nodiscard]] SpoolSource source(const std::map<std::string, std::string>& recorded) const {
        return SpoolSource({left.directory.path(), right.directory.path()}, recorded);
    }
    // Events 0 to count - 1, a second apart, in turn of the spools by threes.
    void fill(int count) {
        for (int n = 0; n < count; ++n) (n / 3 % 2 == 0 ? left : right).append(std::to_string(n), kNow + n * 1s);
    }
};

std::vector<std::string> all(SpoolSource& source) {
    std::vector<std::string> ids;
    while (const LoginEvent* event = source.peek()) {
        ids.push_back(event->id);
        source.pop();
    }
    return ids;
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
    SpoolSource reading({left.directory.path(), left.directory.path() / "missing"}, {});
    BOOST_TEST((reading.peek() == nullptr));
    BOOST_TEST(!reading.already_recorded());
    BOOST_TEST(reading.positions().size() == 2U);
}

// Stopped after every possible number of events and started again: all is read again, and of each event it is known
// whether it was dealt with.
BOOST_AUTO_TEST_CASE(after_a_restart_it_tells_what_was_recorded_at_every_event) {
    constexpr int kEvents = 40;
    fill(kEvents);
    for (int stop = 0; stop <= kEvents; ++stop) {
        SpoolSource first = source(nothing);
        for (int n = 0; n < stop; ++n) {
            BOOST_REQUIRE(first.peek() != nullptr);
            BOOST_TEST_REQUIRE(!first.already_recorded());
            first.pop();
        }
        const auto recorded = first.positions();
        SpoolSource again = source(recorded);
        for (int n = 0; n < kEvents; ++n) {
            const LoginEvent* event = again.peek();
            BOOST_REQUIRE(event != nullptr);
            BOOST_TEST_REQUIRE(event->id == std::to_string(n));
            BOOST_TEST_REQUIRE(again.already_recorded() == (n < stop), "event " << n << ", stopped at " << stop);
            // Whatever is committed on the way, nothing is taken back.
            SpoolSource third = source(again.positions());
            std::size_t old = 0;
            while (third.peek() != nullptr && third.already_recorded()) {
                third.pop();
                ++old;
            }
            BOOST_TEST_REQUIRE(old == static_cast<std::size_t>(std::max(n, stop)));
            again.pop();
        }
        BOOST_TEST((again.peek() == nullptr));
    }
}

BOOST_AUTO_TEST_CASE(what_was_written_since_is_new_even_if_its_time_is_earlier) {
    fill(12);
    SpoolSource first = source(nothing);
    static_cast<void>(all(first));
    const auto recorded = first.positions();
    left.append("left-late", kNow + 500ms);
    right.append("right-late", kNow + 1500ms);
    right.append("right-new", kNow + 1h);
    SpoolSource again = source(recorded);
    std::set<std::string> fresh;
    while (const LoginEvent* event = again.peek()) {
        if (!again.already_recorded()) fresh.insert(event->id);
        again.pop();
    }
    BOOST_TEST(fresh == (std::set<std::string>{"left-late", "right-late", "right-new"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_spool_that_is_new_in_the_configuration_is_read_from_its_beginning) {
    fill(12);
    SpoolSource first({left.directory.path()}, nothing);
    static_cast<void>(all(first));
    SpoolSource again = source(first.positions());
    for (int n = 0; n < 12; ++n) {
        BOOST_REQUIRE(again.peek() != nullptr);
        BOOST_TEST(again.already_recorded() == (n / 3 % 2 == 0), n);
        again.pop();
    }
}

BOOST_AUTO_TEST_CASE(a_position_that_cannot_be_read_is_no_position) {
    const std::map<std::string, std::string> recorded{{left.directory.path().string(), "12 garbage"}};
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
    BOOST_TEST(status.at(left.directory.path().string()).reader.read == 6U);
    BOOST_TEST(status.at(right.directory.path().string()).writers.id_fingerprint == "v1,case=lower,realm=keep");
    BOOST_TEST(reading.keep_term(48h, kNow + 47h) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::daemon
