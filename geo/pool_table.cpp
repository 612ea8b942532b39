#include "geo/pool_table.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <istream>
#include <map>

#include "event/text.hpp"
#include "geo/csv.hpp"
#include "geo/prefectures.hpp"

namespace guard::geo {
namespace {

enum Column : std::size_t {
    kPrefix,
    kCountry,
    kRegion,
    kCity,
    kPostal,
    kLatitude,
    kLongitude,
    kRadius,
    kNas,
    kColumns
};

bool is_letter(char c) {
    return c >= 'A' && c <= 'Z';
}

// The prefix that `text` writes out, or none when it is no prefix or bits are set behind its length: "10.1.2.0/16" is a
// slip of the pen, and guessing which half of it was meant would put 65,000 lines into the wrong place.
std::optional<IpAddress> exact_prefix(std::string_view text) {
    const auto prefix = IpAddress::parse(text);
    const auto address = IpAddress::parse(text.substr(0, text.find('/')));
    if (!prefix || !address || prefix->family() != address->family()) return std::nullopt;
    return std::ranges::equal(prefix->bytes(), address->bytes()) ? prefix : std::nullopt;
}

// Reads one row and collects what is wrong with it.
class Row {
  public:
    Row(std::vector<std::string> fields, std::string where, std::vector<std::string>& mistakes)
        : fields_(std::move(fields)), where_(std::move(where)), mistakes_(mistakes) {
        fields_.resize(std::max<std::size_t>(fields_.size(), kColumns));
    }

    // None: the row has a mistake, which is noted.
    std::optional<Pool> read() {
        const std::size_t before = mistakes_.size();
        Pool pool;
        if (const auto prefix = exact_prefix(fields_[kPrefix])) {
            pool.prefix = *prefix;
        } else {
            mistake(fields_[kPrefix], "an IPv4 or IPv6 prefix with no bits set behind its length");
        }
        read_codes(pool);
        pool.city = text(kCity);
        pool.nas = text(kNas);
        pool.place = read_place(pool);
        if (mistakes_.size() != before) return std::nullopt;
        return pool;
    }

  private:
    void mistake(std::string_view found, std::string_view expected) {
        mistakes_.push_back(where_ + "found " + in_quotes(found) + ", expected " + std::string(expected));
    }

    std::string text(Column column) {
        if (!is_plain_utf8(fields_[column])) mistake(fields_[column], "UTF-8 text without control characters");
        return fields_[column];
    }

    void read_codes(Pool& pool) {
        const std::string& country = fields_[kCountry];
        const std::string& region = fields_[kRegion];
        pool.country = Code::parse(country).value_or(Code{});
        const std::string_view letters = pool.country.view();
        const bool two_letters = letters.size() == 2 && std::ranges::all_of(letters, is_letter);
        if (!country.empty() && !two_letters) mistake(country, "a country of two letters (ISO 3166-1), such as \"JP\"");
        if (region.empty()) return;
        pool.region = Code::parse(region).value_or(Code{});
        const std::string_view code = pool.region.view();
        const bool shaped = code.size() >= 4 && code.size() <= 6 && code[2] == '-' && code.find('-', 3) == code.npos;
        if (!shaped || !std::ranges::all_of(code.substr(0, 2), is_letter)) {
            mistake(region, "a region of ISO 3166-2, such as \"JP-01\"");
        } else if (two_letters && !code.starts_with(letters)) {
            mistake(region, "a region of the row's country, " + std::string(letters) + "-...");
        } else if (code.starts_with("JP-") && !prefecture(code)) {
            mistake(region, "a prefecture, JP-01 to JP-47");
        }
    }

    // Blank: none. Anything but a number within the limits is a mistake.
    std::optional<double> number(Column column, double least, double most, std::string_view expected) {
        const std::string& field = fields_[column];
        if (field.empty()) return std::nullopt;
        double value = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (error == std::errc{} && end == field.data() + field.size() && value >= least && value <= most) return value;
        mistake(field, expected);
        return std::nullopt;
    }

    std::optional<Place> read_place(const Pool& pool) {
        const auto latitude = number(kLatitude, -90, 90, "a latitude of -90 to 90 degrees");
        const auto longitude = number(kLongitude, -180, 180, "a longitude of -180 to 180 degrees");
        const auto radius = number(kRadius, 0, kMaxRadius, "a radius of 0 to 20000 km");
        if (fields_[kLatitude].empty() != fields_[kLongitude].empty())
            mistake(fields_[kLatitude] + "," + fields_[kLongitude], "both a latitude and a longitude, or neither");
        const bool located = !fields_[kLatitude].empty() || !fields_[kRadius].empty();
        if (fields_[kCountry].empty() && (located || !fields_[kRegion].empty() || !pool.city.empty()))
            mistake("", "a country, since the row gives a location");

        const Prefecture* capital = prefecture(pool.region.view());
        Place place;
        if (latitude && longitude) {
            place.coordinates = {*latitude, *longitude};
        } else if (capital) {
            place.coordinates = capital->capital;
        } else {
            if (!fields_[kRadius].empty() && !located_by_coordinates())
                mistake(fields_[kRadius], "no radius without coordinates, unless the region is a prefecture");
            return std::nullopt;
        }
        place.country = pool.country;
        place.region = pool.region;
        place.radius = radius.value_or(capital ? capital->radius : kDefaultPoolRadius);
        place.country_only = is_country_only(pool.city.empty(), place.radius);
        place.source = Place::Source::pool;
        place.network = pool.prefix;
        return place;
    }

