#include "geo/database_ranges.hpp"

#include <algorithm>
#include <boost/functional/hash.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <cstring>
#include <numbers>
#include <optional>

#include "geo/distance.hpp"
#include "geo/max_mind_database.hpp"
#include "geo/mmdb_record.hpp"
#include "geo/prefectures.hpp"

namespace guard::geo {
namespace {

// Wider circles say little about where in its region an address is.
constexpr float kMaxRegionRadius = 50;
constexpr double kRegionShare = 0.9;

struct LocationHash {
    std::size_t operator()(const Location& location) const {
        std::array<char, sizeof(Location)> bytes;
        std::memcpy(bytes.data(), &location, bytes.size());
        return boost::hash_range(bytes.begin(), bytes.end());
    }
};

// Walks the tree from its root to its records. A sound tree has every node once, apart from the IPv4 half that others
// are aliases of; a tree that takes many more steps refers to itself.
class Walk {
  public:
    explicit Walk(const MMDB_s& database) : database_(database), count_(database.metadata.node_count) {}

    // Empty, or what is wrong.
    std::string run(DatabaseRanges& ranges) {
        ranges_ = &ranges;
        const bool both = database_.metadata.ip_version == 6;
        const std::uint32_t ipv4 = both ? database_.ipv4_start_node.node_value : 0;
        alias_ = both && ipv4 != 0 && ipv4 < count_ ? std::optional(ipv4) : std::nullopt;
        steps_ = 0;
        walk(ranges.v4, child(ipv4), 0, std::uint32_t{0});
        steps_ = 0;
        if (both) walk(ranges.v6, child(0), 0, std::uint64_t{0});
        return std::move(fault_);
    }

  private:
    struct Child {
        std::uint64_t node = 0;  // when it is no record
        bool record = false;
        std::uint32_t value = 0;  // of a record
    };

    Child child(std::uint64_t reference) {
        if (reference < count_) return {reference, false, 0};
        if (reference == count_) return {0, true, 0};
        return {0, true, value_at(reference - count_ - 16)};
    }

    void fail(const char* what) {
        if (fault_.empty()) fault_ = what;
    }

    // The location of the record at an offset into the data section.
    std::uint32_t value_at(std::uint64_t offset) {
        if (offset >= database_.data_section_size) {
            fail("a record outside the data");
            return 0;
        }
        const auto [known, inserted] = by_offset_.emplace(static_cast<std::uint32_t>(offset), 0);
        if (!inserted) return known->second;
        const auto place = decode_place(MMDB_entry_s{&database_, static_cast<std::uint32_t>(offset)});
        if (!place) return 0;
        const Location location = Location::from(*place);
        const auto [same, is_new] =
            by_location_.emplace(location, static_cast<std::uint32_t>(ranges_->locations.size()));
        if (is_new) ranges_->locations.push_back(location);
        return known->second = same->second;
    }

    std::optional<MMDB_search_node_s> read(std::uint64_t node) {
        MMDB_search_node_s read{};
        if (++steps_ > 2 * std::uint64_t{count_} + 1000)
            fail("a tree that refers to itself");
        else if (MMDB_read_node(&database_, static_cast<std::uint32_t>(node), &read) != MMDB_SUCCESS)
            fail("a node that cannot be read");
        if (!fault_.empty()) return std::nullopt;
        return read;
    }

    // Everything below one reference; `address` has its first `depth` bits.
    template <class Address>
    void walk(Ranges<Address>& to, const Child& from, unsigned depth, Address address) {
        if (from.record) {
            append(to, address, from.value);
            return;
        }
        constexpr bool kIpv6 = sizeof(Address) == 8;
        constexpr unsigned kWidth = 8 * sizeof(Address);
        if (kIpv6 && depth != 0 && alias_ == from.node) {
            append(to, address, depth <= 32 ? kAlias + depth : 0);
            return;
        }
        if (depth == kWidth) {
            // 128 bits at most; past 32 there is no IPv4.
            append(to, address, kIpv6 && address == 0 && alias_ ? kAlias + 96 : kIpv6 ? first_below(from, depth) : 0);
            return;
        }
        const auto node = read(from.node);
        if (!node) return;
        walk(to, child(node->left_record), depth + 1, address);
        if (!fault_.empty()) return;
        walk(to, child(node->right_record), depth + 1, address | Address{1} << (kWidth - 1 - depth));
    }

