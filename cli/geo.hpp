// What the three subcommands of "guardctl geo" share: the files they look into, and how a place, its source and the
// lack of one are told. Private to them.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "config/settings.hpp"
#include "geo/locator.hpp"
#include "geo/max_mind_database.hpp"

namespace guard::cli {

struct GeoFiles {
    std::filesystem::path pools;  // empty: none
    std::shared_ptr<const geo::Locator> locator;
    std::shared_ptr<const geo::MaxMindDatabase> database;  // null: none
    config::DetectionSettings detection;
};

// Runs `command` with the files that the configuration names; --pools and --geo override it, and given without --config
// they stand alone, with built-in thresholds. Mistakes in the files, all of them, and exceptions become a message and
// exit code 2. `name` is the subcommand.
int with_geo_files(const GeoOptions& options, const char* name, const std::function<int(const GeoFiles&)>& command);

// Every mistake of a text that should be an address or a prefix is told the same way.
[[nodiscard]] std::optional<IpAddress> address_or_say(std::string_view text, const std::string& where);

struct Nowhere {
    std::string code;  // for programs: "outside_every_pool", ...
    std::string why;   // for people
};

// Where an address is, as the detectors see it.
struct Whereabouts {
    IpAddress address;
    std::optional<geo::Place> place;   // pools first, database second: for SMTP-AUTH
    std::optional<geo::Place> pppoe;   // by the pools alone, and with a region: what the rules of PPPoE compare
    const geo::Pool* pool = nullptr;   // the longest that holds the address; valid as long as the files
    std::optional<IpAddress> network;  // that of the database, if the place is from there
};

[[nodiscard]] Whereabouts where_is(const GeoFiles& files, const IpAddress& address);
// Why there is no place.
[[nodiscard]] Nowhere why_nowhere(const GeoFiles& files, const Whereabouts& whereabouts);

// "JP-01 Hokkaido"; "US" of a place without a region.
[[nodiscard]] std::string region_text(const geo::Place& place);
// "pools.csv:2 10.1.0.0/16 bras-sapporo", "GeoLite2-City of 2026-09-18 192.0.2.0/24"
[[nodiscard]] std::string source_text(const GeoFiles& files, const Whereabouts& whereabouts);
// {"address", "place", "source"} or {"address", "place": null, "reason", "explanation"}.
[[nodiscard]] nlohmann::ordered_json to_json(const GeoFiles& files, const Whereabouts& whereabouts);
// On one line; bytes that are no UTF-8, which a file's name may hold, are replaced.
[[nodiscard]] std::string dump(const nlohmann::ordered_json& object);

// Rows with their columns aligned, as far as the rows printed at once go.
class Table {
  public:
    explicit Table(std::vector<std::string> heading) : rows_{std::move(heading)} {}
    // Prints what it holds once that is a thousand rows, so that input may be endless.
    void add(std::vector<std::string> row);
    void print();

  private:
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::size_t> widths_;
};

}  // namespace guard::cli
