#include "cli/replay/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/replay/tally.hpp"
#include "event/text.hpp"

namespace guard::cli {
namespace {

using detection::Action;
using nlohmann::ordered_json;

constexpr std::size_t kShownDifferences = 50;  // of a table; JSON has them all

bool is_about_source(detection::Rule rule) {
    return rule == detection::Rule::smtp_source;
}

std::string text_of(const std::optional<Action>& action) {
    return action ? std::string(to_string(*action)) : "-";
}

}  // namespace

std::string masked(const std::string& id) {
    constexpr std::size_t kLongEnough = 4;  // of a shorter name a letter says too much
    if (!is_plain_utf8(id)) return "***";
    const auto at = id.rfind('@');
    const std::string name = id.substr(0, at), realm = at == id.npos ? "" : id.substr(at);
    const bool ascii = !name.empty() && static_cast<unsigned char>(name.front()) < 0x80;
    return (name.size() >= kLongEnough && ascii ? name.substr(0, 1) : "") + "***" + realm;
}

void Comparison::count(std::size_t configuration, const detection::Decision& decision) {
    if (!is_final(decision)) return;
    const detection::Finding& finding = decision.finding;
    auto& verdicts =
        verdicts_[{finding.rule, finding.service, finding.source ? finding.source->to_string() : finding.id}];
    verdicts.resize(names_.size());
    auto& verdict = verdicts.at(configuration);
    verdict = verdict ? std::min(*verdict, decision.action) : decision.action;
}

Comparison::Counts Comparison::counts() const {
    Counts counts;
    for (const auto& [key, verdicts] : verdicts_)
        for (std::size_t i = 0; i < verdicts.size(); ++i) {
            if (!verdicts[i]) continue;
            auto& row = counts[{std::get<detection::Rule>(key), *verdicts[i]}];
            row.resize(names_.size());
            ++row[i];
        }
    return counts;
}

// IDs (or, for blocks, sources), each counted once whatever the number of rules.
std::vector<std::uint64_t> Comparison::subjects(Action action) const {
    std::vector<std::set<std::pair<Service, std::string>>> sets(names_.size());
    for (const auto& [key, verdicts] : verdicts_)
        for (std::size_t i = 0; i < verdicts.size(); ++i)
            if (verdicts[i] == action) sets[i].emplace(std::get<Service>(key), std::get<std::string>(key));
    std::vector<std::uint64_t> numbers;
    for (const auto& set : sets) numbers.push_back(set.size());
    return numbers;
}

std::vector<Comparison::Difference> Comparison::differences() const {
    std::vector<Difference> all;
    for (const auto& [key, verdicts] : verdicts_)
        if (std::adjacent_find(verdicts.begin(), verdicts.end(), std::not_equal_to<>()) != verdicts.end())
            all.push_back({key, verdicts});
    return all;
}

std::string Comparison::subject(const Key& key) const {
    const std::string& text = std::get<std::string>(key);
    return masks_ && !is_about_source(std::get<detection::Rule>(key)) ? masked(text) : text;
}

Document Comparison::document(bool interrupted) const {
    Document document{"Replay: the same events under several configurations", {}, {}};
    if (interrupted) document.lines.emplace_back("Interrupted: not everything was read.");
    Table whom{"Whom it would hit", with_names({"what"}), {}, 1, {}};
    for (const auto& [action, what] :
         {std::pair(Action::suspend, "IDs suspended"), std::pair(Action::review, "in review"),
          std::pair(Action::block, "sources blocked")}) {
        whom.rows.push_back({what});
        for (const std::uint64_t count : subjects(action)) whom.rows.back().push_back(std::to_string(count));
    }
    Table rules{"IDs or sources by rule", with_names({"rule", "action"}), {}, 2, "no findings"};
    for (const auto& [key, numbers] : counts()) {
        rules.rows.push_back({std::string(to_string(key.first)), std::string(to_string(key.second))});
        for (const std::uint64_t count : numbers) rules.rows.back().push_back(std::to_string(count));
    }
    const auto all = differences();
    document.tables = {std::move(whom), std::move(rules), changes_table(all), differences_table(all)};
    if (all.size() > kShownDifferences)
        document.lines.push_back(
            fmt::format("Of {} differences the first {} are listed; JSON has all.", all.size(), kShownDifferences));
    return document;
}

std::vector<std::string> Comparison::with_names(std::vector<std::string> columns) const {
    columns.insert(columns.end(), names_.begin(), names_.end());
    return columns;
}

// How many went from which action to which.
Table Comparison::changes_table(const std::vector<Difference>& all) const {
    std::map<std::pair<detection::Rule, Verdicts>, std::uint64_t> changes;
    for (const Difference& one : all) ++changes[{std::get<detection::Rule>(one.key), one.verdicts}];
    Table table{"Changes", with_names({"rule"}), {}, 1 + names_.size(), "none"};
    table.header.emplace_back("IDs or sources");
    for (const auto& [change, count] : changes) {
        table.rows.push_back({std::string(to_string(change.first))});
        for (const auto& verdict : change.second) table.rows.back().push_back(text_of(verdict));
        table.rows.back().push_back(std::to_string(count));
    }
    return table;
}

// Masks look alike, so each ID has a number of its own in here.
Table Comparison::differences_table(const std::vector<Difference>& all) const {
    std::map<std::pair<Service, std::string>, std::size_t> numbers;
    Table table{fmt::format("Differences: {}", all.size()),
                with_names({"rule", "service", "#", "ID or source"}),
                {},
                4 + names_.size(),
                "none"};
    for (const Difference& one : all) {
        if (table.rows.size() == kShownDifferences) break;
        const auto number =
            numbers.try_emplace({std::get<Service>(one.key), std::get<std::string>(one.key)}, numbers.size() + 1)
                .first->second;
        table.rows.push_back({std::string(to_string(std::get<detection::Rule>(one.key))),
                              std::string(to_string(std::get<Service>(one.key))), std::to_string(number),
                              subject(one.key)});
        for (const auto& verdict : one.verdicts) table.rows.back().push_back(text_of(verdict));
    }
    return table;
}

std::string Comparison::json(bool interrupted) const {
    const auto suspended = subjects(Action::suspend), reviewed = subjects(Action::review),
               blocked = subjects(Action::block);
    ordered_json object{{"interrupted", interrupted},
                        {"configurations", ordered_json::array()},
                        {"rules", ordered_json::array()},
                        {"differences", ordered_json::array()}};
    for (std::size_t i = 0; i < names_.size(); ++i)
        object["configurations"].push_back({{"name", names_[i]},
                                            {"ids_suspended", suspended[i]},
                                            {"ids_in_review", reviewed[i]},
                                            {"sources_blocked", blocked[i]}});
    for (const auto& [key, numbers] : counts())
        object["rules"].push_back(
            {{"rule", to_string(key.first)}, {"action", to_string(key.second)}, {"subjects", numbers}});
    std::map<std::pair<Service, std::string>, std::size_t> numbers;
    for (const Difference& one : differences()) {
        const auto number =
            numbers.try_emplace({std::get<Service>(one.key), std::get<std::string>(one.key)}, numbers.size() + 1)
                .first->second;
        const auto rule = std::get<detection::Rule>(one.key);
        ordered_json row{{"rule", to_string(rule)},
                         {"service", to_string(std::get<Service>(one.key))},
                         {"number", number},
                         {is_about_source(rule) ? "source" : "id", subject(one.key)},
                         {"actions", ordered_json::array()}};
        for (const auto& verdict : one.verdicts)
            row["actions"].push_back(verdict ? ordered_json(to_string(*verdict)) : ordered_json());
        object["differences"].push_back(std::move(row));
    }
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

std::string Comparison::shown(Format format, bool interrupted) const {
    return format == Format::json ? json(interrupted) : rendered(document(interrupted), format);
}

}  // namespace guard::cli
