#include "cli/replay/command_line.hpp"

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "replay/event_stream.hpp"

namespace guard::cli {
namespace {

void add_input(CLI::App& command, ReplayOptions& options) {
    command
        .add_option("FILE", options.inputs,
                    "log files, merged by time; - is standard input, postgresql:CONNECTION a database")
        ->required();
    command.add_option("-f,--format", options.format, "format of the files; default: found out from their content")
        ->check(CLI::IsMember(replay::format_names()));
    command.add_option("--table", options.table, "which table of postgresql: to read: radacct or radpostauth")
        ->capture_default_str();
    command.add_option("--year", options.year, "year of the first line of files whose times name none")
        ->check(CLI::Range(1970, 9999));
    command.add_option("--zone", options.zone,
                       "time zone of times that name none, Asia/Tokyo; default: of this machine");
    command.add_option("--threads", options.threads, "threads that parse; default: one a core")
        ->check(CLI::Range(1, 256));
    command.add_option("-s,--service", options.service, "only events of pppoe or smtp_auth")
        ->check(CLI::IsMember({"pppoe", "smtp_auth"}));
    command
        .add_option(
            "--include", options.include,
            "imap, pop3: read these logins like SMTP-AUTH. Off by default: the guideline names SMTP-AUTH and no "
            "other protocol of mail, so ask your counsel before")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember({"imap", "pop3"}));
    command.add_option("--since", options.since, "only events from this time on: RFC 3339, or a day (UTC)");
    command.add_option("--until", options.until, "only events before this time");
    command.add_option("--id", options.id, "only events of this ID, normalised as configured");
}

void add_context(CLI::App& command, ReplayOptions& options) {
    command.add_option("-c,--config", options.config, "configuration file with the thresholds; default: built in");
    command.add_option("-p,--pools", options.pools,
                       "pool file: prefix,country,region,city,postal,lat,lon,radius_km,nas");
    command.add_option("-g,--geo", options.mmdb, "MaxMind database for SMTP-AUTH sources");
    command.add_option("--gateways", options.gateways, "prefixes that are never blocked, one a line");
    command.add_option("--contracts", options.contracts,
                       "how many sessions each ID may have: id,sessions[,home_region]");
    command.add_option("--state", options.state, "state directory of the analyzer, read first and written by --learn");
    command.add_option("-d,--database", options.database,
                       "libpq connection string instead of the one in the configuration file");
}

void add_what_if(CLI::App& command, ReplayOptions& options) {
    command.add_option("--profile", options.profile, "which grades suspend; default: as configured")
        ->check(CLI::IsMember({"guideline", "cautious"}));
    command.add_option("--set", options.set, "a setting of [detection] by its name: pppoe.burst_rate_accepts=20")
        ->allow_extra_args(false);
    command.add_option(
        "--compare", options.compare,
        "configuration files to try beside that of --config, in one reading; logs before it or behind --");
}

void add_output(CLI::App& command, ReplayOptions& options) {
    command.add_option("-o,--findings", options.findings,
                       "write one JSON object per finding to this file; - is standard output");
    command.add_option("--events", options.events,
                       "write one JSON object per event that was read, with its file and line; - is standard output");
    command
        .add_option("--report", options.report, "what would be done, in numbers, to standard output: text, json or md")
        ->check(CLI::IsMember({"text", "json", "md"}));
    command.add_option("--explain", options.explain, "the life of this ID as the detectors saw it, to standard output");
    command.add_option("--pseudonymise", options.pseudonyms,
                       "replace IDs in everything that is written, by the key in this file");
    command.add_option("--case", options.incident, "for --events, --explain: the case you look into; recorded");
    command.add_option("-r,--reason", options.reason, "why you look; recorded");
    command.add_flag("--learn", options.learn, "keep the regions learned from these logs for the analyzer");
    command.add_flag("--into-cases", options.into_cases, "record the findings in the database, as in observe mode");
}

}  // namespace

void add_replay(CLI::App& app, ReplayOptions& options, int& result) {
    auto* command = app.add_subcommand("replay", "read authentication logs and say what would have been found in them");
    add_input(*command, options);
    add_context(*command, options);
    add_what_if(*command, options);
    add_output(*command, options);
    command->footer("Exit codes: 0 nothing found, 1 findings, 2 could not run");
    command->callback([&] { result = replay(options); });
}

}  // namespace guard::cli
