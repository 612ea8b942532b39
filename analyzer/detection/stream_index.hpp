// From the keyed hash of an ID to the number of its record. A cache line holds twelve entries with a byte of the hash
// each, so that a look-up touches one line of the index and the record it finds. It grows by a quarter at a time, a few
// lines with every new ID, and gives back the old lines as it goes: at no moment is all of it moved or there twice.
// Pure, one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace guard::detection {

class StreamIndex {
  public:
    static constexpr std::uint32_t kNone = UINT32_MAX;

    // There will be about so many at first.
    explicit StreamIndex(std::size_t expected = 0)
        : present_(std::max(kFewest, expected / kEntries * 100 / 80)) {}

    // The entry of `key`; `key_of(number)` tells the key of a record. kNone: not in it.
    template <class KeyOf>
    [[nodiscard]] std::uint32_t find(std::uint64_t key, const KeyOf& key_of) const {
        const std::uint32_t* at = slot(key, [&](std::uint32_t number) { return key_of(number) == key; });
        return at == nullptr ? kNone : *at;
    }
    // Asks for the line that find() will look at.
    void prefetch(std::uint64_t key) const { __builtin_prefetch(&present_[present_.home(key)]); }
    // The number of the first entry that may be the one; for prefetching the record. kNone: there is none.
    [[nodiscard]] std::uint32_t guess(std::uint64_t key) const {
        const Bucket& bucket = present_[present_.home(key)];
        const unsigned found = matches(bucket, tag_of(key));
        return found == 0 ? kNone : bucket.numbers[static_cast<unsigned>(__builtin_ctz(found))];
    }
    // `key` is not in it yet.
    template <class KeyOf>
    void insert(std::uint64_t key, std::uint32_t number, const KeyOf& key_of) {
        if (!old_.empty()) move_some(key_of);
        if (old_.empty() && count_ + 1 > most(present_.size())) grow();
        place(key, number);
        ++count_;
    }
    // The record of `key` is now number `to` instead of `from`.
    void renumber(std::uint64_t key, std::uint32_t from, std::uint32_t to) {
        *slot(key, [&](std::uint32_t number) { return number == from; }) = to;
    }
    void erase(std::uint64_t key, std::uint32_t number);

    [[nodiscard]] std::size_t size() const { return count_; }
    // Of both while it grows.
    [[nodiscard]] std::size_t bytes() const { return (present_.size() + old_.size() - moved_) * sizeof(Bucket); }

  private:
    static constexpr unsigned kEntries = 12;
    static constexpr std::size_t kFewest = 16;      // lines
    static constexpr std::size_t kMovedAtOnce = 2;  // lines; it has to be done before the new ones are full
    static constexpr std::uint8_t kManyPassed = 255;

    struct alignas(64) Bucket {
        std::array<std::uint8_t, kEntries> tags;  // 0: free
        std::uint8_t passed;                      // entries that found no room here and went on; kManyPassed: or more
        std::array<std::uint8_t, 3> unused;
        std::array<std::uint32_t, kEntries> numbers;
    };
    static_assert(sizeof(Bucket) == 64);

    // Zeroed pages, which cost nothing before they are touched.
    class Buckets {
      public:
        Buckets() = default;
        explicit Buckets(std::size_t count);
        Buckets(Buckets&& other) noexcept
            : first_(std::exchange(other.first_, nullptr)), count_(std::exchange(other.count_, 0)) {}
        Buckets& operator=(Buckets&& other) noexcept {
            std::swap(first_, other.first_);
            std::swap(count_, other.count_);
            return *this;
        }
        ~Buckets();
        [[nodiscard]] std::size_t size() const { return count_; }
        [[nodiscard]] bool empty() const { return count_ == 0; }
        Bucket& operator[](std::size_t at) { return first_[at]; }
        const Bucket& operator[](std::size_t at) const { return first_[at]; }
        // Ascending with the key.
        [[nodiscard]] std::size_t home(std::uint64_t key) const { return ((key >> 32) * count_) >> 32; }
        // Those before `end` are not needed any more.
        void give_back(std::size_t end);

      private:
        Bucket* first_ = nullptr;
        std::size_t count_ = 0;
    };

    // At 85 % one entry in twenty lies in the line after its own.
    static std::size_t most(std::size_t buckets) { return buckets * kEntries * 85 / 100; }
    static std::uint8_t tag_of(std::uint64_t key) {
        const auto tag = static_cast<std::uint8_t>(key);
        return tag == 0 ? 1 : tag;
    }
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
    static const std::uint32_t* slot_in(const Buckets& buckets, std::size_t at, std::uint64_t key, const IsIt& is_it) {
        const std::uint8_t tag = tag_of(key);
        for (std::size_t looked = 0; looked < buckets.size(); ++looked) {
            const Bucket& bucket = buckets[at];
            for (unsigned found = matches(bucket, tag); found != 0; found &= found - 1) {
                const std::uint32_t& number = bucket.numbers[static_cast<unsigned>(__builtin_ctz(found))];
                if (is_it(number)) return &number;
            }
            if (bucket.passed == 0) return nullptr;
            if (++at == buckets.size()) at = 0;
        }
        return nullptr;
    }
    template <class IsIt>
    [[nodiscard]] const std::uint32_t* slot(std::uint64_t key, const IsIt& is_it) const {
        const std::uint32_t* const found = slot_in(present_, present_.home(key), key, is_it);
        if (found != nullptr || old_.empty()) return found;
        // Whoever went on from a line that was moved is in the first that was not, or behind it.
        return slot_in(old_, old_.home(key) < moved_ ? moved_ : old_.home(key), key, is_it);
    }
    template <class IsIt>
    [[nodiscard]] std::uint32_t* slot(std::uint64_t key, const IsIt& is_it) {
        return const_cast<std::uint32_t*>(static_cast<const StreamIndex*>(this)->slot(key, is_it));
    }
    template <class KeyOf>
    void move_some(const KeyOf& key_of) {
        for (std::size_t bucket = 0; bucket < kMovedAtOnce && moved_ < old_.size(); ++bucket, ++moved_)
            for (unsigned entry = 0; entry < kEntries; ++entry)
                if (const std::uint32_t number = old_[moved_].numbers[entry]; old_[moved_].tags[entry] != 0) {
                    old_[moved_].tags[entry] = 0;
                    place(key_of(number), number);
                }
        let_go();
    }
    void let_go();
    void grow();
    void place(std::uint64_t key, std::uint32_t number);

    Buckets present_, old_;  // old_: empty, or what is being moved
    std::size_t moved_ = 0;  // lines of old_
    std::size_t count_ = 0;
};

}  // namespace guard::detection
