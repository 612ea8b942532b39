// What guardctl can do: one function and one file per subcommand. main.cpp turns the command line into these options.
// Each returns the exit code: 0 done, 1 done but the answer is no (an ID that is not suspended, a bad configuration
// file), 2 could not run. Messages for people go to standard error, results to standard output.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/replay/options.hpp"

namespace CLI {
class App;
}

namespace guard::cli {

inline constexpr int kDone = 0, kNo = 1, kCouldNotRun = 2;
inline constexpr const char* kDefaultConfig = "/etc/pppoe-guard/pppoe-guard.toml";

// kNo: there are findings. Also when a target could not be written or the reading was interrupted: kCouldNotRun.
int replay(const ReplayOptions& options);

struct EvaluateOptions {
    std::filesystem::path directory;              // as guardctl simulate wrote it
    std::filesystem::path findings, again, mmdb;  // of replay, "-": standard input; of a second run; for --baselines
    std::filesystem::path wrong;                  // write every mistake to this file
    std::string profile = "guideline";            // of the findings
    double days = 0;                              // overrides the manifest
    bool baselines = false, json = false;
};
// kNo: a target is missed.
int evaluate(const EvaluateOptions& options);

struct DatabaseOptions {
    std::filesystem::path config;
    std::string database;  // overrides the configuration file
};

struct MigrateOptions {
    DatabaseOptions database;
    bool dry_run = false, json = false;
    std::string radcheck;               // install the password trigger on this table, "public.radcheck"
    std::vector<std::string> services;  // whose passwords are in it
};
int migrate(const MigrateOptions& options);

struct SuspendedOptions {
    DatabaseOptions database;
    std::string service = "pppoe", id, reason;
    bool json = false;
};
int suspended_list(const SuspendedOptions& options);
int suspended_show(const SuspendedOptions& options);
int suspended_release(const SuspendedOptions& options);

// They read files alone: no database, no log, no ID.
struct GeoOptions {
    std::filesystem::path config, pools, mmdb;
    std::vector<std::string> addresses;  // or prefixes; "-": one a line from standard input
    bool json = false;
};
int geo_lookup(const GeoOptions& options);
int geo_check(const GeoOptions& options);     // of `pools`
int geo_distance(const GeoOptions& options);  // between two addresses

struct SimulateOptions {
    std::uint64_t seed = 1;
    std::uint32_t subscribers = 10'000, days = 20;
    std::optional<std::uint32_t> smtp;     // SMTP-AUTH IDs; none: a tenth of the subscribers
    std::optional<std::uint32_t> thieves;  // of each kind of attack; none: as many as an ISP would see
    std::string scenario = "all";          // or names, separated by commas
    std::filesystem::path directory, events;
    bool force = false;
    std::string version;
};
int simulate(const SimulateOptions& options);

// What the desk does about notices; a case is named by the number of its incident.
struct NoticesOptions {
    DatabaseOptions database;
    std::int64_t number = 0;
    std::string reason, channel, state;
    std::string kind = "suspended", service = "pppoe", language = "ja";  // of a preview
    std::string address;                                                 // for a test
    std::string format = "csv";
    std::filesystem::path output, maildir;
    int limit = 100;
    bool json = false, pipe = false;
};
int notices_list(const NoticesOptions& options);
int notices_dead_letters(const NoticesOptions& options);
int notices_show(const NoticesOptions& options);
int notices_preview(const NoticesOptions& options);
int notices_test_send(const NoticesOptions& options);
int notices_resend(const NoticesOptions& options);
int notices_cancel(const NoticesOptions& options);
int notices_answered(const NoticesOptions& options);
int notices_phone_list(const NoticesOptions& options);
// One message from standard input. With `pipe` 0 for whatever it is, 75 (EX_TEMPFAIL) when it could not be recorded.
// Or, with `maildir`, all that are new there.
int notices_bounce(const NoticesOptions& options);
// All of them on the command line.
void add_notices(CLI::App& app, NoticesOptions& options, int& result);

int config_check(const std::filesystem::path& file, bool json);
int config_show(const std::filesystem::path& file);
int config_manual();

}  // namespace guard::cli
