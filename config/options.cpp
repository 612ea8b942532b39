#include "config/options.hpp"

#include <toml++/toml.h>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>

#include "config/notice_plan.hpp"
#include "config/option.hpp"
#include "config/suggestion.hpp"
#include "event/text.hpp"

namespace guard::config {
namespace {

// "90s", "15m", "48h", "14d".
std::optional<seconds> parse_duration(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || end + 1 != text.data() + text.size()) return std::nullopt;
    std::int64_t unit = 0;
    switch (*end) {
        case 's':
            unit = 1;
            break;
        case 'm':
            unit = 60;
            break;
        case 'h':
            unit = 3600;
            break;
        case 'd':
            unit = 24 * 3600;
            break;
        default:
            return std::nullopt;
    }
    if (number > seconds::max().count() / unit) return std::nullopt;
    return seconds{number * unit};
}

std::string found(const toml::node& node) {
    if (node.is_table()) return "a table";
    if (node.is_array()) return "a list";
    if (const auto* text = node.as_string()) return in_quotes(text->get());
    std::ostringstream out;
    node.visit([&](const auto& value) {
        if constexpr (toml::is_value<decltype(value)>) out << value.get();
    });
    return out.str();
}

// Fills Settings from a parsed file and notes every mistake.
class Reader {
  public:
    explicit Reader(const std::filesystem::path& file)
        : name_(file.string()), directory_(std::filesystem::absolute(file).parent_path()) {}

    Expected<Settings, std::vector<std::string>> read(const toml::table& root) {
        table(root, "");
        for (const AtMost& rule : at_most()) check(rule);
        for (const PlanMistake& wrong : plan_mistakes(settings_))
            if (const auto line = lines_.find(wrong.key); line != lines_.end())
                mistake(line->second, wrong.key, wrong.found, wrong.expected);
        if (mistakes_.empty()) return std::move(settings_);
        std::vector<std::string> in_order;  // toml++ keeps keys by name, the operator's editor by line
        for (auto& [line, message] : mistakes_) in_order.push_back(std::move(message));
        return unexpected(std::move(in_order));
    }

  private:
    void mistake(const toml::node& node, std::string_view key, const std::string& what, const std::string& expected) {
        mistake(node.source().begin.line, key, what, expected);
    }
    void mistake(toml::source_index line, std::string_view key, const std::string& what, const std::string& expected) {
        mistakes_.emplace(line, name_ + ':' + std::to_string(line) + ": " + std::string(key) + ": found " + what +
                                    ", expected " + expected);
    }

    // A quoted key may hold dots, so the same option can be written in two ways, and TOML sees no duplicate in that.
    void table(const toml::table& table_node, const std::string& above) {
        for (const auto& [name, node] : table_node) {
            const std::string key = above.empty() ? std::string(name.str()) : above + '.' + std::string(name.str());
            if (const Option* option = find_option(key)) {
                if (const auto [first, inserted] = lines_.emplace(key, node.source().begin.line); !inserted)
                    mistake(node, key, "it again", "it once (line " + std::to_string(first->second) + ")");
                value(*option, key, node);
            } else if (!holds_options(key)) {
                unknown(key, name.source().begin.line);
            } else if (node.is_table()) {
                table(*node.as_table(), key);
            } else {
                mistake(node, key, found(node), "a table");
            }
        }
    }

    static bool holds_options(const std::string& key) {
        const std::string prefix = key + '.';
        for (const Section& section : sections()) {
            if (section.name == key) return true;
            for (const Option& option : section.options)
                if (key_of(section, option).starts_with(prefix)) return true;
        }
        return false;
    }

    void unknown(const std::string& key, toml::source_index line) {
        std::vector<std::string> known;
        for (const Section& section : sections()) {
            known.emplace_back(section.name);
            for (const Option& option : section.options) known.push_back(key_of(section, option));
        }
        const std::string near = suggestion(key, known);
        // The key itself stands in the message, so it is quoted when it is not made of harmless letters.
        mistake(line, is_plain_utf8(key) ? key : in_quotes(key), "an unknown key",
                near.empty() ? "one of docs/configuration.md" : "perhaps " + near);
    }

    void value(const Option& option, const std::string& key, const toml::node& node) {
        if (!std::visit([&](const auto& is) { return set(is, key, node); }, option.value)) {
            const auto* text = std::get_if<Text>(&option.value);
            mistake(node, key, text && text->confidential ? "a value that is not shown here" : found(node),
                    accepted(option.value));
        }
    }

