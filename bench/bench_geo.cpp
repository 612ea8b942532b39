// Where an address is: look-ups, load and memory with GeoLite2 City and 100,000 pools. Yardstick: libmaxminddb, four
// values.
#include <malloc.h>
#include <maxminddb.h>
#include <netinet/in.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <numeric>
#include <random>
#include <sstream>

#include "bench/measure.hpp"
#include "event/descriptor.hpp"
#include "geo/locator.hpp"
#include "geo/max_mind_database.hpp"

namespace {

using namespace guard;

constexpr std::size_t kAddresses = 2'000'000;
using Random = std::mt19937_64;
using Sample = std::vector<IpAddress>;

double resident_megabytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmRSS:") {
            double kilobytes = 0;
            status >> kilobytes;
            return kilobytes / 1024;
        }
    return 0;
}

// A pool for each of so many /24, /25 ... /28 networks of 10.0.0.0/8 and 100.64.0.0/10.
std::string pool_rows(std::size_t count) {
    std::ostringstream rows;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t first = 0x0a000000U + static_cast<std::uint32_t>(i) * 128;
        rows << fmt::format("{},JP,JP-{:02},Sapporo,,,,,bras{}\n", IpAddress::ipv4(first, 25).to_string(), i % 47 + 1,
                            i % 200);
    }
    return rows.str();
}

Sample uniform(Random& random) {
    Sample sample;
    while (sample.size() < kAddresses) sample.push_back(IpAddress::ipv4(static_cast<std::uint32_t>(random())));
    return sample;
}

// 1,000,000 subscribers in 200 Japanese /17 networks; who of them logs in follows Zipf's law.
Sample isp_like(Random& random, const geo::Locator& locator) {
    constexpr std::size_t kSubscribers = 1'000'000;
    const auto japanese = [&](std::uint32_t address) {
        const geo::Location& location = locator.locate(IpAddress::ipv4(address));
        return location.kind == geo::Location::Kind::database && location.country_text() == "JP";
    };
    std::vector<std::uint32_t> networks;
    while (networks.size() < 200) {
        const auto network = static_cast<std::uint32_t>(random()) & 0xffff8000U;
        if (japanese(network) && japanese(network | 0x4000) && japanese(network | 0x7fff)) networks.push_back(network);
    }
    std::vector<std::uint32_t> subscribers;
    while (subscribers.size() < kSubscribers)
        subscribers.push_back(networks[random() % networks.size()] | static_cast<std::uint32_t>(random() & 0x7fff));
    std::vector<double> share(kSubscribers);
    for (std::size_t i = 0; i < kSubscribers; ++i)
        share[i] = (i == 0 ? 0 : share[i - 1]) + 1 / static_cast<double>(i + 1);
    std::uniform_real_distribution<double> uniform(0, share.back());
    Sample sample;
    while (sample.size() < kAddresses) {
        const auto at = std::lower_bound(share.begin(), share.end(), uniform(random)) - share.begin();
        sample.push_back(IpAddress::ipv4(subscribers[static_cast<std::size_t>(at)]));
    }
    return sample;
}

// Anywhere in the networks that the database has for Japan.
Sample japanese_v6(Random& random, const geo::DatabaseRanges& ranges) {
    std::vector<std::size_t> japanese;
    for (std::size_t i = 0; i + 1 < ranges.v6.size(); ++i)
        if (ranges.v6[i].value < geo::kAlias && ranges.locations[ranges.v6[i].value].country_text() == "JP")
            japanese.push_back(i);
    Sample sample;
    while (sample.size() < kAddresses) {
        const std::size_t i = japanese[random() % japanese.size()];
        const std::uint64_t width = ranges.v6[i + 1].first - ranges.v6[i].first;
        std::uint64_t upper = __builtin_bswap64(ranges.v6[i].first + random() % width);
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &upper, 8);
        bytes[15] = 1;
        sample.push_back(*IpAddress::from_bytes(bytes, 128));
    }
    return sample;
}

double ours(const Sample& sample, const geo::Locator& locator) {
    volatile float sink = 0;
    return bench::measure(static_cast<double>(sample.size()),
                          [&] {
                              float sum = 0;
                              for (const IpAddress& address : sample) sum += locator.locate(address).radius;
                              sink = sum;
                          })
        .cpu_ns;
}

