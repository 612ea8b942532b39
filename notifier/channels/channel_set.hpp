// The channels that the configuration sets up, and what can be done with them without the queue: preview and test.
// Called once when the notifier or guardctl starts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "event/expected.hpp"
#include "notifier/channel.hpp"

namespace guard::notifier {

using Channels = std::vector<std::unique_ptr<Channel>>;

// "mail" if notice.smtp_host is set, "letter" if notice.letter.directory is, "phone_list" if notice.phone_list is,
// "sms" and "webhook" if they have a url. All mistakes at once, each with its key or file: sender, secrets, CA files,
// templates (a short message that may become too long), font, folder.
[[nodiscard]] Expected<Channels, std::vector<std::string>> make_channels(const config::Settings& settings);

// What a made-up subscriber would get, for a terminal: mail with its subject, the text of a letter, a short message
// with its length, the script of a call. `channel` is one of config::configured_channels(). The error says what is
// wrong with the request or the configuration.
[[nodiscard]] Expected<std::string> render_preview(const config::Settings& settings, std::string_view kind,
                                                   Service service, std::string_view language, std::string_view channel,
                                                   Time now);

// The letter of the same, as a PDF.
[[nodiscard]] Expected<std::string> render_preview_pdf(const config::Settings& settings, std::string_view kind,
                                                       Service service, std::string_view language, Time now);

// Sends the same to `address`: a mail address, a telephone number, nothing where the channel needs none. The case
// number is "TEST". Not for "letter", which has the PDF above instead.
[[nodiscard]] Expected<Delivery> send_test(const config::Settings& settings, std::string_view channel,
                                           std::string_view address, Time now);

}  // namespace guard::notifier
