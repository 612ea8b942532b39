#include "analyzer/detection/stream_index.hpp"

#include <sys/mman.h>

#include <cstring>

#include "event/page_allocator.hpp"

namespace guard::detection {

StreamIndex::Buckets::Buckets(std::size_t count) : first_(PageAllocator<Bucket>{}.allocate(count)), count_(count) {
    // Larger ones are fresh pages, which are zero.
    if (count * sizeof(Bucket) < PageAllocator<Bucket>::kLeast) std::memset(first_, 0, count * sizeof(Bucket));
}

StreamIndex::Buckets::~Buckets() {
    if (first_ != nullptr) PageAllocator<Bucket>{}.deallocate(first_, count_);
}

void StreamIndex::Buckets::give_back(std::size_t end) {
    static_cast<void>(madvise(first_, end * sizeof(Bucket), MADV_DONTNEED));
}

void StreamIndex::grow() {
    old_ = std::exchange(present_, Buckets(present_.size() + present_.size() / 4 + 1));
    moved_ = 0;
}

// A huge page at a time.
void StreamIndex::let_go() {
    constexpr std::size_t kPage = PageAllocator<Bucket>::kHugePage / sizeof(Bucket);
    if (moved_ == old_.size()) {
        old_ = Buckets();
        moved_ = 0;
    } else if (old_.size() >= kPage && moved_ % kPage < kMovedAtOnce && moved_ >= kPage) {
        old_.give_back(moved_ / kPage * kPage);
    }
}

// There is room: it is never full.
void StreamIndex::place(std::uint64_t key, std::uint32_t number) {
    std::size_t at = present_.home(key);
    while (true) {
        Bucket& bucket = present_[at];
        if (const unsigned free = matches(bucket, 0); free != 0) {
            const auto entry = static_cast<unsigned>(__builtin_ctz(free));
            bucket.tags[entry] = tag_of(key);
            bucket.numbers[entry] = number;
            return;
        }
        if (bucket.passed < kManyPassed) ++bucket.passed;
        if (++at == present_.size()) at = 0;
    }
}

void StreamIndex::erase(std::uint64_t key, std::uint32_t number) {
    --count_;
    const std::uint8_t tag = tag_of(key);
    const auto clear = [&](Bucket& bucket) {
        for (unsigned found = matches(bucket, tag); found != 0; found &= found - 1) {
            const auto entry = static_cast<unsigned>(__builtin_ctz(found));
            if (bucket.numbers[entry] != number) continue;
            bucket.tags[entry] = 0;
            return true;
        }
        return false;
    };
    const auto is_it = [&](std::uint32_t other) { return other == number; };
    if (slot_in(present_, present_.home(key), key, is_it) == nullptr) {
        for (std::size_t at = old_.home(key) < moved_ ? moved_ : old_.home(key); !clear(old_[at]);)
            at = at + 1 == old_.size() ? 0 : at + 1;
        return;
    }
    // One that went on from these lines is gone; of very many the count was lost, and the look-ups go on.
    for (std::size_t at = present_.home(key); !clear(present_[at]); at = at + 1 == present_.size() ? 0 : at + 1)
        if (present_[at].passed < kManyPassed) --present_[at].passed;
}

}  // namespace guard::detection
