#include "tests/geo/random_geo.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace guard::test {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

Bytes random_bytes(Random& random) {
    Bytes bytes{};
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

// Wider prefixes first, as MmdbWriter wants them.
std::vector<IpAddress> in_order(const std::set<IpAddress>& prefixes) {
    std::vector<IpAddress> result(prefixes.begin(), prefixes.end());
    std::ranges::stable_sort(result, {}, &IpAddress::prefix_length);
    return result;
}

IpAddress from(std::span<const std::uint8_t> bytes, unsigned length) {
    return IpAddress::from_bytes(bytes, length).value();
}

// The same first bits, and others behind `keep` of them.
IpAddress inside(Random& random, const IpAddress& prefix, unsigned keep, unsigned length) {
    Bytes bytes = random_bytes(random);
    for (unsigned bit = 0; bit < std::min(keep, prefix.width()); ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80U >> bit % 8);
        bytes[bit / 8] = static_cast<std::uint8_t>((bytes[bit / 8] & ~mask) | (prefix.bytes()[bit / 8] & mask));
    }
    return from({bytes.data(), prefix.width() / 8}, length);
}

// Adds 1 to or takes 1 from the number that the bytes are.
IpAddress next(const IpAddress& address, bool up) {
    Bytes bytes{};
    std::ranges::copy(address.bytes(), bytes.begin());
    for (std::size_t i = address.bytes().size(); i-- > 0;) {
        bytes[i] = static_cast<std::uint8_t>(up ? bytes[i] + 1 : bytes[i] - 1);
        if (bytes[i] != (up ? 0x00 : 0xff)) break;
    }
    return from({bytes.data(), address.width() / 8}, address.width());
}

IpAddress last_of(const IpAddress& prefix) {
    Bytes bytes{};
    std::ranges::copy(prefix.bytes(), bytes.begin());
    for (unsigned bit = prefix.prefix_length(); bit < prefix.width(); ++bit)
        bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] | 0x80U >> bit % 8);
    return from({bytes.data(), prefix.width() / 8}, prefix.width());
}

}  // namespace

std::vector<MmdbMap> random_records(Random& random, std::size_t count) {
    constexpr std::array<const char*, 4> kCountries{"JP", "US", "DE", "KR"};
    std::vector<MmdbMap> records;
    for (std::size_t i = 0; i < count; ++i) {
        const auto degrees = [&](int most) {
            return static_cast<double>(static_cast<int>(random() % static_cast<unsigned>(2 * most))) / 1e4 - most / 1e4;
        };
        MmdbMap location{{"accuracy_radius", static_cast<std::uint16_t>(random() % 1001)},
                         {"latitude", degrees(900'000)},
                         {"longitude", degrees(1'800'000)}};
        MmdbMap record{{"country", MmdbMap{{"iso_code", kCountries[random() % kCountries.size()]}}}};
        if (random() % 2 == 0) record.insert({"city", MmdbMap{{"geoname_id", static_cast<std::uint32_t>(random())}}});
        if (random() % 2 == 0)
            record.insert({"subdivisions", MmdbArray{MmdbMap{{"iso_code", std::to_string(random() % 200)}}}});
        switch (random() % 20) {
            case 0:
                location.erase("latitude");
                break;
            case 1:
                location.at("longitude") = "139.7";
                break;
            case 2:
                location.at("latitude") = std::numeric_limits<double>::quiet_NaN();
                break;
            case 3:
                record.erase("country");
                break;
            case 4:
                location.erase("accuracy_radius");
                break;
            default:
                break;
        }
        record.insert({"location", location});
        records.push_back(record);
    }
    return records;
}

std::vector<IpAddress> random_prefixes4(Random& random, std::size_t count) {
    std::set<IpAddress> prefixes;
    std::vector<IpAddress> chosen;
    while (prefixes.size() < count) {
        const bool nested = random() % 2 == 0 && !chosen.empty();
        const IpAddress around = nested ? chosen[random() % chosen.size()] : IpAddress::ipv4(0, 0);
        const unsigned least = std::max(3U, around.prefix_length());
        const IpAddress prefix =
            inside(random, around, around.prefix_length(), least + static_cast<unsigned>(random() % (33 - least)));
        if (prefixes.insert(prefix).second) chosen.push_back(prefix);
    }
    return in_order(prefixes);
}

std::vector<IpAddress> random_prefixes6(Random& random, std::size_t count, unsigned longest) {
    const std::array<IpAddress, 3> roots{IpAddress::parse("2001:db8::/32").value(),
                                         IpAddress::parse("2400::/8").value(), IpAddress::parse("2600::/8").value()};
    std::set<IpAddress> prefixes;
    std::vector<IpAddress> chosen;
    while (prefixes.size() < count) {
        const bool nested = random() % 2 == 0 && !chosen.empty();
        const IpAddress around = nested ? chosen[random() % chosen.size()] : roots[random() % roots.size()];
        const unsigned least = std::max(9U, around.prefix_length());
        const unsigned length = least + static_cast<unsigned>(random() % (longest + 1 - least));
        const IpAddress prefix = inside(random, around, around.prefix_length(), length);
        if (prefixes.insert(prefix).second) chosen.push_back(prefix);
    }
    return in_order(prefixes);
}

IpAddress address_near(Random& random, const IpAddress& prefix) {
    const unsigned length = prefix.prefix_length(), width = prefix.width();
    const IpAddress first = from(prefix.bytes(), width);
    switch (random() % 8) {
        case 0:
            return first;
        case 1:
            return last_of(prefix);
        case 2:
            return next(first, false);
        case 3:
            return next(last_of(prefix), true);
        default:
            return inside(random, prefix, length, width);
    }
}

IpAddress random_address4(Random& random) {
    return IpAddress::ipv4(static_cast<std::uint32_t>(random()));
}

IpAddress random_address6(Random& random) {
    return from(random_bytes(random), 128);
}

IpAddress ipv6(std::span<const std::uint8_t> first_bytes, unsigned length) {
    Bytes bytes{};
    std::ranges::copy(first_bytes, bytes.begin());
    return from(bytes, length);
}

bool same_place(const geo::Location& location, const std::optional<geo::Place>& place) {
    if (!place) return location.kind == geo::Location::Kind::nowhere;
    const auto kind =
        place->source == geo::Place::Source::pool ? geo::Location::Kind::pool : geo::Location::Kind::database;
    return location.kind == kind && location.latitude == static_cast<float>(place->coordinates.latitude) &&
           location.longitude == static_cast<float>(place->coordinates.longitude) &&
           location.radius == static_cast<float>(place->radius) && location.country_only == place->country_only &&
           location.country_text() == place->country.view() && location.region_code() == place->region;
}

}  // namespace guard::test
