#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/geo.hpp"

namespace guard::cli {
namespace {

class Lookup {
  public:
    Lookup(const GeoFiles& files, bool json) : files_(files), json_(json) {}

    // `where` is what the message about a bad one begins with.
    void add(std::string_view text, const std::string& where) {
        const auto address = address_or_say(text, where);
        if (!address) {
            bad_ = true;
            return;
        }
        const Whereabouts whereabouts = where_is(files_, *address);
        somewhere_unknown_ = somewhere_unknown_ || !whereabouts.place;
        if (json_)
            print_json(whereabouts);
        else
            add_row(whereabouts);
    }

    int finish() {
        if (!json_ && any_) table_.print();
        return bad_ ? kCouldNotRun : somewhere_unknown_ ? kNo : kDone;
    }

  private:
    void print_json(const Whereabouts& whereabouts) const {
        auto object = to_json(files_, whereabouts);
        object["generation"] = files_.locator->generation();
        fmt::print("{}\n", dump(object));
    }

    void add_row(const Whereabouts& whereabouts) {
        any_ = true;
        if (!whereabouts.place) {
            table_.add({whereabouts.address.to_string(), "-", "-", "-", "-", "-", "-",
                        "nowhere: " + why_nowhere(files_, whereabouts).why});
            return;
        }
        const geo::Place& place = *whereabouts.place;
        table_.add({whereabouts.address.to_string(), std::string(place.country.view()),
                    place.region.empty() ? "-" : region_text(place), fmt::format("{:.4f}", place.coordinates.latitude),
                    fmt::format("{:.4f}", place.coordinates.longitude), fmt::format("{:.0f} km", place.radius),
                    place.country_only ? "country" : "place", source_text(files_, whereabouts)});
    }

    const GeoFiles& files_;
    bool json_, any_ = false, bad_ = false, somewhere_unknown_ = false;
    Table table_{{"ADDRESS", "COUNTRY", "REGION", "LATITUDE", "LONGITUDE", "RADIUS", "COUNTS", "SOURCE"}};
};

void read_standard_input(Lookup& lookup) {
    std::string line;
    for (std::uint64_t number = 1; std::getline(std::cin, line); ++number) {
        const auto first = line.find_first_not_of(" \t\r"), last = line.find_last_not_of(" \t\r");
        if (first == std::string::npos) continue;
        lookup.add(std::string_view(line).substr(first, last - first + 1), fmt::format("standard input:{}", number));
    }
}

}  // namespace

int geo_lookup(const GeoOptions& options) {
    return with_geo_files(options, "geo lookup", [&](const GeoFiles& files) {
        Lookup lookup(files, options.json);
        for (const std::string& address : options.addresses)
            if (address == "-")
                read_standard_input(lookup);
            else
                lookup.add(address, "guardctl geo lookup");
        return lookup.finish();
    });
}

}  // namespace guard::cli
