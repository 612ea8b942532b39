// Random databases and addresses for tests that compare two ways of looking up. The shapes are those of real files:
// networks inside networks, records that many networks share, records without a place.
#pragma once

#include <random>
#include <span>
#include <string>
#include <vector>

#include "event/ip_address.hpp"
#include "geo/location.hpp"
#include "tests/geo/mmdb_writer.hpp"

namespace guard::test {

using Random = std::mt19937_64;

// What the numbers of a long test of a single thread are divided by: ThreadSanitizer makes it thirty times slower and
// has nothing to see in it.
#ifdef __SANITIZE_THREAD__
inline constexpr std::size_t kSlowness = 20;
#else
inline constexpr std::size_t kSlowness = 1;
#endif

// City records with and without radius, region, city and coordinates, and some with values of the wrong type.
[[nodiscard]] std::vector<MmdbMap> random_records(Random& random, std::size_t count);

// `count` different prefixes of 3 to 32 bits, or of 9 to `longest` bits inside 2001:db8::/32, 2400::/8 and 2600::/8;
// half of them inside others, wider ones first.
[[nodiscard]] std::vector<IpAddress> random_prefixes4(Random& random, std::size_t count);
[[nodiscard]] std::vector<IpAddress> random_prefixes6(Random& random, std::size_t count, unsigned longest = 64);

// An address inside the prefix, at one of its ends, or beside it.
[[nodiscard]] IpAddress address_near(Random& random, const IpAddress& prefix);
[[nodiscard]] IpAddress random_address4(Random& random);
[[nodiscard]] IpAddress random_address6(Random& random);
// Bytes of an IPv6 address, the rest zeros.
[[nodiscard]] IpAddress ipv6(std::span<const std::uint8_t> first_bytes, unsigned length = 128);

// Whether a compiled location is the place that a look-up in the file gave.
[[nodiscard]] bool same_place(const geo::Location& location, const std::optional<geo::Place>& place);

}  // namespace guard::test
