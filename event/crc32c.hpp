// CRC-32C (Castagnoli; RFC 3720 appendix B.4), as it guards spool records and enforcement tables.
#pragma once

#include <cstdint>
#include <span>

namespace guard {

[[nodiscard]] std::uint32_t crc32c(std::span<const std::uint8_t> bytes);

}  // namespace guard
