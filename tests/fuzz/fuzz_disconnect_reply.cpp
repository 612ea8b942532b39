// What a NAS, or somebody in its place, answers to a Disconnect-Request. Input: a byte of mode, the packet. Mode 1
// makes the length right, 2 the Response Authenticator (RFC 5176 section 2.3), 4 every Message-Authenticator before
// that.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "analyzer/daemon/disconnect_packet.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace guard;
using fuzz::require;
using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view kSecret = "testing123";
constexpr daemon::Authenticator kRequest{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr std::uint8_t kIdentifier = 7, kMessageAuthenticator = 80;
constexpr std::size_t kHeaderBytes = 20, kAuthenticatorAt = 4;

fuzz::Reached accepted("accepted"), with_cause("with Error-Cause"), signed_answers("with Message-Authenticator");

// Where the attributes of that type begin, as far as the attributes are sound.
std::vector<std::size_t> attributes(const Bytes& packet, std::uint8_t type) {
    std::vector<std::size_t> found;
    for (std::size_t at = kHeaderBytes; at + 2 <= packet.size() && packet[at + 1] >= 2; at += packet[at + 1])
        if (packet[at] == type && at + packet[at + 1] <= packet.size()) found.push_back(at);
    return found;
}

void repair_length(Bytes& packet) {
    packet.resize(std::clamp<std::size_t>(packet.size(), kHeaderBytes, 4096));
    packet[0] = static_cast<std::uint8_t>(packet[0] % 2 + 41);
    packet[1] = kIdentifier;
    packet[2] = static_cast<std::uint8_t>(packet.size() >> 8);
    packet[3] = static_cast<std::uint8_t>(packet.size());
}

void sign(Bytes& packet) {
    std::copy(kRequest.begin(), kRequest.end(), packet.begin() + kAuthenticatorAt);
    for (const std::size_t at : attributes(packet, kMessageAuthenticator)) {
        if (packet[at + 1] != 18) continue;
        std::fill_n(packet.begin() + static_cast<std::ptrdiff_t>(at) + 2, 16, std::uint8_t{0});
        daemon::Authenticator digest{};
        HMAC(EVP_md5(), kSecret.data(), static_cast<int>(kSecret.size()), packet.data(), packet.size(), digest.data(),
             nullptr);
        std::copy(digest.begin(), digest.end(), packet.begin() + static_cast<std::ptrdiff_t>(at) + 2);
    }
}

void authenticate(Bytes& packet) {
    std::copy(kRequest.begin(), kRequest.end(), packet.begin() + kAuthenticatorAt);
    Bytes hashed = packet;
    hashed.insert(hashed.end(), kSecret.begin(), kSecret.end());
    EVP_Digest(hashed.data(), hashed.size(), packet.data() + kAuthenticatorAt, nullptr, EVP_md5(), nullptr);
}

void check(const Bytes& packet, const daemon::DecodedAnswer& answer) {
    require(static_cast<std::uint8_t>(answer.answer) == packet[0], "the answer is the code of the packet");
    const auto refused = [&](std::uint8_t identifier, const daemon::Authenticator& request, std::string_view secret) {
        return !daemon::decode_answer(packet, identifier, request, secret);
    };
    daemon::Authenticator other = kRequest;
    other[15] ^= 1;
    require(refused(kIdentifier ^ 1, kRequest, kSecret), "an answer to another request is none");
    require(refused(kIdentifier, other, kSecret), "an answer to another Request Authenticator is none");
    require(refused(kIdentifier, kRequest, "testing124"), "an answer under another secret is none");
    for (const std::size_t at : attributes(packet, kMessageAuthenticator)) {
        require(packet[at + 1] == 18, "a Message-Authenticator has 16 bytes");
        Bytes forged = packet;
        forged[at + 2] ^= 1;
        authenticate(forged);
        require(!daemon::decode_answer(forged, kIdentifier, kRequest, kSecret),
                "a wrong Message-Authenticator is refused");
    }
    if (answer.error_cause) {
        with_cause.count();
        const auto causes = attributes(packet, 101);
        const bool held = std::ranges::any_of(causes, [&](std::size_t at) {
            const std::uint32_t value = std::uint32_t{packet[at + 2]} << 24 | std::uint32_t{packet[at + 3]} << 16 |
                                        std::uint32_t{packet[at + 4]} << 8 | packet[at + 5];
            return packet[at + 1] == 6 && value == *answer.error_cause;
        });
        require(held, "the Error-Cause is in the packet");
        require(daemon::error_cause_name(*answer.error_cause).ends_with(')'), "every Error-Cause has a name");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t mode = input.byte();
    const auto given = input.rest();
    Bytes packet(given.begin(), given.end());
    if ((mode & 1) != 0) {
        repair_length(packet);
        if ((mode & 4) != 0) sign(packet);
        if ((mode & 2) != 0) authenticate(packet);
    }
    const auto answer = daemon::decode_answer(packet, kIdentifier, kRequest, kSecret);
    if (!answer) return 0;
    accepted.count();
    const std::size_t length = std::size_t{packet[2]} << 8 | packet[3];
    require(packet.size() >= kHeaderBytes && length <= packet.size(), "the length is within the packet");
    packet.resize(length);
    if (!attributes(packet, kMessageAuthenticator).empty()) signed_answers.count();
    check(packet, *answer);
    return 0;
}
