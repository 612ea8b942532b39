#include "geo/country_circles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "geo/distance.hpp"

namespace guard::geo {
namespace {

using Vector = std::array<double, 3>;

Vector direction(const Location& location) {
    return {static_cast<double>(location.direction_x), static_cast<double>(location.direction_y),
            static_cast<double>(location.direction_z)};
}

double squared_distance(const Vector& a, const Vector& b) {
    const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return x * x + y * y + z * z;
}

Coordinates coordinates_of(const Vector& direction) {
    constexpr double kDegree = 180 / std::numbers::pi;
    return {std::atan2(direction[2], std::hypot(direction[0], direction[1])) * kDegree,
            std::atan2(direction[1], direction[0]) * kDegree};
}

// Near the centre of the smallest circle around all of them: each step goes a shorter way towards the one that is
// farthest (Badoiu, Clarkson 2003). The radius is that of the centre found, so a poor one makes a wide circle only.
Circle circle_around(const std::vector<const Location*>& places) {
    constexpr int kSteps = 40;
    Vector centre = direction(*places.front());
    for (int step = 2; step < kSteps + 2; ++step) {
        const auto farthest = std::ranges::max_element(
            places, {}, [&](const Location* place) { return squared_distance(direction(*place), centre); });
        const Vector towards = direction(**farthest);
        for (std::size_t i = 0; i < centre.size(); ++i) centre.at(i) += (towards.at(i) - centre.at(i)) / step;
    }
    Circle circle{coordinates_of(centre), 0};
    for (const Location* place : places) {
        const Coordinates at{static_cast<double>(place->latitude), static_cast<double>(place->longitude)};
        circle.radius =
            std::max(circle.radius, std::ceil(great_circle(circle.centre, at) + static_cast<double>(place->radius)));
    }
    return circle;
}

}  // namespace

CountryCircles country_circles(std::span<const Location> locations) {
    std::map<Code, std::vector<const Location*>> places;
    for (const Location& location : locations)
        if (const auto country = Code::parse(location.country_text()); country && !country->empty())
            places[*country].push_back(&location);
    CountryCircles circles;
    for (const auto& [country, all] : places)
        if (!std::ranges::all_of(all, &Location::country_only)) circles.emplace(country, circle_around(all));
    return circles;
}

}  // namespace guard::geo
