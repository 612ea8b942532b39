#include "evaluate/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "evaluate/bounds.hpp"

namespace guard::evaluate {
namespace {

using nlohmann::ordered_json;
using Out = std::back_insert_iterator<std::string>;

std::string quantile_text(const Delays& delays, double share) {
    const auto value = delays.quantile(share);
    return value ? duration_text(*value) : "-";
}

std::string percent(std::uint64_t part, std::uint64_t all) {
    return all == 0 ? "-" : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

struct Rate {
    double measured = 0, bound = 0;
};
std::optional<Rate> rate(std::uint64_t events, double million_days) {
    if (million_days <= 0) return std::nullopt;
    return Rate{static_cast<double>(events) / million_days, poisson_upper(events) / million_days};
}

std::string rate_text(std::uint64_t events, double million_days) {
    const auto value = rate(events, million_days);
    return value ? fmt::format("{:.4g} (<= {:.4g})", value->measured, value->bound) : "-";
}

std::uint64_t ordinary_count(const Report& report) {
    const auto rows = static_cast<std::uint64_t>(
        std::count_if(report.truth.rows().begin(), report.truth.rows().end(),
                      [](const TruthRow& row) { return !simulate::is_source(label_of(row).meaning); }));
    const std::uint64_t all = report.manifest.subscribers + report.manifest.smtp;
    return all - std::min(all, rows);
}

// "breaker 15, storm 2"
std::string held_text(const std::map<std::string, std::uint64_t>& held) {
    std::string text;
    for (const auto& [reason, count] : held) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, count);
    return text;
}

void labels_table(const Report& report, Out out) {
    const Score& score = report.scores.front();
    constexpr auto row = "{:<22}{:<11}{:>9}{:>11}{:>9}{:>9}{:>9}  {:>13}{:>13}  {:>13}{:>13}  {}\n";
    fmt::format_to(out, "{:<22}{:<11}{:>9}{:>11}{:>9}{:>9}{:>9}  {:>26}  {:>26}\n", "", "", "", "", "", "", "",
                   "to the finding", "to suspension or block");
    fmt::format_to(out, row, "label", "class", "count", "suspended", "review", "neither", "found", "median", "p95",
                   "median", "p95", "in review because of");
    const std::uint64_t ordinary = ordinary_count(report), suspended = score.ordinary_suspended(),
                        review = score.ordinary_in_review();
    fmt::format_to(out, row, "(in no row)", "innocent", ordinary, suspended, review,
                   ordinary - std::min(ordinary, suspended + review), "", "", "", "", "", "");
    const auto results = score.by_label();
    for (std::size_t i = 0; i < results.size(); ++i) {
        const LabelResult& result = results[i];
        const LabelRow& label = simulate::labels()[i];
        if (result.count == 0) continue;
        const bool attack = simulate::is_attack(label.meaning);
        const auto delay = [&](const Delays& delays, double share) {
            return attack ? quantile_text(delays, share) : std::string();
        };
        fmt::format_to(out, row, label.name, simulate::to_string(label.meaning), result.count, result.suspended,
                       result.review, result.neither(),
                       attack ? percent(result.count - result.neither(), result.count) : std::string(),
                       delay(result.found, 0.5), delay(result.found, 0.95), delay(result.stopped, 0.5),
                       delay(result.stopped, 0.95), held_text(result.held));
    }
}

// Side by side: share found and median delay of the attacks, suspensions of all others.
void comparison_table(const Report& report, Out out) {
    fmt::format_to(out, "\n{:<44}", "found, median delay to the finding; by rule:");
    for (const Score& score : report.scores) fmt::format_to(out, "{:>26}", score.name());
    fmt::format_to(out, "\n");
    std::vector<std::vector<LabelResult>> results;
    for (const Score& score : report.scores) results.push_back(score.by_label());
    for (std::size_t i = 0; i < simulate::kLabels; ++i) {
        const LabelRow& label = simulate::labels()[i];
        if (results.front()[i].count == 0 || simulate::is_source(label.meaning)) continue;
        const bool attack = simulate::is_attack(label.meaning);
        fmt::format_to(out, "{:<44}", fmt::format("{}{}", label.name, attack ? "" : ", suspended"));
        for (const auto& result : results) {
            const LabelResult& of = result[i];
            const std::string share = percent(attack ? of.count - of.neither() : of.suspended, of.count);
            fmt::format_to(out, "{:>26}", attack ? share + ", " + quantile_text(of.found, 0.5) : share);
        }
        fmt::format_to(out, "\n");
    }
    fmt::format_to(out, "{:<44}", "innocents suspended per M subscriber-days");
    for (const Score& score : report.scores)
        fmt::format_to(out, "{:>26}",
                       rate_text(score.innocent_suspended(), subscriber_days(report.truth, report.manifest)));
    fmt::format_to(out, "\n");
}

std::string value_text(Measure measure, double value) {
    switch (measure) {
        case Measure::found_share:
            return fmt::format("{:.2f} %", 100 * value);
        case Measure::finding_delay:
        case Measure::suspension_delay:
        case Measure::unlimited_delay:
            return duration_text(value);
        default:
            return fmt::format("{:.4g}", value);
    }
}

std::string of_text(const Checked& checked) {
    switch (checked.target->measure) {
        case Measure::innocent_suspended:
        case Measure::ambiguous_suspended:
        case Measure::innocent_blocked:
            return fmt::format("{} in {:.4g} M days", checked.hits, checked.base);
        case Measure::mail_review_load:
            return fmt::format("{} in {:.4g} k days", checked.hits, checked.base);
        case Measure::same_outcome:
            return fmt::format("{}", checked.hits);
        default:
            return fmt::format("{} of {:.0f}", checked.hits, checked.base);
    }
}

void targets_table(const Report& report, Out out) {
    fmt::format_to(out, "\n{:<56}{:>12}{:>14}{:>14}{:>24}  {}\n", "target", "limit", "measured", "95 % bound", "of",
                   "outcome");
    for (const Checked& checked : report.targets) {
        const Measure measure = checked.target->measure;
        const auto shown = [&](const std::optional<double>& value) {
            return value ? value_text(measure, *value) : std::string("-");
        };
        const char* const sign = measure == Measure::found_share ? ">= " : "<= ";
        fmt::format_to(out, "{:<56}{:>12}{:>14}{:>14}{:>24}  {}\n", checked.target->name,
                       checked.target->limit ? sign + shown(checked.target->limit) : "-", shown(checked.measured),
                       shown(checked.bound), checked.measured ? of_text(checked) : "-", to_string(checked.outcome));
    }
}

ordered_json number(double value) {
    return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

ordered_json delays_json(const Delays& delays) {
    ordered_json object;
    for (const auto& [name, share] : {std::pair{"median", 0.5}, std::pair{"p95", 0.95}}) {
        const auto value = delays.quantile(share);
        object[name] = value ? number(*value) : ordered_json(nullptr);
    }
    return object;
}

ordered_json score_json(const Score& score, const Report& report) {
    ordered_json object;
    object["name"] = score.name();
    const double days = subscriber_days(report.truth, report.manifest);
    object["innocent_suspended"] = score.innocent_suspended();
    object["innocent_blocked"] = score.innocent_blocked();
    if (const auto value = rate(score.innocent_suspended(), days)) {
        object["innocent_suspended_per_million_days"] = value->measured;
        object["innocent_suspended_per_million_days_bound"] = value->bound;
    }
    object["labels"] = ordered_json::array();
    const auto results = score.by_label();
    const std::uint64_t suspended = score.ordinary_suspended(), review = score.ordinary_in_review();
    object["labels"].push_back({{"label", nullptr},
                                {"class", "innocent"},
                                {"count", ordinary_count(report)},
                                {"suspended", suspended},
                                {"review", review}});
    for (std::size_t i = 0; i < results.size(); ++i) {
        const LabelResult& result = results[i];
        if (result.count == 0) continue;
        const LabelRow& label = simulate::labels()[i];
        ordered_json row{{"label", label.name},     {"class", simulate::to_string(label.meaning)},
                         {"count", result.count},   {"suspended", result.suspended},
                         {"review", result.review}, {"neither", result.neither()},
                         {"held", result.held}};
        if (simulate::is_attack(label.meaning)) {
            row["seconds_to_stop_without_breaker"] = delays_json(result.unlimited);
            row["suspended_early"] = result.early;
            row["seconds_to_finding"] = delays_json(result.found);
            row["seconds_to_stop"] = delays_json(result.stopped);
        }
        object["labels"].push_back(std::move(row));
    }
    return object;
}

ordered_json target_json(const Checked& checked) {
    const auto shown = [](const std::optional<double>& value) {
        return value ? number(*value) : ordered_json(nullptr);
    };
    return {{"target", checked.target->name},
            {"limit", shown(checked.target->limit)},
            {"measured", shown(checked.measured)},
            {"bound", shown(checked.bound)},
            {"hits", checked.hits},
            {"base", checked.base},
            {"outcome", to_string(checked.outcome)}};
}

}  // namespace

std::string duration_text(double seconds) {
    if (!std::isfinite(seconds)) return "never";
    if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    const std::uint64_t minutes = (whole + 30) / 60;
    if (minutes < 24 * 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
    const std::uint64_t hours = (minutes + 30) / 60;
    return fmt::format("{} d {} h", hours / 24, hours % 24);
}

std::string to_text(const Report& report) {
    std::string text;
    const Out out(text);
    fmt::format_to(out, "{} subscribers, {} SMTP-AUTH IDs, {} days; profile {}\n\n", report.manifest.subscribers,
                   report.manifest.smtp, report.manifest.days,
                   report.profile == config::Profile::guideline ? "guideline" : "cautious");
    labels_table(report, out);
    if (report.scores.size() > 1) comparison_table(report, out);
    targets_table(report, out);
    return text;
}

std::string to_json(const Report& report) {
    ordered_json object;
    object["subscribers"] = report.manifest.subscribers;
    object["smtp"] = report.manifest.smtp;
    object["days"] = report.manifest.days;
    object["profile"] = report.profile == config::Profile::guideline ? "guideline" : "cautious";
    object["scores"] = ordered_json::array();
    for (const Score& score : report.scores) object["scores"].push_back(score_json(score, report));
    object["targets"] = ordered_json::array();
    for (const Checked& checked : report.targets) object["targets"].push_back(target_json(checked));
    return object.dump() + '\n';
}

}  // namespace guard::evaluate
