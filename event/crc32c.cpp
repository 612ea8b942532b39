#include "event/crc32c.hpp"

#include <boost/crc.hpp>

#include "event/little_endian.hpp"

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

// The rest of the program is built for any CPU of its kind; only these functions use what not every one has.
#if defined(__x86_64__)
#define GUARD_CRC_TARGET __attribute__((target("sse4.2")))
#elif defined(__aarch64__) && defined(__linux__)
#define GUARD_CRC_TARGET __attribute__((target("+crc")))
#endif

namespace guard {
namespace {

std::uint32_t with_bits_reversed(std::uint32_t value) {
    std::uint32_t reversed = 0;
    for (int bit = 0; bit < 32; ++bit, value >>= 1U) reversed = reversed << 1U | (value & 1U);
    return reversed;
}

#ifdef GUARD_CRC_TARGET

#if defined(__x86_64__)

bool instruction_exists() {
    return __builtin_cpu_supports("sse4.2") != 0;
}
GUARD_CRC_TARGET std::uint32_t add_byte(std::uint32_t state, std::uint8_t byte) {
    return _mm_crc32_u8(state, byte);
}
GUARD_CRC_TARGET std::uint32_t add_word(std::uint32_t state, std::uint64_t word) {
    return static_cast<std::uint32_t>(_mm_crc32_u64(state, word));
}

#else

bool instruction_exists() {
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}
GUARD_CRC_TARGET std::uint32_t add_byte(std::uint32_t state, std::uint8_t byte) {
    return __crc32cb(state, byte);
}
GUARD_CRC_TARGET std::uint32_t add_word(std::uint32_t state, std::uint64_t word) {
    return __crc32cd(state, word);
}

#endif

GUARD_CRC_TARGET std::uint32_t by_instruction(std::span<const std::uint8_t> bytes, std::uint32_t before) {
    std::uint32_t state = ~before;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8))
        state = add_word(state, get_little_endian<std::uint64_t>(bytes.data()));
    for (const std::uint8_t byte : bytes) state = add_byte(state, byte);
    return ~state;
}

#endif

}  // namespace

std::uint32_t crc32c_portable(std::span<const std::uint8_t> bytes, std::uint32_t before) {
    // Boost wants what it begins with in the other order of bits than what it gives.
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc(with_bits_reversed(~before));
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

bool crc32c_by_instruction() {
#ifdef GUARD_CRC_TARGET
    static const bool exists = instruction_exists();
    return exists;
#else
    return false;
#endif
}

std::uint32_t crc32c(std::span<const std::uint8_t> bytes, std::uint32_t before) {
#ifdef GUARD_CRC_TARGET
    if (crc32c_by_instruction()) return by_instruction(bytes, before);
#endif
    return crc32c_portable(bytes, before);
}

}  // namespace guard
