#include "bench/replay_logs.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <vector>

#include "event/time.hpp"

namespace guard::bench {
namespace {

constexpr std::uint32_t kIds = 100'000;
constexpr Time kBegin{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

struct Step {
    std::uint32_t id, address;
    Time time;
    int kind;  // 0 accept, 1 assign, 2 alive
};

// `take` gets one step after the other.
template <class Take>
void live(std::size_t steps, Take take) {
    std::mt19937_64 random(1);
    std::vector<std::uint32_t> session(kIds, 0);
    Time now = kBegin;
    for (std::size_t done = 0; done < steps;) {
        const auto id = static_cast<std::uint32_t>(random() % kIds);
        const bool reconnects = session[id] == 0 || random() % 24 == 0;
        if (reconnects)
            session[id] = (0x0a000000U | (id % 47 + 1) << 16) | static_cast<std::uint32_t>(random() & 0xffff);
        now += Microseconds{36'000};
        if (reconnects) take(Step{id, session[id], now, 0}), ++done;
        if (done < steps) take(Step{id, session[id], now + std::chrono::milliseconds{300}, reconnects ? 1 : 2}), ++done;
    }
}

std::string dotted(std::uint32_t address) {
    return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

}  // namespace

std::string jsonl_log(std::size_t events) {
    std::string text;
    constexpr std::array<const char*, 3> kKinds = {"accept", "assign", "alive"};
    live(events, [&](const Step& step) {
        fmt::format_to(
            std::back_inserter(text),
            R"({{"time":"{}","service":"pppoe","kind":"{}","id":"subscriber{:06}@isp.example","address":"{}"}})"
            "\n",
            format_rfc3339(step.time), kKinds.at(static_cast<std::size_t>(step.kind)), step.id, dotted(step.address));
    });
    return text;
}

std::string detail_log(std::size_t records) {
    std::string text;
    live(records, [&](const Step& step) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(step.time).time_since_epoch().count();
        fmt::format_to(
            std::back_inserter(text),
            "Sun Mar  1 {0}\n\tAcct-Session-Id = \"{1:08X}{2:08x}\"\n\tUser-Name = \"subscriber{1:06}@isp.example\"\n"
            "\tAcct-Status-Type = {3}\n\tAcct-Authentic = RADIUS\n\tService-Type = Framed-User\n\tFramed-Protocol = "
            "PPP\n"
            "\tFramed-IP-Address = {4}\n\tNAS-IP-Address = 192.0.2.1\n\tNAS-Identifier = \"bras1.tokyo\"\n"
            "\tNAS-Port = {5}\n\tNAS-Port-Type = PPPoEoVLAN\n\tNAS-Port-Id = \"slot=1;subslot=0;port=3;vlan=2044\"\n"
            "\tCalling-Station-Id = \"02-00-00-00-00-01\"\n\tConnect-Info = \"1000000000\"\n"
            "\tAcct-Session-Time = 3600\n\tAcct-Input-Octets = 123456789\n\tAcct-Output-Octets = 2123456789\n"
            "\tAcct-Input-Gigawords = 1\n\tAcct-Output-Gigawords = 3\n\tAcct-Input-Packets = 1234567\n"
            "\tAcct-Output-Packets = 7654321\n\tAcct-Delay-Time = 0\n\tEvent-Timestamp = \"Mar  1 2026 {6} UTC\"\n"
            "\tAcct-Unique-Session-Id = \"0123456789abcdef0123456789abcdef\"\n\tTimestamp = {7}\n\n",
            format_rfc3339(step.time).substr(11, 8) + " 2026", step.id, step.address,
            step.kind == 2 ? "Interim-Update" : "Start", dotted(step.address), step.id % 4096,
            format_rfc3339(step.time).substr(11, 8), seconds);
    });
    return text;
}

Directory::Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "guard-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
}

Directory::~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Directory::write(const std::string& name, const std::string& text) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.flush()) throw std::runtime_error("the log could not be written");
    return (path_ / name).string();
}

double command_ns(const std::string& command) {
    const auto children = [] {
        rusage usage{};
        ::getrusage(RUSAGE_CHILDREN, &usage);
        const auto ns = [](const timeval& time) {
            return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
        };
        return ns(usage.ru_utime) + ns(usage.ru_stime);
    };
    std::array<double, 3> runs{};
    for (double& run : runs) {
        const double before = children();
        if (std::system((command + " | cat > /dev/null").c_str()) != 0) throw std::runtime_error(command + " failed");
        run = children() - before;
    }
    std::sort(runs.begin(), runs.end());
    return runs[1];
}

}  // namespace guard::bench
