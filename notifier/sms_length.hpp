// How many parts a short message takes, as a gateway counts and charges it (3GPP TS 23.038 and 23.040).
#pragma once

#include <string_view>

namespace guard::notifier {

struct SmsLength {
    bool gsm7 = true;       // else UCS-2, which one character outside the GSM alphabet is enough for
    unsigned units = 0;     // septets (some characters take two), or UTF-16 code units
    unsigned segments = 0;  // of 160 septets or 70 units; if there are more than one, of 153 or 67
};

// `text` is UTF-8. A character is not split between two parts.
[[nodiscard]] SmsLength sms_length(std::string_view text);

}  // namespace guard::notifier
