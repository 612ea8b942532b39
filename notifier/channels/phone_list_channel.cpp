#include "notifier/channels/phone_list_channel.hpp"

#include "notifier/phone_number.hpp"

namespace guard::notifier {

bool PhoneListChannel::reaches(const Recipient& recipient) const {
    return international_number(recipient.phone, "81").has_value();
}

std::string PhoneListChannel::masked_address(const Recipient& recipient) const {
    return masked_number(recipient.phone);
}

Delivery PhoneListChannel::deliver(const DeliveryJob& job) {
    if (!reaches(job.recipient)) return {Delivery::Outcome::never, 0, "no telephone number"};
    return {Delivery::Outcome::accepted, 0, "on the list of calls"};
}

}  // namespace guard::notifier
