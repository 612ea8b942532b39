#include "evaluate/truth.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "event/identity.hpp"
#include "event/ip_address.hpp"
#include "event/text.hpp"
#include "geo/csv.hpp"
#include "replay/line_reader.hpp"

namespace guard::evaluate {
namespace {

constexpr std::string_view kHeader = "id,label,attack_start";

std::string found(std::string_view what, std::string_view expected) {
    return "found " + std::string(what) + ", expected " + std::string(expected);
}

Expected<std::string> subject_name(bool source, const std::string& written) {
    if (source) {
        const auto address = IpAddress::parse(written);
        if (!address) return unexpected(found(in_quotes(written), "the address of a source, as the label says"));
        return address->source().to_string();
    }
    auto id = IdNormalisation{}(written);
    if (!id) return unexpected(found("an ID of " + std::to_string(written.size()) + " bytes", "one of 1 to 253"));
    return std::move(*id);
}

}  // namespace

std::string key_of(const Subject& subject) {
    const char kind = subject.source ? 's' : subject.service == Service::pppoe ? 'p' : 'm';
    return kind + subject.name;
}

Subject subject_of(const std::string& key) {
    return {key.front() == 'p' ? Service::pppoe : Service::smtp_auth, key.front() == 's', key.substr(1)};
}

// Empty when the row was taken, else what is wrong with it.
std::optional<std::string> Truth::add(std::string_view line) {
    const auto fields = geo::split_csv(line);
    if (!fields || fields->size() != 3)
        return found(fields ? std::to_string(fields->size()) + " columns" : "a quote that is not closed", kHeader);
    const auto label = simulate::parse_label((*fields)[1]);
    if (!label) return found(in_quotes((*fields)[1]), "a label of guardctl simulate");
    const LabelRow& meaning = simulate::row_of(*label);
    auto name = subject_name(simulate::is_source(meaning.meaning), (*fields)[0]);
    if (!name) return std::move(name.error());

    TruthRow row{*label, Time::max()};
    const std::string& start = (*fields)[2];
    if (simulate::is_attack(meaning.meaning) == start.empty())
        return found(start.empty() ? "no attack_start" : "an attack_start",
                     start.empty() ? "the time of the first misuse" : "none: nobody misuses it");
    if (!start.empty()) {
        const auto time = parse_rfc3339(start);
        if (!time) return found(in_quotes(start), "a time of RFC 3339 with its zone");
        row.attack_start = *time;
    }
    const Subject subject{meaning.service, simulate::is_source(meaning.meaning), std::move(*name)};
    if (!by_key_.emplace(key_of(subject), static_cast<std::uint32_t>(rows_.size())).second)
        return found("a second row of the same ID or source", "one for each");
    rows_.push_back(row);
    return std::nullopt;
}

Expected<Truth> Truth::load(const std::filesystem::path& file) {
    auto lines = replay::LineReader::open(file);
    if (!lines) return unexpected(std::move(lines.error()));
    Truth truth;
    std::uint64_t number = 0;
    while (const auto line = lines->next()) {
        ++number;
        std::optional<std::string> fault;
        if (line->too_long)
            fault = found("a line of more than 128 KiB", "a shorter one");
        else if (number == 1)
            fault = line->text == kHeader ? std::nullopt : std::optional(found(in_quotes(line->text), kHeader));
        else if (!line->text.empty())
            fault = truth.add(line->text);
        if (fault) return unexpected(file.string() + ':' + std::to_string(number) + ": " + *fault);
    }
    if (number == 0) return unexpected(file.string() + ": " + found("an empty file", kHeader));
    return truth;
}

std::optional<std::size_t> Truth::find(const Subject& subject) const {
    const auto row = by_key_.find(key_of(subject));
    if (row == by_key_.end()) return std::nullopt;
    return row->second;
}

std::vector<Subject> Truth::subjects() const {
    std::vector<Subject> subjects(rows_.size());
    for (const auto& [key, row] : by_key_) subjects[row] = subject_of(key);
    return subjects;
}

Expected<Manifest> Manifest::load(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) return unexpected(file.string() + ": " + found("nothing to read", "what guardctl simulate wrote"));
    const auto json = nlohmann::json::parse(in, nullptr, false);
    if (!json.is_object()) return unexpected(file.string() + ": " + found("no JSON object", "one"));
    Manifest manifest;
    std::string fault;
    const auto count = [&](const char* key, std::uint64_t& value) {
        const auto member = json.find(key);
        if (member != json.end() && member->is_number_unsigned())
            value = member->get<std::uint64_t>();
        else
            fault = found(std::string("no \"") + key + '"', "a whole number");
    };
    count("subscribers", manifest.subscribers);
    count("smtp", manifest.smtp);
    const auto days = json.find("days");
    if (days != json.end() && days->is_number()) manifest.days = days->get<double>();
    if (!(manifest.days > 0)) fault = found("no \"days\"", "a number above 0");
    if (json.contains("sources")) {
        std::uint64_t sources = 0;
        count("sources", sources);
        manifest.sources = sources;
    }
    if (!fault.empty()) return unexpected(file.string() + ": " + fault);
    return manifest;
}

}  // namespace guard::evaluate
