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
    seconds max_clock_skew{5};
};

struct DetectionSettings {
    Mode mode = Mode::observe;
    std::map<std::string, Mode> rule_modes;  // by rule, "pppoe.jump", or service, "pppoe", "smtp"; else `mode`
    Profile profile = Profile::guideline;
    seconds settle{120};
    seconds learning{14 * 24 * 3600};
    seconds familiar_window{30 * 24 * 3600};
    seconds familiar_spacing{20 * 3600};
    seconds reorder{120};  // an event may come so late
    PppoeSettings pppoe;
    SmtpSettings smtp;
    SmtpSourceSettings smtp_source;
    GuardSettings guards;
};

// opportunistic: encrypted if the server offers it, whoever it is (RFC 7435); required: STARTTLS and a certificate that
// is valid for the host's name; implicit: the same, from the first byte (RFC 8314).
enum class SmtpTls { opportunistic, required, implicit };

struct MailSettings {
    SmtpTls tls = SmtpTls::opportunistic;
    std::filesystem::path ca_file;  // empty: the system's certificates
    std::string user;               // empty: no authentication
    std::filesystem::path password_file;
};

// Lengths in millimetres. The defaults are what a window of 90 x 45 mm, 20 mm from the left and 12 mm from the top of
// an envelope of 235 x 120 mm (Nagagata 3), shows of a sheet of A4 folded in three, wherever the sheet has slid to.
struct LetterSettings {
    std::filesystem::path directory;  // empty: no letters
    std::vector<std::string> sender;  // lines
    std::string font = "Noto Sans CJK JP";
    double address_left = 21;
    double address_top = 12.5;
    double address_width = 66;
    double address_height = 23.5;
    double clear_left = 115;  // left of it and above `clear_top` there is nothing but the address
    double clear_top = 62;
    seconds keep{30 * 24 * 3600};
};

enum class GatewayAddress { phone, mail, none };  // what of the subscriber a gateway needs
enum class GatewayText { sms, phone };            // which of the texts it is given

// Whatever is reached by an HTTPS request.
struct GatewaySettings {
    std::string url = {};  // empty: none
    std::filesystem::path signing_key_file = {};
    std::filesystem::path authorization_file = {};  // empty: no such header
    std::filesystem::path ca_file = {};             // empty: the system's certificates
    std::filesystem::path body_file = {};           // mustache, gives JSON
    GatewayAddress address = GatewayAddress::phone;
    std::string country_code = "81";
    std::string numbers = {};  // how they begin that it can reach, divided by blanks; empty: any
    GatewayText text = GatewayText::sms;
    unsigned max_segments = 10;  // of a short message; 0: no limit
    seconds timeout{20};
};

struct Settings {
    IdNormalisation identity;

    std::vector<std::filesystem::path> spools;
    seconds spool_retention{48 * 3600};
    seconds spool_poll{0};  // 0: a hundred times a second

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
    unsigned disconnect_rate = 20;                   // requests a second to one NAS
    std::vector<std::string> disconnect_user_names;  // config/user_name.hpp; empty: the ID as it is

    std::vector<std::string> trusted_password_roles;     // database roles whose password change lifts a suspension
    std::vector<std::string> trusted_password_channels;  // the same by name, as guardctl password-changed gives it
    unsigned mass_change = 20;                           // more at once, and a person is asked

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
    bool phone_list = false;      // there is somebody who makes the calls
    unsigned notice_senders = 4;  // at the same time in one notifier
    seconds notice_retry{60};     // first back-off
    seconds notice_give_up{3 * 24 * 3600};
    std::filesystem::path notice_metrics_file;      // empty: none
    seconds notice_answer{24 * 3600};               // so long a step of the plan waits for an answer
    std::string pppoe_plan, smtp_auth_plan;         // config/notice_plan.hpp; empty: made of what is configured
    std::map<std::string, std::string> rule_plans;  // by rule; empty or not there: as the service
    std::string mail_quiet, letter_quiet;           // config/quiet_hours.hpp
    std::string sms_quiet = "21:00-08:00", webhook_quiet = "21:00-08:00", phone_list_quiet = "21:00-08:00";
    unsigned mail_rate = 0, mail_domain_rate = 0, letter_rate = 0;  // notices a minute; 0: no limit
    unsigned sms_rate = 60, webhook_rate = 60, phone_list_rate = 0;

    MailSettings mail;
    LetterSettings letter;
    GatewaySettings sms{.numbers = "+8160 +8170 +8180 +8190"};
    GatewaySettings webhook{.address = GatewayAddress::none, .text = GatewayText::phone};

    LogLevel log_level = LogLevel::info;
};

}  // namespace guard::config
