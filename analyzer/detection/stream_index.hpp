// From the keyed hash of an ID to the number of its record. A cache line holds twelve entries with a byte of the hash
// each, so that a look-up touches one line of the index and the record it finds. Grown in a thousand parts of their
// own, each by a quarter at a time: no moment at which all of it is moved, none at which it is there twice. Pure, one
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace guard::detection {

class StreamIndex {
  public:
    static constexpr std::uint32_t kNone = UINT32_MAX;

    StreamIndex() : parts_(kParts) {}

    // The entry of `key`; `key_of(number)` tells the key of a record. kNone: not in it.
    template <class KeyOf>
    [[nodiscard]] std::uint32_t find(std::uint64_t key, const KeyOf& key_of) const {
        const std::uint32_t* at = slot(key, [&](std::uint32_t number) { return key_of(number) == key; });
        return at == nullptr ? kNone : *at;
    }
    // Asks for the line that find() will look at.
    void prefetch(std::uint64_t key) const {
        const Part& part = part_of(key);
        if (!part.buckets.empty()) __builtin_prefetch(&part.buckets[home(key, part)]);
    }
    // The number of the first entry that may be the one; for prefetching the record. kNone: there is none.
    [[nodiscard]] std::uint32_t guess(std::uint64_t key) const {
        const std::uint32_t* at = slot(key, [](std::uint32_t) { return true; });
        return at == nullptr ? kNone : *at;
    }
    // `key` is not in it yet.
    template <class KeyOf>
    void insert(std::uint64_t key, std::uint32_t number, const KeyOf& key_of) {
        Part& part = parts_[key >> kPartShift];
        if (part.count + 1 > most(part.buckets.size())) grow(part, key_of);
        place(part, key, number);
        ++part.count;
    }
    // The record of `key` is now number `to` instead of `from`.
    void renumber(std::uint64_t key, std::uint32_t from, std::uint32_t to) {
        *slot(key, [&](std::uint32_t number) { return number == from; }) = to;
    }
    void erase(std::uint64_t key, std::uint32_t number);

    [[nodiscard]] std::size_t bytes() const;

  private:
    static constexpr unsigned kEntries = 12, kPartShift = 54;
    static constexpr std::size_t kParts = std::size_t{1} << (64 - kPartShift);
    static constexpr std::uint8_t kManyPassed = 255;

    struct alignas(64) Bucket {
        std::array<std::uint8_t, kEntries> tags{};  // 0: free
        std::uint8_t passed = 0;                    // entries that found no room here and went on; kManyPassed: or more
        std::array<std::uint8_t, 3> unused{};
        std::array<std::uint32_t, kEntries> numbers{};
    };
    static_assert(sizeof(Bucket) == 64);
    struct Part {
        std::vector<Bucket> buckets;
        std::size_t count = 0;
    };

    // At 85 % one entry in twenty lies in the bucket after its own.
    static std::size_t most(std::size_t buckets) { return buckets * kEntries * 85 / 100; }
    static std::uint8_t tag_of(std::uint64_t key) {
        const auto tag = static_cast<std::uint8_t>(key);
        return tag == 0 ? 1 : tag;
    }
    static std::size_t home(std::uint64_t key, const Part& part) {
        return (((key >> 22) & 0xffff'ffffU) * part.buckets.size()) >> 32;
    }
    [[nodiscard]] const Part& part_of(std::uint64_t key) const { return parts_[key >> kPartShift]; }
    // A bit for each entry with this tag.
    static unsigned matches(const Bucket& bucket, std::uint8_t tag) {
#ifdef __SSE2__
        const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(&bucket));
        const __m128i wanted = _mm_set1_epi8(static_cast<char>(tag));
        return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, wanted))) & ((1U << kEntries) - 1);
#else
        unsigned found = 0;
        for (unsigned entry = 0; entry < kEntries; ++entry) found |= (bucket.tags[entry] == tag ? 1U : 0U) << entry;
        return found;
#endif
    }
    template <class IsIt>
    [[nodiscard]] const std::uint32_t* slot(std::uint64_t key, const IsIt& is_it) const {
        const Part& part = part_of(key);
        const std::size_t buckets = part.buckets.size();
        const std::uint8_t tag = tag_of(key);
        std::size_t at = buckets == 0 ? 0 : home(key, part);
        for (std::size_t looked = 0; looked < buckets; ++looked) {
            const Bucket& bucket = part.buckets[at];
            for (unsigned found = matches(bucket, tag); found != 0; found &= found - 1) {
                const std::uint32_t& number = bucket.numbers[static_cast<unsigned>(__builtin_ctz(found))];
                if (is_it(number)) return &number;
            }
            if (bucket.passed == 0) return nullptr;
            if (++at == buckets) at = 0;
        }
        return nullptr;
    }
    template <class IsIt>
    [[nodiscard]] std::uint32_t* slot(std::uint64_t key, const IsIt& is_it) {
        return const_cast<std::uint32_t*>(static_cast<const StreamIndex*>(this)->slot(key, is_it));
    }
    static void place(Part& part, std::uint64_t key, std::uint32_t number);
    template <class KeyOf>
    static void grow(Part& part, const KeyOf& key_of) {
        std::vector<Bucket> old(part.buckets.size() + part.buckets.size() / 4 + 1);
        old.swap(part.buckets);
        for (const Bucket& bucket : old)
            for (unsigned entry = 0; entry < kEntries; ++entry)
                if (bucket.tags[entry] != 0) place(part, key_of(bucket.numbers[entry]), bucket.numbers[entry]);
    }

    std::vector<Part> parts_;  // by the upper bits of the key
};

}  // namespace guard::detection
