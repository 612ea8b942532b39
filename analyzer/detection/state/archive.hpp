// Writes values into a stream of bytes and reads them back: what the state of the detectors is kept in between two
// runs. What a type consists of is said once, in fields.hpp, for both directions. Integers are little endian.
//
// StateReader trusts nothing: what does not fit makes it fail, it stays failed, and all it gives from then on is empty.
// No number in the file makes it take more memory than bytes follow. One thread; throws nothing but bad_alloc.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <boost/container/static_vector.hpp>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "event/little_endian.hpp"
#include "event/time.hpp"

namespace guard::detection {

// Says what the members of a type are; in fields.hpp, which who calls archive_item() has to include.
struct StateFields;

// By specialisation for each enum.
template <class Enum>
constexpr Enum last_enumerator() = delete;

class StateWriter {
  public:
    static constexpr bool kReads = false;
    // Takes the bytes in their order.
    using Sink = std::function<void(std::span<const std::uint8_t>)>;

    explicit StateWriter(Sink sink) : sink_(std::move(sink)) { buffer_.reserve(kBuffer); }
    // Hands over what is left. To be called at the end.
    void flush() {
        if (!buffer_.empty()) sink_(buffer_);
        buffer_.clear();
    }

    void raw(std::span<const std::uint8_t> bytes) {
        if (buffer_.size() + bytes.size() > kBuffer) flush();
        if (bytes.size() > kBuffer)
            sink_(bytes);
        else
            buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    }
    template <std::integral Number>
    void number(const Number& value) {
        std::array<std::uint8_t, sizeof value> bytes;
        put_little_endian(value, bytes.data());
        raw(bytes);
    }
    // How many follow.
    std::size_t count(std::size_t value) {
        number(std::uint64_t{value});
        return value;
    }
    static void require(bool /*sound*/) {}
    [[nodiscard]] static bool failed() { return false; }

  private:
    static constexpr std::size_t kBuffer = std::size_t{1} << 18;
    Sink sink_;
    std::vector<std::uint8_t> buffer_;
};

class StateReader {
  public:
    static constexpr bool kReads = true;
    // Fills the span, and returns how much of it; less means that there is no more.
    using Source = std::function<std::size_t(std::span<std::uint8_t>)>;

    // Of exactly `bytes` bytes.
    StateReader(Source source, std::uint64_t bytes) : source_(std::move(source)), behind_buffer_(bytes) {}

    void raw(std::span<std::uint8_t> to) {
        if (failed_ || to.size() > left()) {
            failed_ = true;
            std::fill(to.begin(), to.end(), std::uint8_t{0});
            return;
        }
        const std::size_t buffered = std::min(to.size(), buffer_.size() - at_);
        std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at_), buffered, to.begin());
        at_ += buffered;
        if (to = to.subspan(buffered); to.empty()) return;
        if (to.size() >= kBuffer) {
            take(to);
            return;
        }
        buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kBuffer, behind_buffer_)));
        take(buffer_);
        std::copy_n(buffer_.begin(), to.size(), to.begin());
        at_ = to.size();
    }
    template <std::integral Number>
    void number(Number& value) {
        std::array<std::uint8_t, sizeof value> bytes;
        raw(bytes);
        value = get_little_endian<Number>(bytes.data());
    }
    // How many follow; each takes at least a byte.
    std::size_t count(std::size_t /*ignored*/) {
        std::uint64_t value = 0;
        number(value);
        require(value <= left());
        return failed_ ? 0 : static_cast<std::size_t>(value);
    }
    void require(bool sound) { failed_ = failed_ || !sound; }
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] std::uint64_t left() const { return behind_buffer_ + (buffer_.size() - at_); }

  private:
    static constexpr std::size_t kBuffer = std::size_t{1} << 18;

    void take(std::span<std::uint8_t> to) {
        const std::size_t got = source_(to);
        behind_buffer_ -= to.size();
        if (got < to.size()) {
            failed_ = true;
            std::fill(to.begin() + static_cast<std::ptrdiff_t>(got), to.end(), std::uint8_t{0});
        }
    }

    Source source_;
    std::uint64_t behind_buffer_;  // bytes that are not in the buffer yet
    std::vector<std::uint8_t> buffer_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

template <class Archive, class Value, class Fields = StateFields>
void archive_item(Archive& archive, Value& value);

// Each in its turn.
template <class Archive, class... Values>
void archive_all(Archive& archive, Values&... values) {
    (archive_item(archive, values), ...);
}

