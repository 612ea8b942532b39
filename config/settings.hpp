// All settings as plain values with their defaults: what config/options.cpp fills from the file, what the programs are
// given. Thresholds are the operator's (R6); detection.md gives the reason for each default.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "event/identity.hpp"

namespace guard::config {

using std::chrono::seconds;

enum class Mode { observe, review, enforce };  // what a finding may lead to
enum class Profile { guideline, cautious };    // which grades suspend by themselves
enum class LogLevel { error, warning, info, debug };

struct PppoeSettings {
    double min_distance_km = 100;
    double max_speed_kmh = 500;
    seconds dead_peer_time{300};
    seconds bounce_window{3600};
    seconds spread_window{24 * 3600};
    unsigned spread_regions = 3;
    unsigned burst_accepts = 10;
    seconds burst_window{600};
    unsigned burst_live_after = 5;  // accepts after which the older session must show life
    unsigned burst_rate_accepts = 30;
    seconds burst_rate_window{60};
    unsigned reject_count = 20;
    seconds reject_window{600};
    unsigned default_sessions = 1;  // contract limit of an ID without a contract
};

struct SmtpSettings {
    double min_distance_km = 500;
    double max_speed_kmh = 1000;
    unsigned jump_countries = 3;  // what makes a jump certain: so many countries ...
    seconds jump_countries_window{24 * 3600};
    unsigned jump_accepts = 50;  // ... or so many accepts from the new network
    seconds jump_accepts_window{3600};
    unsigned spread_networks = 5;  // fast spread: networks and countries
    unsigned spread_countries = 2;
    seconds spread_window{600};
    unsigned slow_spread_networks = 10;
    unsigned slow_spread_countries = 3;
    seconds slow_spread_window{3600};
    unsigned rate_accepts = 300;  // from one network
    seconds rate_window{600};
    seconds hit_window{24 * 3600};  // accepted from a source so long before its block
};

struct SmtpSourceSettings {
    seconds fast_window{600};
    unsigned fast_rejects = 20;
    unsigned fast_ids = 10;
    unsigned fast_accept_percent = 5;
    seconds medium_window{3600};
    unsigned medium_ids = 15;
    unsigned medium_accept_percent = 20;
    seconds slow_window{24 * 3600};
    unsigned slow_ids = 30;
    unsigned slow_accept_percent = 2;
    seconds quiet{900};  // a block ends so long after the last attempt
    seconds slow_quiet{3600};
};

struct GuardSettings {
    double storm_factor = 5;  // distinct IDs accepted in a region in 5 min, against the moving average
    unsigned storm_base = 50;
    unsigned step_ids = 20;  // IDs making the same step between regions in 10 min
    double step_factor = 5;
    unsigned slow_step_ids = 2;  // PPPoE IDs making the same impossible step between regions in an hour
    seconds storm_hold{1800};
    unsigned breaker_per_hour = 20;
    double breaker_per_hour_share = 0.00002;  // of the active IDs; at least 3
    unsigned breaker_per_day = 10;            // at least
    double breaker_per_day_share = 0.0001;
    unsigned breaker_per_pool = 3;  // in 10 min
    double backend_reject_share = 0.20;
    double backend_factor = 5;
    seconds max_lag{120};
};

struct DetectionSettings {
    Mode mode = Mode::observe;
    std::map<std::string, Mode> rule_modes;  // by rule, "pppoe.jump"; the rest follow `mode`
    Profile profile = Profile::guideline;
    seconds settle{120};
    seconds learning{14 * 24 * 3600};
    seconds familiar_window{30 * 24 * 3600};
    seconds familiar_spacing{20 * 3600};
    seconds reorder{120};  // replay puts events that come so late back in order
    PppoeSettings pppoe;
    SmtpSettings smtp;
    SmtpSourceSettings smtp_source;
    GuardSettings guards;
};

struct Settings {
    IdNormalisation identity;

    std::vector<std::filesystem::path> spools;
    seconds spool_retention{48 * 3600};
    seconds spool_poll{0};  // 0: twenty times a second

    std::string database;  // libpq connection string without a password
    std::filesystem::path database_password_file;

    std::filesystem::path pools;
    std::filesystem::path mmdb;      // empty: none
    std::filesystem::path gateways;  // one prefix a line: never blocked; empty: none

    std::filesystem::path table;
    std::filesystem::path state_directory;
    std::filesystem::path metrics_file;  // empty: none

    DetectionSettings detection;

    std::filesystem::path nas_file;  // NAS name, address, port, secret; mode 0600; empty: nobody is disconnected
    seconds disconnect_timeout{2};
    unsigned disconnect_tries = 5;

    std::vector<std::string> trusted_password_roles;  // database roles whose password change lifts a suspension

    std::string smtp_host;
    unsigned smtp_port = 25;
    std::string mail_from;  // envelope and From
    std::string mail_from_name;
    std::filesystem::path template_directory;
    std::string default_language = "ja";
    std::string time_zone = "Asia/Tokyo";
    std::string operator_name;
    std::string operator_phone;
    std::string operator_verify;  // where a subscriber can check that the notice is genuine
    bool mail_only = false;       // mail may be the only channel
    seconds notice_retry{60};     // first back-off
    seconds notice_give_up{3 * 24 * 3600};

    LogLevel log_level = LogLevel::info;
};

}  // namespace guard::config
