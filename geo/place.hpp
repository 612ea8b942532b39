// Where an address is, how sure that is, and who says so.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "event/ip_address.hpp"

namespace guard::geo {

using Kilometres = double;

// Up to seven characters kept in place: "JP" (ISO 3166-1 alpha-2), "JP-01" (ISO 3166-2). Empty: not known.
class Code {
  public:
    Code() = default;
    // Upper-cased; none when the text is too long or holds other than letters, digits and '-'.
    static std::optional<Code> parse(std::string_view text);
    [[nodiscard]] std::string_view view() const { return {text_.data()}; }
    [[nodiscard]] bool empty() const { return text_[0] == '\0'; }
    // Another one for every other code: for hashes.
    [[nodiscard]] std::uint64_t number() const { return std::bit_cast<std::uint64_t>(text_); }
    friend auto operator<=>(const Code&, const Code&) = default;

  private:
    std::array<char, 8> text_{};
};

struct Coordinates {
    double latitude = 0, longitude = 0;  // degrees, WGS 84
    friend bool operator==(const Coordinates&, const Coordinates&) = default;
};

inline constexpr Kilometres kCountryOnlyRadius = 200;
// Taken for a record that gives no radius: as wide as the widest circle of GeoLite2. Such a place is country-only.
inline constexpr Kilometres kUnknownRadius = 1000;

// What Place::country_only says: no city, and a circle so wide that it stands for the country.
[[nodiscard]] constexpr bool is_country_only(bool without_city, Kilometres radius) {
    return without_city && radius >= kCountryOnlyRadius;
}

struct Place {
    enum class Source : std::uint8_t { pool, database };

    Code country;  // always known
    Code region;   // may be empty for a database place
    Coordinates coordinates;
    Kilometres radius = 0;      // the address is within this distance of the coordinates
    bool country_only = false;  // no city, radius of 200 km or more: compared by country alone
    Source source = Source::pool;
    IpAddress network;  // the pool, or the database's network

    friend bool operator==(const Place&, const Place&) = default;
};

}  // namespace guard::geo
