// guardctl notices preview and test-send: the channels without the queue.
#include <fmt/format.h>

#include <fstream>
#include <functional>

#include "cli/commands.hpp"
#include "config/options.hpp"
#include "event/login_event.hpp"
#include "event/time.hpp"
#include "notifier/channels/channel_set.hpp"

namespace guard::cli {
namespace {

int with_settings(const NoticesOptions& options, const char* name,
                  const std::function<Expected<int>(const config::Settings&)>& command) {
    const auto settings = config::load(options.database.config.empty() ? kDefaultConfig : options.database.config);
    if (!settings) {
        fmt::print(stderr, "{}\n", fmt::join(settings.error(), "\n"));
        return kCouldNotRun;
    }
    try {
        const auto result = command(*settings);
        if (result) return *result;
        fmt::print(stderr, "guardctl {}: {}\n", name, result.error());
    } catch (const std::exception& error) {
        fmt::print(stderr, "guardctl {}: {}\n", name, error.what());
    }
    return kCouldNotRun;
}

}  // namespace

int notices_preview(const NoticesOptions& options) {
    return with_settings(options, "notices preview", [&](const config::Settings& settings) -> Expected<int> {
        const auto service = parse_service(options.service).value();  // CLI11 has checked it
        const Time now = SystemClock().now();
        if (options.output.empty()) {
            const auto text =
                notifier::render_preview(settings, options.kind, service, options.language, options.channel, now);
            if (!text) return unexpected(text.error());
            fmt::print("{}", *text);
            return kDone;
        }
        if (options.channel != "letter") return unexpected(std::string("only a letter can be written to a file"));
        const auto pdf = notifier::render_preview_pdf(settings, options.kind, service, options.language, now);
        if (!pdf) return unexpected(pdf.error());
        std::ofstream file(options.output, std::ios::binary);
        file.write(pdf->data(), static_cast<std::streamsize>(pdf->size()));
        file.close();
        if (!file) return unexpected(options.output.string() + " cannot be written");
        return kDone;
    });
}

int notices_test_send(const NoticesOptions& options) {
    return with_settings(options, "notices test-send", [&](const config::Settings& settings) -> Expected<int> {
        const auto sent = notifier::send_test(settings, options.channel, options.address, SystemClock().now());
        if (!sent) return unexpected(sent.error());
        const bool accepted = sent->outcome == notifier::Delivery::Outcome::accepted;
        fmt::print(stderr, "{}: {}\n", accepted ? "accepted" : "not accepted", sent->answer);
        return accepted ? kDone : kNo;
    });
}

}  // namespace guard::cli
