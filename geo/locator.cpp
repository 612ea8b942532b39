#include "geo/locator.hpp"

#include <algorithm>
#include <utility>

#include "geo/max_mind_database.hpp"

namespace guard::geo {

Locator::Locator(PoolTable pools, DatabaseRanges database, std::uint64_t generation)
    : pools_(std::move(pools)),
      generation_(generation),
      countries_(std::move(database.countries)),
      database_type_(std::move(database.type)),
      database_built_(database.built) {
    pools_.complete(database.regions);
    locations_.reserve(pools_.pools().size() + database.locations.size());
    locations_.emplace_back();
    for (const Pool& pool : pools_.pools()) {
        Location location = pool.place ? Location::from(*pool.place) : Location{};
        location.prefix_length = static_cast<std::uint8_t>(pool.prefix.prefix_length());
        locations_.push_back(location);
    }
    locations_.insert(locations_.end(), database.locations.begin() + 1, database.locations.end());
    std::map<std::uint32_t, std::uint32_t> none;  // no pool is longer than /32
    v4_ = RangeMap4(merged(pools_.ranges4(), std::exchange(database.v4, {}), none));
    v6_ = RangeMap6(merged(pools_.ranges6(), std::exchange(database.v6, {}), under_exact_));
}

// Two lists that each say what holds from some address on, gone through together.
template <class Address>
Ranges<Address> Locator::merged(const Ranges<Address>& pools, const Ranges<Address>& database,
                                std::map<Address, std::uint32_t>& under_exact) const {
    Ranges<Address> result;
    result.reserve(pools.size() + database.size());
    std::uint32_t pool = 0, place = 0;
    auto next_pool = pools.begin();
    auto next_place = database.begin();
    while (next_pool != pools.end() || next_place != database.end()) {
        const bool pool_first =
            next_place == database.end() || (next_pool != pools.end() && next_pool->first <= next_place->first);
        const Address at = pool_first ? next_pool->first : next_place->first;
        if (pool_first) pool = next_pool++->value;
        if (next_place != database.end() && next_place->first == at) place = next_place++->value;
        const std::uint32_t value = combined(pool, place);
        if (value == kExact) under_exact[at] = place;
        append(result, at, value);
    }
    return result;
}

// The index into locations_ (or a special value) for where a pool and a place of the database meet.
std::uint32_t Locator::combined(std::uint32_t pool, std::uint32_t place) const {
    const std::uint32_t known =
        place == 0 || place >= kAlias ? place : static_cast<std::uint32_t>(pools_.pools().size()) + place;
    if (pool == 0) return known;
    if (pool == kExact) return kExact;
    const Pool& row = pools_.pools()[pool - 1];
    // A pool with a place has the last word, and so has one that is of no location on purpose. One that names its
    // country may have its coordinates completed, but not its country changed.
    if (row.place || row.country.empty() || known == 0 || known >= kAlias) return pool;
    return locations_[known].country_text() == row.country.view() ? known : pool;
}

Expected<std::shared_ptr<const Locator>, std::vector<std::string>> Locator::load(const std::filesystem::path& pools,
                                                                                 const std::filesystem::path& database,
                                                                                 std::uint64_t generation) {
    std::vector<std::string> mistakes;
    auto table = PoolTable::load(pools);
    if (!table) mistakes = table.error();
    Expected<DatabaseRanges> ranges;
    if (!database.empty()) {
        const auto opened = MaxMindDatabase::open(database);
        if (opened) ranges = (*opened)->ranges();
        if (!opened || !ranges) mistakes.push_back(opened ? ranges.error() : opened.error());
    }
    if (!mistakes.empty()) return unexpected(std::move(mistakes));
    return std::make_shared<const Locator>(std::move(*table), std::move(*ranges), generation);
}

Location Locator::widened(const Location& location) const {
    if (!location.country_only) return location;
    constexpr Kilometres kAnywhere = 20'038;  // half of the equator
    const auto known = countries_.find(Code::parse(location.country_text()).value_or(Code{}));
    if (known == countries_.end()) {
        Location wide = location;
        wide.radius = static_cast<float>(kAnywhere);
        return wide;
    }
    Place place = location.to_place({});
    place.coordinates = known->second.centre;
    place.radius = known->second.radius;
    Location wide = Location::from(place);
    wide.prefix_length = location.prefix_length;
    return wide;
}

// An IPv6 address, or a prefix.
const Location& Locator::locate_other(const IpAddress& address) const {
    std::uint32_t value = 0;
    if (address.is_ipv4()) {
        value = v4_.find(upper_bits<std::uint32_t>(address));
    } else {
        value = v6_.find(upper_bits<std::uint64_t>(address));
        if (value >= kAlias) value = special(value, address);
    }
    const Location& location = locations_[value];
    if (!address.is_prefix()) return location;
    // The pool at the beginning of a prefix may be narrower than that is.
    if (location.prefix_length > address.prefix_length()) return locations_[pool_number(address)];
    if (location.kind == Location::Kind::database) return completed(value, address);
    return location;
}

// Where a prefix is at whose beginning the database has the word: maybe by leave of a pool narrower than the prefix.
const Location& Locator::completed(std::uint32_t value, const IpAddress& prefix) const {
    return locations_[combined(pool_number(prefix), value - static_cast<std::uint32_t>(pools_.pools().size()))];
}

// 1 + the index of the longest pool that holds all of the address; 0 outside.
std::uint32_t Locator::pool_number(const IpAddress& address) const {
    const Pool* pool = pools_.find(address);
    return pool ? static_cast<std::uint32_t>(pool - pools_.pools().data()) + 1 : 0;
}

std::uint32_t Locator::special(std::uint32_t value, const IpAddress& address) const {
    if (value == kExact) {
        const std::uint32_t place = std::prev(under_exact_.upper_bound(upper_bits<std::uint64_t>(address)))->second;
        value = combined(pool_number(address), place);
        if (value < kAlias) return value;
    }
    const auto bytes = address.bytes();
    const std::size_t at = (value - kAlias) / 8;
    const bool compatible = at == 12;  // ::a.b.c.d, of which only the lower half tells whether it is one
    if (compatible && std::any_of(bytes.begin() + 8, bytes.begin() + 12, [](std::uint8_t byte) { return byte != 0; }))
        return 0;
    const auto ipv4 = IpAddress::from_bytes(bytes.subspan(at, 4), 32);
    return ipv4 ? v4_.find(upper_bits<std::uint32_t>(*ipv4)) : 0;
}

const Pool* Locator::pool_at(const IpAddress& address) const {
    const Location& location = locate(address);
    if (location.kind != Location::Kind::pool) return nullptr;
    const Pool& pool = pool_of(location);
    // By the database's aliases an IPv6 address may be an IPv4 one; by the pools it is not.
    return pool.prefix.family() == address.family() && pool.place ? &pool : nullptr;
}

std::optional<Place> Locator::in_pools(const IpAddress& address) const {
    const Pool* const pool = pool_at(address);
    return pool == nullptr ? std::nullopt : pool->place;
}

std::optional<Place> Locator::anywhere(const IpAddress& address) const {
    const Location& location = locate(address);
    if (location.kind == Location::Kind::nowhere) return std::nullopt;
    if (location.kind == Location::Kind::database) return location.to_place(address);
    return pool_of(location).place;
}

// Of a location of the pools' kind.
const Pool& Locator::pool_of(const Location& location) const {
    return pools_.pools()[static_cast<std::size_t>(&location - locations_.data()) - 1];
}

std::size_t Locator::bytes() const {
    return locations_.capacity() * sizeof(Location) + v4_.bytes() + v6_.bytes();
}

}  // namespace guard::geo
