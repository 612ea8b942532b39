// Mail: text and HTML from the templates, handed to the operator's mail server. One object, one thread; the connection
// to the server stays open between mails.
#pragma once

#include <memory>
#include <string>

#include "notifier/channel.hpp"
#include "notifier/local_time.hpp"
#include "notifier/smtp_client.hpp"
#include "notifier/template_set.hpp"

namespace guard::notifier {

struct MailSender {
    std::string address;  // envelope and From; a valid address
    std::string name;     // may be empty
};

class MailChannel final : public Channel {
  public:
    MailChannel(MailSender sender, SmtpServer server, std::shared_ptr<const TemplateSet> templates,
                LocalTime local_time);

    [[nodiscard]] std::string_view name() const override { return "mail"; }
    [[nodiscard]] bool reaches(const Recipient& recipient) const override;
    [[nodiscard]] std::string masked_address(const Recipient& recipient) const override;
    [[nodiscard]] Delivery deliver(const DeliveryJob& job) override;

  private:
    MailSender sender_;
    std::shared_ptr<const TemplateSet> templates_;
    LocalTime local_time_;
    SmtpClient client_;
};

}  // namespace guard::notifier
