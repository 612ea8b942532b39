// The one table of options. From it come the parser and its checks (options.cpp), the manual and the listing of what is
// in force (manual.cpp). A new setting is a member in settings.hpp and a row in option_table.cpp, nothing else.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.hpp"

namespace guard::config {

// What an option may be, and where in Settings it goes. Limits are inclusive.
struct Number {
    double& (*in)(Settings&);
    double least, most;
};
struct Count {
    unsigned& (*in)(Settings&);
    unsigned least, most;
};
struct Duration {
    seconds& (*in)(Settings&);
    seconds least, most;
};
struct Flag {
    bool& (*in)(Settings&);
};
struct Choice {
    std::span<const std::string_view> names;  // of the enumerators, in their order
    std::size_t (*get)(Settings&);
    void (*set)(Settings&, std::size_t);
};
struct Text {
    std::string& (*in)(Settings&);
    bool (*accepts)(std::string_view);  // beyond being UTF-8 without control characters
    std::string_view expected;
    bool confidential = false;  // a refused value is not repeated in the message
};
struct Texts {
    std::vector<std::string>& (*in)(Settings&);
    bool (*accepts)(std::string_view);
    std::string_view expected;
};
struct File {
    std::filesystem::path& (*in)(Settings&);
};
struct Files {
    std::vector<std::filesystem::path>& (*in)(Settings&);
};
struct RuleMode {
    std::string_view rule;  // in DetectionSettings::rule_modes
};
using Value = std::variant<Number, Count, Duration, Flag, Choice, Text, Texts, File, Files, RuleMode>;

struct Option {
    std::string_view name;
    Value value;
    std::string_view help;  // whole sentences, for an operator
    bool reloads = false;   // the analyzer takes a new value over on SIGHUP; without it a restart is needed
};

struct Section {
    std::string_view name;  // "detection.pppoe"
    std::string_view help;
    std::vector<Option> options;
};

// The first option is never more than the second: both counts or both durations, by their keys.
struct AtMost {
    std::string_view key, limit;
};

[[nodiscard]] std::span<const Section> sections();
// Those about the roads to the subscriber.
[[nodiscard]] std::vector<Section> channel_sections();
[[nodiscard]] std::vector<Section> plan_sections();
[[nodiscard]] std::span<const AtMost> at_most();
[[nodiscard]] std::span<const std::string_view> mode_names();

// "detection.pppoe.min_distance_km"
[[nodiscard]] std::string key_of(const Section& section, const Option& option);
// Null when there is no such option.
[[nodiscard]] const Option* find_option(std::string_view key);

// What a value of the option looks like, for a message after "expected" and for the manual: "a duration from 1s to
// 24h".
[[nodiscard]] std::string accepted(const Value& value);
// The value as TOML writes it: `"48h"`, `100`, `["a", "b"]`. Empty: a rule without a mode of its own.
[[nodiscard]] std::string shown(const Value& value, Settings& settings);
// "48h", "15m", "90s": the largest unit that divides it.
[[nodiscard]] std::string shown(seconds duration);

}  // namespace guard::config
