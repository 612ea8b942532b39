#include "cli/replay/configuration.hpp"

#include <map>
#include <utility>

#include "cli/contracts.hpp"
#include "cli/replay/could_not_run.hpp"
#include "config/options.hpp"
#include "geo/gateways.hpp"

namespace guard::cli {
namespace {

config::Settings settings_of(const ReplayOptions& options, const std::filesystem::path& file) {
    config::Settings settings;
    if (!file.empty()) settings = value_or_stop(config::load(file));
    settings = value_or_stop(config::with_detection(std::move(settings), options.set));
    if (!options.pools.empty()) settings.pools = options.pools;
    if (!options.mmdb.empty()) settings.mmdb = options.mmdb;
    if (!options.gateways.empty()) settings.gateways = options.gateways;
    if (!options.state.empty()) settings.state_directory = options.state;
    if (!options.profile.empty())
        settings.detection.profile =
            options.profile == "cautious" ? config::Profile::cautious : config::Profile::guideline;
    if (!options.database.empty()) {
        settings.database = options.database;
        settings.database_password_file.clear();
    }
    if (settings.pools.empty())
        throw CouldNotRun{"no pool file: name one with --pools, or a configuration with --config"};
    if (options.learn && settings.state_directory.empty())
        throw CouldNotRun{
            "--learn needs a place to keep what it learns: --state DIRECTORY, or state_directory in --config"};
    // What would be done if everything were enforced is the question a replay answers.
    settings.detection.mode = config::Mode::enforce;
    settings.detection.rule_modes.clear();
    return settings;
}

// Configurations that differ in their thresholds alone share one locator: a database of places is large.
class Locators {
  public:
    std::shared_ptr<const geo::Locator> load(const config::Settings& settings) {
        auto& locator = loaded_[{settings.pools, settings.mmdb}];
        if (!locator) locator = value_or_stop(geo::Locator::load(settings.pools, settings.mmdb, 1));
        return locator;
    }

  private:
    std::map<std::pair<std::filesystem::path, std::filesystem::path>, std::shared_ptr<const geo::Locator>> loaded_;
};

void check_alike(const Configuration& first, const Configuration& other) {
    if (first.settings.identity.fingerprint() != other.settings.identity.fingerprint())
        throw CouldNotRun{
            fmt::format("{}: found another [identity] than in {}, expected the same: the logs are read once",
                        other.name, first.name)};
    if (first.settings.detection.reorder != other.settings.detection.reorder)
        throw CouldNotRun{
            fmt::format("{}: found another detection.reorder than in {}, expected the same: the logs are read once",
                        other.name, first.name)};
}

}  // namespace

std::vector<Configuration> load_configurations(const ReplayOptions& options) {
    std::vector<std::filesystem::path> files;
    if (!options.config.empty() || options.compare.empty()) files.push_back(options.config);
    files.insert(files.end(), options.compare.begin(), options.compare.end());

    Locators locators;
    std::vector<Configuration> all;
    for (const auto& file : files) {
        Configuration one{file.empty() ? "built-in defaults" : file.string(), settings_of(options, file), {}, {}};
        one.locator = locators.load(one.settings);
        if (!one.settings.gateways.empty())
            one.knowledge.gateways = value_or_stop(geo::load_prefixes(one.settings.gateways));
        if (!options.contracts.empty())
            one.knowledge.contract = all.empty()
                                         ? value_or_stop(load_contracts(options.contracts, one.settings.identity))
                                         : all.front().knowledge.contract;
        all.push_back(std::move(one));
        check_alike(all.front(), all.back());
    }
    return all;
}

}  // namespace guard::cli
