// The frame: whatever the blocks, the threads, the compression and the order of the files, the same events come out.
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <random>
#include <thread>

#include "replay/block.hpp"
#include "tests/replay/stream_support.hpp"

namespace guard::replay {
namespace {

using Lines = std::vector<std::string>;

constexpr Time kBegin{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

std::string jsonl(Time time, const std::string& id, const std::string& rest = {}) {
    return "{\"time\":\"" + format_rfc3339(time) + R"(","service":"pppoe","kind":"accept","id":")" + id + '"' + rest +
           "}\n";
}

// `count` lines in almost the order of time, with all that may be among them.
std::string noisy_log(std::uint32_t seed, int count) {
    std::mt19937 random(seed);
    std::string text;
    for (int i = 0; i < count; ++i) {
        const Time time =
            kBegin + std::chrono::seconds{i} + std::chrono::seconds{random() % 240} - std::chrono::seconds{120};
        switch (random() % 12) {
            case 0:
                text += "nonsense " + std::to_string(i) + '\n';
                break;
            case 1:
                text += '\n';
                break;
            case 2:
                text += jsonl(kBegin, "late" + std::to_string(i));
                break;
            case 3:
                text += jsonl(time, std::string(random() % 6000, 'x'), R"(,"address":"10.0.0.1")");
                break;
            default:
                text += jsonl(time, "u" + std::to_string(random() % 50), R"(,"address":["10.0.0.1","2001:db8::/64"])");
        }
    }
    return text;
}

void check_same(const Replayed& replayed, const Replayed& reference, const std::string& what) {
    BOOST_TEST_CONTEXT(what) {
        BOOST_TEST(replayed.error == reference.error);
        const Lines lines = replayed.lines(), expected = reference.lines();
        BOOST_REQUIRE(lines.size() == expected.size());
        BOOST_TEST((lines == expected));
        for (std::size_t i = 0; i < lines.size(); ++i)
            if (replayed.events[i].line != reference.events[i].line) BOOST_FAIL("another line at " << i);
        BOOST_REQUIRE(replayed.counts.size() == reference.counts.size());
        for (std::size_t i = 0; i < replayed.counts.size(); ++i) {
            const InputCounts &counts = replayed.counts[i], &wanted = reference.counts[i];
            BOOST_TEST(counts.lines == wanted.lines);
            BOOST_TEST(counts.events == wanted.events);
            BOOST_TEST(counts.ignored == wanted.ignored, boost::test_tools::per_element());
            BOOST_TEST(counts.malformed == wanted.malformed);
            BOOST_TEST(counts.late == wanted.late);
        }
        BOOST_REQUIRE(replayed.faults.size() == reference.faults.size());
        for (std::size_t i = 0; i < replayed.faults.size(); ++i) {
            BOOST_TEST(replayed.faults[i].line == reference.faults[i].line);
            BOOST_TEST(replayed.faults[i].found == reference.faults[i].found);
        }
    }
}

BOOST_FIXTURE_TEST_SUITE(event_stream, Files)

BOOST_AUTO_TEST_CASE(any_blocks_and_any_threads) {
    const std::string file = write("log.jsonl", noisy_log(1, 4000));
    const Replayed reference = replay(of({file}));
    BOOST_TEST(reference.counts[0].lines == 4000U);
    const auto& ignored = reference.counts[0].ignored;
    BOOST_TEST(reference.counts[0].events + reference.counts[0].malformed +
                   std::accumulate(ignored.begin(), ignored.end(), std::uint64_t{0}) ==
               4000U);
    BOOST_TEST(reference.counts[0].late > 100U);
    BOOST_TEST(reference.faults.size() == EventStream::kFaultsKept);
    for (const std::size_t block : {1U, 37U, 1000U, 4096U, 100'000U}) {
        for (const unsigned threads : {1U, 2U, 5U}) {
            StreamOptions options = of({file});
            options.block_bytes = block;
            options.threads = threads;
            check_same(replay(options), reference,
                       std::to_string(block) + " bytes, " + std::to_string(threads) + " threads");
        }
    }
}

BOOST_AUTO_TEST_CASE(any_compression) {
    const std::string text = noisy_log(2, 3000), half = text.substr(0, text.find('\n', text.size() / 2) + 1);
    const std::string plain = write("log", text), first = write("first", half),
                      second = write("second", text.substr(half.size()));
    const Replayed reference = replay(of({plain}));
    for (const std::string tool : {"gzip", "zstd", "xz", "bzip2"}) {
        const auto compress = [&](const std::string& from) {
            const auto result = test::run({"/bin/sh", "-c", tool + " -c " + from + " > " + from + '.' + tool});
            BOOST_REQUIRE_MESSAGE(result.status == 0, result.output);
            return from + '.' + tool;
        };
        const std::string whole = compress(plain);
        check_same(replay(of({whole})), reference, tool);
        // Several streams in one file, as what appends to a compressed log makes them.
        const std::string joined =
            write("joined." + tool, test::read_file(compress(first)) + test::read_file(compress(second)));
        check_same(replay(of({joined})), reference, tool + ", two streams");
        // What is there is handed out; then it is said that it was not all.
        const std::string bytes = test::read_file(whole);
        const std::string shorter = write("cut." + tool, bytes.substr(0, bytes.size() - 20));
        const std::string message = shorter + ": cannot be decompressed";
        if (const auto opened = EventStream::open(of({shorter})); !opened) {
            BOOST_TEST(opened.error().front().starts_with(message));  // bzip2 tells only of whole blocks
            continue;
        }
        const Replayed cut = replay(of({shorter}));
        BOOST_TEST(cut.error.starts_with(message), cut.error);
        BOOST_TEST(cut.events.size() > 1000U);
    }
}

BOOST_AUTO_TEST_CASE(standard_input) {
    const std::string file = write("log.jsonl", jsonl(kBegin, "u1") + jsonl(kBegin, "u2"));
    const int saved = ::dup(STDIN_FILENO);
    BOOST_REQUIRE(std::freopen(file.c_str(), "r", stdin) != nullptr);
    const Replayed replayed = replay(of({"-"}));
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
    BOOST_TEST(replayed.events.size() == 2U);
    BOOST_TEST(replayed.counts[0].input == "standard input");
}

// Rotated files, given in any order, are as one; files of two servers are put together by time.
BOOST_AUTO_TEST_CASE(any_order_of_files) {
    std::vector<std::string> files;
    std::string whole;
    for (int part = 0; part < 6; ++part) {
        std::string text;
        for (int i = 0; i < 500; ++i)
            text += jsonl(kBegin + std::chrono::seconds{part * 5000 + i * 10 - (i % 7) * 3},
                          "u" + std::to_string(i % 13), R"(,"address":"10.0.0.1")");
        whole += text;
        files.push_back(write("log." + std::to_string(9 - part), text));
    }
    std::string other;
    for (int i = 0; i < 3000; ++i) other += jsonl(kBegin + std::chrono::seconds{i * 10}, "v" + std::to_string(i % 5));
    const Replayed concatenated = replay(of({write("whole", whole)}));
    Lines both = concatenated.lines();
    files.push_back(write("other", other));
    for (const std::string& line : replay(of({files.back()})).lines()) both.push_back(line);
    std::stable_sort(both.begin(), both.end(), [](const std::string& a, const std::string& b) {
        return a.substr(a.rfind(' ')) < b.substr(b.rfind(' '));
    });

    std::mt19937 random(3);
    for (int round = 0; round < 5; ++round) {
        StreamOptions options = of(files);
        options.threads = 1 + static_cast<unsigned>(round) % 3;
        options.block_bytes = 3000;
        const Replayed replayed = replay(options);
        BOOST_TEST((replayed.lines() == both), "round " << round);
        for (const StreamEvent& event : replayed.events) BOOST_REQUIRE(event.input < files.size());
        std::shuffle(files.begin(), files.end(), random);
    }
    files.pop_back();
}

BOOST_AUTO_TEST_CASE(times_that_are_equal) {
    const std::string a = write("a", jsonl(kBegin, "u2") + jsonl(kBegin, "u3")),
                      b = write("b", jsonl(kBegin, "u1") + jsonl(kBegin, "u3"));
    const Lines lines = replay(of({a, b})).lines();
    BOOST_TEST((lines == replay(of({b, a})).lines()));
    BOOST_TEST(lines.at(0).starts_with("pppoe accept u1 "));
}

BOOST_AUTO_TEST_CASE(where_an_event_stood) {
    const std::string a =
        write("a", "\n" + jsonl(kBegin, "u1") + "x\n" + jsonl(kBegin + std::chrono::seconds{2}, "u2"));
    const std::string b = write("b", jsonl(kBegin + std::chrono::seconds{1}, "u3"));
    StreamOptions options = of({b, a});
    options.block_bytes = 8;
    const Replayed replayed = replay(options);
    BOOST_REQUIRE(replayed.events.size() == 3U);
    BOOST_TEST(replayed.events[0].input == 1U);
    BOOST_TEST(replayed.events[0].line == 2U);
    BOOST_TEST(replayed.events[1].input == 0U);
    BOOST_TEST(replayed.events[1].line == 1U);
    BOOST_TEST(replayed.events[2].line == 4U);
    BOOST_REQUIRE(replayed.faults.size() == 1U);
    BOOST_TEST(replayed.faults[0].to_string().starts_with(a + ":3: found no JSON"));
}

BOOST_AUTO_TEST_CASE(what_is_wanted) {
    std::string text;
    for (int i = 0; i < 4; ++i) text += jsonl(kBegin + std::chrono::seconds{i}, "U" + std::to_string(i));
    text += R"({"time":"2026-03-01T00:00:02Z","service":"smtp_auth","kind":"reject","id":"u1","address":"192.0.2.1"})"
            "\n";
    const std::string file = write("log", text);
    const auto count = [&](auto set) {
        StreamOptions options = of({file});
        set(options);
        const Replayed replayed = replay(options);
        const auto left_out = replayed.counts[0].ignored[static_cast<std::size_t>(Ignored::not_wanted)];
        BOOST_TEST(replayed.counts[0].events == replayed.events.size());
        BOOST_TEST(left_out + replayed.events.size() == 5U);
        return replayed.events.size();
    };
    BOOST_TEST(count([](StreamOptions&) {}) == 5U);
    BOOST_TEST(count([](StreamOptions& options) { options.service = Service::pppoe; }) == 4U);
    BOOST_TEST(count([](StreamOptions& options) { options.service = Service::smtp_auth; }) == 1U);
    BOOST_TEST(count([](StreamOptions& options) { options.id = "u1"; }) == 2U);
    BOOST_TEST(count([](StreamOptions& options) { options.id = "U1"; }) == 2U);
    BOOST_TEST(count([](StreamOptions& options) { options.since = kBegin + std::chrono::seconds{2}; }) == 3U);
    BOOST_TEST(count([](StreamOptions& options) { options.until = kBegin + std::chrono::seconds{2}; }) == 2U);
}

// A record that no buffer holds is one fault, and the next is read.
BOOST_AUTO_TEST_CASE(a_record_that_is_too_long) {
    for (const std::size_t length : {kLongestRecord - 1, kLongestRecord, 3 * kLongestRecord}) {
        const std::string file =
            write("log", jsonl(kBegin, "u1") + std::string(length, 'x') + '\n' + jsonl(kBegin, "u2"));
        StreamOptions options = of({file});
        const Replayed reference = replay(options);
        BOOST_TEST(reference.events.size() == 2U);
        BOOST_TEST(reference.events.back().line == 3U);
        BOOST_TEST(reference.counts[0].malformed == 1U);
        BOOST_TEST(reference.counts[0].lines == 3U);
        options.block_bytes = 1000;
        check_same(replay(options), reference, std::to_string(length));
    }
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark) {
    BOOST_TEST(replay(of({write("log", "\xEF\xBB\xBF" + jsonl(kBegin, "u1"))})).events.size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_empty_file) {
    const Replayed replayed = replay(of({write("empty", "")}));
    BOOST_TEST(replayed.events.empty());
    BOOST_TEST(replayed.counts[0].lines == 0U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened_is_said_at_once) {
    StreamOptions options = of({(directory.path() / "none").string(), directory.path().string(),
                                write("noise", "Lorem ipsum\ndolor sit amet\n"), write("good", jsonl(kBegin, "u1"))});
    const auto stream = EventStream::open(options);
    BOOST_REQUIRE(!stream);
    BOOST_REQUIRE(stream.error().size() == 3U);
    BOOST_TEST(stream.error()[0].find("No such file") != std::string::npos);
    BOOST_TEST(stream.error()[1].find("a directory") != std::string::npos);
    BOOST_TEST(stream.error()[2].find("no format that is known") != std::string::npos);
    const auto mistakes = [&](auto set) {
        StreamOptions wrong = of({write("good", jsonl(kBegin, "u1"))});
        set(wrong);
        const auto opened = EventStream::open(wrong);
        return opened ? std::string("none") : opened.error().front();
    };
    BOOST_TEST(mistakes([](StreamOptions&) {}) == "none");
    BOOST_TEST(mistakes([](StreamOptions& wrong) { wrong.inputs = {}; }) == "no input");
    BOOST_TEST(mistakes([](StreamOptions& wrong) {
                   wrong.inputs = {"-", "-"};
               }).find("more than once") != std::string::npos);
    BOOST_TEST(mistakes([](StreamOptions& wrong) { wrong.zone = "Asia/Atlantis"; }).find("time zone") !=
               std::string::npos);
    BOOST_TEST(mistakes([](StreamOptions& wrong) { wrong.year = 26; }).find("year 26") != std::string::npos);
    BOOST_TEST(mistakes([](StreamOptions& wrong) { wrong.format = "xml"; }).find("\"xml\"") != std::string::npos);
    BOOST_TEST(mistakes([](StreamOptions& wrong) { wrong.id = ""; }).find("an ID of 0 bytes") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(stopped) {
    auto stream = EventStream::open(of({write("log", noisy_log(4, 20'000))}));
    BOOST_REQUIRE(stream);
    Batch batch;
    BOOST_TEST(stream->next(batch));
    stream->stop();
    BOOST_TEST(!stream->next(batch));
}

// Also while it waits for standard input that does not come.
BOOST_AUTO_TEST_CASE(stopped_while_it_waits) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    const std::string text = jsonl(kBegin, "u1");
    std::string enough;
    while (enough.size() < 300'000) enough += text;
    const int saved = ::dup(STDIN_FILENO);
    std::thread writer([&] {
        for (std::size_t at = 0; at < enough.size();) {
            const ssize_t count = ::write(ends[1], enough.data() + at, enough.size() - at);
            if (count <= 0) break;
            at += static_cast<std::size_t>(count);
        }
    });
    ::dup2(ends[0], STDIN_FILENO);
    for (const unsigned threads : {2U}) {
        StreamOptions options = of({"-"});
        options.threads = threads;
        auto stream = EventStream::open(options);
        BOOST_REQUIRE(stream);
        std::thread stopper([&] { stream->stop(); });
        Batch batch;
        while (stream->next(batch)) {
        }
        stopper.join();
    }
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
    ::close(ends[0]);
    writer.join();
    ::close(ends[1]);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(times_of_lines, Files)

std::string syslog_line(const std::string& time, const std::string& id) {
    return time + " aaa1 radiusd[1]: Login OK: [" + id + "] (from client b port 1)\n";
}

std::vector<std::string> times(const StreamOptions& options) {
    std::vector<std::string> result;
    for (const StreamEvent& event : replay(options).events)
        result.push_back(format_rfc3339(event.event.time).substr(0, 19));
    return result;
}

BOOST_AUTO_TEST_CASE(the_year) {
    const std::string file =
        write("syslog", syslog_line("Dec 30 10:00:00", "a") + syslog_line("Dec 31 23:59:59", "b") +
                            syslog_line("Jan  1 00:00:30", "c") + syslog_line("Dec 31 23:59:58", "d") +
                            syslog_line("Mar  1 00:00:00", "e"));
    StreamOptions options = of({file});
    options.year = 2023;
    const Lines expected = {"2023-12-30T10:00:00", "2023-12-31T23:59:58", "2023-12-31T23:59:59", "2024-01-01T00:00:30",
                            "2024-03-01T00:00:00"};
    BOOST_TEST(times(options) == expected, boost::test_tools::per_element());
    // From when the file was last written.
    options.year.reset();
    const auto written = [&](const char* time) {
        const auto since = *parse_rfc3339(time) - Time{};
        std::filesystem::last_write_time(
            file, std::chrono::file_clock::from_sys(std::chrono::sys_time<std::chrono::nanoseconds>{since}));
        return times(options).at(0).substr(0, 4);
    };
    BOOST_TEST(written("2024-03-01T00:00:00Z") == "2023");
    BOOST_TEST(written("2025-12-29T12:00:00Z") == "2025");  // within a day: zones
    BOOST_TEST(written("2025-12-28T12:00:00Z") == "2024");
}

BOOST_AUTO_TEST_CASE(the_twenty_ninth_of_february) {
    const std::string file = write("syslog", syslog_line("Feb 28 10:00:00", "a") + syslog_line("Feb 29 10:00:00", "b") +
                                                 syslog_line("Mar  1 10:00:00", "c"));
    StreamOptions options = of({file});
    options.year = 2024;
    const Lines expected = {"2024-02-28T10:00:00", "2024-02-29T10:00:00", "2024-03-01T10:00:00"};
    BOOST_TEST(times(options) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_zone) {
    const std::string file =
        write("radius.log", "Sun Mar  1 09:00:00 2026 : Auth: Login OK: [a] (from client b port 1)\n");
    StreamOptions options = of({file});
    const auto time_in = [&](const char* zone) {
        options.zone = zone;
        return times(options).at(0);
    };
    BOOST_TEST(time_in("UTC") == "2026-03-01T09:00:00");
    BOOST_TEST(time_in("Asia/Tokyo") == "2026-03-01T00:00:00");
    BOOST_TEST(time_in("America/New_York") == "2026-03-01T14:00:00");
    BOOST_REQUIRE(::setenv("TZ", "Asia/Tokyo", 1) == 0);
    BOOST_TEST(time_in("") == "2026-03-01T00:00:00");
    BOOST_TEST(time_in("UTC") == "2026-03-01T09:00:00");
    BOOST_REQUIRE(::unsetenv("TZ") == 0);
}

// The hour that comes twice, and the one that does not come.
BOOST_AUTO_TEST_CASE(the_clock_is_put_back_and_forward) {
    const auto line = [](const std::string& time) {
        return "Sun " + time + " 2026 : Auth: Login OK: [a] (from client b port 1)\n";
    };
    StreamOptions options =
        of({write("autumn", line("Oct 25 02:30:00") + line("Oct 25 02:59:59") + line("Oct 25 02:00:01") +
                                line("Oct 25 02:30:00") + line("Oct 25 02:59:59") + line("Oct 25 03:00:01"))});
    options.zone = "Europe/Berlin";
    const Lines autumn = {"2026-10-25T00:30:00", "2026-10-25T00:59:59", "2026-10-25T01:00:01",
                          "2026-10-25T01:30:00", "2026-10-25T01:59:59", "2026-10-25T02:00:01"};
    BOOST_TEST(times(options) == autumn, boost::test_tools::per_element());
    options.inputs = {write("spring", line("Mar 29 01:59:59") + line("Mar 29 02:30:00") + line("Mar 29 03:00:01"))};
    const Lines spring = {"2026-03-29T00:59:59", "2026-03-29T01:00:01", "2026-03-29T01:30:00"};
    BOOST_TEST(times(options) == spring, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::replay
