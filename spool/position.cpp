#include "spool/position.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "spool/record.hpp"

namespace guard::spool {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string Position::to_string() const {
    std::string text = std::to_string(done_through);
    for (const auto& [segment, offset] : offsets)
        text += ' ' + std::to_string(segment) + ':' + (offset == kDone ? "done" : std::to_string(offset));
    return text;
}

std::optional<Position> Position::parse(std::string_view text) {
    const std::string_view whole = text;
    Position position;
    bool first = true;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (std::exchange(first, false)) {
            const auto done = number(word);
            if (!done) return std::nullopt;
            position.done_through = *done;
            continue;
        }
        const auto colon = word.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        const auto segment = number(word.substr(0, colon));
        const auto offset = word.substr(colon + 1) == "done" ? kDone : number(word.substr(colon + 1));
        if (!segment || !offset || *segment <= position.done_through) return std::nullopt;
        if (*offset != kDone && *offset % kRecordAlignment != 0) return std::nullopt;
        position.offsets[*segment] = *offset;
    }
    // Order, repetitions, leading zeros, stray spaces: all of them show when it is written again.
    if (position.to_string() != whole) return std::nullopt;
    return position;
}

bool Position::covers(const Position& other) const {
    const auto passed = [this](std::uint64_t segment) {
        if (segment <= done_through) return kDone;
        const auto known = offsets.find(segment);
        return known == offsets.end() ? 0 : known->second;
    };
    return done_through >= other.done_through &&
           std::all_of(other.offsets.begin(), other.offsets.end(),
                       [&](const auto& entry) { return passed(entry.first) >= entry.second; });
}

}  // namespace guard::spool
