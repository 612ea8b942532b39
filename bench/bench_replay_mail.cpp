// Replay of mail logs: 1,000,000 lines of Postfix and Dovecot, a third of them authentication; parsing alone and with
// the ledger. Yardsticks: wc -l and grep -cE of three alternatives on the same file, in the same run.
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "bench/mail_log.hpp"
#include "bench/measure.hpp"
#include "replay/attempt_ledger.hpp"
#include "replay/formats/mail.hpp"

namespace {

using namespace guard;
using replay::LogEvent;
using replay::ParsedChunk;

constexpr std::size_t kChunk = 1 << 20;

std::vector<std::string_view> chunks_of(std::string_view text) {
    std::vector<std::string_view> chunks;
    while (!text.empty()) {
        const auto end = text.size() <= kChunk ? text.size() : text.rfind('\n', kChunk) + 1;
        chunks.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return chunks;
}

double children_cpu_ns() {
    rusage usage{};
    getrusage(RUSAGE_CHILDREN, &usage);
    const auto ns = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
    };
    return ns(usage.ru_utime) + ns(usage.ru_stime);
}

// The median CPU seconds of five runs. Through a pipe: grep stops at its first match when it writes to /dev/null.
double command(const std::string& line) {
    std::vector<double> runs;
    for (int run = 0; run < 5; ++run) {
        const double before = children_cpu_ns();
        if (std::system((line + " | cat >/dev/null").c_str()) != 0) std::exit(1);
        runs.push_back((children_cpu_ns() - before) / 1e9);
    }
    std::sort(runs.begin(), runs.end());
    return runs[2];
}

}  // namespace

int main() {
    const std::string text = bench::mail_log(1'000'000);
    const auto file = std::filesystem::temp_directory_path() / fmt::format("guard-mail-{}.log", getpid());
    std::ofstream(file, std::ios::binary) << text;
    const auto chunks = chunks_of(text);
    const auto parser = replay::mail_parser();

    ParsedChunk parsed;
    std::uint64_t lines = 0, events = 0, attempts = 0, malformed = 0, passed = 0;
    const auto parse_all = [&](auto&& use) {
        lines = events = attempts = malformed = 0;
        for (const std::string_view chunk : chunks) {
            parser->parse(chunk, parsed);
            lines += parsed.lines;
            malformed += parsed.malformed;
            events += parsed.events.size();
            use();
        }
    };
    const auto alone = bench::measure(1, [&] { parse_all([] {}); });
    const auto with_ledger = bench::measure(1, [&] {
        replay::AttemptLedger ledger(false);
        passed = 0;
        parse_all([&] {
            for (LogEvent& event : parsed.events) passed += ledger.take(event) ? 1U : 0U;
        });
    });
    parse_all([&] {
        for (const LogEvent& event : parsed.events) attempts += event.attempts != 0 ? 1U : 0U;
    });

    const double seconds = alone.cpu_ns / 1e9, mega = static_cast<double>(lines) / 1e6;
    const std::string name = file.string();
    const double wc = command("wc -l " + name);
    const double grep = command("grep -cE 'authentication failed|sasl_username=|auth failed, [0-9]+ attempts' " + name);
    std::filesystem::remove(file);
    bench::print("replay_mail", "lines", static_cast<double>(lines), "");
    bench::print("replay_mail", "of them of authentication",
                 100 * static_cast<double>(attempts) / static_cast<double>(lines), "%");
    bench::print("replay_mail", "malformed", static_cast<double>(malformed), "");
    bench::print("replay_mail", "million lines parsed per CPU second", mega / seconds, "M/s", mega / grep,
                 "grep -cE of three alternatives");
    bench::print("replay_mail", "CPU time in percent of that of grep -cE", 100 * seconds / grep, "%");
    bench::print("replay_mail", "CPU time in percent of that of wc -l", 100 * seconds / wc, "%");
    bench::print("replay_mail", "million lines with the ledger per CPU second", mega / (with_ledger.cpu_ns / 1e9),
                 "M/s");
    bench::print("replay_mail", "gigabytes per CPU second", static_cast<double>(text.size()) / alone.cpu_ns, "GB/s");
    return passed == 0 ? 1 : 0;
}
