#include <algorithm>

#include "notifier/channels/channel_set.hpp"
#include "notifier/channels/letter_channel.hpp"
#include "notifier/sample.hpp"
#include "notifier/sms_length.hpp"

namespace guard::notifier {
namespace {

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
}

Medium medium_of(const config::Settings& settings, std::string_view channel) {
    const auto of_gateway = [](const config::GatewaySettings& gateway) {
        return gateway.text == config::GatewayText::sms ? Medium::sms : Medium::phone;
    };
    if (channel == "mail") return Medium::mail;
    if (channel == "letter") return Medium::letter;
    if (channel == "sms") return of_gateway(settings.sms);
    if (channel == "webhook") return of_gateway(settings.webhook);
    return Medium::phone;
}

// The texts need not belong to a channel that is switched on: a desk tries them before that.
Expected<Medium> known(const config::Settings& settings, std::string_view kind, std::string_view language,
                       std::string_view channel) {
    static constexpr std::string_view kChannels[] = {"mail", "letter", "phone_list", "sms", "webhook"};
    if (!TemplateSet::knows(kind, language)) return unexpected("expected suspended or released, ja or en");
    if (std::ranges::find(kChannels, channel) == std::end(kChannels))
        return unexpected("expected mail, letter, phone_list, sms or webhook");
    return medium_of(settings, channel);
}

Expected<TemplateSet> load(const config::Settings& settings, Medium medium) {
    const Medium media[] = {medium};
    auto templates = TemplateSet::load(settings.template_directory, media);
    if (!templates) return unexpected(joined(templates.error()));
    return std::move(*templates);
}

}  // namespace

Expected<std::string> render_preview(const config::Settings& settings, std::string_view kind, Service service,
                                     std::string_view language, std::string_view channel, Time now) {
    const auto medium = known(settings, kind, language, channel);
    if (!medium) return unexpected(medium.error());
    const auto templates = load(settings, *medium);
    if (!templates) return unexpected(templates.error());
    const auto job = sample_job(settings, kind, service, language, now);
    const auto text = templates->render(*medium, kind, language, service, job.values);
    std::string result = text.subject.empty() ? "" : "Subject: " + text.subject + "\n\n";
    result += text.body;
    if (*medium == Medium::sms) {
        const auto length = sms_length(text.body);
        result += "\n(" + std::string(length.gsm7 ? "GSM-7" : "UCS-2") + ", " + std::to_string(length.units) + ", " +
                  std::to_string(length.segments) + " SMS)\n";
    }
    return result;
}

Expected<std::string> render_preview_pdf(const config::Settings& settings, std::string_view kind, Service service,
                                         std::string_view language, Time now) {
    if (const auto medium = known(settings, kind, language, "letter"); !medium) return unexpected(medium.error());
    const auto templates = load(settings, Medium::letter);
    if (!templates) return unexpected(templates.error());
    const auto job = sample_job(settings, kind, service, language, now);
    const auto letter = compose_letter(job, *templates, LocalTime(settings.time_zone));
    if (!letter) return unexpected("the sample cannot be printed");
    auto printed = LetterPrinter(settings.letter).print({&*letter, 1}, now);
    if (!printed) return unexpected(to_string(printed.error()));
    return std::move(printed->pdf);
}

Expected<Delivery> send_test(const config::Settings& settings, std::string_view channel, std::string_view address,
                             Time now) {
    if (channel == "letter") return unexpected("a letter is not sent as a test: its preview is the PDF");
    auto channels = make_channels(settings);
    if (!channels) return unexpected(joined(channels.error()));
    const auto found = std::ranges::find(*channels, channel, [](const auto& each) { return each->name(); });
    if (found == channels->end()) return unexpected("there is no such channel in the configuration");
    auto job = sample_job(settings, "suspended", Service::pppoe, settings.default_language, now);
    job.recipient.mail = address;
    job.recipient.phone = address;
    if (!(*found)->reaches(job.recipient)) return unexpected("the channel cannot reach this address");
    return (*found)->deliver(job);
}

}  // namespace guard::notifier
