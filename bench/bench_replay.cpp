// Reading logs: JSON Lines, detail of FreeRADIUS, with order and detection, on one thread and on two ("replay jsonl",
// "replay detail", "replay threads")
#include <algorithm>
#include <sstream>
#include <string>

#include "analyzer/detection/detector.hpp"
#include "bench/measure.hpp"
#include "bench/replay_logs.hpp"
#include "replay/block.hpp"
#include "replay/formats/registry.hpp"

namespace {

using namespace guard;

constexpr std::size_t kEvents = 1'000'000;
constexpr std::size_t kChunk = 256 * 1024;

// Parsing and normalising alone, a piece of the log after the other. Nanoseconds of all of it.
double parse_ns(const std::string& format, const std::string& text, std::size_t& events) {
    const auto parser = *replay::find_parser(format, text);
    replay::StreamOptions options;
    const replay::BlockParser block_parser(parser, options);
    return bench::measure(1,
                          [&] {
                              replay::Block block;
                              block.bytes.resize(kChunk + replay::kBlockPadding);
                              events = 0;
                              for (std::size_t at = 0; at < text.size(); at += block.size) {
                                  block.clear();
                                  block.size = std::min(kChunk, text.size() - at);
                                  block.size = parser->whole_records({text.data() + at, block.size});
                                  std::copy_n(text.data() + at, block.size, block.bytes.data());
                                  block_parser.parse(block);
                                  events += block.count;
                              }
                          })
        .cpu_ns;
}

bench::Cost stream(const std::string& file, unsigned threads, bool detect, std::size_t& events) {
    std::stringstream pools;
    for (unsigned region = 1; region <= 47; ++region)
        pools << fmt::format("10.{}.0.0/16,JP,JP-{:02},,,,,,bras{}\n", region, region, region);
    const auto places =
        std::make_shared<const geo::Locator>(*geo::PoolTable::parse(pools, "bench"), geo::DatabaseRanges{}, 1);
    return bench::measure(1, [&] {
        replay::StreamOptions options;
        options.inputs = {file};
        options.threads = threads;
        auto opened = replay::EventStream::open(options);
        detection::Detector detector(config::DetectionSettings{}, places, {}, HashKey{});
        std::vector<detection::Decision> decisions;
        events = 0;
        for (replay::Batch batch; opened->next(batch);) {
            events += batch.size();
            if (!detect) continue;
            for (const auto& event : batch) detector.on_event(event.event, decisions);
            static_cast<void>(detector.take_late_sessions());
            decisions.clear();
        }
    });
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
    both("file to ordered events", stream(file, 1, false, events).cpu_ns);
}

void report_threads(const std::string& format, const std::string& text) {
    const bench::Directory directory;
    const std::string file = directory.write("log", text);
    std::size_t events = 0;
    const auto one = stream(file, 1, true, events), two = stream(file, 2, true, events);
    bench::print("replay", format + " with detection, one thread, CPU", one.cpu_ns / static_cast<double>(events),
                 "ns/event");
    bench::print("replay", format + " with detection, two threads, wall", two.wall_ns / static_cast<double>(events),
                 "ns/event", one.wall_ns / static_cast<double>(events), "one thread");
    bench::print("replay", format + " with detection, two threads, so much faster", one.wall_ns / two.wall_ns, "times");
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view which = argc > 1 ? argv[1] : "";
    const auto wanted = [&](std::string_view name) { return which.empty() || which == name; };
    if (wanted("jsonl")) report("jsonl", bench::jsonl_log(kEvents), "\"id\":\"subscriber0[0-4].*\"(accept|assign)|x|y");
    if (wanted("detail")) report("detail", bench::detail_log(kEvents / 3), "User-Name|Framed-IP-Address|Timestamp");
    if (wanted("threads")) {
        report_threads("jsonl", bench::jsonl_log(kEvents));
        report_threads("detail", bench::detail_log(kEvents / 3));
    }
}
