#include "notifier/channels/mail_channel.hpp"

#include "notifier/address.hpp"
#include "notifier/message.hpp"

namespace guard::notifier {

MailChannel::MailChannel(MailSender sender, SmtpServer server, std::shared_ptr<const TemplateSet> templates,
                         LocalTime local_time)
    : sender_(std::move(sender)),
      templates_(std::move(templates)),
      local_time_(local_time),
      client_(std::move(server)) {}

bool MailChannel::reaches(const Recipient& recipient) const {
    return is_mail_address(recipient.mail);
}

std::string MailChannel::masked_address(const Recipient& recipient) const {
    return masked(recipient.mail);
}

Delivery MailChannel::deliver(const DeliveryJob& job) {
    if (!reaches(job.recipient)) return {Delivery::Outcome::never, 0, "the mail address is not valid"};
    if (!TemplateSet::knows(job.kind, job.recipient.language))
        return {Delivery::Outcome::never, 0, "there is no text of this kind in this language"};
    const auto text = templates_->render(Medium::mail, job.kind, job.recipient.language, job.service, job.values);
    const auto mail = compose(Message{.from = sender_.address,
                                      .from_name = sender_.name,
                                      .to = job.recipient.mail,
                                      .subject = text.subject,
                                      .date = local_time_.header(job.now),
                                      .message_id = job.message_id,
                                      .language = job.recipient.language,
                                      .body = text.body,
                                      .html = text.html});
    if (!mail)
        return {Delivery::Outcome::never, 0,
                "the message cannot be written: broken text in the record or the template"};
    return client_.send(sender_.address, job.recipient.mail, *mail);
}

}  // namespace guard::notifier
