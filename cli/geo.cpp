#include "cli/geo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/options.hpp"
#include "event/text.hpp"
#include "geo/prefectures.hpp"

namespace guard::cli {
namespace {

using nlohmann::ordered_json;

Expected<config::Settings> settings_of(const GeoOptions& options) {
    config::Settings settings;
    if (!options.config.empty() || (options.pools.empty() && options.mmdb.empty())) {
        auto loaded = config::load(options.config.empty() ? kDefaultConfig : options.config);
        if (!loaded) return unexpected(fmt::format("{}", fmt::join(loaded.error(), "\n")));
        settings = std::move(*loaded);
    }
    if (!options.pools.empty()) settings.pools = options.pools;
    if (!options.mmdb.empty()) settings.mmdb = options.mmdb;
    if (settings.pools.empty() && settings.mmdb.empty())
        return unexpected("the configuration names neither a pool file nor a database: give --pools or --geo");
    return settings;
}

Expected<GeoFiles> load(const GeoOptions& options) {
    const auto settings = settings_of(options);
    if (!settings) return unexpected(settings.error());
    GeoFiles files;
    files.pools = settings->pools;
    files.detection = settings->detection;
    std::vector<std::string> mistakes;
    geo::PoolTable pools;
    if (!settings->pools.empty()) {
        auto loaded = geo::PoolTable::load(settings->pools);
        if (loaded)
            pools = std::move(*loaded);
        else
            mistakes = std::move(loaded.error());
    }
    Expected<geo::DatabaseRanges> ranges;
    if (!settings->mmdb.empty()) {
        auto opened = geo::MaxMindDatabase::open(settings->mmdb);
        if (opened) {
            files.database = std::move(*opened);
            ranges = files.database->ranges();
        }
        if (!opened || !ranges) mistakes.push_back(opened ? ranges.error() : opened.error());
    }
    if (!mistakes.empty()) return unexpected(fmt::format("{}", fmt::join(mistakes, "\n")));
    files.locator = std::make_shared<const geo::Locator>(std::move(pools), std::move(*ranges), 1);
    return files;
}

IpAddress beginning(const IpAddress& prefix) {
    return IpAddress::from_bytes(prefix.bytes(), prefix.width()).value_or(prefix);
}

std::string place_of_row(const GeoFiles& files, const geo::Pool& pool) {
    return fmt::format("{}:{} {}", files.pools.string(), pool.line, pool.prefix.to_string());
}

std::string date(Time time) {
    return format_rfc3339(time).substr(0, 10);
}

std::string database_text(const GeoFiles& files) {
    return fmt::format("{} of {}", files.database->type(), date(files.database->built()));
}

}  // namespace

int with_geo_files(const GeoOptions& options, const char* name, const std::function<int(const GeoFiles&)>& command) {
    try {
        const auto files = load(options);
        if (files) return command(*files);
        fmt::print(stderr, "{}\n", files.error());
    } catch (const std::exception& error) {
        fmt::print(stderr, "guardctl {}: {}\n", name, error.what());
    }
    return kCouldNotRun;
}

std::optional<IpAddress> address_or_say(std::string_view text, const std::string& where) {
    auto address = IpAddress::parse(text);
    if (!address)
        fmt::print(stderr, "{}: found {}, expected an IPv4 or IPv6 address or prefix\n", where, in_quotes(text));
    return address;
}

Whereabouts where_is(const GeoFiles& files, const IpAddress& address) {
    Whereabouts whereabouts;
    whereabouts.address = address;
    whereabouts.place = files.locator->anywhere(address);
    whereabouts.pppoe = files.locator->in_pools(address);
    // As Detector::pool_place: a rule about regions has nothing to compare without one.
    if (whereabouts.pppoe && whereabouts.pppoe->region.empty()) whereabouts.pppoe.reset();
    whereabouts.pool = files.locator->pools().find(address);
    if (whereabouts.place && whereabouts.place->source == geo::Place::Source::database && files.database)
        if (const auto found = files.database->lookup(address)) whereabouts.network = found->network;
    return whereabouts;
}

Nowhere why_nowhere(const GeoFiles& files, const Whereabouts& whereabouts) {
    if (const geo::Pool* pool = whereabouts.pool; pool != nullptr) {
        const std::string row = place_of_row(files, *pool);
        if (pool->country.empty()) return {"no_location_on_purpose", row + " is of no location on purpose"};
        return {"no_coordinates",
                fmt::format("{} gives {} without coordinates", row,
                            (pool->region.empty() ? pool->country : pool->region).view()) +
                    (files.database ? ", and " + database_text(files) + " has none for it" : std::string())};
    }
    const IpAddress& address = whereabouts.address;
    if (const geo::Pool* pool = files.locator->pools().find(beginning(address)); pool != nullptr)
        return {"wider_than_pool", "it is wider than the pool it begins in, " + place_of_row(files, *pool)};
    std::string outside;
    if (!files.pools.empty())
        outside =
            (address.is_prefix() ? "no pool holds all of it in " : "outside every pool of ") + files.pools.string();
    if (!files.database) return {"outside_every_pool", outside};
    return {"unknown_to_database", outside + (outside.empty() ? "" : ", and ") + "unknown to " + database_text(files)};
}

std::string region_text(const geo::Place& place) {
    if (place.region.empty()) return std::string(place.country.view());
    const std::string code(place.region.view());
    const std::string name(geo::english_name(code));
    return name == code ? code : code + ' ' + name;
}

std::string source_text(const GeoFiles& files, const Whereabouts& whereabouts) {
    if (whereabouts.place->source == geo::Place::Source::pool && whereabouts.pool != nullptr)
        return place_of_row(files, *whereabouts.pool) +
               (whereabouts.pool->nas.empty() ? std::string() : ' ' + whereabouts.pool->nas);
    return database_text(files) + (whereabouts.network ? ' ' + whereabouts.network->to_string() : std::string());
}

ordered_json to_json(const GeoFiles& files, const Whereabouts& whereabouts) {
    ordered_json object;
    object["address"] = whereabouts.address.to_string();
    if (!whereabouts.place) {
        const Nowhere nowhere = why_nowhere(files, whereabouts);
        object["place"] = nullptr;
        object["reason"] = nowhere.code;
        object["explanation"] = nowhere.why;
        return object;
    }
    const geo::Place& place = *whereabouts.place;
    const std::string region(place.region.view()), name(geo::english_name(region));
    object["place"] = {{"country", place.country.view()},
                       {"region", region.empty() ? ordered_json() : ordered_json(region)},
                       {"region_name", name == region ? ordered_json() : ordered_json(name)},
                       {"latitude", place.coordinates.latitude},
                       {"longitude", place.coordinates.longitude},
                       {"radius_km", place.radius},
                       {"country_only", place.country_only}};
    ordered_json& source = object["source"];
    if (place.source == geo::Place::Source::pool && whereabouts.pool != nullptr) {
        source = {{"kind", "pool"},
                  {"file", files.pools.string()},
                  {"line", whereabouts.pool->line},
                  {"prefix", whereabouts.pool->prefix.to_string()},
                  {"nas", whereabouts.pool->nas.empty() ? ordered_json() : ordered_json(whereabouts.pool->nas)}};
    } else {
        source = {{"kind", "database"},
                  {"type", files.database->type()},
                  {"built", format_rfc3339(files.database->built())},
                  {"network", whereabouts.network ? ordered_json(whereabouts.network->to_string()) : ordered_json()}};
    }
    return object;
}

std::string dump(const ordered_json& object) {
    return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void Table::add(std::vector<std::string> row) {
    constexpr std::size_t kAtOnce = 1000;
    rows_.push_back(std::move(row));
    if (rows_.size() >= kAtOnce) print();
}

void Table::print() {
    for (const auto& row : rows_) {
        widths_.resize(std::max(widths_.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], row[i].size());
    }
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            if (i + 1 == row.size())
                fmt::print("{}\n", row[i]);
            else
                fmt::print("{:{}}  ", row[i], widths_[i]);
    rows_.clear();
}

}  // namespace guard::cli
