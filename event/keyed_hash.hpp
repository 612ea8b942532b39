// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012): who does not know the key can neither make two
// IDs collide nor tell from a table which IDs are in it. Own code because it runs inside radiusd, which links nothing
// of ours but event, spool and enforcement; checked against the authors' vectors.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace guard {

using HashKey = std::array<std::uint8_t, 16>;

struct Hash128 {
    std::uint64_t low = 0, high = 0;
    friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

[[nodiscard]] Hash128 keyed_hash(const HashKey& key, std::span<const std::uint8_t> bytes);
// Of `first` and `rest` as one text.
[[nodiscard]] Hash128 keyed_hash(const HashKey& key, std::uint8_t first, std::span<const std::uint8_t> rest);

// A fresh key from the kernel's generator. Throws std::system_error if there is none.
[[nodiscard]] HashKey random_key();
[[nodiscard]] std::uint64_t random_number();

}  // namespace guard
