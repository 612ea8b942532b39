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

#include "bench/isp_day.hpp"
#include "event/time.hpp"

namespace guard::bench {
namespace {

constexpr std::uint32_t kIds = 100'000;

// The first sign of life of each line, then days; `take` gets one event after the other and says whether it wants more.
template <class Take>
void live(Take take) {
    World world(kIds);
    for (std::uint32_t from = 0; from < kIds; from += kChunk)
        for (const LoginEventView& event : world.first_signs(from))
            if (!take(event)) return;
    for (;;)
        for (const LoginEventView& event : world.some_of_a_day())
            if (!take(event)) return;
}

std::string address_of(const LoginEventView& event) {
    return event.addresses.empty() ? std::string() : event.addresses.front().to_string();
}

}  // namespace

std::string jsonl_log(std::size_t events) {
    std::string text;
    live([&](const LoginEventView& event) {
        fmt::format_to(std::back_inserter(text), R"({{"time":"{}","service":"{}","kind":"{}","id":"{}")",
                       format_rfc3339(event.time), to_string(event.service), to_string(event.kind), event.id);
        if (!event.addresses.empty()) text += R"(,"address":")" + address_of(event) + '"';
        text += "}\n";
        return --events > 0;
    });
    return text;
}

std::string detail_log(std::size_t records) {
    std::string text;
    live([&](const LoginEventView& event) {
        if (event.service != Service::pppoe || event.kind == Kind::accept || event.kind == Kind::reject) return true;
        const auto seconds = std::chrono::floor<std::chrono::seconds>(event.time).time_since_epoch().count();
        const std::string date = format_rfc3339(event.time), clock = date.substr(11, 8), day = date.substr(8, 2);
        const auto hash = std::hash<std::string_view>{}(event.id);
        fmt::format_to(
            std::back_inserter(text),
            "Sun Mar {0} {1} 2026\n\tAcct-Session-Id = \"{2:016X}\"\n\tUser-Name = \"{3}\"\n"
            "\tAcct-Status-Type = {4}\n\tAcct-Authentic = RADIUS\n\tService-Type = Framed-User\n\tFramed-Protocol = "
            "PPP\n"
            "\tFramed-IP-Address = {5}\n\tNAS-IP-Address = 192.0.2.1\n\tNAS-Identifier = \"bras1.tokyo\"\n"
            "\tNAS-Port = {6}\n\tNAS-Port-Type = PPPoEoVLAN\n\tNAS-Port-Id = \"slot=1;subslot=0;port=3;vlan=2044\"\n"
            "\tCalling-Station-Id = \"02-00-00-00-00-01\"\n\tConnect-Info = \"1000000000\"\n"
            "\tAcct-Session-Time = 3600\n\tAcct-Input-Octets = 123456789\n\tAcct-Output-Octets = 2123456789\n"
            "\tAcct-Input-Gigawords = 1\n\tAcct-Output-Gigawords = 3\n\tAcct-Input-Packets = 1234567\n"
            "\tAcct-Output-Packets = 7654321\n\tAcct-Delay-Time = 0\n\tEvent-Timestamp = \"Mar {0} 2026 {1} UTC\"\n"
            "\tAcct-Unique-Session-Id = \"0123456789abcdef0123456789abcdef\"\n\tTimestamp = {7}\n\n",
            day, clock, hash, event.id,
            event.kind == Kind::alive    ? "Interim-Update"
            : event.kind == Kind::assign ? "Start"
                                         : "Stop",
            address_of(event), hash % 4096, seconds);
        return --records > 0;
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
