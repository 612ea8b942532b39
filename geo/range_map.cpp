#include "geo/range_map.hpp"

#include <algorithm>
#include <bit>

namespace guard::geo {
namespace {

constexpr std::size_t kFewRanges = 50'000;

}  // namespace

// 2^20 chunks are the fastest for a whole database (Zec et al. call it D20R); for some pools alone 2^16 are enough.
RangeMap4::RangeMap4(const Ranges<std::uint32_t>& ranges)
    : low_bits_(ranges.size() < kFewRanges ? 16 : 12), chunks_(std::size_t{1} << (32 - low_bits_)) {
    words_.reserve(3 * ranges.size() + ranges.size() / 2);
    std::uint32_t value = 0;  // of the range that reaches into the chunk from before
    std::vector<std::uint32_t> values;
    auto next = ranges.begin();
    for (std::size_t i = 0;; ++i) {
        const std::size_t mixed = next == ranges.end() ? chunks_.size() : next->first >> low_bits_;
        std::fill(chunks_.begin() + static_cast<std::ptrdiff_t>(i),
                  chunks_.begin() + static_cast<std::ptrdiff_t>(mixed), Chunk{value, 1});
        i = mixed;
        if (i == chunks_.size()) break;
        const std::size_t at = words_.size();
        values.clear();
        if ((next->first & low_mask()) != 0) {
            values.push_back(value);
            words_.push_back(0);
        }
        for (; next != ranges.end() && next->first >> low_bits_ == i; ++next) {
            value = next->value;
            values.push_back(value);
            words_.push_back(static_cast<std::uint16_t>(next->first & low_mask()));
        }
        if (values.size() == 1) {
            words_.resize(at);
            chunks_[i] = {value, 1};
            continue;
        }
        chunks_[i] = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(values.size())};
        words_.resize(words_.size() + 2 * values.size());
        std::memcpy(&words_[at + values.size()], values.data(), 4 * values.size());
    }
    words_.shrink_to_fit();
}

std::size_t RangeMap4::bytes() const {
    return chunks_.size() * sizeof(Chunk) + words_.size() * sizeof(std::uint16_t);
}

RangeMap6::RangeMap6(const Ranges<std::uint64_t>& ranges) : firsts_{0}, values_{0} {
    firsts_.reserve(ranges.size() + 1);
    values_.reserve(ranges.size() + 1);
    for (const Range6& range : ranges) {
        if (range.first == 0) {
            values_.front() = range.value;
            continue;
        }
        firsts_.push_back(range.first);
        values_.push_back(range.value);
    }
    // Below the first range that knows anything there is no need for buckets: addresses in use are close together.
    std::size_t known = values_.front() != 0 || firsts_.size() == 1 ? 0 : 1;
    base_ = firsts_[known];
    const std::uint64_t span = firsts_.back() - base_;
    const auto width = static_cast<unsigned>(std::bit_width(span));
    // Some sixteen buckets a range, up to 4 MB of them.
    const unsigned index_bits = std::min(kIndexBits, static_cast<unsigned>(std::bit_width(firsts_.size())) + 4);
    shift_ = width > index_bits ? width - index_bits : 0;
    buckets_.resize((span >> shift_) + 2);
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        const std::uint64_t first = base_ + (std::uint64_t{bucket} << shift_);
        while (known + 1 < firsts_.size() && firsts_[known + 1] <= first) ++known;
        buckets_[bucket] = static_cast<std::uint32_t>(known);
    }
    buckets_.back() = static_cast<std::uint32_t>(firsts_.size() - 1);
}

std::size_t RangeMap6::bytes() const {
    return buckets_.size() * sizeof(std::uint32_t) + firsts_.size() * sizeof(std::uint64_t) +
           values_.size() * sizeof(std::uint32_t);
}

}  // namespace guard::geo
