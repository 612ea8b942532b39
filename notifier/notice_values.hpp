// What the texts of a notice may say about a case: the variables of the templates, in the recipient's language.
#pragma once

#include <map>
#include <string>

#include "config/settings.hpp"
#include "notifier/local_time.hpp"
#include "notifier/notice_queue.hpp"

namespace guard::notifier {

[[nodiscard]] std::map<std::string, std::string> notice_values(const config::Settings& settings,
                                                               const LocalTime& local_time,
                                                               const QueuedDelivery& delivery);

}  // namespace guard::notifier
