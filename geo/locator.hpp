// Where an address is: the operator's pools first, a MaxMind DB second. An immutable snapshot, shared by reading
// threads; a reload makes a new one with the next generation, so that two places are always compared in the same
// generation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/expected.hpp"
#include "geo/max_mind_database.hpp"
#include "geo/place.hpp"
#include "geo/pool_table.hpp"

namespace guard::geo {

class Locator {
  public:
    // `database` may be null: then only pools are known.
    Locator(PoolTable pools, std::shared_ptr<const MaxMindDatabase> database, std::uint64_t generation);

    // Reads both files; an empty database path means none. The error is one message per line, each with file, line,
    // what was found and what was expected.
    static Expected<std::shared_ptr<const Locator>> load(const std::filesystem::path& pools,
                                                         const std::filesystem::path& database,
                                                         std::uint64_t generation);

    // By the pools alone: the only source for a PPPoE address. None: outside every pool, or a pool without a location.
    [[nodiscard]] std::optional<Place> in_pools(const IpAddress& address) const;
    // Pools first, database second: for an SMTP source.
    [[nodiscard]] std::optional<Place> anywhere(const IpAddress& address) const;
    [[nodiscard]] const PoolTable& pools() const { return pools_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_; }

  private:
    PoolTable pools_;
    std::shared_ptr<const MaxMindDatabase> database_;
    std::uint64_t generation_;
};

}  // namespace guard::geo
