#include "event/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace guard {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void clear_behind(std::span<std::uint8_t> bytes, unsigned prefix_length) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned first_bit = static_cast<unsigned>(i) * 8;
        if (first_bit >= prefix_length) {
            bytes[i] = 0;
        } else if (prefix_length - first_bit < 8) {
            bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> (prefix_length - first_bit)));
        }
    }
}

}  // namespace

std::optional<IpAddress> IpAddress::from_bytes(std::span<const std::uint8_t> bytes, unsigned prefix_length) {
    if ((bytes.size() != 4 && bytes.size() != 16) || prefix_length > bytes.size() * 8) return std::nullopt;
    if (bytes.size() == 16 && prefix_length >= 96 &&
        std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()))
        return from_bytes(bytes.subspan(12), prefix_length - 96);
    IpAddress address;
    address.family_ = bytes.size() == 4 ? Family::ipv4 : Family::ipv6;
    address.prefix_length_ = static_cast<std::uint8_t>(prefix_length);
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
    clear_behind({address.bytes_.data(), bytes.size()}, prefix_length);
    return address;
}

IpAddress IpAddress::ipv4(std::uint32_t host_order, unsigned prefix_length) {
    const std::array<std::uint8_t, 4> bytes{
        static_cast<std::uint8_t>(host_order >> 24), static_cast<std::uint8_t>(host_order >> 16),
        static_cast<std::uint8_t>(host_order >> 8), static_cast<std::uint8_t>(host_order)};
    return *from_bytes(bytes, std::min(prefix_length, 32U));
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    std::optional<unsigned> length;
    if (const auto slash = text.find('/'); slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        unsigned value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || end != digits.data() + digits.size() || digits.size() > 3) return std::nullopt;
        length = value;
        text = text.substr(0, slash);
    }
    // inet_pton would stop at a zero byte and never see what follows it.
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
    const std::string terminated(text);
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1)
        return from_bytes(std::span(bytes).first(4), length.value_or(32));
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return from_bytes(bytes, length.value_or(128));
    return std::nullopt;
}

IpAddress IpAddress::prefix(unsigned length) const {
    if (length >= prefix_length_) return *this;
    IpAddress result = *this;
    result.prefix_length_ = static_cast<std::uint8_t>(length);
    clear_behind({result.bytes_.data(), width() / 8}, length);
    return result;
}

bool IpAddress::contains(const IpAddress& other) const {
    return family_ == other.family_ && other.prefix_length_ >= prefix_length_ && other.prefix(prefix_length_) == *this;
}

std::string IpAddress::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(is_ipv4() ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
    std::string result(text.data());
    if (is_prefix()) result += '/' + std::to_string(prefix_length_);
    return result;
}

std::size_t IpAddressHash::operator()(const IpAddress& address) const {
    const auto bytes = address.bytes();
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) ^
           address.prefix_length();
}

}  // namespace guard
