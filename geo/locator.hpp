// Where an address is: the operator's pools first, a MaxMind DB second, compiled into one structure when they are
// loaded. An immutable snapshot, shared by reading threads; a reload makes a new one with the next generation, so that
// two places are always compared in the same generation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/expected.hpp"
#include "geo/database_ranges.hpp"
#include "geo/place.hpp"
#include "geo/pool_table.hpp"

namespace guard::geo {

class Locator {
  public:
    Locator(PoolTable pools, DatabaseRanges database, std::uint64_t generation);

    // Reads both files; an empty database path means none. The error holds every mistake of both, each with file, line,
    // what was found and what was expected.
    static Expected<std::shared_ptr<const Locator>, std::vector<std::string>> load(
        const std::filesystem::path& pools, const std::filesystem::path& database, std::uint64_t generation);

    // Pools first, database second. Some 5 to 50 ns; a prefix inside which there are pools takes longer. Valid as long
    // as the locator. A prefix is placed by the pool that holds all of it, or where its beginning is in no pool by the
    // database's place of that. An IPv6 address that means an IPv4 one (6to4 and others, if the database has them as
    // aliases) is where that is, in a pool or not.
    [[nodiscard]] const Location& locate(const IpAddress& address) const {
        if (address.is_ipv4() && !address.is_prefix()) return locations_[v4_.find(upper_bits<std::uint32_t>(address))];
        return locate_other(address);
    }

    // A place that is known by its country alone, as the whole of that country: the circle around it, or one around the
    // Earth where its size is not known. Others as they are.
    [[nodiscard]] Location widened(const Location& location) const;

    // By the pools of the address's own family alone: the only source for a PPPoE address. None: outside every pool, or
    // a pool without a location.
    [[nodiscard]] std::optional<Place> in_pools(const IpAddress& address) const;
    // The same as the row of the pool, whose place is set; null: none. And its number in pools().pools().
    [[nodiscard]] const Pool* pool_at(const IpAddress& address) const;
    [[nodiscard]] std::uint32_t number_of(const Pool& pool) const {
        return static_cast<std::uint32_t>(&pool - pools_.pools().data());
    }
    // Pools first, database second: for an SMTP source.
    [[nodiscard]] std::optional<Place> anywhere(const IpAddress& address) const;
    [[nodiscard]] const PoolTable& pools() const { return pools_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_; }
    // "GeoLite2-City"; empty without a database. And when its data was compiled.
    [[nodiscard]] const std::string& database_type() const { return database_type_; }
    [[nodiscard]] Time database_built() const { return database_built_; }
    // Of memory, for the look-ups; the pools' own rows come on top.
    [[nodiscard]] std::size_t bytes() const;

  private:
    [[nodiscard]] const Location& locate_other(const IpAddress& address) const;
    template <class Address>
    [[nodiscard]] Ranges<Address> merged(const Ranges<Address>& pools, const Ranges<Address>& database,
                                         std::map<Address, std::uint32_t>& under_exact) const;
    [[nodiscard]] std::uint32_t combined(std::uint32_t pool, std::uint32_t place) const;
    [[nodiscard]] std::uint32_t special(std::uint32_t value, const IpAddress& address) const;
    [[nodiscard]] std::uint32_t pool_number(const IpAddress& address) const;
    [[nodiscard]] const Location& completed(std::uint32_t value, const IpAddress& prefix) const;
    [[nodiscard]] const Pool& pool_of(const Location& location) const;

    PoolTable pools_;
    std::uint64_t generation_;
    CountryCircles countries_;
    std::string database_type_;
    Time database_built_{};
    PageVector<Location> locations_;  // nowhere, the pools in their order, the places of the database
    RangeMap4 v4_;
    RangeMap6 v6_;
    std::map<std::uint64_t, std::uint32_t>
        under_exact_;  // what the database says where the list of pools must be asked
};

}  // namespace guard::geo
