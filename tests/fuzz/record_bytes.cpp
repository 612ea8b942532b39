#include "tests/fuzz/record_bytes.hpp"

#include <algorithm>

#include "event/crc32c.hpp"
#include "event/little_endian.hpp"

namespace guard::fuzz {

std::size_t repair_record(std::span<std::uint8_t> bytes, std::uint64_t epoch) {
    constexpr std::size_t kLeast = 24, kMost = 352;
    if (bytes.size() < kLeast) return 0;
    const std::size_t room = std::min(kMost, bytes.size() / 8 * 8);
    std::size_t length = get_little_endian<std::uint32_t>(bytes.data());
    if (length < kLeast || length > room || length % 8 != 0) length = room;
    put_little_endian(static_cast<std::uint32_t>(length), bytes.data());
    std::vector<std::uint8_t> checked(12);
    put_little_endian(epoch, checked.data());
    put_little_endian(static_cast<std::uint32_t>(length), checked.data() + 8);
    checked.insert(checked.end(), bytes.begin() + 8, bytes.begin() + static_cast<std::ptrdiff_t>(length));
    put_little_endian(crc32c(checked), bytes.data() + 4);
    return length;
}

}  // namespace guard::fuzz