    [[nodiscard]] bool located_by_coordinates() const {
        return !fields_[kLatitude].empty() || !fields_[kLongitude].empty();
    }

    std::vector<std::string> fields_;
    std::string where_;
    std::vector<std::string>& mistakes_;
};

// By family, then first address, then length.
bool before(const IpAddress& a, const IpAddress& b) {
    if (a.family() != b.family()) return a.family() < b.family();
    const int order = std::memcmp(a.bytes().data(), b.bytes().data(), a.bytes().size());
    return order != 0 ? order < 0 : a.prefix_length() < b.prefix_length();
}

bool is_header(const std::vector<std::string>& fields) {
    return fields.size() >= 2 && fields[kPrefix] == "prefix" && fields[kCountry] == "country";
}

}  // namespace

Expected<PoolTable, std::vector<std::string>> PoolTable::load(const std::filesystem::path& file) {
    if (file.empty()) return unexpected(std::vector<std::string>{"found no file name, expected that of a pool file"});
    std::ifstream text(file, std::ios::binary);
    // A directory opens and then reads nothing: without this look it would be an empty table.
    std::error_code error;
    if (!text || std::filesystem::is_directory(file, error))
        return unexpected(std::vector{file.string() + ": found " + (text ? "a directory" : std::strerror(errno)) +
                                      ", expected a readable pool file"});
    return parse(text, file.string());
}

Expected<PoolTable, std::vector<std::string>> PoolTable::parse(std::istream& text, std::string_view name) {
    PoolTable table;
    std::vector<std::string> mistakes;
    std::map<IpAddress, std::uint64_t> first_lines;
    std::string line;
    for (std::uint64_t number = 1; std::getline(text, line); ++number) {
        const std::string where = std::string(name) + ':' + std::to_string(number) + ": ";
        std::string_view content = line;
        if (number == 1 && content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
        if (content.ends_with('\r')) content.remove_suffix(1);
        auto fields = split_csv(content);
        if (!fields) {
            mistakes.push_back(where + "found " + in_quotes(content) +
                               ", expected every quote to be closed before a comma");
            continue;
        }
        if ((fields->size() == 1 && fields->front().empty()) || is_header(*fields)) continue;
        auto pool = Row(std::move(*fields), where, mistakes).read();
        if (!pool) continue;
        pool->line = number;
        if (const auto [first, inserted] = first_lines.emplace(pool->prefix, number); !inserted) {
            mistakes.push_back(where + "found " + in_quotes(pool->prefix.to_string()) +
                               ", expected each prefix once; it is on line " + std::to_string(first->second) + " too");
            continue;
        }
        if (!pool->place && !pool->country.empty())
            table.warnings_.push_back(where + pool->prefix.to_string() + " gives " +
                                      std::string((pool->region.empty() ? pool->country : pool->region).view()) +
                                      " without coordinates: its addresses have no place");
        table.pools_.push_back(std::move(*pool));
    }
    if (text.bad())
        mistakes.push_back(std::string(name) + ": found an error while reading, expected a readable pool file");
    if (!mistakes.empty()) return unexpected(std::move(mistakes));
    table.build_index();
    return table;
}

// Sorted like this, the prefixes that hold an address are the last prefix that does not begin behind it and those
// around that one: whatever lies between two of them in the order is nested in the wider.
void PoolTable::build_index() {
    for (std::size_t i = 0; i < pools_.size(); ++i) nodes_.push_back({pools_[i].prefix, i, kNone});
    std::ranges::sort(nodes_, [](const Node& a, const Node& b) { return before(a.prefix, b.prefix); });
    std::vector<std::size_t> around;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        while (!around.empty() && !nodes_[around.back()].prefix.contains(nodes_[i].prefix)) around.pop_back();
        if (!around.empty()) nodes_[i].parent = around.back();
        around.push_back(i);
    }
}

const Pool* PoolTable::find(const IpAddress& address) const {
    const auto behind = std::upper_bound(nodes_.begin(), nodes_.end(), address,
                                         [](const IpAddress& a, const Node& b) { return before(a, b.prefix); });
    if (behind == nodes_.begin()) return nullptr;
    for (auto at = static_cast<std::size_t>(behind - nodes_.begin()) - 1; at != kNone; at = nodes_[at].parent)
        if (nodes_[at].prefix.contains(address)) return &pools_[nodes_[at].pool];
    return nullptr;
}

}  // namespace guard::geo
