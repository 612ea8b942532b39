// pppoe-guard-analyzer: reads the spools, finds misuse, records it and has it enforced. docs/man/pppoe-guard-analyzer.8
// is its manual. SIGTERM ends it cleanly, SIGHUP reads the configuration and the files it names again.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <getopt.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <exception>
#include <initializer_list>
#include <thread>

#include "analyzer/daemon/file_watch.hpp"
#include "analyzer/daemon/pipeline.hpp"
#include "analyzer/daemon/spool_source.hpp"
#include "analyzer/daemon/state_lock.hpp"
#include "config/logging.hpp"
#include "config/option.hpp"
#include "config/options.hpp"
#include "event/crc32c.hpp"
#include "event/file.hpp"
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

// With what the analyzer cannot do without.
Expected<config::Settings, std::vector<std::string>> load_settings(const std::filesystem::path& file) {
    auto settings = config::load(file);
    if (!settings) return settings;
    std::vector<std::string> missing;
    const auto require = [&](bool given, const char* key) {
        if (!given)
            missing.push_back("the analyzer needs " + std::string(key) +
                              ", and the configuration file does not give it");
    };
    require(!settings->spools.empty(), "spools");
    require(!settings->database.empty(), "database");
    require(!settings->pools.empty(), "pools");
    require(!settings->table.empty(), "table");
    require(!settings->state_directory.empty(), "state_directory");
    if (!missing.empty()) return unexpected(std::move(missing));
    return settings;
}

std::vector<std::filesystem::path> watched(const config::Settings& settings) {
    return {settings.pools, settings.mmdb, settings.gateways};
}

std::string checksum(const std::filesystem::path& path) {
    constexpr std::uint64_t kMost = 4ULL << 30;
    return fmt::format("{:08x}", crc32c(read_file(path, kMost)));
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
    for (const auto& path : watched(settings)) files.fingerprint += path.empty() ? "-" : checksum(path);
    for (const auto& warning : files.locator->pools().warnings()) spdlog::warn("event=pools detail=\"{}\"", warning);
    return files;
}

// What is in use of the configuration, and how it is replaced. Each part all or nothing: with a mistake in it, it stays
// as it is, and the log has the mistakes as they would be said at a start.
class Reloading {
  public:
    // Refuses what the program cannot start with.
    Reloading(std::filesystem::path file, config::Settings running)
        : file_(std::move(file)),
          running_(std::move(running)),
          watch_(watched(running_)),
          geo_(or_refuse(load_geo(running_, generation_))) {}

    [[nodiscard]] const config::Settings& settings() const { return running_; }
    [[nodiscard]] const daemon::GeoFiles& geo() const { return geo_; }

    void on_signal(daemon::Pipeline& pipeline) {
        if (const auto file = load_settings(file_)) {
            auto taken_over = config::take_over(running_, *file);
            running_ = std::move(taken_over.settings);
            watch_ = daemon::FileWatch(watched(running_));
            config::set_log_level(running_.log_level);
            spdlog::info("event=configuration_reloaded taken=\"{}\"", fmt::join(taken_over.taken, " "));
            if (!taken_over.restart.empty())
                spdlog::warn("event=restart_needed keys=\"{}\"", fmt::join(taken_over.restart, " "));
        } else {
            refuse(file.error());
        }
        watch_.accept();
        reload(pipeline);
    }
    void look(daemon::Pipeline& pipeline) {
        if (watch_.changed()) reload(pipeline);
    }

  private:
    static void refuse(const std::vector<std::string>& mistakes) {
        for (const auto& mistake : mistakes) spdlog::error("event=reload_refused detail=\"{}\"", mistake);
    }
    void reload(daemon::Pipeline& pipeline) {
        daemon::Pipeline::Reload wanted{running_, std::nullopt};
        ++generation_;
        if (auto files = load_geo(running_, generation_)) {
            geo_ = std::move(*files);
            wanted.geo = geo_;
            spdlog::info("event=reloaded generation={}", generation_);
        } else {
            refuse(files.error());
        }
        pipeline.reload(std::move(wanted));
    }

