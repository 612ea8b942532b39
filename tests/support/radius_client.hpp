// What a NAS or a mail server says to RADIUS: requests by attribute names, sent by FreeRADIUS's own radclient; and
// packets made byte by byte, for what radclient will not send (the very same packet twice, broken attributes, any bytes
// as a name).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace guard::test {

struct Reply {
    std::string code;  // "Access-Accept", "Disconnect-NAK"...; empty: no answer
    std::vector<std::pair<std::string, std::string>> attributes;

    // Of the first attribute of that name; empty when there is none.
    [[nodiscard]] std::string value(std::string_view attribute) const;
};

enum class RequestType { authentication, accounting, disconnect };

// `attributes` as radclient reads them, separated by commas or newlines: "User-Name = u1, User-Password = pw". Waits
// for a second at most.
Reply send(std::uint16_t port, RequestType type, std::string_view attributes);

// One RADIUS packet, ready to be sent any number of times.
class RawPacket {
  public:
    // The authenticator of an Access-Request is random; User-Password (attribute 2) is hidden with it by password().
    explicit RawPacket(RequestType type, std::uint8_t identifier = 1);

    RawPacket& attribute(std::uint8_t number, std::span<const std::uint8_t> value);
    RawPacket& attribute(std::uint8_t number, std::string_view value);
    RawPacket& attribute(std::uint8_t number, std::uint32_t value);
    RawPacket& password(std::string_view text);  // RFC 2865 section 5.2, up to 16 bytes

    [[nodiscard]] std::vector<std::uint8_t> encode() const;

  private:
    RequestType type_;
    std::array<std::uint8_t, 16> authenticator_{};
    std::vector<std::uint8_t> bytes_;
};

// Sends from one socket, so that a NAS address and port stay the same.
class RawClient {
  public:
    RawClient();
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    // The code of the answer (RFC 2865 section 3); none within half a second.
    std::optional<std::uint8_t> exchange(std::uint16_t port, std::span<const std::uint8_t> packet);

  private:
    int socket_;
};

}  // namespace guard::test
