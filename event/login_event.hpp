// What is known of one authentication or one step of a session, and all that ever leaves the RADIUS server (R1-R3): the
// ID, the address, the time; and of the message, which stream it belongs to and what happened.
#pragma once

#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "event/ip_address.hpp"
#include "event/time.hpp"

namespace guard {

enum class Service : std::uint8_t { pppoe = 1, smtp_auth = 2 };

enum class Kind : std::uint8_t {
    accept = 1,   // Access-Accept
    reject = 2,   // Access-Reject
    assign = 3,   // Accounting-Request, Start
    alive = 4,    // Accounting-Request, Interim-Update
    release = 5,  // Accounting-Request, Stop
};

inline constexpr std::size_t kMaxIdBytes = 253;  // RFC 2865 section 5: the longest attribute value
inline constexpr std::size_t kMaxAddresses = 4;

// Framed-IP-Address, Framed-IPv6-Address, Framed-IPv6-Prefix and Delegated-IPv6-Prefix of one packet are one session.
using Addresses = boost::container::static_vector<IpAddress, kMaxAddresses>;

struct LoginEvent {
    Service service = Service::pppoe;
    Kind kind = Kind::accept;
    std::string id;       // bytes, normalised; 1 to kMaxIdBytes
    Addresses addresses;  // of the session (PPPoE) or of the client (SMTP-AUTH); may be empty
    Time time{};          // when it happened, not when it was read

    friend bool operator==(const LoginEvent&, const LoginEvent&) = default;
};

// The same without owning it: for whoever has the ID and the addresses in a buffer of its own, and for parameters.
// Valid as long as what it was made from.
struct LoginEventView {
    Service service = Service::pppoe;
    Kind kind = Kind::accept;
    std::string_view id;
    std::span<const IpAddress> addresses;  // at most kMaxAddresses
    Time time{};

    LoginEventView() = default;
    LoginEventView(const LoginEvent& event)  // NOLINT(google-explicit-constructor)
        : service(event.service),
          kind(event.kind),
          id(event.id),
          addresses(event.addresses.data(), event.addresses.size()),
          time(event.time) {}
};

[[nodiscard]] std::string_view to_string(Service service);  // "pppoe", "smtp_auth"
[[nodiscard]] std::string_view to_string(Kind kind);        // "accept", "reject", "assign", "alive", "release"
[[nodiscard]] std::optional<Service> parse_service(std::string_view text);
[[nodiscard]] std::optional<Kind> parse_kind(std::string_view text);

}  // namespace guard
