#include "analyzer/daemon/disconnect_packet.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace guard::daemon {
namespace {

constexpr std::uint8_t kDisconnectRequest = 40;
constexpr std::size_t kHeaderBytes = 20;
constexpr std::size_t kAuthenticatorAt = 4;
constexpr std::size_t kMaxPacketBytes = 4096;

enum Attribute : std::uint8_t {
    user_name = 1,
    framed_ip_address = 8,
    event_timestamp = 55,
    message_authenticator = 80,
    framed_ipv6_prefix = 97,
    error_cause = 101,
    delegated_ipv6_prefix = 123,
    framed_ipv6_address = 168,
};

using Bytes = std::vector<std::uint8_t>;

void append(Bytes& packet, Attribute type, std::span<const std::uint8_t> value) {
    packet.push_back(type);
    packet.push_back(static_cast<std::uint8_t>(value.size() + 2));
    packet.insert(packet.end(), value.begin(), value.end());
}

std::array<std::uint8_t, 4> network_order(std::uint32_t value) {
    return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
            static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

// RFC 3162 section 2.3: a reserved byte, the length, the bytes of the prefix. A /64 is the line's, a shorter one the
// home's.
void append_address(Bytes& packet, const IpAddress& address) {
    if (address.is_ipv4()) {
        append(packet, framed_ip_address, address.bytes());
    } else if (!address.is_prefix()) {
        append(packet, framed_ipv6_address, address.bytes());
    } else {
        Bytes value{0, static_cast<std::uint8_t>(address.prefix_length())};
        value.insert(value.end(), address.bytes().begin(), address.bytes().begin() + (address.prefix_length() + 7) / 8);
        append(packet, address.prefix_length() == 64 ? framed_ipv6_prefix : delegated_ipv6_prefix, value);
    }
}

Authenticator md5(std::span<const std::uint8_t> packet, std::string_view secret) {
    Authenticator digest{};
    unsigned length = 0;
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const bool done = context != nullptr && EVP_DigestInit_ex(context, EVP_md5(), nullptr) == 1 &&
                      EVP_DigestUpdate(context, packet.data(), packet.size()) == 1 &&
                      EVP_DigestUpdate(context, secret.data(), secret.size()) == 1 &&
                      EVP_DigestFinal_ex(context, digest.data(), &length) == 1;
    EVP_MD_CTX_free(context);
    if (!done) throw std::runtime_error("this OpenSSL does not allow MD5, without which there is no RADIUS");
    return digest;
}

Authenticator hmac_md5(std::span<const std::uint8_t> packet, std::string_view secret) {
    Authenticator digest{};
    unsigned length = 0;
    if (HMAC(EVP_md5(), secret.data(), static_cast<int>(secret.size()), packet.data(), packet.size(), digest.data(),
             &length) == nullptr)
        throw std::runtime_error("this OpenSSL does not allow HMAC-MD5, without which there is no RADIUS");
    return digest;
}

void put(Bytes& packet, std::size_t at, const Authenticator& value) {
    std::copy(value.begin(), value.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
}

bool equal(std::span<const std::uint8_t> a, const Authenticator& b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), b.size()) == 0;
}

}  // namespace

EncodedRequest encode_disconnect(const DisconnectRequest& request, std::uint8_t identifier, std::string_view secret) {
    EncodedRequest encoded;
    Bytes& packet = encoded.bytes;
    packet.assign(kHeaderBytes, 0);
    packet[0] = kDisconnectRequest;
    packet[1] = identifier;
    append(packet, user_name,
           {reinterpret_cast<const std::uint8_t*>(request.user_name.data()), request.user_name.size()});
    append_address(packet, request.address);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(request.now).time_since_epoch().count();
    append(packet, event_timestamp, network_order(static_cast<std::uint32_t>(seconds)));
    append(packet, message_authenticator, Authenticator{});
    packet[2] = static_cast<std::uint8_t>(packet.size() >> 8);
    packet[3] = static_cast<std::uint8_t>(packet.size());
    // The Message-Authenticator first, over a Request Authenticator of zeros; then the latter over all.
    put(packet, packet.size() - 16, hmac_md5(packet, secret));
    encoded.authenticator = md5(packet, secret);
    put(packet, kAuthenticatorAt, encoded.authenticator);
    return encoded;
}

std::optional<DecodedAnswer> decode_answer(std::span<const std::uint8_t> bytes, std::uint8_t identifier,
                                           const Authenticator& request, std::string_view secret) {
    if (bytes.size() < kHeaderBytes || bytes.size() > kMaxPacketBytes || bytes[1] != identifier) return std::nullopt;
    const std::size_t length = std::size_t{bytes[2]} << 8 | bytes[3];
    if (length < kHeaderBytes || length > bytes.size()) return std::nullopt;
    const auto answer = static_cast<DisconnectAnswer>(bytes[0]);
    if (answer != DisconnectAnswer::ack && answer != DisconnectAnswer::nak) return std::nullopt;

    Bytes packet(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    put(packet, kAuthenticatorAt, request);
    if (!equal(bytes.subspan(kAuthenticatorAt, 16), md5(packet, secret))) return std::nullopt;

    DecodedAnswer decoded{answer, std::nullopt};
    for (std::size_t at = kHeaderBytes; at < length;) {
        if (length - at < 2 || packet[at + 1] < 2 || packet[at + 1] > length - at) return std::nullopt;
        const auto value = std::span(packet).subspan(at + 2, packet[at + 1] - std::size_t{2});
        if (packet[at] == error_cause && value.size() == 4)
            decoded.error_cause =
                std::uint32_t{value[0]} << 24 | std::uint32_t{value[1]} << 16 | std::uint32_t{value[2]} << 8 | value[3];
        if (packet[at] == message_authenticator) {
            if (value.size() != 16) return std::nullopt;
            const Bytes given(value.begin(), value.end());
            std::fill(value.begin(), value.end(), std::uint8_t{0});
            if (!equal(given, hmac_md5(packet, secret))) return std::nullopt;
            std::copy(given.begin(), given.end(), value.begin());
        }
        at += packet[at + 1];
    }
    return decoded;
}

std::string error_cause_name(std::uint32_t cause) {
    static const std::map<std::uint32_t, const char*> names{{201, "Residual-Session-Context-Removed"},
                                                            {202, "Invalid-EAP-Packet"},
                                                            {401, "Unsupported-Attribute"},
                                                            {402, "Missing-Attribute"},
                                                            {403, "NAS-Identification-Mismatch"},
                                                            {404, "Invalid-Request"},
                                                            {405, "Unsupported-Service"},
                                                            {406, "Unsupported-Extension"},
                                                            {407, "Invalid-Attribute-Value"},
                                                            {501, "Administratively-Prohibited"},
                                                            {502, "Request-Not-Routable"},
                                                            {503, "Session-Context-Not-Found"},
                                                            {504, "Session-Context-Not-Removable"},
                                                            {505, "Other-Proxy-Processing-Error"},
                                                            {506, "Resources-Unavailable"},
                                                            {507, "Request-Initiated"},
                                                            {508, "Multiple-Session-Selection-Unsupported"}};
    const auto name = names.find(cause);
    return std::string(name == names.end() ? "Error-Cause" : name->second) + " (" + std::to_string(cause) + ")";
}

}  // namespace guard::daemon
