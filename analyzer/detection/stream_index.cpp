#include "analyzer/detection/stream_index.hpp"

namespace guard::detection {

// There is room: the part is never full.
void StreamIndex::place(Part& part, std::uint64_t key, std::uint32_t number) {
    std::size_t at = home(key, part);
    while (true) {
        Bucket& bucket = part.buckets[at];
        if (const unsigned free = matches(bucket, 0); free != 0) {
            const auto entry = static_cast<unsigned>(__builtin_ctz(free));
            bucket.tags[entry] = tag_of(key);
            bucket.numbers[entry] = number;
            return;
        }
        if (bucket.passed < kManyPassed) ++bucket.passed;
        if (++at == part.buckets.size()) at = 0;
    }
}

void StreamIndex::erase(std::uint64_t key, std::uint32_t number) {
    Part& part = parts_[key >> kPartShift];
    const std::uint8_t tag = tag_of(key);
    for (std::size_t at = home(key, part);; at = at + 1 == part.buckets.size() ? 0 : at + 1) {
        Bucket& bucket = part.buckets[at];
        for (unsigned found = matches(bucket, tag); found != 0; found &= found - 1) {
            const auto entry = static_cast<unsigned>(__builtin_ctz(found));
            if (bucket.numbers[entry] != number) continue;
            bucket.tags[entry] = 0;
            --part.count;
            return;
        }
        // One that went on from here is gone; of very many the count was lost, and the look-ups go on.
        if (bucket.passed < kManyPassed) --bucket.passed;
    }
}

std::size_t StreamIndex::bytes() const {
    std::size_t total = parts_.capacity() * sizeof(Part);
    for (const Part& part : parts_) total += part.buckets.capacity() * sizeof(Bucket);
    return total;
}

}  // namespace guard::detection
