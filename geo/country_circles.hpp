// How large countries are, as far as a database knows them: for each the circle around all of its places. What is known
// by its country alone may be anywhere in it, so this is what its distance from elsewhere is reckoned from. Made once
// when a database is compiled.
#pragma once

#include <map>
#include <span>

#include "geo/location.hpp"

namespace guard::geo {

struct Circle {
    Coordinates centre;
    Kilometres radius = 0;
};
using CountryCircles = std::map<Code, Circle>;

// By ISO 3166-1. A country of which no place is known better than by its country has none: how large it is is not
// known.
[[nodiscard]] CountryCircles country_circles(std::span<const Location> locations);

}  // namespace guard::geo