// As a program without a table of its own would: find the record, read latitude, longitude, radius and region.
double theirs(const Sample& sample, MMDB_s& database) {
    volatile double sink = 0;
    const std::size_t count = sample.size() / 4;
    const auto value = [](MMDB_entry_s& entry, const char* const* path) {
        MMDB_entry_data_s data{};
        return MMDB_aget_value(&entry, &data, path) == MMDB_SUCCESS && data.has_data ? data.double_value : 0.0;
    };
    constexpr const char *kLatitude[] = {"location", "latitude", nullptr},
                         *kLongitude[] = {"location", "longitude", nullptr},
                         *kRadius[] = {"location", "accuracy_radius", nullptr},
                         *kRegion[] = {"subdivisions", "0", "iso_code", nullptr};
    return bench::measure(
               static_cast<double>(count),
               [&] {
                   double sum = 0;
                   for (std::size_t i = 0; i < count; ++i) {
                       sockaddr_in6 ipv6{};
                       sockaddr_in ipv4{};
                       const auto bytes = sample[i].bytes();
                       ipv4.sin_family = AF_INET;
                       ipv6.sin6_family = AF_INET6;
                       if (sample[i].is_ipv4()) {
                           std::memcpy(&ipv4.sin_addr, bytes.data(), 4);
                       } else {
                           std::memcpy(&ipv6.sin6_addr, bytes.data(), 16);
                       }
                       int error = 0;
                       auto found = MMDB_lookup_sockaddr(&database,
                                                         sample[i].is_ipv4() ? reinterpret_cast<const sockaddr*>(&ipv4)
                                                                             : reinterpret_cast<const sockaddr*>(&ipv6),
                                                         &error);
                       if (!found.found_entry) continue;
                       for (const char* const* path : {kLatitude, kLongitude, kRadius, kRegion})
                           sum += value(found.entry, path);
                   }
                   sink = sum;
               },
               3)
        .cpu_ns;
}

// How many of the sample's places outside the pools are others than libmaxminddb's.
std::size_t differences(const Sample& sample, const geo::Locator& locator, const geo::MaxMindDatabase& database) {
    return static_cast<std::size_t>(std::count_if(sample.begin(), sample.end(), [&](const IpAddress& address) {
        if (locator.in_pools(address)) return false;
        const auto got = locator.anywhere(address), expected = database.lookup(address);
        if (!got || !expected) return got.has_value() != expected.has_value();
        const auto close = [](double a, double b) { return std::abs(a - b) < 2e-4; };
        return got->country != expected->country || got->region != expected->region ||
               got->radius != expected->radius || got->country_only != expected->country_only ||
               !close(got->coordinates.latitude, expected->coordinates.latitude) ||
               !close(got->coordinates.longitude, expected->coordinates.longitude);
    }));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: bench/run.sh geo FILE.mmdb\nscripts/fetch-geolite2.sh --to FILE.mmdb gets one\n");
        return 2;
    }
    const std::filesystem::path pools =
        std::filesystem::temp_directory_path() / fmt::format("guard-pools-{}", getpid());
    std::ofstream(pools) << pool_rows(100'000);
    std::shared_ptr<const geo::Locator> locator;
    const auto load = bench::measure(1, [&] {
        locator.reset();
        auto loaded = geo::Locator::load(pools, argv[1], 1);
        if (!loaded) {
            fmt::print(stderr, "{}\n", loaded.error().front());
            std::exit(1);
        }
        locator = std::move(*loaded);
    });
    std::filesystem::remove(pools);
    malloc_trim(0);
    bench::print("geo", "load with 100,000 pools, CPU", load.cpu_ns / 1e9, "s");
    bench::print("geo", "resident after loading", resident_megabytes(), "MB");
    bench::print("geo", "of it look-up structures", static_cast<double>(locator->bytes()) / 1e6, "MB");

    MMDB_s plain{};
    if (MMDB_open(argv[1], MMDB_MODE_MMAP, &plain) != MMDB_SUCCESS) return 1;
    const auto database = geo::MaxMindDatabase::open(argv[1]).value();
    Random random(1);
    const std::pair<const char*, Sample> samples[] = {
        {"IPv4 uniform", uniform(random)},
        {"IPv4 ISP-like", isp_like(random, *locator)},
        {"IPv6 Japanese networks", japanese_v6(random, *database->ranges())}};
    for (const auto& [name, sample] : samples) {
        const double own = ours(sample, *locator), library = theirs(sample, plain);
        bench::print("geo", fmt::format("{}, look-ups per second", name), 1e9 / own, "1/s", 1e9 / library,
                     "libmaxminddb with four values read");
        bench::print("geo", fmt::format("{}, times as fast", name), library / own, "");
        bench::print("geo", fmt::format("{}, differences from libmaxminddb in 2,000,000", name),
                     static_cast<double>(differences(sample, *locator, *database)), "");
    }
    MMDB_close(&plain);
}
