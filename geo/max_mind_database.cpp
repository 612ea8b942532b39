#include "geo/max_mind_database.hpp"

#include <maxminddb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <string_view>

#include "event/text.hpp"
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

std::optional<Place> nested_place(MMDB_entry_s entry) {
    // registered_country, where the network's owner is registered, says nothing of where its users are.
    const auto country = country_code(text_at(entry, kCountry));
    const auto latitude = number_at(entry, kLatitude, -90, 90);
    const auto longitude = number_at(entry, kLongitude, -180, 180);
    if (!country || !latitude || !longitude) return std::nullopt;
    Place place;
    place.country = *country;
    if (const auto region = text_at(entry, kRegion); !region.empty())
        place.region = Code::parse(std::string(country->view()) + '-' + std::string(region)).value_or(Code{});
    place.coordinates = {*latitude, *longitude};
    const auto radius = number_at(entry, kRadius, 0, kMaxRadius);
    const bool without_city = !value_at(entry, kCityNumber) && text_at(entry, kCityName).empty();
    place.radius = radius.value_or(kUnknownRadius);
    place.country_only = !radius || is_country_only(without_city, *radius);
    return place;
}

// The flat schemas have no radius, so how far off they are is not known, and no ISO codes of regions.
std::optional<Place> flat_place(MMDB_entry_s entry) {
    const auto country = country_code(text_at(entry, kFlatCountry));
    const auto latitude = number_at(entry, kFlatLatitude, -90, 90);
    const auto longitude = number_at(entry, kFlatLongitude, -180, 180);
    if (!country || !latitude || !longitude) return std::nullopt;
    Place place;
    place.country = *country;
    place.coordinates = {*latitude, *longitude};
    place.radius = kUnknownRadius;
    place.country_only = true;
    return place;
}

bool has_coordinates_by_type(std::string_view type) {
    constexpr std::array<std::string_view, 6> kWithout{"Country",         "ASN",      "ISP", "Domain",
                                                       "Connection-Type", "Anonymous"};
    return type.find("City") != type.npos ||
           std::ranges::none_of(kWithout, [&](std::string_view word) { return type.find(word) != type.npos; });
}

}  // namespace

struct MaxMindDatabase::Mapping {
    MMDB_s database{};
    bool open = false;

    Mapping() = default;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (open) MMDB_close(&database);
    }
};

MaxMindDatabase::MaxMindDatabase(std::unique_ptr<Mapping> mapping) : mapping_(std::move(mapping)) {}
MaxMindDatabase::~MaxMindDatabase() = default;

Expected<std::shared_ptr<const MaxMindDatabase>> MaxMindDatabase::open(const std::filesystem::path& file) {
    const auto refuse = [&](const std::string& found) {
        return unexpected(file.string() + ": found " + found +
                          ", expected a MaxMind DB (format 2) with coordinates, such as GeoLite2-City.mmdb");
    };
    auto mapping = std::make_unique<Mapping>();
    errno = 0;
    const int status = MMDB_open(file.c_str(), MMDB_MODE_MMAP, &mapping->database);
    if (status != MMDB_SUCCESS) {
        const bool by_system = (status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR) && errno != 0;
        return refuse(by_system ? std::strerror(errno) : MMDB_strerror(status));
    }
    mapping->open = true;
    const char* const type = mapping->database.metadata.database_type;
    if (!has_coordinates_by_type(type)) return refuse("a database of type " + in_quotes(type));
    return std::shared_ptr<const MaxMindDatabase>(new MaxMindDatabase(std::move(mapping)));
}

std::optional<Place> MaxMindDatabase::lookup(const IpAddress& address) const {
    sockaddr_storage storage{};
    const auto bytes = address.bytes();
    if (address.is_ipv4()) {
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        std::memcpy(&ipv4.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&storage, &ipv4, sizeof ipv4);
    } else {
        sockaddr_in6 ipv6{};
        ipv6.sin6_family = AF_INET6;
        std::memcpy(&ipv6.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&storage, &ipv6, sizeof ipv6);
    }
    const MMDB_s& database = mapping_->database;
    int error = MMDB_SUCCESS;
    const auto result = MMDB_lookup_sockaddr(&database, reinterpret_cast<const sockaddr*>(&storage), &error);
    if (error != MMDB_SUCCESS || !result.found_entry) return std::nullopt;

    auto place = value_at(result.entry, kFlatCountry) ? flat_place(result.entry) : nested_place(result.entry);
    if (!place) return std::nullopt;
    place->source = Place::Source::database;
    // In a tree for IPv6, IPv4 lies under ::/96; a network wider than that is all of IPv4.
    const unsigned above = address.is_ipv4() && database.metadata.ip_version == 6 ? 96 : 0;
    place->network = address.prefix(std::max<unsigned>(result.netmask, above) - above);
    return place;
}

std::string MaxMindDatabase::type() const {
    return mapping_->database.metadata.database_type;
}

Time MaxMindDatabase::built() const {
    const auto seconds =
        std::min<std::uint64_t>(mapping_->database.metadata.build_epoch, 253'402'300'799);  // year 9999
    return Time{std::chrono::seconds{seconds}};
}

}  // namespace guard::geo
