#include "simulate/world.hpp"

#include <fmt/core.h>

#include <array>
#include <bit>
#include <string_view>
#include <utility>
#include <vector>

#include "event/ip_address.hpp"

namespace guard::simulate {
namespace {

struct CountryRow {
    std::string_view iso, city;
    double latitude, longitude;
    double reach;  // km from there to the farthest town of the country, roughly
};
constexpr std::array<CountryRow, kCountries> kRows{{
    {"JP", "Tokyo", 35.69, 139.69, 1950},        {"US", "Ashburn", 39.04, -77.49, 7900},
    {"CN", "Beijing", 39.9, 116.4, 3400},        {"RU", "Moscow", 55.75, 37.62, 6800},
    {"BR", "Sao Paulo", -23.55, -46.63, 3400},   {"IN", "Mumbai", 19.08, 72.88, 2700},
    {"VN", "Hanoi", 21.03, 105.85, 1250},        {"ID", "Jakarta", -6.21, 106.85, 4000},
    {"TH", "Bangkok", 13.75, 100.5, 1000},       {"TW", "Taipei", 25.03, 121.57, 350},
    {"KR", "Seoul", 37.57, 126.98, 450},         {"PH", "Manila", 14.6, 120.98, 1100},
    {"SG", "Singapore", 1.35, 103.82, 30},       {"AU", "Sydney", -33.87, 151.21, 3900},
    {"DE", "Frankfurt", 50.11, 8.68, 500},       {"FR", "Paris", 48.86, 2.35, 1000},
    {"GB", "London", 51.51, -0.13, 1000},        {"NL", "Amsterdam", 52.37, 4.9, 250},
    {"PL", "Warsaw", 52.23, 21.01, 450},         {"UA", "Kyiv", 50.45, 30.52, 900},
    {"TR", "Istanbul", 41.01, 28.98, 1400},      {"IR", "Tehran", 35.69, 51.39, 1300},
    {"EG", "Cairo", 30.04, 31.24, 900},          {"NG", "Lagos", 6.52, 3.38, 1500},
    {"ZA", "Johannesburg", -26.2, 28.05, 1300},  {"MX", "Mexico City", 19.43, -99.13, 2400},
    {"AR", "Buenos Aires", -34.6, -58.38, 2400}, {"CO", "Bogota", 4.71, -74.07, 1150},
    {"ES", "Madrid", 40.42, -3.7, 1850},         {"IT", "Milan", 45.46, 9.19, 1100},
    {"RO", "Bucharest", 44.43, 26.1, 500},       {"CA", "Toronto", 43.65, -79.38, 4100},
}};

constexpr unsigned kCountryLength = 12;
constexpr std::uint32_t kFirst = 0xf0000000;         // 240.0.0.0/4
constexpr std::uint32_t kFirstGateway = 0x64400000;  // 100.64.0.0/10

std::string big_endian(std::uint64_t value, unsigned bytes) {
    std::string text;
    for (unsigned i = bytes; i-- > 0;) text += static_cast<char>(value >> 8 * i & 0xffU);
    return text;
}

// Values as https://maxmind.github.io/MaxMind-DB/ writes them; all of ours are shorter than 29 bytes.
std::string head(unsigned type, std::size_t size) {
    std::string text(1, static_cast<char>((type < 8 ? type << 5U : 0U) | size));
    if (type >= 8) text += static_cast<char>(type - 7);
    return text;
}
std::string word(std::string_view text) {
    return head(2, text.size()) + std::string(text);
}
std::string real(double value) {
    return head(3, 8) + big_endian(std::bit_cast<std::uint64_t>(value), 8);
}
std::string number(unsigned type, std::uint64_t value, unsigned bytes) {
    return head(type, bytes) + big_endian(value, bytes);
}
using Pairs = std::vector<std::pair<std::string_view, std::string>>;
std::string map(const Pairs& pairs) {
    std::string text = head(7, pairs.size());
    for (const auto& [key, value] : pairs) text += word(key) + value;
    return text;
}
constexpr unsigned kUint16 = 5, kUint32 = 6, kUint64 = 9, kArray = 11;

struct Degrees {
    double latitude, longitude;
};

// So many km to the north of the country's city (less than 0: to the south), maybe beyond the pole.
Degrees along_the_meridian(const CountryRow& row, double kilometres) {
    constexpr double kKilometresADegree = 111.195;
    const Degrees there{row.latitude + kilometres / kKilometresADegree, row.longitude};
    if (there.latitude <= 90) return there;
    return {180 - there.latitude, row.longitude + (row.longitude < 0 ? 180 : -180)};
}

std::string record(const CountryRow& row, bool with_city, double kilometres = 0) {
    const Degrees at = along_the_meridian(row, kilometres);
    Pairs pairs{{"country", map({{"iso_code", word(row.iso)}})},
                {"location", map({{"accuracy_radius", number(kUint16, with_city ? 20 : 1000, 2)},
                                  {"latitude", real(at.latitude)},
                                  {"longitude", real(at.longitude)}})}};
    if (with_city) pairs.insert(pairs.begin(), {"city", map({{"names", map({{"en", word(row.city)}})}})});
    return map(pairs);
}

class Tree {
  public:
    void insert(std::uint32_t network, unsigned length, const std::string& data) {
        const std::uint32_t reference = kData | static_cast<std::uint32_t>(data_.size());
        data_ += data;
        std::uint32_t at = 0;
        for (unsigned i = 0; i < length; ++i) {
            const bool right = (network >> (31 - i) & 1U) != 0;
            std::uint32_t next = right ? nodes_[at].second : nodes_[at].first;
            if (i + 1 == length) {
                next = reference;
            } else if (next == kNothing) {
                next = static_cast<std::uint32_t>(nodes_.size());
                nodes_.emplace_back(kNothing, kNothing);
            }
            (right ? nodes_[at].second : nodes_[at].first) = next;
            at = next;
        }
    }
    [[nodiscard]] std::string bytes() const {
        const auto count = static_cast<std::uint32_t>(nodes_.size());
        const auto written = [&](std::uint32_t reference) {
            if (reference == kNothing) reference = count;
            if ((reference & kData) != 0) reference = count + 16 + (reference & ~kData);
            return big_endian(reference, 4);
        };
        std::string text;
        for (const auto& [left, right] : nodes_) text += written(left) + written(right);
        return text + std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com" +
               map({{"binary_format_major_version", number(kUint16, 2, 2)},
                    {"binary_format_minor_version", number(kUint16, 0, 2)},
                    {"build_epoch", number(kUint64, 1'767'225'600, 8)},  // 2026-01-01
                    {"database_type", word("Simulated-City")},
                    {"description", map({{"en", word("made up")}})},
                    {"ip_version", number(kUint16, 4, 2)},
                    {"languages", head(kArray, 1) + word("en")},
                    {"node_count", number(kUint32, count, 4)},
                    {"record_size", number(kUint16, 32, 2)}});
    }

  private:
    static constexpr std::uint32_t kData = 1U << 31U, kNothing = kData - 1;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> nodes_{{kNothing, kNothing}};
    std::string data_;
};

}  // namespace

Country some_country_abroad(Random& random) {
    return static_cast<Country>(1 + random.below(kCountries - 1));
}

std::uint32_t some_address(Country country, Random& random) {
    const std::uint32_t network = random.below(1U << (24 - kCountryLength));
    return kFirst + (std::uint32_t{country} << (32 - kCountryLength)) + (network << 8U) + random.between(1, 254);
}

std::uint32_t beside(std::uint32_t address, Random& random) {
    return (address & ~0xffU) + random.between(1, 254);
}

std::uint32_t gateway(std::uint32_t number) {
    return kFirstGateway + (number / 16 << 16U) + number % 16 + 1;
}

std::string gateway_file() {
    std::string text = "# made by guardctl simulate: gateways of two carriers\n";
    for (std::uint32_t first = 0; first < kListedGateways; first += 16)
        text += IpAddress::ipv4(gateway(first), 24).to_string() + '\n';
    return text;
}

std::string world_database() {
    Tree tree;
    for (std::uint32_t country = 0; country < kCountries; ++country) {
        const std::uint32_t network = kFirst + (country << (32 - kCountryLength));
        tree.insert(network, kCountryLength + 1, record(kRows.at(country), true));
        tree.insert(network | 1U << (31 - kCountryLength), kCountryLength + 1, record(kRows.at(country), false));
        // Towns at both ends, where nobody of the simulation is: what shows how large the country is.
        const std::uint32_t ends = network + (static_cast<std::uint32_t>(kCountries) << (32 - kCountryLength));
        tree.insert(ends, kCountryLength + 1, record(kRows.at(country), true, kRows.at(country).reach));
        tree.insert(ends | 1U << (31 - kCountryLength), kCountryLength + 1,
                    record(kRows.at(country), true, -kRows.at(country).reach));
    }
    tree.insert(kFirstGateway, 10, record(kRows.front(), false));
    return tree.bytes();
}

}  // namespace guard::simulate
