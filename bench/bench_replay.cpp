// Reading logs: JSON Lines, detail of FreeRADIUS, mail logs, with order and detection; on one thread and on two; memory
// ("replay jsonl", "replay detail", "replay mail", "replay threads [FORMAT]", "replay memory [FORMAT]")
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

#include "analyzer/detection/detector.hpp"
#include "bench/isp_day.hpp"
#include "bench/mail_log.hpp"
#include "bench/measure.hpp"
#include "bench/replay_logs.hpp"
#include "replay/block.hpp"
#include "replay/formats/registry.hpp"

namespace {

using namespace guard;

constexpr std::size_t kEvents = 1'000'000;
constexpr std::size_t kPiece = 256 * 1024;

// Parsing and normalising alone, a piece of the log after the other. Nanoseconds of all of it.
double parse_ns(const std::string& format, const std::string& text, std::size_t& events) {
    const auto parser = *replay::find_parser(format, text);
    replay::StreamOptions options;
    const replay::BlockParser block_parser(parser, options);
    return bench::measure(1,
                          [&] {
                              replay::Block block;
                              block.bytes.resize(kPiece + replay::kBlockPadding);
                              events = 0;
                              for (std::size_t at = 0; at < text.size(); at += block.size) {
                                  block.clear();
                                  block.size = std::min(kPiece, text.size() - at);
                                  block.size = parser->whole_records({text.data() + at, block.size});
                                  std::copy_n(text.data() + at, block.size, block.bytes.data());
                                  block_parser.parse(block);
                                  events += block.count;
                              }
                          })
        .cpu_ns;
}

// Reads all of it once. How many events; `ids`: how many the detector knows at the end.
std::size_t replay_once(const std::vector<std::string>& files, unsigned threads, bool detect,
                        std::size_t* ids = nullptr) {
    replay::StreamOptions options;
    options.inputs = files;
    options.threads = threads;
    options.year = 2026;
    auto opened = replay::EventStream::open(options);
    detection::Detector detector(config::DetectionSettings{}, bench::locator(), {}, HashKey{});
    std::vector<detection::Decision> decisions;
    std::vector<LoginEventView> plain;
    std::size_t events = 0;
    for (replay::Batch batch; opened->next(batch);) {
        events += batch.size();
        if (!detect) continue;
        // As guardctl replay does.
        const auto detect_plain = [&] {
            detector.on_events(plain, decisions);
            plain.clear();
            static_cast<void>(detector.take_late_sessions());
        };
        for (const replay::StreamEvent& read : batch) {
            if (!read.event.id.empty() && read.attempts == 1) {
                plain.emplace_back(read.event);
                continue;
            }
            detect_plain();
            if (read.event.kind == Kind::reject) detector.on_rejects(read.event, read.attempts, decisions);
        }
        detect_plain();
        decisions.clear();
    }
    if (ids != nullptr) *ids = detector.streams().size();
    return events;
}

bench::Cost stream(const std::vector<std::string>& files, unsigned threads, bool detect, std::size_t& events) {
    return bench::measure(1, [&] { events = replay_once(files, threads, detect); });
}

void report(const std::string& format, const std::string& text, const std::string& pattern) {
    const bench::Directory directory;
    const std::string file = directory.write("log", text);
    const double wc = bench::command_ns("wc -l " + file);
    const double grep = bench::command_ns("grep -cE '" + pattern + "' " + file);
    std::size_t events = 0;
    const double megabytes = static_cast<double>(text.size()) / 1e6;
    const auto both = [&](const std::string& what, double ns) {
        const double of = static_cast<double>(events);
        bench::print("replay", format + ", " + what + ", CPU", ns / of, "ns/event", wc / of, "wc -l");
        bench::print("replay", format + ", " + what, of / ns * 1e9, "events/CPU s", of / grep * 1e9, "grep -cE");
        bench::print("replay", format + ", " + what, megabytes / ns * 1e9, "MB/CPU s", megabytes / grep * 1e9,
                     "grep -cE");
    };
    both("parse and normalise", parse_ns(format, text, events));
    both("file to ordered events", stream({file}, 1, false, events).cpu_ns);
}

// A log as a rotated set of four files.
std::vector<std::string> rotated(const bench::Directory& directory, const std::string& format,
                                 const std::string& text) {
    constexpr std::size_t kFiles = 4;
    const auto parser = *replay::find_parser(format, text);
    std::vector<std::string> files;
    for (std::size_t at = 0, part = 0; at < text.size(); ++part) {
        const std::size_t upto =
            part + 1 == kFiles ? text.size() - at : std::min(text.size() - at, text.size() / kFiles);
        const std::size_t length = parser->whole_records({text.data() + at, upto});
        files.push_back(directory.write(fmt::format("log.{}", kFiles - part), text.substr(at, length)));
        at += length;
    }
    return files;
}

// The same with one thread and with two; and what two cores can do here at most: two replays with one thread at once.
// Where others use the cores too, wall time says little: so also how the work is shared out.
void report_threads(const std::string& what, const std::vector<std::string>& files, bool detect) {
    constexpr int kRuns = 3;
    std::size_t events = 0;
    std::vector<double> callers;
    const auto one = bench::measure(
        1, [&] { events = replay_once(files, 1, detect); }, kRuns);
    const auto two = bench::measure(
        1,
        [&] {
            const double before = bench::thread_cpu_ns();
            static_cast<void>(replay_once(files, 2, detect));
            callers.push_back(bench::thread_cpu_ns() - before);
        },
        kRuns);
    const auto twice = bench::measure(
        1,
        [&] {
            std::thread other([&] { static_cast<void>(replay_once(files, 1, detect)); });
            static_cast<void>(replay_once(files, 1, detect));
            other.join();
        },
        kRuns);
    std::sort(callers.begin(), callers.end());
    const double of = static_cast<double>(events), caller = callers[callers.size() / 2];
    const double busier = std::max(caller, two.cpu_ns - caller);
    bench::print("replay", what + ", one thread, CPU", one.cpu_ns / of, "ns/event");
    bench::print("replay", what + ", two threads, CPU", two.cpu_ns / of, "ns/event", one.cpu_ns / of, "one thread");
    bench::print("replay", what + ", two threads, CPU of the busier", busier / of, "ns/event", one.cpu_ns / of,
                 "one thread");
    bench::print("replay", what + ", two threads, so much faster in percent", 100 * one.wall_ns / two.wall_ns, "%",
                 200 * one.wall_ns / twice.wall_ns, "two replays at once, one thread each");
}

void report_threads(const std::string& format, const std::string& text) {
    const bench::Directory directory;
    const auto files = rotated(directory, format, text);
    report_threads(format + ", reading", files, false);
    report_threads(format + ", with detection", files, true);
}

void report_mail() {
    constexpr std::size_t kLines = 1'000'000;
    const bench::Directory directory;
    const std::string file = directory.write("log", bench::mail_log(kLines));
    std::size_t events = 0;
    const double grep =
        bench::command_ns("grep -cE 'authentication failed|sasl_username=|auth failed, [0-9]+ attempts' " + file);
    const auto lines = [&](const std::string& what, double ns) {
        bench::print("replay", "mail, " + what, 1e3 * kLines / ns, "million lines/CPU s", 1e3 * kLines / grep,
                     "grep -cE of three alternatives");
    };
    lines("file to ordered events", stream({file}, 1, false, events).cpu_ns);
    lines("with detection", stream({file}, 1, true, events).cpu_ns);
    bench::print("replay", "mail, events", static_cast<double>(events), "");
}

// In a process of its own: what it holds at most, in kilobytes.
std::pair<long, std::string> peak_of(const std::string& file) {
    const std::string output = file + ".out";
    const pid_t child = ::fork();
    if (child == 0) {
        std::size_t ids = 0;
        const std::size_t events = replay_once({file}, 1, true, &ids);
        std::ofstream(output) << events << " events, " << ids << " IDs";
        ::_exit(0);
    }
    rusage usage{};
    int status = 0;
    if (::wait4(child, &status, 0, &usage) != child || status != 0) std::exit(1);
    std::string said;
    std::ifstream stream(output);
    std::getline(stream, said);
    return {usage.ru_maxrss, said};
}

// Eight times the input about the same IDs: the memory must stay.
void report_memory(const std::string& format, std::string (*log)(std::size_t), std::size_t size) {
    long once = 0;
    for (const std::size_t times : {std::size_t{1}, std::size_t{8}}) {
        const bench::Directory directory;
        const std::string file = directory.write("log", log(size * times));
        const auto [peak, said] = peak_of(file);
        if (times == 1) once = peak;
        bench::print("replay",
                     fmt::format("{} with detection, peak memory of {} ({})", format, times == 1 ? "1x" : "8x", said),
                     static_cast<double>(peak) / 1024, "MB", static_cast<double>(once) / 1024, "1x");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view which = argc > 1 ? argv[1] : "", format = argc > 2 ? argv[2] : "";
    const auto wanted = [&](std::string_view name) { return which.empty() || which == name; };
    const auto wanted_format = [&](std::string_view name) { return format.empty() || format == name; };
    if (wanted("jsonl")) report("jsonl", bench::jsonl_log(kEvents), "\"id\":\"u0[0-4].*\"(accept|assign)|x|y");
    if (wanted("detail")) report("detail", bench::detail_log(kEvents / 3), "User-Name|Framed-IP-Address|Timestamp");
    if (wanted("mail")) report_mail();
    if (wanted("threads")) {
        if (wanted_format("jsonl")) report_threads("jsonl", bench::jsonl_log(kEvents));
        if (wanted_format("detail")) report_threads("detail", bench::detail_log(kEvents / 3));
        if (wanted_format("mail")) report_threads("mail", bench::mail_log(kEvents));
    }
    if (wanted("memory")) {
        if (wanted_format("jsonl")) report_memory("jsonl", bench::jsonl_log, kEvents);
        if (wanted_format("mail")) report_memory("mail", bench::mail_log, kEvents);
    }
}
