// A road to the subscriber: mail, a letter, a gateway for short messages, the phone list of the support desk. The queue
// claims a delivery, a channel carries it out, the queue records what came of it. A channel keeps no state of its own
// about deliveries: the same one may come again after a crash, under the same key, and must then not reach the
// subscriber as another notice.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "event/login_event.hpp"
#include "event/time.hpp"

namespace guard::notifier {

struct Recipient {
    std::string name;      // as written, UTF-8; empty: not known
    std::string language;  // "ja", "en"
    std::string mail, phone;
    std::string postal_code;     // Japan: 7 digits, with or without the hyphen
    std::string postal_address;  // lines divided by '\n', without name and postal code
};

// One notice by one channel, with all that its text needs.
struct DeliveryJob {
    std::int64_t delivery_id = 0, notice_id = 0, incident_id = 0;
    std::string key;         // idempotency key: the same for every try
    std::string message_id;  // with angle brackets; the same for every try
    std::string kind;        // "suspended", "released"
    Service service = Service::pppoe;
    Recipient recipient;
    std::map<std::string, std::string> values;  // variables of the templates, in the recipient's language
    Time now{};                                 // of this try
};

struct Delivery {
    enum class Outcome {
        accepted,  // the other side has it now, for good
        later,     // the same again after a pause may help
        never,     // the same again would be refused again
    };
    Outcome outcome = Outcome::later;
    int code = 0;          // of the other side's protocol; 0: there was no answer
    std::string answer;    // its line, or what went wrong; one line, printable; may repeat the recipient's address
    bool perhaps = false;  // later: all was said and no answer came, so the other side may have it all the same
    std::chrono::seconds retry_after{};  // the other side asks not to be tried before; 0: it does not say
};

// "accepted", "later", "dead": as the log, the metrics and guard.delivery say it.
[[nodiscard]] constexpr const char* to_string(Delivery::Outcome outcome) {
    switch (outcome) {
        case Delivery::Outcome::accepted:
            return "accepted";
        case Delivery::Outcome::later:
            return "later";
        case Delivery::Outcome::never:
            break;
    }
    return "dead";
}

class Channel {
  public:
    virtual ~Channel() = default;

    // "mail", "letter", "phone_list", or the name of a gateway in the configuration ("sms").
    [[nodiscard]] virtual std::string_view name() const = 0;

    // Whether the recipient can be reached this way at all: an address is known and valid.
    [[nodiscard]] virtual bool reaches(const Recipient& recipient) const = 0;

    // The recipient's address as proofs show it: enough to recognise, not enough to use.
    [[nodiscard]] virtual std::string masked_address(const Recipient& recipient) const = 0;

    // Blocking, at most a minute. Throws nothing that a single delivery can cause.
    [[nodiscard]] virtual Delivery deliver(const DeliveryJob& job) = 0;
};

}  // namespace guard::notifier
