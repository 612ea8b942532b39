// A place as it is kept hundreds of thousands of times and compared most often: half a cache line, with the direction
// from the centre of the Earth beside the degrees, so that two of them are compared without trigonometry. What people
// are shown is a Place.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "geo/place.hpp"

namespace guard::geo {

struct Location {
    enum class Kind : std::uint8_t {
        nowhere,   // no source knows the address, or a pool says so on purpose
        pool,      // the operator's own word
        database,  // a MaxMind DB's
    };

    float latitude = 0, longitude = 0;                        // degrees, WGS 84; exact to 1 m
    float direction_x = 0, direction_y = 0, direction_z = 0;  // of length 1
    float radius = 0;                                         // km
    std::array<char, 2> country{};                            // ISO 3166-1; zeros: not known
    std::array<char, 3> region{};  // what ISO 3166-2 puts behind the country and a hyphen, filled up with zeros
    Kind kind = Kind::nowhere;
    bool country_only = false;
    std::uint8_t prefix_length = 0;  // of the pool

    [[nodiscard]] static Location from(const Place& place);
    // `network` is what the place is said of.
    [[nodiscard]] Place to_place(const IpAddress& network) const;
    [[nodiscard]] std::string_view country_text() const { return {country.data(), country[0] == 0 ? 0U : 2U}; }
    // "JP-01"; empty: not known.
    [[nodiscard]] Code region_code() const;

    friend bool operator==(const Location&, const Location&) = default;
};

// Whether the two are at least `distance` apart, both radii taken off, as lower_bound_distance() reckons; right to
// within 20 m. False when one of them is nowhere.
[[nodiscard]] bool farther_than(const Location& a, const Location& b, Kilometres distance);

}  // namespace guard::geo
