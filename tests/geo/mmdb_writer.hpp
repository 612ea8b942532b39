// Writes MaxMind DB files (format 2.0) with the very content a test wants, so that no test needs foreign data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "event/ip_address.hpp"

namespace guard::test {

// A value of the data section. The types are those of the format: a test can write a latitude as a text.
struct MmdbValue {
    using Map = std::map<std::string, MmdbValue>;
    using Array = std::vector<MmdbValue>;
    std::variant<std::string, double, float, std::uint16_t, std::uint32_t, std::uint64_t, std::int32_t, Map, Array> is;

    // Made from whatever the variant takes; a literal is a text.
    template <class Value>
    MmdbValue(Value&& value) : is(std::forward<Value>(value)) {}  // NOLINT(google-explicit-constructor)
    MmdbValue(const char* text) : is(std::string(text)) {}        // NOLINT(google-explicit-constructor)
    MmdbValue(const MmdbValue&) = default;
    MmdbValue(MmdbValue&&) = default;
    MmdbValue(MmdbValue& other) : MmdbValue(std::as_const(other)) {}
    MmdbValue& operator=(const MmdbValue&) = default;
};
using MmdbMap = MmdbValue::Map;
using MmdbArray = MmdbValue::Array;

class MmdbWriter {
  public:
    // ip_version 6 holds IPv4 under ::/96; 4 holds IPv4 alone. record_size is 24, 28 or 32 bits.
    explicit MmdbWriter(std::string type = "Test-City", std::uint16_t ip_version = 6, std::uint16_t record_size = 32);

    // Insert wider networks before those nested in them. Equal records are in the file once.
    void insert(const IpAddress& network, const MmdbValue& record);
    // The IPv6 network that begins with these bytes is another way into IPv4, as 2002::/16 and ::ffff:0:0/96 are in
    // MaxMind's files. Not for networks with anything below them.
    void alias(std::span<const std::uint8_t> first_bytes, unsigned length);
    [[nodiscard]] std::string bytes() const;
    void write(const std::filesystem::path& file) const;

  private:
    static constexpr std::uint32_t kData = 0x8000'0000;  // a reference into data_, not to a node
    static constexpr std::uint32_t kNothing = 0xffff'ffff;
    static constexpr std::uint32_t kAlias = 0xffff'fffe;
    using Node = std::pair<std::uint32_t, std::uint32_t>;

    void refer(const std::function<bool(unsigned)>& bit, unsigned depth, std::uint32_t reference);
    [[nodiscard]] std::uint32_t number_of(std::uint32_t reference) const;
    [[nodiscard]] std::uint32_t beginning_of_ipv4() const;

    std::string type_;
    std::uint16_t ip_version_, record_size_;
    std::vector<Node> nodes_{{kNothing, kNothing}};
    std::string data_;
    std::map<std::string, std::uint32_t> offsets_;  // of encoded records in data_
};

}  // namespace guard::test