    // What the first address below a reference has.
    std::uint32_t first_below(Child from, unsigned depth) {
        for (; !from.record && depth < 128; ++depth) {
            const auto node = read(from.node);
            if (!node) return 0;
            from = child(node->left_record);
        }
        return from.value;
    }

    const MMDB_s& database_;
    const std::uint32_t count_;
    DatabaseRanges* ranges_ = nullptr;
    std::optional<std::uint64_t> alias_;  // the node that IPv4 begins with
    std::uint64_t steps_ = 0;
    std::string fault_;
    boost::unordered_flat_map<std::uint32_t, std::uint32_t> by_offset_;
    boost::unordered_flat_map<Location, std::uint32_t, LocationHash> by_location_;
};

// IPv4 addresses of each location.
std::vector<std::uint64_t> weights(const DatabaseRanges& ranges) {
    std::vector<std::uint64_t> weights(ranges.locations.size(), 0);
    for (std::size_t i = 0; i < ranges.v4.size(); ++i) {
        const std::uint64_t end = i + 1 < ranges.v4.size() ? ranges.v4[i + 1].first : std::uint64_t{1} << 32;
        weights[ranges.v4[i].value] += end - ranges.v4[i].first;
    }
    return weights;
}

// The places of one region with their weights.
struct Spread {
    std::vector<std::pair<const Location*, std::uint64_t>> places;

    [[nodiscard]] Coordinates centre() const {
        double x = 0, y = 0, z = 0;
        for (const auto& [location, weight] : places) {
            x += static_cast<double>(location->direction_x) * static_cast<double>(weight);
            y += static_cast<double>(location->direction_y) * static_cast<double>(weight);
            z += static_cast<double>(location->direction_z) * static_cast<double>(weight);
        }
        constexpr double kDegree = 180 / std::numbers::pi;
        return {std::atan2(z, std::hypot(x, y)) * kDegree, std::atan2(y, x) * kDegree};
    }
    // Within it is `share` of the weight.
    [[nodiscard]] Kilometres radius(const Coordinates& centre, double share) const {
        std::vector<std::pair<Kilometres, std::uint64_t>> distances;
        std::uint64_t all = 0, within = 0;
        for (const auto& [location, weight] : places) {
            const Coordinates at{static_cast<double>(location->latitude), static_cast<double>(location->longitude)};
            distances.emplace_back(great_circle(centre, at), weight);
            all += weight;
        }
        std::ranges::sort(distances);
        for (const auto& [distance, weight] : distances) {
            within += weight;
            if (static_cast<double>(within) >= share * static_cast<double>(all)) return std::ceil(distance);
        }
        return 0;
    }
};

void add_regions(DatabaseRanges& ranges) {
    const auto by_location = weights(ranges);
    std::map<std::string, Spread> spreads;
    for (std::size_t i = 0; i < ranges.locations.size(); ++i) {
        const Location& location = ranges.locations[i];
        if (location.region[0] == 0 || location.radius > kMaxRegionRadius || by_location[i] == 0) continue;
        spreads[std::string(location.region_code().view())].places.emplace_back(&location, by_location[i]);
    }
    for (const auto& [region, spread] : spreads) {
        Place place;
        place.region = Code::parse(region).value_or(Code{});
        place.country = Code::parse(region.substr(0, 2)).value_or(Code{});
        place.coordinates = spread.centre();
        place.radius = std::max(kDefaultPoolRadius, spread.radius(place.coordinates, kRegionShare));
        ranges.regions.emplace(region, place);
    }
}

}  // namespace

Expected<DatabaseRanges> MaxMindDatabase::ranges() const {
    DatabaseRanges ranges;
    if (const std::string fault = Walk(mapping_->database).run(ranges); !fault.empty())
        return unexpected(file_.string() + ": found " + fault + ", expected a sound MaxMind DB");
    ranges.type = type();
    ranges.built = built();
    ranges.locations.shrink_to_fit();
    add_regions(ranges);
    ranges.countries = country_circles(ranges.locations);
    return ranges;
}

}  // namespace guard::geo
