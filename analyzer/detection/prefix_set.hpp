// Addresses and prefixes that are asked for with every event: the listed gateways. Immutable; a look-up is one binary
// search, however many there are.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "event/ip_address.hpp"

namespace guard::detection {

class PrefixSet {
  public:
    PrefixSet() = default;
    explicit PrefixSet(std::span<const IpAddress> prefixes) : prefixes_(prefixes.begin(), prefixes.end()) {
        std::sort(prefixes_.begin(), prefixes_.end(), before);
        // What lies in a wider one says nothing new, and without nesting the neighbour in the order is the only one to
        // ask.
        prefixes_.erase(std::unique(prefixes_.begin(), prefixes_.end(),
                                    [](const IpAddress& wider, const IpAddress& next) { return wider.contains(next); }),
                        prefixes_.end());
    }

    // One of them holds all of the address, or lies in it (that is a prefix then).
    [[nodiscard]] bool touches(const IpAddress& address) const {
        const auto next = std::lower_bound(prefixes_.begin(), prefixes_.end(), address, before);
        if (next != prefixes_.end() && address.contains(*next)) return true;
        return next != prefixes_.begin() && std::prev(next)->contains(address);
    }

  private:
    // A prefix stands before all that it holds.
    static bool before(const IpAddress& a, const IpAddress& b) {
        if (a.family() != b.family()) return a.family() < b.family();
        const auto x = a.bytes(), y = b.bytes();
        const auto order = std::lexicographical_compare_three_way(x.begin(), x.end(), y.begin(), y.end());
        return order != 0 ? order < 0 : a.prefix_length() < b.prefix_length();
    }

    std::vector<IpAddress> prefixes_;
};

}  // namespace guard::detection
