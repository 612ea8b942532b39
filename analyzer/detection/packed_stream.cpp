#include "analyzer/detection/packed_stream.hpp"

#include <algorithm>

#include "geo/range_map.hpp"

namespace guard::detection {
namespace {

IpAddress prefix6(std::uint64_t upper, unsigned length) {
    std::array<std::uint8_t, 16> bytes{};
    for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(upper >> (56 - 8 * i));
    return IpAddress::from_bytes(bytes, length).value_or(IpAddress{});
}

// Of what fits: a single IPv4 address, an IPv6 prefix of /1 to /64.
bool fits(const IpAddress& address) {
    if (address.is_ipv4()) return !address.is_prefix();
    return address.prefix_length() >= 1 && address.prefix_length() <= 64;
}

}  // namespace

Addresses PackedLine::addresses() const {
    Addresses result;
    if (v6_length != 0 && v6_first != 0) result.push_back(prefix6(v6, v6_length));
    if (has_v4 != 0) result.push_back(IpAddress::ipv4(v4));
    if (v6_length != 0 && v6_first == 0) result.push_back(prefix6(v6, v6_length));
    return result;
}

bool PackedLine::set_addresses(std::span<const IpAddress> addresses) {
    has_v4 = v6_first = 0;
    v6_length = 0;
    v4 = 0;
    v6 = 0;
    if (addresses.empty() || addresses.size() > 2) return false;
    for (const IpAddress& address : addresses) {
        if (!fits(address)) return false;
        if (address.is_ipv4()) {
            if (has_v4 != 0) return false;
            has_v4 = 1;
            v4 = geo::upper_bits<std::uint32_t>(address);
        } else {
            if (v6_length != 0) return false;
            v6_length = address.prefix_length() & 0x7fU;
            v6 = geo::upper_bits<std::uint64_t>(address);
            v6_first = has_v4 == 0 ? 1 : 0;
        }
    }
    return true;
}

bool PackedLine::is_at(std::span<const IpAddress> addresses) const {
    const auto is_v4 = [&](const IpAddress& address) {
        return has_v4 != 0 && address.is_ipv4() && !address.is_prefix() &&
               geo::upper_bits<std::uint32_t>(address) == v4;
    };
    const auto is_v6 = [&](const IpAddress& address) {
        return v6_length != 0 && !address.is_ipv4() && address.prefix_length() == v6_length &&
               geo::upper_bits<std::uint64_t>(address) == v6;
    };
    if (addresses.size() == 1) return v6_first != 0 ? is_v6(addresses[0]) : is_v4(addresses[0]);
    if (addresses.size() != 2) return false;
    return v6_first != 0 ? is_v6(addresses[0]) && is_v4(addresses[1]) : is_v4(addresses[0]) && is_v6(addresses[1]);
}

std::uint32_t RegionNumbers::number(const geo::Code& code) {
    if (code.empty()) return 0;
    const auto known = std::find(codes_.begin() + 1, codes_.end(), code);
    if (known != codes_.end()) return static_cast<std::uint32_t>(known - codes_.begin());
    if (codes_.size() >= kMost) return 0;
    codes_.push_back(code);
    return static_cast<std::uint32_t>(codes_.size() - 1);
}

std::optional<std::uint64_t> packed_time(Time time) {
    const auto count = time.time_since_epoch().count();
    if (count <= 0 || static_cast<std::uint64_t>(count) >= PackedLine::kNoTime) return std::nullopt;
    return static_cast<std::uint64_t>(count);
}

std::uint32_t seconds_since_1970(Time time) {
    return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

}  // namespace guard::detection
