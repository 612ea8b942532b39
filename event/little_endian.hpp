// Integers in the byte order of our files, whatever the machine's.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace guard {

// Writes sizeof(value) bytes at `to`.
template <std::integral Integer>
void put_little_endian(Integer value, std::uint8_t* to) {
    auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
        to[i] = static_cast<std::uint8_t>(bits & 0xff);
        bits = static_cast<decltype(bits)>(bits >> 4 >> 4);  // twice, because a shift by the whole width is undefined
    }
}

// Reads sizeof(Integer) bytes at `from`.
template <std::integral Integer>
[[nodiscard]] Integer get_little_endian(const std::uint8_t* from) {
    std::make_unsigned_t<Integer> bits = 0;
    for (std::size_t i = sizeof(Integer); i-- > 0;)
        bits = static_cast<decltype(bits)>(static_cast<decltype(bits)>(bits << 4 << 4) | from[i]);
    return static_cast<Integer>(bits);
}

}  // namespace guard
