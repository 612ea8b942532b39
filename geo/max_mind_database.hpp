// A MaxMind DB file (format 2.0) with coordinates: the second source of places, for SMTP sources alone. Opened when a
// program starts or reloads, then immutable and free for any thread. It is copied into memory, so whatever happens to
// the file later does no harm. Reads MaxMind's own nested records (GeoLite2 City, GeoIP2 City) and flat ones
// (country_code, state1, city, latitude, longitude).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "event/expected.hpp"
#include "event/time.hpp"
#include "geo/database_ranges.hpp"
#include "geo/place.hpp"

namespace guard::geo {

struct OpenMmdb;

class MaxMindDatabase {
  public:
    // The error is one message with the file, what was found and what was expected. A database that by its type holds
    // no coordinates (Country, ASN, ...) is refused: it would silently know no place at all.
    static Expected<std::shared_ptr<const MaxMindDatabase>> open(const std::filesystem::path& file);
    ~MaxMindDatabase();
    MaxMindDatabase(const MaxMindDatabase&) = delete;
    MaxMindDatabase& operator=(const MaxMindDatabase&) = delete;

    // The place of the network that holds the (first) address. A record without country, latitude or longitude, or with
    // values of another type or outside their range, is no place: never zero coordinates. The result is a copy and
    // outlives the database.
    [[nodiscard]] std::optional<Place> lookup(const IpAddress& address) const;

    [[nodiscard]] std::string type() const;  // "GeoLite2-City"
    [[nodiscard]] Time built() const;        // when its data was compiled

    // Every network of the file, decoded and merged: what look-ups in millions a second need. The error says what is
    // wrong with its tree. Takes about a second and 60 MB for GeoLite2 City; the database may be closed afterwards.
    [[nodiscard]] Expected<DatabaseRanges> ranges() const;

  private:
    explicit MaxMindDatabase(std::filesystem::path file, std::unique_ptr<OpenMmdb> mapping);

    std::filesystem::path file_;
    std::unique_ptr<OpenMmdb> mapping_;
};

}  // namespace guard::geo
