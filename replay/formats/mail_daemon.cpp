#include "replay/formats/mail_daemon.hpp"

#include <charconv>
#include <cstring>

namespace guard::replay::mail {
namespace {

// Nearly all addresses; inet_pton would be most of the cost of a line.
std::optional<IpAddress> dotted_quad(std::string_view text) {
    if (text.size() < 7 || text.size() > 15) return std::nullopt;
    std::uint32_t value = 0, part = 0;
    int dots = 0, digits = 0;
    for (const char c : text) {
        if (c == '.') {
            if (digits == 0 || ++dots > 3) return std::nullopt;
            value = value << 8 | part;
            part = 0;
            digits = 0;
        } else {
            if (c < '0' || c > '9' || (digits > 0 && part == 0)) return std::nullopt;
            part = part * 10 + static_cast<std::uint32_t>(c - '0');
            if (part > 255) return std::nullopt;
            ++digits;
        }
    }
    if (dots != 3 || digits == 0) return std::nullopt;
    return IpAddress::ipv4(value << 8 | part);
}

std::uint64_t mixed(std::uint64_t hash, std::string_view text) {
    constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
    const auto mix = [&](std::uint64_t word) {
        hash = (hash ^ word) * kFactor;
        hash ^= hash >> 29;
    };
    mix(text.size());
    for (; text.size() >= 8; text.remove_prefix(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), 8);
        mix(word);
    }
    std::uint64_t word = 0;
    if (!text.empty()) std::memcpy(&word, text.data(), text.size());  // an empty one may be null
    mix(word);
    return hash;
}

}  // namespace

std::optional<IpAddress> client_address(std::string_view text) {
    if (const auto ipv4 = dotted_quad(text)) return ipv4;
    if (text.starts_with("IPv6:")) text.remove_prefix(5);
    text = until(text, "%");
    if (text.find(':') == text.npos || text.find('/') != text.npos) return std::nullopt;
    return IpAddress::parse(text);
}

bool set_address(std::string_view text, LogEvent& event) {
    const auto address = client_address(text);
    if (!address) return false;
    event.addresses.clear();
    event.addresses.push_back(*address);
    return true;
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t most) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

void set_id(std::string_view id, LogEvent& event) {
    event.id = id.size() <= kMaxIdBytes ? id : std::string_view{};
}

std::string without_octal(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto octal = [&](std::size_t at) { return text[i + at] >= '0' && text[i + at] <= '7'; };
        if (text[i] == '\\' && text.size() - i > 3 && octal(1) && text[i + 1] < '4' && octal(2) && octal(3)) {
            const int byte = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
            plain += static_cast<char>(static_cast<unsigned char>(byte));
            i += 3;
        } else {
            if (text[i] == '\\' && text.size() - i > 1 && text[i + 1] == '\\') ++i;
            plain += text[i];
        }
    }
    return plain;
}

std::uint64_t connection_of(std::string_view a, std::string_view b, std::string_view c) {
    const std::uint64_t hash = mixed(mixed(mixed(0x243f6a8885a308d3, a), b), c);
    return hash == 0 ? 1 : hash;
}

bool is_pam(std::string_view message) {
    return message.starts_with("pam_") && message.find(":auth): ") != message.npos;
}

// The application says where the client is ("rhost="); "user=" is there where the account exists, "ruser=" is what the
// client called itself.
Outcome pam(std::string_view message, LogEvent& event) {
    constexpr std::string_view kFailed = ":auth): authentication failure; ",
                               kHost = " rhost=", kUser = " user=", kClientUser = " ruser=";
    if (message.find(kFailed) == message.npos) return kNoAuthentication;
    const auto host = message.rfind(kHost);
    if (host == message.npos) return kNoAddress;
    std::string_view rest = message.substr(host + kHost.size());
    const std::string_view address = until(rest, " ");
    rest.remove_prefix(address.size());
    if (address.empty()) return kNoAddress;
    event.protocol = Protocol::mail;
    event.kind = Kind::reject;
    event.witness = Witness::library;
    if (!set_address(address, event)) return kNoAddress;  // a name: PAM was told no address
    if (const auto user = rest.find(kUser); user != rest.npos) {
        set_id(rest.substr(user + kUser.size()), event);
    } else if (const auto client = message.find(kClientUser); client < host) {
        set_id(message.substr(client + kClientUser.size(), host - client - kClientUser.size()), event);
    }
    return kAttempt;
}

}  // namespace guard::replay::mail