    const std::filesystem::path file_;
    config::Settings running_;
    daemon::FileWatch watch_;
    std::uint64_t generation_ = 1;
    daemon::GeoFiles geo_;
};

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

// Before any thread is started, so that all of them leave these signals to sigtimedwait().
sigset_t block(std::initializer_list<int> numbers) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : numbers) sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

// Ends the program if its threads do not within the time that is left of five seconds: whatever they are at was not
// committed, and is done after the next start.
class Deadline {
  public:
    Deadline(const std::atomic<bool>& failed, bool again)
        : thread_([&failed, again](const std::stop_token& stop) {
              daemon::Wakeup pause;
              if (!pause.wait_for(std::chrono::milliseconds{4500}, stop)) return;
              spdlog::warn("event=stopped_hard");
              ::_exit(failed || again ? 1 : 0);  // 1: the service manager starts it again
          }) {}

  private:
    std::jthread thread_;
};

const char* name_of(config::Mode mode) {
    return config::mode_names()[static_cast<std::size_t>(mode)].data();
}

enum class End { stopped, failed, database_went_back };

// The threads, until the program is to end or has to begin anew.
End work(Reloading& reloading, const config::NasList& nases, const sigset_t& signals) {
    const config::Settings settings = reloading.settings();
    const SystemClock clock;
    daemon::Enforcer enforcer(settings);
    daemon::Disconnector disconnector(settings, nases, clock);
    daemon::Pipeline pipeline(settings, reloading.geo(),
                              std::make_unique<daemon::SpoolSource>(settings.spools, settings.spool_retention), clock,
                              enforcer, disconnector);
    std::atomic<bool> failed{false};
    auto enforcing = thread("enforcer", failed, [&](const std::stop_token& stop) { enforcer.run(stop); });
    auto disconnecting = thread("disconnector", failed, [&](const std::stop_token& stop) { disconnector.run(stop); });
    auto analyzing = thread("pipeline", failed, [&](const std::stop_token& stop) { pipeline.run(stop); });
    spdlog::info("event=started mode={}", name_of(settings.detection.mode));
    const std::array links{&pipeline.link(), &disconnector.link(), &enforcer.link()};
    int signal = -1;
    while ((signal == SIGHUP || signal < 0) && !pipeline.went_back()) {
        constexpr timespec kLook{2, 0};
        signal = sigtimedwait(&signals, nullptr, &kLook);
        if (signal == SIGHUP) reloading.on_signal(pipeline);
        if (signal < 0) reloading.look(pipeline);
        for (auto* link : links) link->cut_if_hung();
    }
    const bool again = signal == SIGHUP || signal < 0;
    const Deadline deadline(failed, again);
    const std::array threads{&analyzing, &disconnecting, &enforcing};
    for (auto* running : threads) running->request_stop();
    // What PostgreSQL answers within a second is waited for.
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    while (std::chrono::steady_clock::now() < patience && !pipeline.ended())
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    for (auto* link : links) link->cut_for_good();
    for (auto* running : threads) running->join();
    if (again) return End::database_went_back;
    return failed ? End::failed : End::stopped;
}

int run(const std::filesystem::path& config_file) {
    block({SIGHUP});  // one that comes while the files are read waits; SIGTERM does not
    signal(SIGPIPE, SIG_IGN);
    const config::Settings settings = or_refuse(load_settings(config_file));
    const daemon::StateLock lock(settings.state_directory);
    config::set_up_logging(settings, "pppoe-guard-analyzer");
    Reloading reloading(config_file, settings);
    const config::NasList nases =
        settings.nas_file.empty() ? config::NasList{} : or_refuse(config::load_nas_file(settings.nas_file));
    const sigset_t signals = block({SIGTERM, SIGINT, SIGHUP});
    auto end = End::database_went_back;
    while (end == End::database_went_back) end = work(reloading, nases, signals);
    spdlog::info("event=stopped");
    return end == End::failed ? 1 : 0;
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
