#include "geo/pool_table.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <istream>
#include <limits>

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
    table.name_ = name;
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
        table.pools_.push_back(std::move(*pool));
    }
    if (text.bad())
        mistakes.push_back(std::string(name) + ": found an error while reading, expected a readable pool file");
    if (!mistakes.empty()) return unexpected(std::move(mistakes));
    table.build_index();
    return table;
}

PoolTable PoolTable::of(std::vector<Pool> pools) {
    PoolTable table;
    table.pools_ = std::move(pools);
    table.build_index();
    return table;
}

// Sorted like this, the prefixes that hold an address are the last prefix that does not begin behind it and those
// around that one: whatever lies between two of them in the order is nested in the wider.
void PoolTable::build_index() {
    pools_.shrink_to_fit();
    nodes_.reserve(pools_.size());
    for (std::uint32_t i = 0; i < pools_.size(); ++i) nodes_.push_back({i, kNone});
    std::ranges::sort(nodes_, [&](const Node& a, const Node& b) { return before(prefix_of(a), prefix_of(b)); });
    std::vector<std::uint32_t> around;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
        while (!around.empty() && !prefix_of(nodes_[around.back()]).contains(prefix_of(nodes_[i]))) around.pop_back();
        if (!around.empty()) nodes_[i].parent = around.back();
        around.push_back(i);
    }
}

void PoolTable::complete(const std::map<std::string, Place, std::less<>>& regions) {
    for (Pool& pool : pools_) {
        if (pool.place || pool.region.empty()) continue;
        const auto region = regions.find(pool.region.view());
        if (region == regions.end()) continue;
        pool.place = region->second;
        pool.place->country = pool.country;
        pool.place->source = Place::Source::pool;
        pool.place->network = pool.prefix;
        pool.place->country_only = is_country_only(pool.city.empty(), pool.place->radius);
    }
}

std::vector<std::string> PoolTable::warnings() const {
    std::vector<std::string> warnings;
    for (const Pool& pool : pools_)
        if (!pool.place && !pool.country.empty())
            warnings.push_back(name_ + ':' + std::to_string(pool.line) + ": " + pool.prefix.to_string() + " gives " +
                               std::string((pool.region.empty() ? pool.country : pool.region).view()) +
                               " without coordinates: its addresses have no place");
    return warnings;
}

const Pool* PoolTable::find(const IpAddress& address) const {
    const auto behind = std::upper_bound(nodes_.begin(), nodes_.end(), address,
                                         [&](const IpAddress& a, const Node& b) { return before(a, prefix_of(b)); });
    if (behind == nodes_.begin()) return nullptr;
    for (auto at = static_cast<std::uint32_t>(behind - nodes_.begin()) - 1; at != kNone; at = nodes_[at].parent)
        if (prefix_of(nodes_[at]).contains(address)) return &pools_[nodes_[at].pool];
    return nullptr;
}

// A prefix begins with its own value, and behind its end what is around it goes on.
template <class Address>
Ranges<Address> PoolTable::ranges() const {
    constexpr unsigned kWidth = 8 * sizeof(Address);
    struct Open {
        Address last;
        std::uint32_t value;
    };
    Ranges<Address> result;
    std::vector<Open> open;
    const auto close = [&] {
        const Address last = open.back().last;
        open.pop_back();
        const std::uint32_t around = open.empty() ? 0 : open.back().value;
        if (last != std::numeric_limits<Address>::max()) append<Address>(result, last + 1, around);
    };
    for (const Node& node : nodes_) {
        const IpAddress& prefix = prefix_of(node);
        if (prefix.is_ipv4() != (kWidth == 32)) continue;
        const Address first = upper_bits<Address>(prefix);
        while (!open.empty() && open.back().last < first) close();
        const unsigned length = prefix.prefix_length();
        const Address host = length >= kWidth ? 0 : std::numeric_limits<Address>::max() >> length;
        open.push_back({first | host, length > kWidth ? kExact : node.pool + 1});
        append(result, first, open.back().value);
    }
    while (!open.empty()) close();
    return result;
}

Ranges<std::uint32_t> PoolTable::ranges4() const {
    return ranges<std::uint32_t>();
}

Ranges<std::uint64_t> PoolTable::ranges6() const {
    return ranges<std::uint64_t>();
}

}  // namespace guard::geo
