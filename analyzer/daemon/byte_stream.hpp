// Values one behind the other in bytes, little-endian; texts with their length before them. Reading checks every length
// against what is left: once something does not fit, all that follows reads as nothing and ok() is false.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/little_endian.hpp"

namespace guard::daemon {

class ByteWriter {
  public:
    template <std::integral Integer>
    void number(Integer value) {
        bytes_.resize(bytes_.size() + sizeof value);
        put_little_endian(value, bytes_.data() + bytes_.size() - sizeof value);
    }
    void text(std::string_view text) {
        number(static_cast<std::uint32_t>(text.size()));
        bytes_.insert(bytes_.end(), text.begin(), text.end());
    }
    [[nodiscard]] std::vector<std::uint8_t>& bytes() { return bytes_; }

  private:
    std::vector<std::uint8_t> bytes_;
};

class ByteReader {
  public:
    explicit ByteReader(std::span<const std::uint8_t> bytes) : left_(bytes) {}

    template <std::integral Integer>
    Integer number() {
        const auto from = take(sizeof(Integer));
        return from.empty() ? Integer{} : get_little_endian<Integer>(from.data());
    }
    std::string text() {
        const auto from = take(number<std::uint32_t>());
        return {from.begin(), from.end()};
    }
    // Of things that take at least `least` bytes each, so many: no more than there can be.
    std::uint32_t count(std::size_t least) {
        const auto value = number<std::uint32_t>();
        if (value > left_.size() / least) ok_ = false;
        return ok_ ? value : 0;
    }
    [[nodiscard]] std::span<const std::uint8_t> rest() const { return left_; }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return ok_ && left_.empty(); }
    void fail() { ok_ = false; }

  private:
    std::span<const std::uint8_t> take(std::size_t size) {
        if (!ok_ || size > left_.size()) {
            ok_ = false;
            return {};
        }
        const auto taken = left_.first(size);
        left_ = left_.subspan(size);
        return taken;
    }

    std::span<const std::uint8_t> left_;
    bool ok_ = true;
};

}  // namespace guard::daemon
