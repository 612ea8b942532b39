#include "bench/radius_servers.hpp"

#include <fmt/core.h>
#include <time.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "enforcement/publisher.hpp"
#include "event/identity.hpp"
#include "spool/reader.hpp"

namespace guard::bench {
namespace {

using test::RadiusServer;

constexpr std::uint32_t kSubscribers = 1'000;
constexpr unsigned kSockets = 16;
constexpr std::chrono::milliseconds kReaderPause{50};  // of the analyzer, when there is nothing to read

std::string subscriber(std::uint32_t number) {
    return fmt::format("subscriber{:06}@isp.example", number);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

std::string users() {
    std::string text;
    for (std::uint32_t i = 0; i < kSubscribers; ++i)
        text += fmt::format("{}\tCleartext-Password := \"pw\"\n\tFramed-IP-Address := 10.0.{}.{}\n\n", subscriber(i),
                            i / 256, i % 256);
    return text;
}

double status_bytes(pid_t pid, std::string_view key) {
    std::ifstream file(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(key)) return std::stod(line.substr(key.size() + 1)) * 1024;
    throw std::runtime_error(fmt::format("no {} in /proc/{}/status", key, pid));
}

}  // namespace

BenchServer::BenchServer(Module module, Disk disk)
    : spool_("bench-spool", test::User::unprivileged()),
      table_("bench-table", test::User::unprivileged()),
      server_({}),
      disk_(disk) {
    // The group of the directory becomes that of the table, which is readable for its group.
    std::filesystem::permissions(table_.path(), static_cast<std::filesystem::perms>(02755));
    if (disk == Disk::full) small_.emplace(spool_.path());
    write_configuration(module, small_ && !small_->mounted());
    server_.start();
}

void BenchServer::write_configuration(Module module, bool small_quota) {
    test::RadiusConfig config;
    config.users = users();
    config.main = "cleanup_delay = 0\n";
    config.servers = test::kPppoeSite;
    if (module == Module::on) {
        config.modules = fmt::format("\tpppoe_guard {{\n\t\ttable = \"{}\"\n\t\tspool {{\n\t\t\tdirectory = \"{}\"\n",
                                     (table_.path() / "table").string(), spool_.path().string()) +
                         (disk_ == Disk::full ? "\t\t\tsegment_size = 64K\n" : "") +
                         (small_quota ? "\t\t\tquota = 128K\n" : "") + "\t\t}\n\t}\n";
        config.servers += test::figures_site("pppoe_guard");
    } else {
        replace_all(config.servers, "\t\tpppoe_guard\n", "");
    }
    server_.configure(config);
    // A line of log for each login costs more than the module; and threads that come and go make noise.
    const auto file = server_.directory() / "radiusd.conf";
    std::string text = test::read_file(file);
    replace_all(text, "auth = yes", "auth = no");
    replace_all(text, "max_servers = 8", "max_servers = 4");
    replace_all(text, "max_spare_servers = 8", "max_spare_servers = 4");
    test::write_file(file, text, server_.user());
}

void BenchServer::publish(std::uint32_t entries) {
    const Time end = SystemClock{}.now() + std::chrono::hours{24};
    std::vector<enforcement::SuspendedId> ids;
    std::vector<enforcement::BlockedSource> sources;
    for (std::uint32_t i = 0; i < entries; ++i) {
        ids.push_back({Service::pppoe, subscriber(kSubscribers + i)});
        sources.push_back({IpAddress::ipv4(0xc6000000U + i * 7), end});
    }
    const std::string fingerprint = IdNormalisation{}.fingerprint();
    enforcement::publish(enforcement::Table::build(++generation_, random_key(), fingerprint, ids, sources),
                         table_.path() / "table");
    if (!test::wait_until([&] { return figure("generation") == generation_; }, std::chrono::seconds(10)))
        throw std::runtime_error("the module does not take the table:\n" + server_.log());
}

test::LoadResult BenchServer::run(std::uint32_t requests, double rate, unsigned in_flight) {
    test::PreparedLoad load(kSockets);
    for (std::uint32_t i = 0; i < requests; ++i)
        load.add({.id = subscriber(i * 7919 % kSubscribers), .password = i % 20 == 0 ? "wrong" : "pw"});
    auto result = test::run_load(
        load, {.auth_port = server_.auth_port(), .in_flight = in_flight, .rate = rate, .check_authenticators = false});
    unanswered_ += result.unanswered;
    return result;
}

double BenchServer::cpu_ns() const {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(server_.pid(), &clock) != 0 || clock_gettime(clock, &time) != 0)
        throw std::runtime_error("no CPU time of the server");
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

Memory BenchServer::memory() const {
    return {status_bytes(server_.pid(), "VmRSS:"), status_bytes(server_.pid(), "VmHWM:")};
}

void BenchServer::reset_peak() const {
    std::ofstream(fmt::format("/proc/{}/clear_refs", server_.pid())) << "5";
}

std::uint64_t BenchServer::figure(const std::string& name) const {
    const auto reply = test::send(server_.coa_port(), test::RequestType::authentication,
                                  "User-Name = \"figures\", Filter-Id = \"" + name + "\"");
    if (reply.code != "Access-Accept") throw std::runtime_error("no answer about figures:\n" + server_.log());
    return std::stoull(reply.value("Filter-Id"));
}

std::string BenchServer::disk() const {
    if (!small_) return {};
    return small_->mounted() ? "a full file system" : "its quota reached";
}

LiveReader::LiveReader(const std::filesystem::path& spool) {
    thread_ = std::jthread([spool](const std::stop_token& stop) {
        spool::Reader reader(spool);
        while (!stop.stop_requested()) {
            while (reader.peek() != nullptr) reader.pop();
            std::this_thread::sleep_for(kReaderPause);
        }
    });
}

}  // namespace guard::bench
