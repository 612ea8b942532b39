#include <array>
#include <charconv>
#include <map>

#include "config/option.hpp"

namespace guard::config {
namespace {

// Without an exponent: an operator reads 0.00002 faster than 2e-05.
std::string shown(double number) {
    std::array<char, 400> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed).ptr;
    return {text.data(), end};
}

// A basic string of TOML; the text holds no control characters.
std::string in_toml_quotes(std::string_view text) {
    std::string result = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') result += '\\';
        result += letter;
    }
    return result + '"';
}

template <class List>
std::string list(const List& items) {
    std::string result;
    for (const auto& item : items) {
        if (!result.empty()) result += ", ";
        result += in_toml_quotes(std::string(item));
    }
    return '[' + result + ']';
}

std::string alternatives(std::span<const std::string_view> names) {
    std::string result;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) result += i + 1 == names.size() ? " or " : ", ";
        result += in_toml_quotes(names[i]);
    }
    return result;
}

struct Accepted {
    std::string operator()(const Number& is) const {
        return "a number from " + shown(is.least) + " to " + shown(is.most);
    }
    std::string operator()(const Count& is) const {
        return "a whole number from " + std::to_string(is.least) + " to " + std::to_string(is.most);
    }
    std::string operator()(const Duration& is) const {
        return "a duration from " + config::shown(is.least) + " to " + config::shown(is.most);
    }
    std::string operator()(const Flag&) const { return "true or false"; }
    std::string operator()(const Choice& is) const { return alternatives(is.names); }
    std::string operator()(const Text& is) const { return std::string(is.expected); }
    std::string operator()(const Texts& is) const { return "a list, each " + std::string(is.expected); }
    std::string operator()(const File&) const { return "a path"; }
    std::string operator()(const Files&) const { return "a list of paths"; }
    std::string operator()(const RuleMode&) const { return alternatives(mode_names()); }
};

struct Shown {
    Settings& settings;

    std::string operator()(const Number& is) const { return shown(is.in(settings)); }
    std::string operator()(const Count& is) const { return std::to_string(is.in(settings)); }
    std::string operator()(const Duration& is) const { return in_toml_quotes(config::shown(is.in(settings))); }
    std::string operator()(const Flag& is) const { return is.in(settings) ? "true" : "false"; }
    std::string operator()(const Choice& is) const { return in_toml_quotes(is.names[is.get(settings)]); }
    std::string operator()(const Text& is) const { return in_toml_quotes(is.in(settings)); }
    std::string operator()(const Texts& is) const { return list(is.in(settings)); }
    std::string operator()(const File& is) const { return in_toml_quotes(is.in(settings).string()); }
    std::string operator()(const Files& is) const { return list(is.in(settings)); }
    std::string operator()(const RuleMode& is) const {
        const auto& modes = settings.detection.rule_modes;
        const auto found = modes.find(std::string(is.rule));
        return found == modes.end() ? std::string{}
                                    : in_toml_quotes(mode_names()[static_cast<std::size_t>(found->second)]);
    }
};

}  // namespace

std::string key_of(const Section& section, const Option& option) {
    return std::string(section.name) + '.' + std::string(option.name);
}

const Option* find_option(std::string_view key) {
    static const auto by_key = [] {
        std::map<std::string, const Option*, std::less<>> index;
        for (const Section& section : sections())
            for (const Option& option : section.options) index.emplace(key_of(section, option), &option);
        return index;
    }();
    const auto found = by_key.find(key);
    return found == by_key.end() ? nullptr : found->second;
}

std::string accepted(const Value& value) {
    return std::visit(Accepted{}, value);
}

std::string shown(const Value& value, Settings& settings) {
    return std::visit(Shown{settings}, value);
}

std::string shown(seconds duration) {
    constexpr std::array<std::pair<seconds::rep, char>, 3> kUnits{{{24 * 3600, 'd'}, {3600, 'h'}, {60, 'm'}}};
    for (const auto& [unit, letter] : kUnits)
        if (duration.count() != 0 && duration.count() % unit == 0)
            return std::to_string(duration.count() / unit) + letter;
    return std::to_string(duration.count()) + 's';
}

}  // namespace guard::config
