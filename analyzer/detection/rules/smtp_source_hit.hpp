// smtp.source.hit (R2): an ID accepted from a source that guesses passwords, from a network it had never used. The
// block often comes after the accept, and the ID must be tellable then; the watch of the sources (R3) knows hashes
// alone. So the first uses of a network are kept here for a day: ID, source, time, which R2 allows for this very
// purpose.
#pragma once

#include <boost/container/deque.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/detection/rules/rule.hpp"
#include "geo/location.hpp"

namespace guard::detection {

// An ID was accepted from a network that it had never used.
struct FirstUse {
    IpAddress source;  // /32, /64
    std::uint64_t key = 0;
    std::string id;
    Time time{};
};

class FirstUses {
  public:
    static constexpr std::size_t kMax = 100'000;  // the oldest are pushed out

    explicit FirstUses(std::chrono::seconds kept) : kept_(kept) {}

    void add(const IpAddress& source, std::uint64_t key, std::string_view id, Time time);
    // One for each ID first accepted from `source` after `since`: its earliest, in the order they were told.
    [[nodiscard]] std::vector<FirstUse> of(const IpAddress& source, Time since) const;
    [[nodiscard]] std::size_t size() const { return uses_.size(); }

  private:
    friend struct StateFields;
    // As FirstUse, with the number of the one before from the same source.
    struct Kept {
        std::uint64_t key = 0;
        Time time{};
        boost::container::small_vector<char, 32> id;
        std::uint64_t before = kNone;
        IpAddress source;
    };
    static constexpr std::uint64_t kNone = ~std::uint64_t{0};
    void append(Kept use);
    void drop_first();

    const std::chrono::seconds kept_;
    // In the order they were told; by the hundred in a block.
    boost::container::deque<Kept, void, boost::container::deque_options_t<boost::container::block_bytes<1U << 14>>>
        uses_;
    std::uint64_t dropped_ = 0;                                                  // the number of the first of them
    boost::unordered_flat_map<IpAddress, std::uint64_t, IpAddressHash> newest_;  // its number
};

// `block` is the finding about the source, `where` its place.
[[nodiscard]] Match smtp_source_hit(const FirstUse& use, const Finding& block, const geo::Location& where);

}  // namespace guard::detection
