#include <algorithm>

#include "config/option.hpp"
#include "config/options.hpp"

namespace guard::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Written by `cmake --build build/dev --target manual` from config/option_table.cpp: change that, not this. -->

One TOML file configures all programs; `packaging/pppoe-guard.toml` is one to start from. What it leaves out has the
default given here. A program that finds a mistake refuses to start and names all of them at once, each with file, line,
key, what was found and what was expected; a key that does not exist is a mistake. `guardctl config check` does the same
without starting anything.

- **Durations** are texts with a unit, `"90s"`, `"15m"`, `"48h"`, `"14d"`, or whole numbers of seconds.
- **Paths** that are relative are relative to the directory of the configuration file.
- **Ranges** include both ends.
- **Secrets** are not in this file: it names the files that hold them.
- **Reload**: `SIGHUP` makes the analyzer take over what is marked with an R, and all the rest waits for a restart.
)";

// A cell of a table must not end early.
std::string cell(std::string_view text) {
    std::string result;
    for (const char letter : text) {
        if (letter == '|') result += '\\';
        result += letter;
    }
    return result;
}

std::string default_cell(const Option& option, Settings& defaults) {
    const std::string value = shown(option.value, defaults);
    return value.empty() ? "as `detection.mode`" : "`" + value + "`";
}

// A name as a key of TOML: dots would make tables of it.
std::string toml_key(std::string_view name) {
    return name.find('.') == name.npos ? std::string(name) : '"' + std::string(name) + '"';
}

}  // namespace

std::string manual_markdown() {
    Settings defaults;
    std::string text(kIntroduction);
    for (const Section& section : sections()) {
        text += "\n## [" + std::string(section.name) + "]\n\n" + std::string(section.help) + "\n\n";
        text += "| key | default | accepted | meaning |\n|---|---|---|---|\n";
        for (const Option& option : section.options)
            text += "| `" + cell(toml_key(option.name)) + (option.reloads ? "` (R) | " : "` | ") +
                    cell(default_cell(option, defaults)) + " | " + cell(accepted(option.value)) + " | " +
                    cell(option.help) + " |\n";
        for (const AtMost& rule : at_most())
            if (rule.key.starts_with(section.name) && rule.key.find('.', section.name.size() + 1) == rule.key.npos)
                text += "\n`" + std::string(rule.key) + "` is at most `" + std::string(rule.limit) + "`.\n";
    }
    return text;
}

std::string to_toml(Settings settings) {
    std::string text;
    for (const Section& section : sections()) {
        text += (text.empty() ? "[" : "\n[") + std::string(section.name) + "]\n";
        for (const Option& option : section.options)
            if (const std::string value = shown(option.value, settings); !value.empty())
                text += toml_key(option.name) + " = " + value + '\n';
    }
    return text;
}

}  // namespace guard::config
