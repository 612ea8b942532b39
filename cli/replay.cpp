#include <fmt/core.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>

#include "analyzer/daemon/snapshot.hpp"
#include "analyzer/detection/detector.hpp"
#include "analyzer/detection/event_order.hpp"
#include "cli/commands.hpp"
#include "cli/contracts.hpp"
#include "cli/finding_json.hpp"
#include "cli/progress.hpp"
#include "config/options.hpp"
#include "geo/gateways.hpp"
#include "geo/locator.hpp"
#include "replay/jsonl_reader.hpp"

namespace guard::cli {
namespace {

// A run that cannot go on; the message has been made for people.
struct CouldNotRun {
    std::string message;
};

config::Settings settings_of(const ReplayOptions& options) {
    config::Settings settings;
    if (!options.config.empty()) {
        auto loaded = config::load(options.config);
        if (!loaded) throw CouldNotRun{fmt::format("{}", fmt::join(loaded.error(), "\n"))};
        settings = std::move(*loaded);
    }
    if (!options.pools.empty()) settings.pools = options.pools;
    if (!options.mmdb.empty()) settings.mmdb = options.mmdb;
    if (!options.gateways.empty()) settings.gateways = options.gateways;
    if (!options.state.empty()) settings.state_directory = options.state;
    if (!options.profile.empty())
        settings.detection.profile =
            options.profile == "cautious" ? config::Profile::cautious : config::Profile::guideline;
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

class Findings {
  public:
    explicit Findings(const std::filesystem::path& file) {
        if (file.empty()) return;
        if (file != "-") file_.open(file, std::ios::trunc);
        if (!file_)
            throw CouldNotRun{
                fmt::format("{}: cannot be written, expected a file in a directory that exists", file.string())};
        out_ = file == "-" ? &std::cout : &file_;
    }
    void add(std::vector<detection::Decision>& decisions) {
        for (const auto& decision : decisions) {
            // One line a finding: what was decided for good, and of a block its beginning.
            if (decision.reason == detection::Reason::settling || decision.finding.renewal) continue;
            ++counts_[static_cast<std::size_t>(decision.action)];
            if (out_) *out_ << to_json(decision) << '\n';
        }
        decisions.clear();
    }
    void close() {
        if (out_ && !out_->flush()) throw CouldNotRun{"the findings could not be written: is the disk full?"};
    }
    [[nodiscard]] std::string summary() const {
        return fmt::format("{} suspend, {} review, {} block, {} record", counts_[0], counts_[1], counts_[2],
                           counts_[3]);
    }

  private:
    std::ofstream file_;
    std::ostream* out_ = nullptr;  // none: they are only counted
    std::array<std::uint64_t, 4> counts_{};
};

struct Read {
    std::uint64_t events = 0, malformed = 0;
};

// All events of one input, in order, into the detector.
Read read_input(const std::filesystem::path& input, const IdNormalisation& normalise, std::chrono::seconds reorder,
                const std::function<void(const LoginEvent&)>& sink) {
    auto reader = replay::JsonlReader::open(input, normalise);
    if (!reader) throw CouldNotRun{reader.error()};
    detection::EventOrder order(reorder);
    Progress progress(input);
    while (auto line = reader->next()) {
        if (!*line) continue;
        order.push(std::move(**line));
        while (const auto event = order.pop()) sink(*event);
        progress.show(reader->counts().lines);
    }
    while (const auto event = order.pop(true)) sink(*event);
    progress.clear();
    for (const auto& line : reader->malformed()) fmt::print(stderr, "{}\n", line.to_string());
    const auto& counts = reader->counts();
    if (counts.malformed > reader->malformed().size())
        fmt::print(stderr, "{}: {} more malformed lines\n", input.string(),
                   counts.malformed - reader->malformed().size());
    return {counts.events, counts.malformed};
}

detection::Knowledge knowledge_of(const config::Settings& settings, const ReplayOptions& options) {
    detection::Knowledge knowledge;
    const auto value_or_stop = [](auto loaded) {
        if (!loaded) throw CouldNotRun{fmt::format("{}", fmt::join(loaded.error(), "\n"))};
        return std::move(*loaded);
    };
    if (!settings.gateways.empty()) knowledge.gateways = value_or_stop(geo::load_prefixes(settings.gateways));
    if (!options.contracts.empty())
        knowledge.contract = value_or_stop(load_contracts(options.contracts, settings.identity));
    return knowledge;
}

int run(const ReplayOptions& options) {
    const config::Settings settings = settings_of(options);
    auto locator = geo::Locator::load(settings.pools, settings.mmdb, 1);
    if (!locator) throw CouldNotRun{fmt::format("{}", fmt::join(locator.error(), "\n"))};
    const detection::Knowledge knowledge = knowledge_of(settings, options);
    const bool stateful = options.learn || !settings.state_directory.empty();
    const HashKey key = stateful ? daemon::state_key(settings.state_directory) : random_key();
    detection::Detector detector(settings.detection, *locator, knowledge, key);
    if (stateful) {
        const auto loaded = daemon::load_learned(detector, key, settings.state_directory);
        if (!loaded.warning.empty()) fmt::print(stderr, "warning: {}\n", loaded.warning);
    }

    Findings findings(options.findings);
    std::vector<detection::Decision> decisions;
    Read total;
    for (const auto& input : options.inputs) {
        const Read read =
            read_input(input, settings.identity, settings.detection.reorder, [&](const LoginEvent& event) {
                detector.on_event(event, decisions);
                // Nobody is disconnected here; do not let them pile up.
                static_cast<void>(detector.take_late_sessions());
                if (!decisions.empty()) findings.add(decisions);
            });
        total.events += read.events;
        total.malformed += read.malformed;
    }
    detector.finish(decisions);
    findings.add(decisions);
    findings.close();
    if (options.learn) daemon::save_learned(detector, key, settings.state_directory);

    fmt::print(stderr, "{} events, {} malformed lines skipped, {} IDs; findings: {}\n", total.events, total.malformed,
               detector.streams().size(), findings.summary());
    if (const auto unmapped = detector.counters().unmapped; unmapped > 0)
        fmt::print(stderr, "warning: {} PPPoE events with an address outside every pool: no decision about them\n",
                   unmapped);
    if (options.learn) fmt::print(stderr, "learned regions saved in {}\n", settings.state_directory.string());
    return kDone;
}

}  // namespace

int replay(const ReplayOptions& options) {
    try {
        return run(options);
    } catch (const CouldNotRun& error) {
        fmt::print(stderr, "{}\n", error.message);
    } catch (const std::exception& error) {
        fmt::print(stderr, "guardctl replay: {}\n", error.what());
    }
    return kCouldNotRun;
}

}  // namespace guard::cli
