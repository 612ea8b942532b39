// An IPv4 or IPv6 address or prefix, as the address of a session or of an SMTP client. A plain value of 18 bytes;
// "::ffff:192.0.2.1" is the IPv4 address it means, bits behind the prefix length are zero.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace guard {

class IpAddress {
  public:
    enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

    IpAddress() = default;  // 0.0.0.0/32

    // "192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8::/56". Set bits behind the prefix length are cleared.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
    [[nodiscard]] static IpAddress ipv4(std::uint32_t host_order, unsigned prefix_length = 32);
    // 4 or 16 bytes in network order; a prefix length past the width is no address.
    [[nodiscard]] static std::optional<IpAddress> from_bytes(std::span<const std::uint8_t> bytes,
                                                             unsigned prefix_length);

    [[nodiscard]] Family family() const { return family_; }
    [[nodiscard]] bool is_ipv4() const { return family_ == Family::ipv4; }
    [[nodiscard]] unsigned width() const { return is_ipv4() ? 32 : 128; }
    [[nodiscard]] unsigned prefix_length() const { return prefix_length_; }
    [[nodiscard]] bool is_prefix() const { return prefix_length_ != width(); }
    // 4 or 16 bytes in network order.
    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_.data(), width() / 8}; }

    // The prefix of that length this address lies in; a longer length than its own changes nothing.
    [[nodiscard]] IpAddress prefix(unsigned length) const;
    [[nodiscard]] bool contains(const IpAddress& other) const;
    // The network that counts as one place of origin: /24 for IPv4, /48 for IPv6.
    [[nodiscard]] IpAddress network() const { return prefix(is_ipv4() ? 24 : 48); }
    // The network that counts as one source of guessing: /32 for IPv4, /64 for IPv6.
    [[nodiscard]] IpAddress source() const { return prefix(is_ipv4() ? 32 : 64); }

    // "192.0.2.1"; with "/length" when it is a prefix.
    [[nodiscard]] std::string to_string() const;

    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

  private:
    Family family_ = Family::ipv4;
    std::uint8_t prefix_length_ = 32;
    std::array<std::uint8_t, 16> bytes_{};
};

struct IpAddressHash {
    std::size_t operator()(const IpAddress& address) const;
};

}  // namespace guard
