// A whole MaxMind DB as two lists of ranges and the distinct places they refer to.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "event/time.hpp"
#include "geo/country_circles.hpp"
#include "geo/location.hpp"
#include "geo/range_map.hpp"

namespace guard::geo {

// Values of IPv6 ranges that are no index of a location begin here (kExact is one, too). kAlias + n: the IPv4 address
// that begins at bit n is meant (6to4, RFC 3056; Teredo servers, RFC 4380; ::a.b.c.d).
inline constexpr std::uint32_t kAlias = 0xffff'ff00;

struct DatabaseRanges {
    Ranges<std::uint32_t> v4;
    Ranges<std::uint64_t> v6;                     // a network longer than /64 counts as what its /64 begins with
    std::vector<Location> locations{Location{}};  // what the ranges' values refer to; 0 is nowhere
    // For pools that give a region and no coordinates: the mean of the region's places, weighted by addresses, and the
    // radius within which 90 % of its addresses are, at least 50 km.
    std::map<std::string, Place, std::less<>> regions;  // by ISO 3166-2
    CountryCircles countries;
    std::string type;  // "GeoLite2-City"; empty: no database
    Time built{};
};

}  // namespace guard::geo
