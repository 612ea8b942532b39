// A made-up subscriber and case, for previews, test sends and the checks of templates: what the operator says of
// himself is real, the rest is not.
#pragma once

#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "notifier/channel.hpp"

namespace guard::notifier {

// The job of a made-up subscriber, as long as real ones are. Throws std::runtime_error for an unknown time zone.
[[nodiscard]] DeliveryJob sample_job(const config::Settings& settings, std::string_view kind, Service service,
                                     std::string_view language, Time now);

// The same with every value as long as it can be.
[[nodiscard]] DeliveryJob longest_job(const config::Settings& settings, std::string_view kind, Service service,
                                      std::string_view language);

}  // namespace guard::notifier
