#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/geo.hpp"
#include "event/text.hpp"
#include "geo/prefectures.hpp"

namespace guard::cli {
namespace {

using nlohmann::ordered_json;

// IPv4 in addresses, IPv6 in networks of /64.
struct Covered {
    std::size_t pools = 0;
    double ipv4 = 0, ipv6 = 0;
};

struct Summary {
    Covered all;
    std::map<std::string, Covered> regions;  // by region, else country; "": without a place
    std::size_t on_purpose = 0;              // without a place
    std::set<std::string> nases;
    std::size_t without_nas = 0;
    std::vector<std::pair<const geo::Pool*, const geo::Pool*>> nested;  // and the next wider one
};

double size_of(const IpAddress& prefix) {
    return std::ldexp(1.0, (prefix.is_ipv4() ? 32 : 64) - static_cast<int>(prefix.prefix_length()));
}

void add(Covered& covered, const IpAddress& prefix, double size) {
    (prefix.is_ipv4() ? covered.ipv4 : covered.ipv6) += size;
}

std::string group_of(const geo::Pool& pool) {
    if (!pool.place) return {};
    return std::string((pool.region.empty() ? pool.country : pool.region).view());
}

// Each address counts once, for the longest pool around it.
Summary summarise(const geo::PoolTable& table) {
    Summary summary;
    for (const geo::Pool& pool : table.pools()) {
        Covered& group = summary.regions[group_of(pool)];
        const double size = size_of(pool.prefix);
        add(group, pool.prefix, size);
        ++group.pools;
        ++summary.all.pools;
        const unsigned length = pool.prefix.prefix_length();
        const geo::Pool* const around = length == 0 ? nullptr : table.find(pool.prefix.prefix(length - 1));
        if (around != nullptr) {
            add(summary.regions[group_of(*around)], pool.prefix, -size);
            summary.nested.emplace_back(&pool, around);
        } else {
            add(summary.all, pool.prefix, size);
        }
        if (!pool.place && pool.country.empty()) ++summary.on_purpose;
        if (pool.nas.empty())
            ++summary.without_nas;
        else
            summary.nases.insert(pool.nas);
    }
    return summary;
}

std::string count_text(double count) {
    return count > 0 && count < 1 ? "part of 1" : with_commas(count);
}

std::string plural(std::size_t count, const char* one, const char* many) {
    return with_commas(static_cast<double>(count)) + ' ' + (count == 1 ? one : many);
}

std::string name_of(const std::string& group) {
    const std::string name(geo::english_name(group));
    return group.empty() ? "without a place" : name == group ? "" : name;
}

void print_nested(const GeoOptions& options, const Summary& summary) {
    constexpr std::size_t kShown = 20;
    for (std::size_t i = 0; i < std::min(summary.nested.size(), kShown); ++i) {
        const auto& [pool, around] = summary.nested[i];
        fmt::print("{}:{}: {} lies in {} of line {}\n", options.pools.string(), pool->line, pool->prefix.to_string(),
                   around->prefix.to_string(), around->line);
    }
    if (summary.nested.size() > kShown) fmt::print("and {} more; --json has all\n", summary.nested.size() - kShown);
}

void print_text(const GeoOptions& options, const geo::PoolTable& table, const Summary& summary) {
    const auto warnings = table.warnings();
    fmt::print("{}: {}, {} IPv4 addresses, {} IPv6 networks of /64\n\n", options.pools.string(),
               plural(summary.all.pools, "pool", "pools"), count_text(summary.all.ipv4), count_text(summary.all.ipv6));
    Table regions({"REGION", "NAME", "POOLS", "IPV4", "IPV6 /64"});
    for (const auto& [group, covered] : summary.regions)
        regions.add({group.empty() ? "-" : group, name_of(group), fmt::format("{}", covered.pools),
                     count_text(covered.ipv4), count_text(covered.ipv6)});
    regions.print();
    fmt::print("\n{} of no location on purpose\n", plural(summary.on_purpose, "pool", "pools"));
    fmt::print("{}{}{}; {} without one: nobody can end sessions there\n", plural(summary.nases.size(), "NAS", "NASes"),
               summary.nases.empty() ? "" : ": ", fmt::join(summary.nases, ", "),
               plural(summary.without_nas, "pool", "pools"));
    fmt::print("{} in a wider one\n", plural(summary.nested.size(), "pool", "pools"));
    print_nested(options, summary);
    fmt::print("{}\n", plural(warnings.size(), "warning", "warnings"));
    for (const std::string& warning : warnings) fmt::print("{}\n", warning);
}

// Whole numbers without a decimal point, as long as they are exact.
ordered_json to_json(double count) {
    const bool whole = count == std::floor(count) && count < 0x1p53;
    return whole ? ordered_json(static_cast<std::uint64_t>(count)) : ordered_json(count);
}

ordered_json to_json(const Covered& covered) {
    return {{"pools", covered.pools},
            {"ipv4_addresses", to_json(covered.ipv4)},
            {"ipv6_networks_of_64", to_json(covered.ipv6)}};
}

void print_json(const GeoOptions& options, const geo::PoolTable& table, const Summary& summary) {
    ordered_json object;
    object["file"] = options.pools.string();
    object.update(to_json(summary.all));
    object["regions"] = ordered_json::array();
    for (const auto& [group, covered] : summary.regions) {
        ordered_json region{{"region", group.empty() ? ordered_json() : ordered_json(group)}, {"name", name_of(group)}};
        region.update(to_json(covered));
        object["regions"].push_back(std::move(region));
    }
    object["no_location_on_purpose"] = summary.on_purpose;
    object["nases"] = summary.nases;
    object["without_nas"] = summary.without_nas;
    object["nested"] = ordered_json::array();
    for (const auto& [pool, around] : summary.nested)
        object["nested"].push_back({{"line", pool->line},
                                    {"prefix", pool->prefix.to_string()},
                                    {"in_line", around->line},
                                    {"in_prefix", around->prefix.to_string()}});
    object["warnings"] = table.warnings();
    fmt::print("{}\n", dump(object));
}

// What a database says of regions that rows name without coordinates; false: it cannot be used, and that was said.
bool complete(geo::PoolTable& table, const std::filesystem::path& database) {
    const auto opened = geo::MaxMindDatabase::open(database);
    const auto ranges = opened ? (*opened)->ranges() : unexpected(opened.error());
    if (ranges)
        table.complete(ranges->regions);
    else
        fmt::print(stderr, "{}\n", ranges.error());
    return ranges.has_value();
}

int check(const GeoOptions& options) {
    auto table = geo::PoolTable::load(options.pools);
    if (!table) {
        fmt::print(stderr, "{}\n", fmt::join(table.error(), "\n"));
        return kNo;
    }
    if (!options.mmdb.empty() && !complete(*table, options.mmdb)) return kCouldNotRun;
    const Summary summary = summarise(*table);
    if (options.json)
        print_json(options, *table, summary);
    else
        print_text(options, *table, summary);
    return kDone;
}

}  // namespace

int geo_check(const GeoOptions& options) {
    try {
        return check(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "guardctl geo check: {}\n", error.what());
        return kCouldNotRun;
    }
}

}  // namespace guard::cli
