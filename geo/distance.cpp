#include "geo/distance.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace guard::geo {

// The haversine formula (Sinnott 1984): unlike the cosine rule it is exact for places that are close together.
Kilometres great_circle(const Coordinates& a, const Coordinates& b) {
    constexpr double kRadian = std::numbers::pi / 180;
    const double half_latitude = std::sin((b.latitude - a.latitude) * kRadian / 2);
    const double half_longitude = std::sin((b.longitude - a.longitude) * kRadian / 2);
    const double haversine = half_latitude * half_latitude + std::cos(a.latitude * kRadian) *
                                                                 std::cos(b.latitude * kRadian) * half_longitude *
                                                                 half_longitude;
    // Rounding may carry antipodes past 1, where asin is not a number.
    return 2 * kEarthRadius * std::asin(std::sqrt(std::min(haversine, 1.0)));
}

Kilometres lower_bound_distance(const Place& a, const Place& b) {
    return std::max(0.0, great_circle(a.coordinates, b.coordinates) - a.radius - b.radius);
}

}  // namespace guard::geo