namespace state_detail {

template <class Value>
concept Sequence = requires(Value& value, typename Value::value_type item) {
    value.push_back(std::move(item));
    value.clear();
}
&&!std::same_as<Value, std::string>;
template <class Value>
concept Map = requires {
    typename Value::key_type;
    typename Value::mapped_type;
};
template <class Value>
constexpr bool is_optional = false;
template <class Value>
constexpr bool is_optional<std::optional<Value>> = true;
template <class Value>
constexpr bool is_unique_ptr = false;
template <class Value>
constexpr bool is_unique_ptr<std::unique_ptr<Value>> = true;
template <class Value>
constexpr bool is_pair = false;
template <class First, class Second>
constexpr bool is_pair<std::pair<First, Second>> = true;
template <class Value>
constexpr bool is_static_vector = false;
template <class Value, std::size_t most>
constexpr bool is_static_vector<boost::container::static_vector<Value, most>> = true;
template <class Value>
constexpr bool is_array = false;
template <class Value, std::size_t size>
constexpr bool is_array<std::array<Value, size>> = true;

// So that sums of a few of them do not overflow; 36,000 years.
constexpr Time kLatest{Microseconds{std::int64_t{1} << 60}}, kEarliest{-kLatest.time_since_epoch()};

// In hash tables the order is that of chance: two states that are equal are to be equal bytes.
template <class Archive, class Container>
void write_map(Archive& archive, Container& map) {
    using Key = typename Container::key_type;
    archive.count(map.size());
    if constexpr (requires { typename Container::hasher; }) {
        std::vector<const Key*> keys;
        keys.reserve(map.size());
        for (const auto& entry : map) keys.push_back(&entry.first);
        std::sort(keys.begin(), keys.end(), [](const Key* a, const Key* b) { return *a < *b; });
        for (const Key* const key : keys) archive_all(archive, *const_cast<Key*>(key), map.find(*key)->second);
    } else {
        for (auto& [key, value] : map) archive_all(archive, const_cast<Key&>(key), value);
    }
}

template <class Archive, class Container>
void read_map(Archive& archive, Container& map) {
    map.clear();
    for (std::size_t left = archive.count(0); left > 0 && !archive.failed(); --left) {
        typename Container::key_type key{};
        typename Container::mapped_type value{};
        archive_all(archive, key, value);
        const std::size_t before = map.size();
        map.emplace_hint(map.end(), std::move(key), std::move(value));
        archive.require(map.size() == before + 1);
    }
}

template <class Archive, class Container>
void sequence(Archive& archive, Container& values) {
    std::size_t left = archive.count(values.size());
    if constexpr (Archive::kReads) {
        values.clear();
        if constexpr (is_static_vector<Container>)
            archive.require(left <= Container::static_capacity);
        else if constexpr (requires { values.reserve(left); })
            values.reserve(std::min<std::size_t>(left, 256));
        for (; left > 0 && !archive.failed(); --left) {
            typename Container::value_type value{};
            archive_item(archive, value);
            values.push_back(std::move(value));
        }
    } else {
        for (auto& value : values) archive_item(archive, value);
    }
}

template <class Archive>
void text(Archive& archive, std::string& value) {
    const std::size_t size = archive.count(value.size());
    if constexpr (Archive::kReads) {
        value.resize(size);
        archive.raw({reinterpret_cast<std::uint8_t*>(value.data()), size});
    } else {
        archive.raw({reinterpret_cast<const std::uint8_t*>(value.data()), size});
    }
}

// As a number: what it is made of it with `from` when it was read and `sound`. When it is written the value is not
// touched: that would copy its page, in a process that has the state from another one.
template <class Archive, class Value, class Number, class From, class Sound>
void as_number(Archive& archive, Value& value, Number number, const From& from, const Sound& sound) {
    archive.number(number);
    if constexpr (Archive::kReads) {
        archive.require(sound(number));
        value = archive.failed() ? Value{} : from(number);
    }
}

template <class Archive, class Value>
void maybe(Archive& archive, Value& value) {
    bool there = static_cast<bool>(value);
    archive_item(archive, there);
    if constexpr (Archive::kReads) {
        value.reset();
        if (!there) return;
        if constexpr (is_optional<Value>)
            value.emplace();
        else
            value = std::make_unique<typename Value::element_type>();
    }
    if (there) archive_item(archive, *value);
}

}  // namespace state_detail

template <class Archive, class Value, class Fields>
void archive_item(Archive& archive, Value& value) {
    using namespace state_detail;
    if constexpr (std::same_as<Value, bool>) {
        as_number(
            archive, value, static_cast<std::uint8_t>(value), [](std::uint8_t byte) { return byte != 0; },
            [](std::uint8_t byte) { return byte <= 1; });
    } else if constexpr (std::integral<Value>) {
        archive.number(value);
    } else if constexpr (std::floating_point<Value>) {
        using Bits = std::conditional_t<sizeof(Value) == 4, std::uint32_t, std::uint64_t>;
        as_number(
            archive, value, std::bit_cast<Bits>(value), [](Bits bits) { return std::bit_cast<Value>(bits); },
            [](Bits bits) { return std::isfinite(std::bit_cast<Value>(bits)); });
    } else if constexpr (std::is_enum_v<Value>) {
        using Number = std::underlying_type_t<Value>;
        as_number(
            archive, value, static_cast<Number>(value), [](Number number) { return static_cast<Value>(number); },
            [](Number number) { return number <= static_cast<Number>(last_enumerator<Value>()); });
    } else if constexpr (std::same_as<Value, Time>) {
        // One that is out of this world, from a record of a broken clock, is no reason to refuse all the others.
        as_number(
            archive, value, std::int64_t{value.time_since_epoch().count()},
            [](std::int64_t count) {
                const Time time{Microseconds{count}};
                const bool stands_for_none = time == Time::min() || time == Time::max();
                return stands_for_none ? time : std::clamp(time, kEarliest, kLatest);
            },
            [](std::int64_t) { return true; });
    } else if constexpr (std::same_as<Value, std::chrono::seconds>) {
        as_number(
            archive, value, std::int64_t{value.count()}, [](std::int64_t count) { return std::chrono::seconds{count}; },
            [](std::int64_t count) { return count >= 0 && count <= INT32_MAX; });
    } else if constexpr (std::same_as<Value, std::string>) {
        text(archive, value);
    } else if constexpr (is_optional<Value> || is_unique_ptr<Value>) {
        maybe(archive, value);
    } else if constexpr (is_pair<Value>) {
        archive_all(archive, value.first, value.second);
    } else if constexpr (is_array<Value>) {
        for (auto& item : value) archive_item(archive, item);
    } else if constexpr (Map<Value>) {
        if constexpr (Archive::kReads)
            read_map(archive, value);
        else
            write_map(archive, value);
    } else if constexpr (Sequence<Value>) {
        sequence(archive, value);
    } else {
        Fields::fields(archive, value);
    }
}

}  // namespace guard::detection
