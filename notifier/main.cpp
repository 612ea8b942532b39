// pppoe-guard-notifier: turns queued notices into mail.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <iostream>

#include "config/logging.hpp"
#include "config/options.hpp"
#include "notifier/channels/letter_folder.hpp"
#include "notifier/local_time.hpp"
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
    (void)std::signal(SIGPIPE, SIG_IGN);
}

int refuse(const std::vector<std::string>& mistakes) {
    for (const std::string& mistake : mistakes) std::cerr << mistake << '\n';
    return 2;
}

int serve(const std::string& file, bool once) {
    const auto settings = guard::config::load(file);
    if (!settings) return refuse(settings.error());
    guard::config::set_up_logging(*settings, "pppoe-guard-notifier");
    const guard::SystemClock clock;
    auto notifier = guard::notifier::Notifier::make(*settings, clock);
    if (!notifier) return refuse(notifier.error());
    set_up_signals();
    if (once)
        spdlog::info("event=once notices={}", (*notifier)->run_once());
    else
        (*notifier)->run(stop);
    return 0;
}

// As many batches as it takes; one has an end, and a printing house's program may have a limit, too.
int make_letter_batches(const std::string& file) {
    const auto settings = guard::config::load(file);
    if (!settings) return refuse(settings.error());
    guard::config::set_up_logging(*settings, "pppoe-guard-notifier");
    if (settings->letter.directory.empty()) return refuse({"notice.letter.directory: is not set"});
    const guard::notifier::LocalTime local_time(settings->time_zone);
    for (;;) {
        const auto batch =
            guard::notifier::close_letter_batch(settings->letter, local_time, guard::SystemClock().now());
        if (batch.letters == 0) return 0;
        spdlog::info("event=letters batch=\"{}\" letters={}", batch.path.string(), batch.letters);
    }
}

}  // namespace

int main(int argc, char** argv) try {
    CLI::App app("Sends the notices of PPPoE Guard to the subscribers.");
    app.set_version_flag("--version", std::string("pppoe-guard-notifier ") + GUARD_VERSION);
    std::string file = "/etc/pppoe-guard/pppoe-guard.toml";
    bool once = false, letters = false;
    app.add_option("-c,--config", file, "The configuration file")->capture_default_str();
    app.add_flag("--once", once, "Send what is due now, then end");
    app.add_flag("--letters", letters, "Make a batch of the letters that wait, then end")->excludes("--once");
    CLI11_PARSE(app, argc, argv);
    if (letters) return make_letter_batches(file);
    return serve(file, once);
} catch (const std::exception& error) {
    std::cerr << "pppoe-guard-notifier: " << error.what() << '\n';
    return 1;
}
