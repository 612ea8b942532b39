#include "cli/replay/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <numeric>

namespace guard::cli {
namespace {

using detection::Action;
using nlohmann::ordered_json;

constexpr std::size_t kTopSources = 20;
constexpr std::array kActionsInOrder = {Action::suspend, Action::review, Action::block, Action::record};

std::uint64_t total(const std::array<std::uint64_t, replay::kIgnoredClasses>& ignored) {
    return std::accumulate(ignored.begin(), ignored.end(), std::uint64_t{0});
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

// "2026-03-20" of a day, "2026-03-20 00:12" of an hour, "2026-03-20 00:12:30" of a moment.
std::string shown(Time time, std::size_t length) {
    std::string text = format_rfc3339(time).substr(0, length);
    if (length > 10) text[10] = ' ';
    return text;
}

std::vector<std::string> row_of(std::string name, const ActionCounts& counts) {
    std::vector<std::string> row{std::move(name)};
    for (const std::uint64_t count : counts) row.push_back(number(count));
    return row;
}

ordered_json json_of(const ActionCounts& counts) {
    ordered_json object;
    for (const Action action : kActionsInOrder)
        object[std::string(to_string(action))] = counts.at(static_cast<std::size_t>(action));
    return object;
}

Table inputs_table(const Account& account) {
    Table table{"What was read", {"input", "format", "lines", "events", "ignored", "malformed"}, {}, 2, "nothing"};
    const auto add = [&](const replay::InputCounts& counts, const std::string& name) {
        table.rows.push_back({name, counts.format.empty() ? "-" : counts.format, number(counts.lines),
                              number(counts.events), number(total(counts.ignored)), number(counts.malformed)});
    };
    for (const auto& counts : account.inputs) add(counts, counts.input);
    if (account.inputs.size() > 1) add(sum_of(account.inputs), "all");
    return table;
}

Table subjects_table(const Tally& tally) {
    const ActionCounts ids = tally.ids();
    return {"Whom it would hit",
            {"what", "number"},
            {{"IDs suspended", number(ids[0])},
             {"IDs in review", number(ids[1])},
             {"IDs with findings that are only recorded", number(ids[3])},
             {"sources blocked", number(tally.blocked_sources())}},
            1,
            {}};
}

Table rules_table(const Tally& tally) {
    Table table{"By rule", {"rule", "suspend", "review", "block", "record", "IDs or sources"}, {}, 1, "no findings"};
    for (const auto& [rule, of_rule] : tally.rules()) {
        table.rows.push_back(row_of(std::string(to_string(rule)), of_rule.actions));
        table.rows.back().push_back(number(of_rule.subjects.size()));
    }
    return table;
}

// Of a long log the days, or nobody would read it.
Table hours_table(const Tally& tally) {
    constexpr std::size_t kMostHours = 48;
    const bool by_day = tally.hours().size() > kMostHours;
    Table table{by_day ? "By day (UTC); by hour in JSON" : "By hour (UTC)",
                {by_day ? "day" : "hour", "suspend", "review", "block", "record", "rules"},
                {},
                1,
                "no findings"};
    table.last_is_text = true;
    std::map<Time, Tally::OfHour> spans;
    for (const auto& [hour, counts] : tally.hours()) {
        Tally::OfHour& span = spans[by_day ? Time{std::chrono::floor<std::chrono::days>(hour)} : hour];
        for (std::size_t i = 0; i < kActions; ++i) span.actions.at(i) += counts.actions.at(i);
        for (const auto& [rule, count] : counts.rules) span.rules[rule] += count;
    }
    for (const auto& [begin, counts] : spans) {
        std::vector<std::string> rules;
        for (const auto& [rule, count] : counts.rules) rules.push_back(fmt::format("{} {}", count, to_string(rule)));
        table.rows.push_back(row_of(shown(begin, by_day ? 10 : 16), counts.actions));
        table.rows.back().push_back(fmt::format("{}", fmt::join(rules, ", ")));
    }
    return table;
}

Table reasons_table(const Tally& tally) {
    Table table{"Held back, or left to a person", {"reason", "findings"}, {}, 1, "nothing"};
    for (const auto& [reason, count] : tally.reasons())
        table.rows.push_back({std::string(to_string(reason)), number(count)});
    return table;
}

Table sources_table(const Tally& tally) {
    Table table{"Top sources (SMTP-AUTH)",
                {"source", "action", "first", "last", "attempts", "IDs", "accepted", "findings about IDs"},
                {},
                4,
                "none"};
    for (const auto& [address, source] : tally.top_sources(kTopSources)) {
        const bool guessed = source.attempts > 0;
        table.rows.push_back({address.to_string(), guessed ? std::string(to_string(source.action)) : "-",
                              guessed ? shown(source.first, 19) : "-", guessed ? shown(source.last, 19) : "-",
                              number(source.attempts), number(source.ids), number(source.accepts),
                              number(source.id_findings)});
    }
    return table;
}

Document document_of(const Tally& tally, const Account& account) {
    Document document{"Replay: what would have been done", {}, {}};
    if (tally.period())
        document.lines.push_back(fmt::format("Events from {} to {} UTC, of {} IDs.", shown(tally.period()->first, 19),
                                             shown(tally.period()->second, 19), account.ids));
    if (account.interrupted) document.lines.emplace_back("Interrupted: not everything was read.");
    if (account.unmapped > 0)
        document.lines.push_back(fmt::format(
            "{} PPPoE events have an address outside every pool: no decision about them.", account.unmapped));
    for (const auto& [pool, skew] : account.skewed_clocks)
        document.lines.push_back(skew_in_words(pool, skew) + ": jumps there go to a person.");
    document.tables = {subjects_table(tally), rules_table(tally),   hours_table(tally),
                       reasons_table(tally),  sources_table(tally), inputs_table(account)};
    return document;
}

ordered_json json_of(const replay::InputCounts& counts) {
    ordered_json object{{"input", counts.input},   {"format", counts.format},       {"lines", counts.lines},
                        {"events", counts.events}, {"malformed", counts.malformed}, {"late", counts.late}};
    const auto by_protocol = [](const std::array<std::uint64_t, replay::kProtocols>& all) {
        auto protocols = ordered_json::object();
        for (std::size_t i = 0; i < replay::kProtocols; ++i)
            if (all.at(i) > 0) protocols[std::string(to_string(static_cast<replay::Protocol>(i)))] = all.at(i);
        return protocols;
    };
    object["events_by_protocol"] = by_protocol(counts.by_protocol);
    object["not_wanted_by_protocol"] = by_protocol(counts.left_out);
    auto& ignored = object["ignored"] = ordered_json::object();
    for (std::size_t i = 0; i < replay::kIgnoredClasses; ++i)
        if (counts.ignored.at(i) > 0)
            ignored[std::string(to_string(static_cast<replay::Ignored>(i)))] = counts.ignored.at(i);
    return object;
}

ordered_json json_of(const std::pair<IpAddress, Tally::Source>& entry) {
    const auto& [address, source] = entry;
    const bool guessed = source.attempts > 0;
    return {{"source", address.to_string()},
            {"action", guessed ? ordered_json(to_string(source.action)) : ordered_json()},
            {"first", guessed ? ordered_json(format_rfc3339(source.first)) : ordered_json()},
            {"last", guessed ? ordered_json(format_rfc3339(source.last)) : ordered_json()},
            {"attempts", source.attempts},
            {"ids", source.ids},
            {"accepts", source.accepts},
            {"id_findings", source.id_findings}};
}

std::string report_json(const Tally& tally, const Account& account) {
    ordered_json object;
    if (tally.period())
        object["period"] = {{"from", format_rfc3339(tally.period()->first)},
                            {"until", format_rfc3339(tally.period()->second)}};
    else
        object["period"] = nullptr;
    object["interrupted"] = account.interrupted;
    object["ids"] = account.ids;
    object["unmapped_events"] = account.unmapped;
    object["wrong_clocks"] = ordered_json::array();
    for (const auto& [pool, skew] : account.skewed_clocks)
        object["wrong_clocks"].push_back({{"pool", pool.to_string()}, {"seconds", skew.count()}});
    const ActionCounts ids = tally.ids();
    object["ids_suspended"] = ids[0];
    object["ids_in_review"] = ids[1];
    object["ids_recorded"] = ids[3];
    object["sources_blocked"] = tally.blocked_sources();
    object["findings"] = json_of(tally.actions());
    object["rules"] = object["hours"] = object["sources"] = object["inputs"] = ordered_json::array();
    for (const auto& [rule, of_rule] : tally.rules())
        object["rules"].push_back(
            {{"rule", to_string(rule)}, {"findings", json_of(of_rule.actions)}, {"subjects", of_rule.subjects.size()}});
    for (const auto& [hour, counts] : tally.hours()) {
        ordered_json rules = ordered_json::object();
        for (const auto& [rule, count] : counts.rules) rules[std::string(to_string(rule))] = count;
        object["hours"].push_back(
            {{"hour", format_rfc3339(hour)}, {"findings", json_of(counts.actions)}, {"rules", std::move(rules)}});
    }
    object["reasons"] = ordered_json::object();
    for (const auto& [reason, count] : tally.reasons()) object["reasons"][std::string(to_string(reason))] = count;
    for (const auto& source : tally.top_sources(kTopSources)) object["sources"].push_back(json_of(source));
    for (const auto& counts : account.inputs) object["inputs"].push_back(json_of(counts));
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string skew_in_words(const IpAddress& pool, std::chrono::seconds skew) {
    return fmt::format("pool {}: its Starts are told to be {} s {} than their accepts: the clock of the NAS is wrong",
                       pool.to_string(), std::chrono::abs(skew).count(), skew.count() < 0 ? "earlier" : "later");
}

std::string ignored_in_words(const replay::InputCounts& counts) {
    const auto in_words = [](const auto& all, auto name) {
        std::string words;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (all.at(i) > 0) words += fmt::format("{}{} {}", words.empty() ? "" : ", ", all.at(i), name(i));
        return words;
    };
    std::string classes =
        in_words(counts.ignored, [](std::size_t i) { return to_string(static_cast<replay::Ignored>(i)); });
    const std::string left_out =
        in_words(counts.left_out, [](std::size_t i) { return to_string(static_cast<replay::Protocol>(i)); });
    if (!left_out.empty()) classes += "; of those not wanted " + left_out;
    return fmt::format("{} ignored{}", total(counts.ignored), classes.empty() ? "" : " (" + classes + ')');
}

replay::InputCounts sum_of(const std::vector<replay::InputCounts>& inputs) {
    replay::InputCounts sum;
    for (const auto& counts : inputs) {
        sum.lines += counts.lines;
        sum.events += counts.events;
        sum.malformed += counts.malformed;
        sum.late += counts.late;
        for (std::size_t i = 0; i < replay::kProtocols; ++i) {
            sum.by_protocol.at(i) += counts.by_protocol.at(i);
            sum.left_out.at(i) += counts.left_out.at(i);
        }
        for (std::size_t i = 0; i < replay::kIgnoredClasses; ++i) sum.ignored.at(i) += counts.ignored.at(i);
    }
    return sum;
}

Format format_of(std::string_view name) {
    if (name == "json") return Format::json;
    return name == "md" ? Format::markdown : Format::text;
}

std::string report(const Tally& tally, const Account& account, Format format) {
    if (format == Format::json) return report_json(tally, account);
    return rendered(document_of(tally, account), format);
}

}  // namespace guard::cli
