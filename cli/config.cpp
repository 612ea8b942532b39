#include "config/options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/rows.hpp"
#include "config/nas_file.hpp"

namespace guard::cli {
namespace {

std::string listed(const std::vector<std::string>& names) {
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

// What a good file means, where that may not be what its author thinks.
std::vector<std::string> notes(const config::Settings& settings) {
    std::vector<std::string> result;
    if (settings.trusted_password_roles.empty() && settings.trusted_password_channels.empty())
        result.emplace_back(
            "release.trusted_password_roles and release.trusted_password_channels are empty, so no password change "
            "lifts a suspension by itself");
    else
        result.push_back(
            fmt::format("a password change lifts a suspension by these database roles: {}; through these "
                        "channels: {}; by and through no other",
                        listed(settings.trusted_password_roles), listed(settings.trusted_password_channels)));
    if (settings.detection.mode != config::Mode::enforce)
        result.emplace_back("detection.mode is not enforce: findings are recorded, nobody is suspended");
    return result;
}

// Also the file with the secrets of the NASes, where it can be read.
std::vector<std::string> mistakes_of_nas_file(const config::Settings& settings) {
    if (settings.nas_file.empty() || ::access(settings.nas_file.c_str(), R_OK) != 0) return {};
    const auto list = config::load_nas_file(settings.nas_file);
    return list ? std::vector<std::string>{} : list.error();
}

}  // namespace

int config_check(const std::filesystem::path& file, bool json) {
    const auto settings = config::load(file);
    const auto mistakes = settings ? mistakes_of_nas_file(*settings) : settings.error();
    const auto noted = settings ? notes(*settings) : std::vector<std::string>{};
    if (json) {
        fmt::print(
            "{}\n",
            to_line({{"file", file.string()}, {"good", mistakes.empty()}, {"mistakes", mistakes}, {"notes", noted}}));
        return mistakes.empty() ? kDone : kNo;
    }
    for (const auto& mistake : mistakes) fmt::print(stderr, "{}\n", mistake);
    for (const auto& note : noted) fmt::print("{}: note: {}\n", file.string(), note);
    if (!mistakes.empty()) return kNo;
    fmt::print("{}: good\n", file.string());
    return kDone;
}

int config_show(const std::filesystem::path& file) {
    const auto settings = config::load(file);
    if (!settings) {
        fmt::print(stderr, "{}\n", fmt::join(settings.error(), "\n"));
        return kNo;
    }
    fmt::print("{}", config::to_toml(*settings));
    return kDone;
}

int config_manual() {
    fmt::print("{}", config::manual_markdown());
    return kDone;
}

}  // namespace guard::cli
