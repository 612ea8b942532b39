#include "sql/settings.hpp"

#include <array>
#include <cstdio>
#include <pqxx/transaction_base>
#include <sstream>
#include <string>
#include <utility>

#include "config/option.hpp"
#include "config/options.hpp"
#include "event/keyed_hash.hpp"

namespace guard::sql {
namespace {

std::string modes(const config::DetectionSettings& detection) {
    const auto name = [](config::Mode mode) {
        return std::string(config::mode_names()[static_cast<std::size_t>(mode)]);
    };
    std::string text = "{\"\": \"" + name(detection.mode) + '"';
    for (const auto& [rule, mode] : detection.rule_modes) text += ", \"" + rule + "\": \"" + name(mode) + '"';
    return text + '}';
}

// Of the program and of the thresholds: two findings under one version were made alike.
std::string rules_version(const config::Settings& settings) {
    std::istringstream lines(config::to_toml(settings));
    std::string thresholds;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('[')) inside = line.starts_with("[detection");
        if (inside) thresholds += line + '\n';
    }
    const auto digest =
        keyed_hash(HashKey{}, {reinterpret_cast<const std::uint8_t*>(thresholds.data()), thresholds.size()}).low;
    std::array<char, 9> hexadecimal{};
    std::snprintf(hexadecimal.data(), hexadecimal.size(), "%08x", static_cast<unsigned>(digest & 0xffffffffU));
    return std::string(GUARD_VERSION "+") + hexadecimal.data();
}

}  // namespace

void publish_settings(pqxx::transaction_base& transaction, const config::Settings& settings) {
    using Id = IdNormalisation;
    const auto listed = [](const std::vector<std::string>& names) {
        std::string list;
        for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
        return list;
    };
    const auto at = settings.mail_from.rfind('@');
    const std::array<std::pair<const char*, std::string>, 10> values{{
        {"id.case", settings.identity.letter_case == Id::Case::lower ? "lower" : "keep"},
        {"id.realm", settings.identity.realm == Id::Realm::strip ? "strip" : "keep"},
        {"trusted_password_roles", listed(settings.trusted_password_roles)},
        {"trusted_password_channels", listed(settings.trusted_password_channels)},
        {"release.mass_count", std::to_string(settings.mass_change)},
        {"mail.domain", at == std::string::npos ? "pppoe-guard.invalid" : settings.mail_from.substr(at + 1)},
        {"notice.language", settings.default_language},
        {"notice.give_up_seconds", std::to_string(settings.notice_give_up.count())},
        {"detection.modes", modes(settings.detection)},
        {"rules.version", rules_version(settings)},
    }};
    for (const auto& [key, value] : values) transaction.exec_params("SELECT guard.publish_setting($1, $2)", key, value);
}

}  // namespace guard::sql
