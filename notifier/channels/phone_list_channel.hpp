// The list of calls to make. The delivery's row in the database is the list, so there is nothing to send: to deliver is
// to let it stand there. What the desk says on the telephone comes from render_preview and the templates.
#pragma once

#include "notifier/channel.hpp"

namespace guard::notifier {

class PhoneListChannel final : public Channel {
  public:
    [[nodiscard]] std::string_view name() const override { return "phone_list"; }
    [[nodiscard]] bool reaches(const Recipient& recipient) const override;
    [[nodiscard]] std::string masked_address(const Recipient& recipient) const override;
    [[nodiscard]] Delivery deliver(const DeliveryJob& job) override;
};

}  // namespace guard::notifier
