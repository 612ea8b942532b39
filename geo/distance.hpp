// Distances on the sphere, with what is not known about both places taken off.
#pragma once

#include "geo/place.hpp"

namespace guard::geo {

inline constexpr Kilometres kEarthRadius = 6371.0088;  // mean radius R1 of GRS 80

[[nodiscard]] Kilometres great_circle(const Coordinates& a, const Coordinates& b);

// max(0, great_circle(a, b) - radius(a) - radius(b)): the two are at least so far apart.
[[nodiscard]] Kilometres lower_bound_distance(const Place& a, const Place& b);

}  // namespace guard::geo
