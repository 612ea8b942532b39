// From an address to a number, for millions of ranges: built once when a database is loaded, then immutable and free
// for any thread. DXR (Zec, Rizzo, Mikuc 2012) for IPv4; IPv6 by the upper 64 bits, which is as far as networks go.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "event/ip_address.hpp"
#include "event/page_allocator.hpp"

namespace guard::geo {

// All addresses from `first` to that of the next range have `value`.
template <class Address>
struct Range {
    Address first = 0;
    std::uint32_t value = 0;
    friend bool operator==(const Range&, const Range&) = default;
};
using Range4 = Range<std::uint32_t>;  // addresses in host order
using Range6 = Range<std::uint64_t>;  // upper halves in host order

// The first 32 or 64 bits of an address.
template <class Address>
[[nodiscard]] Address upper_bits(const IpAddress& address) {
    Address bits;
    std::memcpy(&bits, address.bytes().data(), sizeof bits);
    if constexpr (std::endian::native == std::endian::big) return bits;
    if constexpr (sizeof bits == 8) return __builtin_bswap64(bits);
    return static_cast<Address>(__builtin_bswap32(static_cast<std::uint32_t>(bits)));
}

// A value that is no index: a pool longer than /64 is in here, and only the list of pools tells.
inline constexpr std::uint32_t kExact = 0xffff'ffff;

// Ascending by `first`, the first one 0 (an empty list is all zeros), neighbours of different value: append() keeps it
// so.
template <class Address>
using Ranges = std::vector<Range<Address>>;

// Says that from `first` on it is `value`; `first` is not below that of the last range.
template <class Address>
void append(Ranges<Address>& ranges, Address first, std::uint32_t value) {
    if (!ranges.empty() && ranges.back().first == first) {
        ranges.pop_back();
    }
    if (ranges.empty() ? first == 0 || value != 0 : ranges.back().value != value) {
        if (ranges.empty() && first != 0) ranges.push_back({0, 0});
        ranges.push_back({first, value});
    }
}

class RangeMap4 {
  public:
    RangeMap4() : RangeMap4(Ranges<std::uint32_t>{}) {}
    explicit RangeMap4(const Ranges<std::uint32_t>& ranges);

    [[nodiscard]] std::uint32_t find(std::uint32_t address) const {
        const Chunk chunk = chunks_[address >> low_bits_];
        if (chunk.count == 1) return chunk.at;  // the whole chunk is one range: its value
        const auto low = static_cast<std::uint16_t>(address & low_mask());
        const std::uint16_t* const starts = &words_[chunk.at];
        // The last range that begins at or below the address; without a branch, which nobody could predict.
        std::uint32_t at = 0, length = chunk.count;
        while (length > 1) {
            const std::uint32_t half = length / 2;
            at += starts[at + half] <= low ? half : 0;
            length -= half;
        }
        std::uint32_t value = 0;
        std::memcpy(&value, starts + chunk.count + 2 * at, sizeof value);
        return value;
    }
    [[nodiscard]] std::size_t bytes() const;

  private:
    [[nodiscard]] std::uint32_t low_mask() const { return (1U << low_bits_) - 1; }

    struct Chunk {
        std::uint32_t at = 0, count = 0;  // where its ranges are in words_; with one range, that one's value
    };

    unsigned low_bits_;  // of 32; the upper ones say which chunk
    PageVector<Chunk> chunks_;
    // Of each chunk the lower bits that its ranges begin with, the first of them 0, then their values, two words each:
    // most chunks have few ranges, so that both are in one cache line.
    PageVector<std::uint16_t> words_;
};

class RangeMap6 {
  public:
    RangeMap6() : RangeMap6(Ranges<std::uint64_t>{}) {}
    explicit RangeMap6(const Ranges<std::uint64_t>& ranges);

    [[nodiscard]] std::uint32_t find(std::uint64_t address) const {
        if (address < base_) return 0;
        const std::uint64_t bucket = (address - base_) >> shift_;
        if (bucket >= buckets_.size() - 1) return values_.back();
        std::uint32_t at = buckets_[bucket], length = buckets_[bucket + 1] - at + 1;
        while (length > 1) {
            const std::uint32_t half = length / 2;
            at += firsts_[at + half] <= address ? half : 0;
            length -= half;
        }
        return values_[at];
    }
    [[nodiscard]] std::size_t bytes() const;

  private:
    static constexpr unsigned kIndexBits = 20;

    std::uint64_t base_ = 0;             // below it there is nothing
    unsigned shift_ = 0;                 // from an address above base_ to its bucket
    PageVector<std::uint32_t> buckets_;  // the last range that begins at or below each bucket's first address
    PageVector<std::uint64_t> firsts_;
    PageVector<std::uint32_t> values_;
};

}  // namespace guard::geo
