// A configuration of the notifier for its tests and its benchmark: mail alone, through a server on loopback.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "config/options.hpp"
#include "tests/support/process.hpp"

namespace guard::test {

inline constexpr auto kNotifier = GUARD_BINARY_DIR "/bin/pppoe-guard-notifier";

inline config::Settings notifier_settings(const std::string& database, std::uint16_t mail_port) {
    config::Settings settings;
    settings.database = database;
    settings.smtp_host = "127.0.0.1";
    settings.smtp_port = mail_port;
    settings.mail_from = "security@isp.example";
    settings.mail_from_name = "例示インターネット";
    settings.template_directory = GUARD_SOURCE_DIR "/notifier/templates";
    settings.operator_name = "例示インターネット セキュリティ担当";
    settings.operator_phone = "0120-000-000";
    settings.operator_verify = "請求書に記載の番号にお電話ください。";
    settings.mail_only = true;
    settings.notice_senders = 1;
    settings.notice_retry = std::chrono::seconds(60);
    return settings;
}

// The whole configuration file; what has no meaning for the notifier holds some value that is allowed.
inline void write_config(const std::filesystem::path& path, config::Settings settings) {
    settings.spools = {"/var/spool/pppoe-guard"};
    settings.pools = "/etc/pppoe-guard/pools.csv";
    settings.table = "/run/pppoe-guard/table";
    settings.state_directory = "/var/lib/pppoe-guard";
    write_file(path, config::to_toml(settings));
}

}  // namespace guard::test
