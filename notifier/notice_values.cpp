#include "notifier/notice_values.hpp"

#include "event/text.hpp"
#include "notifier/address.hpp"

namespace guard::notifier {

std::map<std::string, std::string> notice_values(const config::Settings& settings, const LocalTime& local_time,
                                                 const QueuedDelivery& delivery) {
    const auto& language = delivery.recipient.language;
    const auto local = [&](const std::optional<Time>& time) {
        return time ? local_time.text(*time, language) : std::string("-");
    };
    const auto& name = delivery.recipient.name;
    return {{"case_number", std::to_string(delivery.incident_id)},
            {"name", !name.empty() && is_plain_utf8(name) ? name
                     : language == "ja"                   ? "ご契約者"
                                                          : "Customer"},
            {"id_masked", masked(delivery.id)},
            {"seen", delivery.seen.empty() ? "-" : delivery.seen},
            {"seen_at", local(delivery.seen_at)},
            {"suspended_at", local(delivery.suspended_at)},
            {"released_at", local(delivery.released_at)},
            {"operator_name", settings.operator_name},
            {"operator_phone", settings.operator_phone},
            {"operator_verify", settings.operator_verify}};
}

}  // namespace guard::notifier
