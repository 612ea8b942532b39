#include "config/options.hpp"

#include <fmt/core.h>

#include "cli/commands.hpp"

namespace guard::cli {
namespace {

Expected<config::Settings, int> load_or_say(const std::filesystem::path& file) {
    auto settings = config::load(file);
    if (settings) return *settings;
    for (const auto& mistake : settings.error()) fmt::print(stderr, "{}\n", mistake);
    return unexpected(kNo);
}

}  // namespace

int config_check(const std::filesystem::path& file) {
    const auto settings = load_or_say(file);
    if (!settings) return settings.error();
    if (settings->trusted_password_roles.empty())
        fmt::print("{}: note: trusted_password_roles is empty, so no password change lifts a suspension by itself\n",
                   file.string());
    if (settings->detection.mode != config::Mode::enforce)
        fmt::print("{}: note: detection.mode is not enforce: findings are recorded, nobody is suspended\n",
                   file.string());
    fmt::print("{}: good\n", file.string());
    return kDone;
}

int config_show(const std::filesystem::path& file) {
    const auto settings = load_or_say(file);
    if (!settings) return settings.error();
    fmt::print("{}", config::to_toml(*settings));
    return kDone;
}

int config_manual() {
    fmt::print("{}", config::manual_markdown());
    return kDone;
}

}  // namespace guard::cli
