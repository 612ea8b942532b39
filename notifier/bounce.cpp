#include "notifier/bounce.hpp"

namespace guard::notifier {

Expected<Bounce, BounceError> parse_bounce(std::string_view) {
    return unexpected(BounceError::no_report);
}

}  // namespace guard::notifier
