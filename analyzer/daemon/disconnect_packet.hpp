// Disconnect-Request and the answers to it (RFC 5176), as bytes. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/ip_address.hpp"
#include "event/time.hpp"

namespace guard::daemon {

enum class DisconnectAnswer : std::uint8_t { ack = 41, nak = 42 };

struct DisconnectRequest {
    std::string user_name;
    IpAddress address;  // the session's: with the user name it selects exactly one
    Time now{};         // Event-Timestamp: a NAS may refuse an old one (RFC 5176 section 6.3)
};

using Authenticator = std::array<std::uint8_t, 16>;

struct EncodedRequest {
    std::vector<std::uint8_t> bytes;
    Authenticator authenticator{};  // the answer is checked against it
};

// With Message-Authenticator (RFC 3579 section 3.2) and the Request Authenticator of RFC 5176 section 2.3. The user
// name has 1 to 253 bytes.
[[nodiscard]] EncodedRequest encode_disconnect(const DisconnectRequest& request, std::uint8_t identifier,
                                               std::string_view secret);

struct DecodedAnswer {
    DisconnectAnswer answer;
    std::optional<std::uint32_t> error_cause;  // RFC 5176 section 3.5
};

// None unless it is a whole answer to that request under that secret; a Message-Authenticator in it must be right too.
[[nodiscard]] std::optional<DecodedAnswer> decode_answer(std::span<const std::uint8_t> bytes, std::uint8_t identifier,
                                                         const Authenticator& request, std::string_view secret);

// "Session-Context-Not-Found (503)"
[[nodiscard]] std::string error_cause_name(std::uint32_t cause);

}  // namespace guard::daemon