    // Each returns false when the value is not what the option accepts; lists note their own mistakes.
    bool set(const Number& is, const std::string&, const toml::node& node) {
        const auto number = node.value<double>();  // an integer is a number too
        if (!number || !(*number >= is.least && *number <= is.most)) return false;
        is.in(settings_) = *number;
        return true;
    }
    bool set(const Count& is, const std::string&, const toml::node& node) {
        const auto number = node.value_exact<std::int64_t>();
        if (!number || *number < is.least || *number > is.most) return false;
        is.in(settings_) = static_cast<unsigned>(*number);
        return true;
    }
    bool set(const Duration& is, const std::string&, const toml::node& node) {
        std::optional<seconds> duration;
        if (const auto* text = node.as_string()) duration = parse_duration(text->get());
        if (const auto number = node.value_exact<std::int64_t>()) duration = seconds{*number};
        if (!duration || *duration < is.least || *duration > is.most) return false;
        is.in(settings_) = *duration;
        return true;
    }
    bool set(const Flag& is, const std::string&, const toml::node& node) {
        const auto flag = node.value_exact<bool>();
        if (flag) is.in(settings_) = *flag;
        return flag.has_value();
    }
    bool set(const Choice& is, const std::string&, const toml::node& node) {
        const auto index = index_in(is.names, node);
        if (index) is.set(settings_, *index);
        return index.has_value();
    }
    bool set(const RuleMode& is, const std::string&, const toml::node& node) {
        const auto index = index_in(mode_names(), node);
        if (index) settings_.detection.rule_modes[std::string(is.rule)] = static_cast<Mode>(*index);
        return index.has_value();
    }
    bool set(const Text& is, const std::string&, const toml::node& node) {
        const auto* text = node.as_string();
        if (!text || !is_plain_utf8(text->get()) || !is.accepts(text->get())) return false;
        is.in(settings_) = text->get();
        return true;
    }
    bool set(const File& is, const std::string&, const toml::node& node) {
        const auto* text = node.as_string();
        if (!text || !is_plain_utf8(text->get())) return false;
        is.in(settings_) = absolute(text->get());
        return true;
    }
    bool set(const Texts& is, const std::string& key, const toml::node& node) {
        return each(key, node, std::string(is.expected), [&](const std::string& text) {
            if (text.empty() || !is.accepts(text)) return false;
            is.in(settings_).push_back(text);
            return true;
        });
    }
    bool set(const Files& is, const std::string& key, const toml::node& node) {
        return each(key, node, "a path", [&](const std::string& text) {
            if (text.empty()) return false;
            is.in(settings_).push_back(absolute(text));
            return true;
        });
    }

    template <class Accept>
    bool each(const std::string& key, const toml::node& node, const std::string& expected, Accept accept) {
        const auto* list = node.as_array();
        if (!list) return false;
        for (const toml::node& item : *list) {
            const auto* text = item.as_string();
            if (!text || !is_plain_utf8(text->get()) || !accept(text->get())) mistake(item, key, found(item), expected);
        }
        return true;
    }

    static std::optional<std::size_t> index_in(std::span<const std::string_view> names, const toml::node& node) {
        const auto text = node.value_exact<std::string_view>();
        const auto at = text ? std::find(names.begin(), names.end(), *text) : names.end();
        if (at == names.end()) return std::nullopt;
        return static_cast<std::size_t>(at - names.begin());
    }

    std::filesystem::path absolute(const std::string& text) const {
        return text.empty() ? std::filesystem::path{} : (directory_ / text).lexically_normal();
    }

    double magnitude(std::string_view key) {
        const Value& value = find_option(key)->value;
        if (const auto* count = std::get_if<Count>(&value)) return count->in(settings_);
        return static_cast<double>(std::get<Duration>(value).in(settings_).count());
    }

    void check(const AtMost& rule) {
        if (magnitude(rule.key) <= magnitude(rule.limit)) return;
        // The defaults agree, so the file sets one of the two at least.
        const auto own = lines_.find(std::string(rule.key)), other = lines_.find(std::string(rule.limit));
        const auto show = [&](std::string_view key) { return shown(find_option(key)->value, settings_); };
        mistake((own != lines_.end() ? own : other)->second, rule.key, show(rule.key),
                "at most " + std::string(rule.limit) + ", which is " + show(rule.limit));
    }

    std::string name_;
    std::filesystem::path directory_;
    std::multimap<toml::source_index, std::string> mistakes_;  // by line
    Settings settings_;
    std::map<std::string, toml::source_index> lines_;  // where each option stands
};

}  // namespace

Expected<Settings, std::vector<std::string>> parse(std::string_view text, const std::filesystem::path& file) {
    try {
        return Reader(file).read(toml::parse(text, file.string()));
    } catch (const toml::parse_error& error) {
        return unexpected(std::vector{file.string() + ':' + std::to_string(error.source().begin.line) +
                                      ": found what is no TOML, " + std::string(error.description()) +
                                      ", expected \"key = value\" or \"[section]\""});
    }
}

Expected<Settings, std::vector<std::string>> load(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::error_code error;
    if (!in || std::filesystem::is_directory(file, error))
        return unexpected(std::vector{file.string() + ": found " + (in ? "a directory" : std::strerror(errno)) +
                                      ", expected a readable configuration file"});
    const std::string text(std::istreambuf_iterator<char>(in), {});
    return parse(text, file);
}

}  // namespace guard::config
