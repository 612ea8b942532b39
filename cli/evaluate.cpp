#include <fmt/core.h>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "analyzer/detection/event_order.hpp"
#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "evaluate/baselines.hpp"
#include "evaluate/report.hpp"
#include "replay/jsonl_reader.hpp"

namespace guard::cli {
namespace {

namespace ev = guard::evaluate;

// A run that cannot go on; the message has been made for people.
struct CouldNotRun {
    std::string message;
};

template <class Value>
Value value_or_stop(Expected<Value> value) {
    if (!value) throw CouldNotRun{value.error()};
    return std::move(*value);
}

void add_findings(const std::filesystem::path& file, ev::Score& score) {
    auto reader = value_or_stop(ev::FindingReader::open(file));
    while (auto verdict = reader.next()) score.add(value_or_stop(std::move(*verdict)));
}

// The naive rules over the same events, in the same order as replay sorts them.
void run_baselines(const EvaluateOptions& options, std::vector<ev::Score>& scores) {
    auto database = options.mmdb;
    if (database.empty() && std::filesystem::exists(options.directory / "world.mmdb"))
        database = options.directory / "world.mmdb";
    auto locator = geo::Locator::load(options.directory / "pools.csv", database, 1);
    if (!locator) throw CouldNotRun{fmt::format("{}", fmt::join(locator.error(), "\n"))};
    const auto input = options.directory / "events.jsonl";
    auto reader = value_or_stop(replay::JsonlReader::open(input, IdNormalisation{}));
    ev::Baselines baselines(**locator);
    detection::EventOrder order(config::DetectionSettings{}.reorder);
    const auto on_event = [&](const LoginEvent& event) {
        baselines.on_event(event, [&](std::size_t rule, const ev::Verdict& verdict) { scores[rule + 1].add(verdict); });
    };
    Progress progress(input);
    while (auto event = reader.next()) {
        if (!*event) throw CouldNotRun{event->error().to_string()};
        order.push(std::move(**event));
        while (const auto next = order.pop()) on_event(*next);
        progress.show(reader.counts().lines);
    }
    while (const auto next = order.pop(true)) on_event(*next);
    progress.clear();
}

// How many lines only one of the two has.
std::uint64_t differing_lines(const std::filesystem::path& first, const std::filesystem::path& second) {
    std::unordered_map<std::size_t, std::int64_t> balance;  // by hash
    const auto count = [&](const std::filesystem::path& file, int step) {
        auto lines = value_or_stop(replay::LineReader::open(file));
        while (const auto line = lines.next()) {
            const auto entry = balance.try_emplace(std::hash<std::string_view>{}(line->text)).first;
            if ((entry->second += step) == 0) balance.erase(entry);
        }
    };
    count(first, 1);
    count(second, -1);
    std::uint64_t differing = 0;
    for (const auto& [hash, surplus] : balance) differing += static_cast<std::uint64_t>(std::abs(surplus));
    return differing;
}

void write_wrong(const std::filesystem::path& file, const ev::Score& score) {
    std::ofstream out(file, std::ios::trunc);
    score.for_each_wrong([&](const ev::Wrong& wrong) {
        nlohmann::ordered_json object{{"what", to_string(wrong.what)},
                                      {"label", wrong.label},
                                      {"service", to_string(wrong.subject.service)},
                                      {wrong.subject.source ? "source" : "id", wrong.subject.name},
                                      {"time", format_rfc3339(wrong.time)}};
        if (!wrong.rule.empty()) object["rule"] = wrong.rule;
        out << object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
    });
    out.close();
    if (!out)
        throw CouldNotRun{
            fmt::format("{}: cannot be written, expected a file in a directory that exists", file.string())};
}

int run(const EvaluateOptions& options) {
    const auto truth = value_or_stop(ev::Truth::load(options.directory / "truth.csv"));
    auto manifest = value_or_stop(ev::Manifest::load(options.directory / "manifest.json"));
    if (options.days > 0) manifest.days = options.days;
    if (!options.again.empty() && (options.findings == "-" || options.again == "-"))
        throw CouldNotRun{"--again compares two files: found standard input, expected a file"};

    std::vector<ev::Score> scores;
    scores.emplace_back("PPPoE Guard", truth);
    add_findings(options.findings, scores.front());
    if (options.baselines) {
        for (const std::string_view name : ev::Baselines::kNames) scores.emplace_back(std::string(name), truth);
        run_baselines(options, scores);
    }
    std::optional<std::uint64_t> differing;
    if (!options.again.empty()) differing = differing_lines(options.findings, options.again);

    const auto profile = options.profile == "cautious" ? config::Profile::cautious : config::Profile::guideline;
    const ev::Report report{truth, manifest, profile, scores,
                            ev::check({scores.front(), truth, manifest, profile, differing})};
    fmt::print("{}", options.json ? ev::to_json(report) : ev::to_text(report));
    if (!options.wrong.empty()) write_wrong(options.wrong, scores.front());
    for (const ev::Checked& checked : report.targets)
        if (checked.outcome == ev::Outcome::missed) return kNo;
    return kDone;
}

}  // namespace

int evaluate(const EvaluateOptions& options) {
    try {
        return run(options);
    } catch (const CouldNotRun& error) {
        fmt::print(stderr, "{}\n", error.message);
    } catch (const std::exception& error) {
        fmt::print(stderr, "guardctl evaluate: {}\n", error.what());
    }
    return kCouldNotRun;
}

}  // namespace guard::cli
