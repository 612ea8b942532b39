// The operator's own word on where its addresses are: one prefix a line, a superset of the geofeed of RFC 8805, so that
// a plain geofeed loads unchanged. Read when a program starts or reloads, then immutable and free for any thread.
//
//   prefix,country,region,city,postal,lat,lon,radius_km,nas
//
// Only the prefix is required; columns behind the ninth are ignored. `#` begins a comment, CRLF and a byte order mark
// are accepted, a line that begins `prefix,country,` is a header. No country, region, city and coordinates:
// deliberately of no location. A prefecture of Japan needs no coordinates: its capital's are taken. `postal` is read
// over (RFC 8805 deprecates it). Any other region needs them, or a database to take its middle from. `nas` names the
// row of the NAS file that ends sessions in this pool.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/expected.hpp"
#include "geo/place.hpp"
#include "geo/range_map.hpp"

namespace guard::geo {

struct Pool {
    IpAddress prefix;
    Code country, region;        // as the row says; empty: not said
    std::optional<Place> place;  // none: deliberately of no location, or a region whose coordinates nobody gave
    std::string city;
    std::string nas;
    std::uint64_t line = 0;  // in the file
};

inline constexpr Kilometres kMaxRadius = 20'000;  // half the circumference of the Earth

class PoolTable {
  public:
    PoolTable() = default;  // no pool at all

    // Reads the whole file. The error holds every mistake of it: `FILE:LINE: found "x", expected y`.
    static Expected<PoolTable, std::vector<std::string>> load(const std::filesystem::path& file);
    // The same for text that is read already; `name` is what the messages call it.
    static Expected<PoolTable, std::vector<std::string>> parse(std::istream& text, std::string_view name);

    // Of rows that were in a table before.
    [[nodiscard]] static PoolTable of(std::vector<Pool> pools);

    // The longest pool that holds all of `address` (RFC 8805 section 2.1: the most specific entry); none outside.
    // Valid as long as the table. O(log n) and a step per level of nesting.
    [[nodiscard]] const Pool* find(const IpAddress& address) const;

    [[nodiscard]] std::span<const Pool> pools() const { return pools_; }
    // Gives pools that name a region without coordinates the place of that region, by its code.
    void complete(const std::map<std::string, Place, std::less<>>& regions);
    // What is no mistake but worth a line in the log: pools without a place that were not meant to be without.
    [[nodiscard]] std::vector<std::string> warnings() const;

    // The same as find() for single addresses, as ranges: 0 outside, else 1 + the index of the longest pool; kExact
    // where a pool longer than /64 lies.
    [[nodiscard]] Ranges<std::uint32_t> ranges4() const;
    [[nodiscard]] Ranges<std::uint64_t> ranges6() const;

  private:
    struct Node {
        std::uint32_t pool;
        std::uint32_t parent;  // the node of the next wider pool around this one, or kNone
    };
    static constexpr std::uint32_t kNone = UINT32_MAX;

    void build_index();
    [[nodiscard]] const IpAddress& prefix_of(const Node& node) const { return pools_[node.pool].prefix; }
    template <class Address>
    [[nodiscard]] Ranges<Address> ranges() const;

    std::vector<Pool> pools_;  // in the order of the file
    std::vector<Node> nodes_;  // by family, first address, length: a prefix stands before all that it holds
    std::string name_;         // of the file
};

}  // namespace guard::geo
