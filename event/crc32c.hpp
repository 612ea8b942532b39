// CRC-32C (Castagnoli; RFC 3720 appendix B.4), as it guards spool records and enforcement tables. Any thread.
#pragma once

#include <cstdint>
#include <span>

namespace guard {

// Of `bytes` behind those whose CRC is `before`: crc32c(b, crc32c(a)) is the CRC of a and b in a row. By the CPU's own
// instruction where there is one, which is looked up once.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

// The same on any CPU, and slower.
[[nodiscard]] std::uint32_t crc32c_portable(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

// Whether crc32c() has an instruction for it on this CPU.
[[nodiscard]] bool crc32c_by_instruction();

}  // namespace guard
