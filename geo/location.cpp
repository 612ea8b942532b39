#include "geo/location.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

#include "geo/distance.hpp"

namespace guard::geo {
namespace {

constexpr double kRadian = std::numbers::pi / 180;

// The sine of an angle of 0 to 45 degrees, by its series up to x^9: off by less than 2e-9.
constexpr double sine(double x) {
    const double square = x * x;
    double sum = 1;
    for (const double divisor : {8.0 * 9, 6.0 * 7, 4.0 * 5, 2.0 * 3}) sum = 1 - square / divisor * sum;
    return x * sum;
}

template <std::size_t N>
std::array<char, N> fixed(std::string_view text) {
    std::array<char, N> result{};
    std::copy_n(text.begin(), std::min(text.size(), N), result.begin());
    return result;
}

static_assert(sizeof(Location) == 32);

}  // namespace

Location Location::from(const Place& place) {
    Location location;
    location.latitude = static_cast<float>(place.coordinates.latitude);
    location.longitude = static_cast<float>(place.coordinates.longitude);
    const double latitude = place.coordinates.latitude * kRadian, longitude = place.coordinates.longitude * kRadian;
    location.direction_x = static_cast<float>(std::cos(latitude) * std::cos(longitude));
    location.direction_y = static_cast<float>(std::cos(latitude) * std::sin(longitude));
    location.direction_z = static_cast<float>(std::sin(latitude));
    location.radius = static_cast<float>(place.radius);
    location.country = fixed<2>(place.country.view());
    if (place.region.view().size() > 3) location.region = fixed<3>(place.region.view().substr(3));
    location.country_only = place.country_only;
    location.kind = place.source == Place::Source::pool ? Kind::pool : Kind::database;
    if (location.kind == Kind::pool) location.prefix_length = static_cast<std::uint8_t>(place.network.prefix_length());
    return location;
}

Code Location::region_code() const {
    if (region[0] == '\0') return {};
    return Code::parse(std::string(country_text()) + '-' +
                       std::string(region.data(), strnlen(region.data(), region.size())))
        .value_or(Code{});
}

Place Location::to_place(const IpAddress& network) const {
    Place place;
    place.country = Code::parse(country_text()).value_or(Code{});
    place.region = region_code();
    // Four decimals, 11 m, are what the databases give; a float has noise behind them.
    const auto degrees = [](float value) { return std::round(static_cast<double>(value) * 1e4) / 1e4; };
    place.coordinates = {degrees(latitude), degrees(longitude)};
    place.radius = static_cast<double>(radius);
    place.country_only = country_only;
    place.source = kind == Kind::pool ? Place::Source::pool : Place::Source::database;
    place.network = network;
    return place;
}

// Two directions with an angle between them are 2 sin(angle / 2) apart, in a straight line through the Earth. Near the
// antipodes that hardly changes with the angle any more, but 2 cos(angle / 2), how far one is from the other's
// antipode, does.
bool farther_than(const Location& a, const Location& b, Kilometres distance) {
    if (a.kind == Location::Kind::nowhere || b.kind == Location::Kind::nowhere) return false;
    if (distance <= 0) return true;  // also where the circles overlap
    constexpr double kRightAngle = std::numbers::pi / 2;
    const double half_angle =
        (distance + static_cast<double>(a.radius) + static_cast<double>(b.radius)) / kEarthRadius / 2;
    if (half_angle >= kRightAngle) return false;
    const bool far = half_angle > kRightAngle / 2;
    const double side = far ? -1 : 1;
    const double x = static_cast<double>(a.direction_x) - side * static_cast<double>(b.direction_x),
                 y = static_cast<double>(a.direction_y) - side * static_cast<double>(b.direction_y),
                 z = static_cast<double>(a.direction_z) - side * static_cast<double>(b.direction_z);
    const double chord = 2 * sine(far ? kRightAngle - half_angle : half_angle);
    const double square = x * x + y * y + z * z;
    return far ? square <= chord * chord : square >= chord * chord;
}

}  // namespace guard::geo
