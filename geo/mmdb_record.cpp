#include "geo/mmdb_record.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "geo/pool_table.hpp"

namespace guard::geo {
namespace {

// The value behind the keys of `path`, which ends with a null pointer. None: not in the record, or the record is
// damaged (libmaxminddb checks every offset against the data section).
template <std::size_t N>
std::optional<MMDB_entry_data_s> value_at(MMDB_entry_s entry, const std::array<const char*, N>& path) {
    MMDB_entry_data_s data{};
    if (MMDB_aget_value(&entry, &data, path.data()) != MMDB_SUCCESS || !data.has_data) return std::nullopt;
    return data;
}

// A view into the mapping; empty when it is no text.
template <std::size_t N>
std::string_view text_at(MMDB_entry_s entry, const std::array<const char*, N>& path) {
    const auto data = value_at(entry, path);
    if (!data || data->type != MMDB_DATA_TYPE_UTF8_STRING) return {};
    return {data->utf8_string, data->data_size};
}

// A number within the limits, whichever type the file keeps it in.
template <std::size_t N>
std::optional<double> number_at(MMDB_entry_s entry, const std::array<const char*, N>& path, double least, double most) {
    const auto data = value_at(entry, path);
    if (!data) return std::nullopt;
    double value = 0;
    switch (data->type) {
        case MMDB_DATA_TYPE_DOUBLE:
            value = data->double_value;
            break;
        case MMDB_DATA_TYPE_FLOAT:
            value = static_cast<double>(data->float_value);
            break;
        case MMDB_DATA_TYPE_UINT16:
            value = data->uint16;
            break;
        case MMDB_DATA_TYPE_UINT32:
            value = data->uint32;
            break;
        case MMDB_DATA_TYPE_INT32:
            value = data->int32;
            break;
        default:
            return std::nullopt;
    }
    if (!(value >= least && value <= most)) return std::nullopt;  // written so that NaN fails too
    return value;
}

constexpr std::array<const char*, 3> kCountry{"country", "iso_code", nullptr};
constexpr std::array<const char*, 2> kFlatCountry{"country_code", nullptr};
constexpr std::array<const char*, 4> kRegion{"subdivisions", "0", "iso_code", nullptr};
constexpr std::array<const char*, 3> kCityNumber{"city", "geoname_id", nullptr};
constexpr std::array<const char*, 4> kCityName{"city", "names", "en", nullptr};
constexpr std::array<const char*, 3> kLatitude{"location", "latitude", nullptr};
constexpr std::array<const char*, 3> kLongitude{"location", "longitude", nullptr};
constexpr std::array<const char*, 3> kRadius{"location", "accuracy_radius", nullptr};
constexpr std::array<const char*, 2> kFlatLatitude{"latitude", nullptr};
constexpr std::array<const char*, 2> kFlatLongitude{"longitude", nullptr};

// A country's two letters; a record may hold anything.
std::optional<Code> country_code(std::string_view text) {
    const auto code = Code::parse(text);
    return code && code->view().size() == 2 ? code : std::nullopt;
}

// Country and coordinates: what a place has in either schema. None: one of them is not there or out of its range.
template <std::size_t N, std::size_t M>
std::optional<Place> located(MMDB_entry_s entry, const std::array<const char*, N>& country_at,
                             const std::array<const char*, M>& latitude_at,
                             const std::array<const char*, M>& longitude_at) {
    const auto country = country_code(text_at(entry, country_at));
    const auto latitude = number_at(entry, latitude_at, -90, 90);
    const auto longitude = number_at(entry, longitude_at, -180, 180);
    if (!country || !latitude || !longitude) return std::nullopt;
    Place place;
    place.country = *country;
    place.coordinates = {*latitude, *longitude};
    return place;
}

std::optional<Place> nested_place(MMDB_entry_s entry) {
    // registered_country, where the network's owner is registered, says nothing of where its users are.
    auto place = located(entry, kCountry, kLatitude, kLongitude);
    if (!place) return std::nullopt;
    if (const auto region = text_at(entry, kRegion); !region.empty() && region.size() <= 3)
        place->region = Code::parse(std::string(place->country.view()) + '-' + std::string(region)).value_or(Code{});
    const auto radius = number_at(entry, kRadius, 0, kMaxRadius);
    const bool without_city = !value_at(entry, kCityNumber) && text_at(entry, kCityName).empty();
    place->radius = radius.value_or(kUnknownRadius);
    place->country_only = !radius || is_country_only(without_city, *radius);
    return place;
}

// The flat schemas have no radius, so how far off they are is not known, and no ISO codes of regions.
std::optional<Place> flat_place(MMDB_entry_s entry) {
    auto place = located(entry, kFlatCountry, kFlatLatitude, kFlatLongitude);
    if (!place) return std::nullopt;
    place->radius = kUnknownRadius;
    place->country_only = true;
    return place;
}

}  // namespace

std::optional<Place> decode_place(const MMDB_entry_s& entry) {
    auto place = value_at(entry, kFlatCountry) ? flat_place(entry) : nested_place(entry);
    if (place) place->source = Place::Source::database;
    return place;
}

}  // namespace guard::geo
