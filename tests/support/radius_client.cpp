#include "tests/support/radius_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

#include "tests/support/process.hpp"
#include "tests/support/radius_server.hpp"

namespace guard::test {
namespace {

constexpr std::size_t kHeaderBytes = 20, kAuthenticatorAt = 4;

const char* radclient_name(RequestType type) {
    switch (type) {
        case RequestType::authentication:
            return "auth";
        case RequestType::accounting:
            return "acct";
        case RequestType::disconnect:
            return "disconnect";
    }
    throw std::logic_error("no such type of request");
}

std::uint8_t code(RequestType type) {
    switch (type) {
        case RequestType::authentication:
            return 1;
        case RequestType::accounting:
            return 4;
        case RequestType::disconnect:
            return 40;
    }
    throw std::logic_error("no such type of request");
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
    if (first == std::string_view::npos) return {};
    text = text.substr(first, last - first + 1);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return std::string(text);
}

// "Received Access-Accept Id 12 from ...", and then a line with a tab for each attribute.
Reply parse(const std::string& output) {
    constexpr std::string_view kReceived = "Received ";
    Reply reply;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(kReceived)) {
            reply.code = line.substr(kReceived.size(), line.find(' ', kReceived.size()) - kReceived.size());
        } else if (!reply.code.empty() && line.starts_with('\t')) {
            if (const auto equals = line.find(" = "); equals != std::string::npos)
                reply.attributes.emplace_back(trimmed(std::string_view(line).substr(0, equals)),
                                              trimmed(std::string_view(line).substr(equals + 3)));
        }
    }
    return reply;
}

std::array<std::uint8_t, 16> md5(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> more) {
    std::array<std::uint8_t, 16> digest{};
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const bool good = context != nullptr && EVP_DigestInit_ex(context, EVP_md5(), nullptr) == 1 &&
                      EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestUpdate(context, more.data(), more.size()) == 1 &&
                      EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1;
    EVP_MD_CTX_free(context);
    if (!good) throw std::runtime_error("no MD5");
    return digest;
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::string Reply::value(std::string_view attribute) const {
    for (const auto& [name, text] : attributes)
        if (name == attribute) return text;
    return {};
}

Reply send(std::uint16_t port, RequestType type, std::string_view attributes) {
    ProcessOptions options;
    options.input = std::string(attributes) + "\n";
    const auto result = run({"radclient", "-x", "-r", "1", "-t", "1", "127.0.0.1:" + std::to_string(port),
                             radclient_name(type), std::string(RadiusServer::kSecret)},
                            options);
    return parse(result.output);
}

RawPacket::RawPacket(RequestType type, std::uint8_t identifier) : type_(type) {
    if (type == RequestType::authentication && RAND_bytes(authenticator_.data(), 16) != 1)
        throw std::runtime_error("no random numbers");
    bytes_ = {code(type), identifier, 0, 0};
    bytes_.insert(bytes_.end(), authenticator_.begin(), authenticator_.end());
}

RawPacket& RawPacket::attribute(std::uint8_t number, std::span<const std::uint8_t> value) {
    if (value.size() > 253) throw std::invalid_argument("an attribute has at most 253 bytes");
    bytes_.push_back(number);
    bytes_.push_back(static_cast<std::uint8_t>(value.size() + 2));
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
}

RawPacket& RawPacket::attribute(std::uint8_t number, std::string_view value) {
    return attribute(number, bytes_of(value));
}

RawPacket& RawPacket::attribute(std::uint8_t number, std::uint32_t value) {
    const std::array<std::uint8_t, 4> network{
        static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16 & 0xff),
        static_cast<std::uint8_t>(value >> 8 & 0xff), static_cast<std::uint8_t>(value & 0xff)};
    return attribute(number, network);
}

RawPacket& RawPacket::password(std::string_view text) {
    auto hidden = md5(bytes_of(RadiusServer::kSecret), authenticator_);
    if (text.size() > hidden.size()) throw std::invalid_argument("a password of at most 16 bytes");
    for (std::size_t i = 0; i < text.size(); ++i) hidden[i] ^= static_cast<std::uint8_t>(text[i]);
    return attribute(2, hidden);
}

std::vector<std::uint8_t> RawPacket::encode() const {
    std::vector<std::uint8_t> packet = bytes_;
    packet[2] = static_cast<std::uint8_t>(packet.size() >> 8);
    packet[3] = static_cast<std::uint8_t>(packet.size() & 0xff);
    if (type_ != RequestType::authentication) {  // RFC 2866 section 3, RFC 5176 section 2.3
        const auto digest = md5(packet, bytes_of(RadiusServer::kSecret));
        std::copy(digest.begin(), digest.end(), packet.begin() + kAuthenticatorAt);
    }
    return packet;
}

RawClient::RawClient() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const timeval timeout{0, 500'000};
    if (socket_ < 0 || setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0)
        throw std::runtime_error("cannot make a socket");
}

RawClient::~RawClient() {
    close(socket_);
}

std::optional<std::uint8_t> RawClient::exchange(std::uint16_t port, std::span<const std::uint8_t> packet) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (sendto(socket_, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0)
        return std::nullopt;
    std::array<std::uint8_t, 4096> answer{};
    // Of an earlier request that was given up, an answer may still come: pass it over by its identifier.
    for (;;) {
        const ssize_t got = recv(socket_, answer.data(), answer.size(), 0);
        if (got < static_cast<ssize_t>(kHeaderBytes)) return std::nullopt;
        if (answer[1] == packet[1]) return answer[0];
    }
}

}  // namespace guard::test
