// The rest of the Internet, where mail clients and attackers are: a block of made-up addresses for each of some
// countries, in 240.0.0.0/4, which no real network has, and carriers' gateways in 100.64.0.0/10 (RFC 6598). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "simulate/random.hpp"

namespace guard::simulate {

inline constexpr std::size_t kCountries = 32;  // the first is Japan
using Country = std::uint8_t;

[[nodiscard]] Country some_country_abroad(Random& random);
// An address in one of its 4,096 networks (/24).
[[nodiscard]] std::uint32_t some_address(Country country, Random& random);
// Another address in the same /24.
[[nodiscard]] std::uint32_t beside(std::uint32_t address, Random& random);

// Two carriers' gateways are in gateways.txt, the third's are not: no operator's list is complete.
inline constexpr std::uint32_t kGateways = 48, kListedGateways = 32;
[[nodiscard]] std::uint32_t gateway(std::uint32_t number);  // below kGateways
[[nodiscard]] std::string gateway_file();

// A MaxMind DB (format 2) with the place of each address: half of each country with a city, half country-only.
[[nodiscard]] std::string world_database();

}  // namespace guard::simulate
