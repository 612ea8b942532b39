// Integers in the byte order of our files, whatever the machine's.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace guard {
namespace detail {

// The value with its bytes in the other order.
template <std::integral Integer>
[[nodiscard]] Integer swapped(Integer value) {
    if constexpr (sizeof(Integer) == 8) return static_cast<Integer>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
    if constexpr (sizeof(Integer) == 4) return static_cast<Integer>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    if constexpr (sizeof(Integer) == 2) return static_cast<Integer>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    return value;
}

}  // namespace detail

// Writes sizeof(value) bytes at `to`.
template <std::integral Integer>
void put_little_endian(Integer value, std::uint8_t* to) {
    if constexpr (std::endian::native == std::endian::big) value = detail::swapped(value);
    std::memcpy(to, &value, sizeof value);
}

// Reads sizeof(Integer) bytes at `from`.
template <std::integral Integer>
[[nodiscard]] Integer get_little_endian(const std::uint8_t* from) {
    Integer value;
    std::memcpy(&value, from, sizeof value);
    if constexpr (std::endian::native == std::endian::big) value = detail::swapped(value);
    return value;
}

}  // namespace guard
