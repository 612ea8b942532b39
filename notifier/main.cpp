// pppoe-guard-notifier: tells the subscribers. Several senders in one process, each a thread with a connection to the
// database and channels of its own; they share nothing but the queue in the database.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <future>
#include <iostream>
#include <thread>
#include <utility>

#include "config/logging.hpp"
#include "config/options.hpp"
#include "notifier/channels/letter_folder.hpp"
#include "notifier/local_time.hpp"
#include "notifier/notifier.hpp"

namespace {

using namespace std::chrono_literals;

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

using Notifiers = std::vector<std::unique_ptr<guard::notifier::Notifier>>;

// When one of them cannot go on, all end, and its exception is passed on.
std::size_t send(const Notifiers& notifiers, bool once) {
    std::vector<std::future<std::size_t>> results;
    for (const auto& notifier : notifiers)
        results.push_back(std::async(std::launch::async, [&notifier, once] {
            try {
                if (once) return notifier->run_once(&stop);
                notifier->run(stop);
                return std::size_t{0};
            } catch (...) {
                stop = true;
                throw;
            }
        }));
    std::size_t sent = 0;
    for (auto& result : results) sent += result.get();
    return sent;
}

// While it lives a PostgreSQL that hangs is waited for no longer than a use may last; once all is to end, than a
// second.
std::jthread watch(std::vector<guard::sql::DatabaseLink*> links) {
    return std::jthread([links = std::move(links)](const std::stop_token& ended) {
        for (bool hurried = false; !ended.stop_requested(); std::this_thread::sleep_for(100ms)) {
            if (stop && !std::exchange(hurried, true))
                for (auto* link : links) link->hurry(1s);
            for (auto* link : links) link->cut_if_hung();
        }
    });
}

// The metrics are kept until all senders have ended.
std::size_t work(const Notifiers& notifiers, guard::notifier::Metrics* metrics, bool once) {
    std::vector<guard::sql::DatabaseLink*> links;
    for (const auto& notifier : notifiers) links.push_back(&notifier->link());
    if (metrics != nullptr) links.push_back(&metrics->link());
    const std::jthread watching = watch(std::move(links));
    std::jthread keeper;
    if (metrics != nullptr) keeper = std::jthread([=](const std::stop_token& ended) { metrics->keep(ended); });
    return send(notifiers, once);
}

int serve(const std::string& file, bool once) {
    const auto settings = guard::config::load(file);
    if (!settings) return refuse(settings.error());
    guard::config::set_up_logging(*settings, "pppoe-guard-notifier");
    const guard::SystemClock clock;
    guard::notifier::Metrics metrics(*settings);
    Notifiers notifiers;
    for (unsigned i = 0; i < settings->notice_senders; ++i) {
        auto notifier = guard::notifier::Notifier::make(*settings, clock);
        if (!notifier) return refuse(notifier.error());
        if (i > 0) (*notifier)->be_quiet();
        (*notifier)->count_in(metrics);
        notifiers.push_back(std::move(*notifier));
    }
    set_up_signals();
    const auto sent = work(notifiers, settings->notice_metrics_file.empty() ? nullptr : &metrics, once);
    if (once) spdlog::info("event=once notices={}", sent);
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
