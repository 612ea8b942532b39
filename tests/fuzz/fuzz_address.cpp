// An address or prefix as text. Input: the text.

#include "event/ip_address.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using guard::IpAddress;
using guard::fuzz::require;

guard::fuzz::Reached ipv4("IPv4"), ipv6("IPv6"), prefixes("prefixes");

bool bits_are_zero_behind(const IpAddress& address) {
    for (unsigned bit = address.prefix_length(); bit < address.width(); ++bit)
        if ((address.bytes()[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
    return true;
}

void check_prefixes(const IpAddress& address) {
    for (const unsigned length : {0U, 1U, 8U, 24U, 31U, 32U, 48U, 64U, 127U, 128U, address.prefix_length()}) {
        const IpAddress wider = address.prefix(length);
        require(wider.contains(address), "a prefix holds what it was cut from");
        require(wider == address || !address.contains(wider), "and is not held by it");
        require(wider.prefix(length) == wider && bits_are_zero_behind(wider), "cut again it is the same");
    }
    require(address.network().contains(address) && address.source().contains(address), "a network holds its address");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = guard::fuzz::text_of({data, size});
    const auto address = IpAddress::parse(text);
    if (!address) return 0;
    (address->is_ipv4() ? ipv4 : ipv6).count();
    if (address->is_prefix()) prefixes.count();
    require(text.find('\0') == text.npos, "a text with a zero byte is no address");
    require(address->prefix_length() <= address->width(), "the length is within the width");
    require(bits_are_zero_behind(*address), "bits behind the length are zero");
    const auto again = IpAddress::parse(address->to_string());
    require(again && *again == *address, "written and parsed again it is the same address");
    require(again->to_string() == address->to_string(), "an address has one text");
    require(IpAddress::from_bytes(address->bytes(), address->prefix_length()) == *address,
            "so it has one row of bytes");
    check_prefixes(*address);
    return 0;
}
