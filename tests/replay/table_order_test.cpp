// Tables have no order: whatever the order of their rows, the events come out in the order of time.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "replay/row_sorter.hpp"
#include "tests/replay/stream_support.hpp"

namespace guard::replay {
namespace {

constexpr const char* kHeader = "radacctid,username,acctstarttime,acctupdatetime,acctstoptime,framedipaddress\n";

// As FreeRADIUS fills the table: in the order of the first packet that came. Of some sessions the Start was lost, so
// that they began long before; of some the end is not known.
std::vector<std::string> sessions(int count) {
    std::mt19937 generator(11);
    const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
    const auto step = 180'000 / static_cast<std::uint32_t>(count);
    const auto at = [](std::uint32_t second) {
        return fmt::format("2026-03-{:02} {:02}:{:02}:{:02}+00", 1 + second / 86'400, second / 3600 % 24,
                           second / 60 % 60, second % 60);
    };
    std::vector<std::string> rows;
    for (int i = 0; i < count; ++i) {
        const std::uint32_t arrived = 864'000 + static_cast<std::uint32_t>(i) * step;
        const std::uint32_t start = random() % 5 == 0 ? arrived - random() % 800'000 : arrived;
        const std::uint32_t end = arrived + random() % 600'000;
        rows.push_back(fmt::format("{},u{},{},{},{},10.{}.0.1\n", i, random() % 300, at(start),
                                   random() % 3 == 0 ? at(arrived + random() % 7000) : "",
                                   random() % 4 == 0 ? "" : at(end), random() % 200));
    }
    return rows;
}

std::string joined(const std::vector<std::string>& rows, const char* header = kHeader) {
    std::string text = header;
    for (const std::string& row : rows) text += row;
    return text;
}

bool in_order(const Replayed& replayed) {
    return std::is_sorted(replayed.events.begin(), replayed.events.end(),
                          [](const StreamEvent& a, const StreamEvent& b) { return a.event.time < b.event.time; });
}

BOOST_FIXTURE_TEST_SUITE(table_order, Files)

BOOST_AUTO_TEST_CASE(rows_in_any_order) {
    auto rows = sessions(3000);
    const Replayed reference = replay(of({write("by_id.csv", joined(rows))}));
    BOOST_TEST(reference.events.size() > 6000U);
    BOOST_TEST(reference.counts[0].late == 0U);
    BOOST_TEST(in_order(reference));
    std::mt19937 random(12);
    for (const std::size_t memory : {std::size_t{1}, std::size_t{5000}, std::size_t{100'000}, std::size_t{32} << 20}) {
        std::shuffle(rows.begin(), rows.end(), random);
        StreamOptions options = of({write("shuffled.csv", joined(rows))});
        options.sort_bytes = memory;
        options.threads = memory == 5000 ? 3 : 1;
        options.block_bytes = memory == 5000 ? 1000 : options.block_bytes;
        const Replayed replayed = replay(options);
        BOOST_TEST((replayed.lines() == reference.lines()), memory << " bytes");
        BOOST_TEST(replayed.counts[0].late == 0U);
        // It still is known where each stood.
        for (const StreamEvent& event : replayed.events) {
            const std::string& row = rows.at(event.line - 2);
            BOOST_REQUIRE(row.find(',' + event.event.id + ',') != row.npos);
        }
    }
}

// Its first rows say nothing about its first event: so it does not wait for its time to come.
BOOST_AUTO_TEST_CASE(beside_other_inputs) {
    auto rows = sessions(500);
    std::string log;
    for (int day = 1; day < 20; ++day)
        log += fmt::format(
            R"({{"time":"2026-03-{:02}T00:00:30Z","service":"pppoe","kind":"accept","id":"x","address":"10.0.0.1"}})"
            "\n",
            day);
    const std::string other = write("other.jsonl", log);
    const std::vector<std::string> half(rows.begin() + 250, rows.end());
    rows.resize(250);
    const std::string first = write("a.csv", joined(rows)), second = write("b.csv", joined(half));
    StreamOptions options = of({first, second, other});
    options.sort_bytes = 4000;
    const Replayed replayed = replay(options);
    BOOST_TEST(in_order(replayed));
    std::reverse(options.inputs.begin(), options.inputs.end());
    BOOST_TEST((replay(options).lines() == replayed.lines()));
    BOOST_TEST(replayed.events.size() == replay(of({first})).events.size() + replay(of({second})).events.size() + 19U);
}

BOOST_AUTO_TEST_CASE(attempts_too) {
    const Replayed replayed = replay(of({write("radpostauth.csv",
                                               "username,reply,authdate\n"
                                               "u2,Access-Accept,2026-03-01 10:00:00+00\n"
                                               "u1,Access-Reject,2026-03-01 09:00:00+00\n"
                                               "u3,Access-Accept,2026-02-01 09:00:00+00\n")}));
    const std::vector<std::string> expected = {"pppoe accept u3 - 2026-02-01T09:00:00.000000Z",
                                               "pppoe reject u1 - 2026-03-01T09:00:00.000000Z",
                                               "pppoe accept u2 - 2026-03-01T10:00:00.000000Z"};
    BOOST_TEST(replayed.lines() == expected, boost::test_tools::per_element());
}

// Of the hour that comes twice, whatever row was read before: the first.
BOOST_AUTO_TEST_CASE(times_without_a_zone_do_not_depend_on_the_row_before) {
    StreamOptions options = of({write("radpostauth.csv",
                                      "username,reply,authdate\n"
                                      "u1,Access-Accept,2026-12-01 00:00:00\n"
                                      "u2,Access-Accept,2026-10-25 02:30:00\n")});
    options.zone = "Europe/Berlin";
    BOOST_TEST(replay(options).lines().front() == "pppoe accept u2 - 2026-10-25T00:30:00.000000Z");
}

// What lies on a disk has no name and is gone with the stream.
BOOST_AUTO_TEST_CASE(nothing_is_left_in_the_directory) {
    const auto scratch = directory.path() / "scratch";
    std::filesystem::create_directory(scratch);
    StreamOptions options = of({write("table.csv", joined(sessions(500)))});
    options.sort_bytes = 4000;
    const auto in = [&](const std::string& place) {
        ::setenv("TMPDIR", place.c_str(), 1);
        const Replayed replayed = replay(options);
        ::unsetenv("TMPDIR");
        return replayed;
    };
    BOOST_TEST(in(scratch.string()).error == "");
    BOOST_TEST(std::filesystem::is_empty(scratch));
    const Replayed failed = in((directory.path() / "none").string());
    BOOST_TEST(failed.events.empty());
    BOOST_TEST(failed.error.starts_with("a table cannot be sorted: a file in " + directory.path().string()),
               failed.error);
}

BOOST_AUTO_TEST_CASE(a_table_that_breaks_off) {
    const std::string whole = write("whole.csv", joined(sessions(40'000)));
    const auto result = test::run({"/bin/sh", "-c", "gzip -c " + whole + " | head -c 200000 > " + whole + ".gz"});
    BOOST_REQUIRE_MESSAGE(result.status == 0, result.output);
    const Replayed replayed = replay(of({whole + ".gz"}));
    BOOST_TEST(replayed.error.find("cannot be decompressed") != std::string::npos, replayed.error);
    BOOST_TEST(replayed.events.size() > 1000U);
    BOOST_TEST(in_order(replayed));
}

BOOST_AUTO_TEST_CASE(all_of_an_event_comes_back) {
    SpillFile file;
    RowSorter sorter(file, 1);
    std::vector<StreamEvent> events;
    for (int i = 0; i < 100; ++i) {
        StreamEvent event;
        event.event.id = std::string(static_cast<std::size_t>(1 + i * 5 % 253), 'x');
        event.event.kind = static_cast<Kind>(1 + i % 5);
        event.event.time = Time{Microseconds{i / 3}};
        for (int n = 0; n < i % 5; ++n) event.event.addresses.push_back(*IpAddress::parse("2001:db8::/56"));
        event.line = static_cast<std::uint64_t>(i) << 33U;
        events.push_back(event);
    }
    for (const StreamEvent& event : events) sorter.push(event);
    sorter.finish();
    std::size_t count = 0;
    for (StreamEvent event; sorter.next(event); ++count) {
        BOOST_TEST((event.event == events.at(count).event), count);
        BOOST_TEST(event.line == events.at(count).line);
    }
    BOOST_TEST(count == events.size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::replay
