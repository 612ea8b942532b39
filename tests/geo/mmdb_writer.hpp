// Writes MaxMind DB files (format 2.0) with the very content a test wants, so that no test needs foreign data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
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
    // ip_version 6 holds IPv4 under ::/96; 4 holds IPv4 alone.
    explicit MmdbWriter(std::string type = "Test-City", std::uint16_t ip_version = 6);

    // Insert wider networks before those nested in them.
    void insert(const IpAddress& network, const MmdbValue& record);
    [[nodiscard]] std::string bytes() const;
    void write(const std::filesystem::path& file) const;

  private:
    static constexpr std::uint32_t kData = 0x8000'0000;  // a reference into data_, not to a node
    static constexpr std::uint32_t kNothing = 0xffff'ffff;
    using Node = std::pair<std::uint32_t, std::uint32_t>;

    std::string type_;
    std::uint16_t ip_version_;
    std::vector<Node> nodes_{{kNothing, kNothing}};
    std::string data_;
};

}  // namespace guard::test
