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

// Gaps between signs of life, in seconds: intervals that are in use, and what fills the room between them.
constexpr std::array<std::int64_t, 31> kGaps{120,  150,   180,   240,   300,   360,   450,   600,   720,   900,  1050,
                                             1200, 1500,  1800,  2100,  2400,  2700,  3000,  3600,  4500,  5400, 7200,
                                             9000, 10800, 14400, 18000, 21600, 28800, 43200, 86400, 172800};
constexpr std::chrono::seconds kJitter{5};  // of an interval

std::size_t number_of_gap(Time sign, Time before) {
    std::size_t number = 0;
    while (number < kGaps.size() && before + std::chrono::seconds{kGaps[number]} + kJitter < sign) ++number;
    return number;
}

}  // namespace

std::optional<Time> before_sign(Time sign, Time before) {
    const std::size_t number = number_of_gap(sign, before);
    return number < kGaps.size() ? std::optional(sign - std::chrono::seconds{kGaps[number]}) : std::nullopt;
}

std::optional<Time> PackedLine::before_last() const {
    return gap == 0 ? std::nullopt : std::optional(last_at() - std::chrono::seconds{kGaps[gap - 1]});
}

void PackedLine::set_before_last(std::optional<Time> before) {
    const std::size_t number = before ? number_of_gap(last_at(), *before) : kGaps.size();
    gap = number < kGaps.size() ? (number + 1) & 31U : 0;
}

Addresses PackedLine::addresses() const {
    Addresses result;
    if (has_v4 != 0 && v6_first == 0) result.push_back(IpAddress::ipv4(v4));
    if (v6_length != 0) {
        const IpAddress prefix = prefix6(v6, v6_length);
        if (wider_length != 0 && wider_first != 0) result.push_back(prefix.prefix(wider_length));
        result.push_back(prefix);
        if (wider_length != 0 && wider_first == 0) result.push_back(prefix.prefix(wider_length));
    }
    if (has_v4 != 0 && v6_first != 0) result.push_back(IpAddress::ipv4(v4));
    return result;
}

bool PackedLine::set_addresses(std::span<const IpAddress> addresses) {
    has_v4 = v6_first = wider_first = 0;
    v6_length = 0;
    wider_length = 0;
    v4 = 0;
    v6 = 0;
    if (addresses.empty() || addresses.size() > 3 || !std::all_of(addresses.begin(), addresses.end(), fits))
        return false;
    const IpAddress *longer = nullptr, *wider = nullptr;
    for (const IpAddress& address : addresses) {
        if (address.is_ipv4()) {
            if (has_v4 != 0) return false;
            has_v4 = 1;
            v4 = geo::upper_bits<std::uint32_t>(address);
        } else if (longer == nullptr) {
            longer = &address;
        } else {
            wider = &address;
        }
    }
    if (wider != nullptr && wider->prefix_length() > longer->prefix_length()) {
        std::swap(longer, wider);
        wider_first = 1;
    }
    if (longer != nullptr) {
        v6_length = longer->prefix_length() & 0x7fU;
        v6 = geo::upper_bits<std::uint64_t>(*longer);
        v6_first = addresses.front().is_ipv4() ? 0 : 1;
    }
    if (wider != nullptr) wider_length = wider->prefix_length() & 0x7fU;
    // Whatever order or form is not told apart by these fields does not fit.
    const Addresses kept = this->addresses();
    return std::equal(kept.begin(), kept.end(), addresses.begin(), addresses.end());
}

bool PackedLine::is_at(std::span<const IpAddress> addresses) const {
    if (addresses.empty()) return false;
    if (addresses.size() == 1 && v6_first == 0)
        return has_v4 != 0 && addresses[0].is_ipv4() && !addresses[0].is_prefix() &&
               geo::upper_bits<std::uint32_t>(addresses[0]) == v4;
    const Addresses own = this->addresses();
    if (addresses.size() == 1) return own.front() == addresses[0];
    return std::equal(own.begin(), own.end(), addresses.begin(), addresses.end());
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
