// How far a spool was read. The analyzer stores it in the transaction that records what the events led to, and gives it
// to the Reader at the next start. A plain value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace guard::spool {

// Of each segment that is not done, the offset of the next record.
struct Position {
    std::uint64_t done_through = 0;                  // all segments up to this number are done
    std::map<std::uint64_t, std::uint64_t> offsets;  // above it; kDone: done, while an older one is not

    static constexpr std::uint64_t kDone = ~std::uint64_t{0};
    // "1772323261169230 1772323261169231:8192 1772323261169232:done"
    [[nodiscard]] std::string to_string() const;
    // Takes what to_string() gives and nothing else: from a position that is slightly wrong, events would be read twice
    // or never.
    [[nodiscard]] static std::optional<Position> parse(std::string_view text);
    // Whoever stands here has passed over all that one who stands at `other` has.
    [[nodiscard]] bool covers(const Position& other) const;
    friend bool operator==(const Position&, const Position&) = default;
};

}  // namespace guard::spool
