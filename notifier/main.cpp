// pppoe-guard-notifier: turns queued notices into mail.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <iostream>

#include "config/options.hpp"
#include "notifier/notifier.hpp"

namespace {

std::atomic<bool> stop = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler writes it

void on_signal(int) {
    stop = true;
}

void set_up_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

void set_up_log(guard::config::LogLevel level) {
    using Level = guard::config::LogLevel;
    auto logger = spdlog::stderr_logger_st("notifier");
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->set_level(level == Level::error     ? spdlog::level::err
                      : level == Level::warning ? spdlog::level::warn
                      : level == Level::info    ? spdlog::level::info
                                                : spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
}

int refuse(const std::vector<std::string>& mistakes) {
    for (const std::string& mistake : mistakes) std::cerr << mistake << '\n';
    return 2;
}

int serve(const std::string& file, bool once) {
    const auto settings = guard::config::load(file);
    if (!settings) return refuse(settings.error());
    set_up_log(settings->log_level);
    const guard::SystemClock clock;
    auto notifier = guard::notifier::Notifier::make(*settings, clock);
    if (!notifier) return refuse(notifier.error());
    set_up_signals();
    if (once)
        spdlog::info("notices={}", (*notifier)->run_once());
    else
        (*notifier)->run(stop);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Sends the notices of PPPoE Guard to the subscribers.");
    std::string file = "/etc/pppoe-guard/guard.toml";
    bool once = false;
    app.add_option("--config", file, "The configuration file")->capture_default_str();
    app.add_flag("--once", once, "Send what is due now, then end");
    CLI11_PARSE(app, argc, argv);
    try {
        return serve(file, once);
    } catch (const std::exception& error) {
        std::cerr << "pppoe-guard-notifier: " << error.what() << '\n';
        return 1;
    }
}
