// The configuration file: TOML in, Settings out. Called once when a program starts and again on SIGHUP; what it returns
// is a plain value. docs/configuration.md is written from the same table of options.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "event/expected.hpp"

namespace guard::config {

// Reads the whole file. The error holds every mistake of it, each `FILE:LINE: KEY: found X, expected Y`; after a
// mistake in the TOML itself there is only that one. An unknown key is a mistake. Relative paths are relative to the
// directory of the file. What the file leaves out has its default.
[[nodiscard]] Expected<Settings, std::vector<std::string>> load(const std::filesystem::path& file);

// The same for text that is read already and stood in `file`.
[[nodiscard]] Expected<Settings, std::vector<std::string>> parse(std::string_view text,
                                                                 const std::filesystem::path& file);

// Settings of detection laid over others: each `KEY=VALUE`, KEY with or without "detection." before it, VALUE as in the
// file, where a text needs no quotes. A later one wins. The error holds every mistake, each `--set KEY: found X,
// expected Y`; an unknown key names the one that was probably meant.
[[nodiscard]] Expected<Settings, std::vector<std::string>> with_detection(Settings base,
                                                                          std::span<const std::string> assignments);

// `running` with whatever of `file` can be taken over without a restart.
struct TakenOver {
    Settings settings;
    std::vector<std::string> taken;    // keys of what has changed by it
    std::vector<std::string> restart;  // keys of what differs and has not
};
[[nodiscard]] TakenOver take_over(const Settings& running, const Settings& file);

// The manual of all options, in Markdown: docs/configuration.md.
[[nodiscard]] std::string manual_markdown();

// Every option with its value, as a configuration file that loads to the same settings.
[[nodiscard]] std::string to_toml(Settings settings);

// The rules that detection.rule_modes may name.
[[nodiscard]] std::span<const std::string_view> rule_names();

}  // namespace guard::config
