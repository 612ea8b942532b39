// From a record of a MaxMind DB to a place. Private to the two files that read such databases.
#pragma once

#include <maxminddb.h>

#include <optional>

#include "geo/place.hpp"

namespace guard::geo {

// MaxMind's own nested records (GeoLite2 City, GeoIP2 City) and flat ones (country_code, state1, city, latitude,
// longitude). None: no country, latitude or longitude, or values of another type or outside their range. The network is
// left to the caller.
[[nodiscard]] std::optional<Place> decode_place(const MMDB_entry_s& entry);

// An open file; closes it.
struct OpenMmdb {
    MMDB_s database{};
    bool open = false;

    OpenMmdb() = default;
    OpenMmdb(const OpenMmdb&) = delete;
    OpenMmdb& operator=(const OpenMmdb&) = delete;
    ~OpenMmdb() {
        if (open) MMDB_close(&database);
    }
};

}  // namespace guard::geo
