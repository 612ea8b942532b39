#include "analyzer/daemon/disconnect_limits.hpp"

#include <algorithm>

#include "event/login_event.hpp"

namespace guard::daemon {
namespace {

constexpr unsigned kShortestPrefix = 32;  // of an IPv6 line or home; a shorter one is a provider's

bool is_one_line(const IpAddress& address) {
    if (address.is_prefix() && (address.is_ipv4() || address.prefix_length() < kShortestPrefix)) return false;
    const auto bytes = address.bytes();
    const bool unspecified = std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
    // RFC 2865 section 5.8: 255.255.255.255 and .254 are no addresses, they leave the choice to others.
    const bool nobodys = address.is_ipv4() && bytes[0] == 255 && bytes[1] == 255 && bytes[2] == 255 && bytes[3] >= 254;
    return !unspecified && !nobodys;
}

}  // namespace

std::string why_no_selector(const DisconnectRequest& request) {
    if (request.user_name.empty() || request.user_name.size() > kMaxIdBytes)
        return "the User-Name would have " + std::to_string(request.user_name.size()) + " bytes";
    if (request.user_name.find_first_of(std::string_view("*\0", 2)) != std::string::npos)
        return "the User-Name has a character that may mean everybody";
    if (!is_one_line(request.address)) return "the address is not one line's";
    return {};
}

bool DisconnectPace::allow(const std::string& nas, std::chrono::steady_clock::time_point now) {
    auto& sent = sent_[nas];
    while (!sent.empty() && sent.front() + std::chrono::seconds{1} <= now) sent.pop_front();
    if (sent.size() >= per_second_) return false;
    sent.push_back(now);
    return true;
}

}  // namespace guard::daemon
