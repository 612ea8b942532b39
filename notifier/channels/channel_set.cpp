#include "notifier/channels/channel_set.hpp"

#include <optional>
#include <stdexcept>

#include "config/notice_plan.hpp"
#include "config/secret_file.hpp"
#include "event/text.hpp"
#include "notifier/address.hpp"
#include "notifier/channels/gateway_channel.hpp"
#include "notifier/channels/letter_channel.hpp"
#include "notifier/channels/mail_channel.hpp"
#include "notifier/channels/phone_list_channel.hpp"
#include "notifier/local_time.hpp"
#include "notifier/sample.hpp"
#include "notifier/sms_length.hpp"

namespace guard::notifier {
namespace {

using Errors = std::vector<std::string>;

void add(Errors& errors, Errors more) {
    errors.insert(errors.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void require(Errors& errors, bool holds, const char* message) {
    if (!holds) errors.emplace_back(message);
}

// What every text says, by whatever road.
Errors mistakes_in_operator(const config::Settings& settings) {
    Errors errors;
    require(errors, !settings.operator_name.empty(), "notice.operator_name: a notice must say who writes");
    require(errors, !settings.operator_phone.empty(), "notice.operator_phone: a notice must say whom to call");
    require(errors, !settings.operator_verify.empty(),
            "notice.operator_verify: a notice must say how to check that it is genuine");
    return errors;
}

std::optional<LocalTime> local_time_of(const config::Settings& settings, Errors& errors) {
    try {
        return LocalTime(settings.time_zone);
    } catch (const std::runtime_error&) {
        errors.push_back("notice.time_zone: \"" + settings.time_zone + "\" is not in the time zone database");
        return std::nullopt;
    }
}

std::shared_ptr<const TemplateSet> templates_of(const config::Settings& settings, std::span<const Medium> media,
                                                Errors& errors) {
    auto templates = TemplateSet::load(settings.template_directory, media);
    if (templates) return std::make_shared<const TemplateSet>(std::move(*templates));
    add(errors, std::move(templates.error()));
    return nullptr;
}

SmtpServer smtp_server(const config::Settings& settings, Errors& errors) {
    SmtpServer server{.host = settings.smtp_host,
                      .port = settings.smtp_port,
                      .hello_domain = domain_of(settings.mail_from),
                      .tls = settings.mail.tls,
                      .ca_file = settings.mail.ca_file,
                      .user = settings.mail.user};
    std::error_code none;
    require(errors, server.ca_file.empty() || std::filesystem::is_regular_file(server.ca_file, none),
            "notice.mail.ca_file: cannot be read");
    if (server.user.empty()) return server;
    require(errors, server.tls != config::SmtpTls::opportunistic,
            "notice.mail.user: a password goes to a server whose certificate is checked only; set notice.mail.tls to "
            "\"required\" or \"implicit\"");
    if (auto password = config::read_secret_file(settings.mail.password_file))
        server.password = std::move(*password);
    else
        errors.push_back("notice.mail.password_file: " + password.error());
    return server;
}

std::unique_ptr<Channel> make_mail(const config::Settings& settings, const LocalTime& local_time, Errors& errors) {
    require(errors, is_mail_address(settings.mail_from), "notice.mail_from: expected a mail address");
    require(errors, is_plain_utf8(settings.mail_from_name), "notice.mail_from_name: holds a control character");
    const Medium media[] = {Medium::mail};
    auto templates = templates_of(settings, media, errors);
    auto server = smtp_server(settings, errors);
    if (!errors.empty()) return nullptr;
    return std::make_unique<MailChannel>(MailSender{settings.mail_from, settings.mail_from_name}, std::move(server),
                                         std::move(templates), local_time);
}

std::unique_ptr<Channel> make_letter(const config::Settings& settings, const LocalTime& local_time, Errors& errors) {
    const Medium media[] = {Medium::letter};
    auto templates = templates_of(settings, media, errors);
    if (!LetterPrinter(settings.letter).has_font())
        errors.push_back("notice.letter.font: \"" + settings.letter.font + "\" is not installed");
    require(errors, !settings.letter.sender.empty(), "notice.letter.sender: a letter must say who writes");
    std::error_code none;
    require(errors, std::filesystem::is_directory(settings.letter.directory, none),
            "notice.letter.directory: is no directory");
    if (!errors.empty()) return nullptr;
    return std::make_unique<LetterChannel>(settings.letter, std::move(templates), local_time);
}

// With the longest values: what fits then always fits.
void check_length(const config::Settings& settings, const Gateway& gateway, const TemplateSet& templates,
                  Errors& errors) {
    const unsigned most = gateway.settings.max_segments;
    for (const char* kind : {"suspended", "released"}) {
        for (const char* language : {"ja", "en"}) {
            for (const Service service : {Service::pppoe, Service::smtp_auth}) {
                const auto text = templates.render(Medium::sms, kind, language, service,
                                                   longest_job(settings, kind, service, language).values);
                const auto length = sms_length(text.body);
                if (length.segments > most)
                    errors.push_back(
                        (settings.template_directory / (std::string(kind) + "." + language + ".sms.txt")).string() +
                        " (" + std::string(to_string(service)) + "): may need " + std::to_string(length.segments) +
                        " parts, expected at most " + std::to_string(most) + " (notice." + gateway.name +
                        ".max_segments)");
            }
        }
    }
}

std::unique_ptr<Channel> make_gateway(const config::Settings& settings, const char* name,
                                      const config::GatewaySettings& own, Errors& errors) {
    const bool sms = own.text == config::GatewayText::sms;
    const Medium media[] = {sms ? Medium::sms : Medium::phone};
    const auto templates = templates_of(settings, media, errors);
    auto gateway = load_gateway(name, own);
    if (!gateway) add(errors, std::move(gateway.error()));
    if (!gateway || !templates) return nullptr;
    if (sms && own.max_segments > 0) check_length(settings, *gateway, *templates, errors);
    return std::make_unique<GatewayChannel>(std::move(*gateway), templates);
}

std::unique_ptr<Channel> make_phone_list(const config::Settings& settings, Errors& errors) {
    const Medium media[] = {Medium::phone};
    (void)templates_of(settings, media, errors);  // the desk reads from it
    return std::make_unique<PhoneListChannel>();
}

}  // namespace

Expected<Channels, Errors> make_channels(const config::Settings& settings) {
    Errors errors = mistakes_in_operator(settings);
    Channels channels;
    const auto zone = local_time_of(settings, errors);
    auto usable = settings;
    if (!zone) usable.time_zone = "UTC";  // the other mistakes are named all the same
    const LocalTime local_time(usable.time_zone);
    for (const auto& name : config::configured_channels(settings)) {
        Errors own;
        channels.push_back(name == "mail"         ? make_mail(usable, local_time, own)
                           : name == "letter"     ? make_letter(usable, local_time, own)
                           : name == "phone_list" ? make_phone_list(usable, own)
                           : name == "sms"        ? make_gateway(usable, "sms", usable.sms, own)
                                                  : make_gateway(usable, "webhook", usable.webhook, own));
        add(errors, std::move(own));
    }
    if (!errors.empty()) return unexpected(std::move(errors));
    return channels;
}

}  // namespace guard::notifier
