// pppoe-guard-analyzer: reads the spools, finds misuse, records it and has it enforced. docs/man/pppoe-guard-analyzer.8
// is its manual. SIGTERM ends it cleanly, SIGHUP reads pools, database of places and gateways again.
#include <fmt/core.h>
#include <getopt.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <exception>
#include <thread>

#include "analyzer/daemon/file_watch.hpp"
#include "analyzer/daemon/pipeline.hpp"
#include "analyzer/daemon/state_lock.hpp"
#include "config/logging.hpp"
#include "config/options.hpp"
#include "geo/gateways.hpp"

namespace {

using namespace guard;

constexpr const char* kDefaultConfig = "/etc/pppoe-guard/pppoe-guard.toml";

struct BadConfiguration {};

template <class Value, class Error>
Value or_refuse(Expected<Value, Error> expected) {
    if (expected) return std::move(*expected);
    if constexpr (std::is_same_v<Error, std::string>)
        fmt::print(stderr, "{}\n", expected.error());
    else
        for (const auto& mistake : expected.error()) fmt::print(stderr, "{}\n", mistake);
    throw BadConfiguration{};
}

void require(bool given, const char* key, bool& complete) {
    if (given) return;
    fmt::print(stderr, "the analyzer needs {}, and the configuration file does not give it\n", key);
    complete = false;
}

config::Settings load_settings(const std::filesystem::path& file) {
    auto settings = or_refuse(config::load(file));
    bool complete = true;
    require(!settings.spools.empty(), "spools", complete);
    require(!settings.database.empty(), "database", complete);
    require(!settings.pools.empty(), "pools", complete);
    require(!settings.table.empty(), "table", complete);
    require(!settings.state_directory.empty(), "state_directory", complete);
    if (!complete) throw BadConfiguration{};
    return settings;
}

Expected<daemon::GeoFiles, std::vector<std::string>> load_geo(const config::Settings& settings,
                                                              std::uint64_t generation) {
    daemon::GeoFiles files;
    auto locator = geo::Locator::load(settings.pools, settings.mmdb, generation);
    if (!locator) return unexpected(std::move(locator.error()));
    files.locator = std::move(*locator);
    if (!settings.gateways.empty()) {
        auto gateways = geo::load_prefixes(settings.gateways);
        if (!gateways) return unexpected(std::move(gateways.error()));
        files.gateways = std::move(*gateways);
    }
    for (const auto& warning : files.locator->pools().warnings()) spdlog::warn("event=pools detail=\"{}\"", warning);
    return files;
}

// All or nothing: a bad file leaves what is in use.
void reload(const config::Settings& settings, daemon::Pipeline& pipeline, std::uint64_t generation) {
    auto files = load_geo(settings, generation);
    if (files) {
        pipeline.reload(std::move(*files));
        spdlog::info("event=reloaded generation={}", generation);
        return;
    }
    for (const auto& mistake : files.error()) spdlog::error("event=reload_refused detail=\"{}\"", mistake);
}

// Runs a thread's work; what it throws ends the program, with the reason in the log.
template <class Work>
std::jthread thread(const char* name, std::atomic<bool>& failed, Work work) {
    return std::jthread([name, &failed, work](const std::stop_token& stop) {
        try {
            work(stop);
        } catch (const std::exception& error) {
            spdlog::critical("event=thread_failed thread={} detail=\"{}\"", name, error.what());
            failed = true;
            ::kill(::getpid(), SIGTERM);
        }
    });
}

int run(const std::filesystem::path& config_file) {
    const config::Settings settings = load_settings(config_file);
    const daemon::StateLock lock(settings.state_directory);
    config::set_up_logging(settings, "pppoe-guard-analyzer");
    std::uint64_t generation = 1;
    daemon::FileWatch watch({settings.pools, settings.mmdb, settings.gateways});
    auto geo = or_refuse(load_geo(settings, generation));
    const config::NasList nases =
        settings.nas_file.empty() ? config::NasList{} : or_refuse(config::load_nas_file(settings.nas_file));

    // Before any thread is started, so that all of them leave these signals to sigwait() below.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);

    const SystemClock clock;
    daemon::Enforcer enforcer(settings);
    daemon::Disconnector disconnector(settings, nases, clock);
    daemon::Pipeline pipeline(settings, std::move(geo), clock, enforcer, disconnector);
    std::atomic<bool> failed{false};
    auto enforcing = thread("enforcer", failed, [&](const std::stop_token& stop) { enforcer.run(stop); });
    auto disconnecting = thread("disconnector", failed, [&](const std::stop_token& stop) { disconnector.run(stop); });
    auto analyzing = thread("pipeline", failed, [&](const std::stop_token& stop) { pipeline.run(stop); });
    spdlog::info("event=started mode={}", settings.detection.mode == config::Mode::enforce  ? "enforce"
                                          : settings.detection.mode == config::Mode::review ? "review"
                                                                                            : "observe");
    for (int signal = SIGHUP; signal == SIGHUP || signal < 0;) {
        constexpr timespec kLook{2, 0};
        signal = sigtimedwait(&signals, nullptr, &kLook);
        if (signal == SIGHUP) watch.accept();
        if (signal == SIGHUP || (signal < 0 && watch.changed())) reload(settings, pipeline, ++generation);
    }
    for (auto* running : {&analyzing, &disconnecting, &enforcing}) running->request_stop();
    for (auto* running : {&analyzing, &disconnecting, &enforcing}) running->join();
    spdlog::info("event=stopped");
    return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::filesystem::path config_file = kDefaultConfig;
    const option options[] = {{"config", required_argument, nullptr, 'c'},
                              {"help", no_argument, nullptr, 'h'},
                              {"version", no_argument, nullptr, 'V'},
                              {nullptr, 0, nullptr, 0}};
    for (int letter = 0; (letter = getopt_long(argc, argv, "c:hV", options, nullptr)) != -1;) {
        if (letter == 'c') {
            config_file = optarg;
        } else if (letter == 'V') {
            fmt::print("pppoe-guard-analyzer {}\n", GUARD_VERSION);
            return 0;
        } else {
            fmt::print(letter == 'h' ? stdout : stderr,
                       "usage: pppoe-guard-analyzer [--config FILE]\nFILE: default {}\n", kDefaultConfig);
            return letter == 'h' ? 0 : 2;
        }
    }
    try {
        return run(config_file);
    } catch (const BadConfiguration&) {
        return 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "pppoe-guard-analyzer: {}\n", error.what());
        return 1;
    }
}
