// guardctl: everything a person does to the system from a shell. docs/man/guardctl.8 is its manual.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.hpp"
#include "cli/desk.hpp"
#include "cli/replay/command_line.hpp"

namespace {

using namespace guard::cli;

void add_database(CLI::App& app, DatabaseOptions& options) {
    app.add_option("-c,--config", options.config, std::string("configuration file; default ") + kDefaultConfig);
    app.add_option("-d,--database", options.database,
                   "libpq connection string instead of the one in the configuration file");
}

void add_id(CLI::App& app, SuspendedOptions& options) {
    app.add_option("ID", options.id, "the login name; normalised as configured")->required();
    app.add_option("-s,--service", options.service, "pppoe or smtp_auth")
        ->check(CLI::IsMember({"pppoe", "smtp_auth"}))
        ->capture_default_str();
}

// Each adds its subcommand, which fills in the options and then sets the exit code.
void add_evaluate(CLI::App& app, EvaluateOptions& options, int& result) {
    auto* evaluate_command = app.add_subcommand("evaluate", "hold findings against what guardctl simulate knows");
    evaluate_command->add_option("DIR", options.directory, "what guardctl simulate wrote")->required();
    evaluate_command->add_option("-o,--findings", options.findings, "what guardctl replay found; - is standard input")
        ->required();
    evaluate_command->add_option("--again", options.again, "findings of a second run that should be the same");
    evaluate_command->add_option("--profile", options.profile, "profile of the findings")
        ->check(CLI::IsMember({"guideline", "cautious"}))
        ->capture_default_str();
    evaluate_command->add_option("--days", options.days, "so many days were replayed; default: all that were simulated")
        ->check(CLI::PositiveNumber);
    evaluate_command->add_flag("--baselines", options.baselines, "run three naive rules over DIR/events.jsonl, too");
    evaluate_command->add_option("-g,--geo", options.mmdb, "MaxMind database for the naive rule about speed");
    evaluate_command->add_option("--wrong", options.wrong, "write one JSON object per mistake to this file");
    evaluate_command->add_flag("--json", options.json, "one JSON object");
    evaluate_command->callback([&] { result = evaluate(options); });
}

void add_migrate(CLI::App& app, MigrateOptions& options, int& result) {
    auto* migrate_command = app.add_subcommand("migrate", "bring the database to the schema of this program");
    add_database(*migrate_command, options.database);
    migrate_command->add_flag("-n,--dry-run", options.dry_run, "only say what would be done");
    migrate_command->add_flag("--json", options.json, "JSON, one object a migration");
    migrate_command->add_option(
        "--watch-passwords", options.radcheck,
        "install the password trigger on this table of FreeRADIUS's form, e.g. public.radcheck");
    migrate_command->add_option("--services", options.services, "whose passwords are in that table; default: both")
        ->check(CLI::IsMember({"pppoe", "smtp_auth"}));
    migrate_command->callback([&] { result = migrate(options); });
}

void add_suspended(CLI::App& app, SuspendedOptions& options, int& result) {
    auto* suspended = app.add_subcommand("suspended", "who is suspended");
    suspended->require_subcommand(1);
    auto* list = suspended->add_subcommand("list", "all that are suspended now");
    add_database(*list, options.database);
    list->add_flag("--json", options.json, "one JSON object a line");
    list->callback([&] { result = suspended_list(options); });
    auto* show = suspended->add_subcommand("show", "the incident of one ID with its evidence; reading it is recorded");
    add_database(*show, options.database);
    add_id(*show, options);
    show->add_flag("--json", options.json, "one JSON object");
    show->add_option("-r,--reason", options.reason, "why you read it: a ticket number, a call")->required();
    show->callback([&] { result = suspended_show(options); });
    auto* release =
        suspended->add_subcommand("release", "end the suspension of one ID; recorded under your database login");
    add_database(*release, options.database);
    add_id(*release, options);
    release->add_flag("--json", options.json, "one JSON object");
    release->add_option("-r,--reason", options.reason, "why: what the subscriber said, how it was checked")->required();
    release->callback([&] { result = suspended_release(options); });
}

void add_geo_files(CLI::App& app, GeoOptions& options) {
    app.add_option("-c,--config", options.config,
                   std::string("configuration file; default, unless --pools or --geo is given: ") + kDefaultConfig);
    app.add_option("-p,--pools", options.pools, "pool file instead of the one in the configuration file");
    app.add_option("-g,--geo", options.mmdb, "MaxMind database instead of the one in the configuration file");
}

void add_geo(CLI::App& app, GeoOptions& options, int& result) {
    auto* geo = app.add_subcommand("geo", "where addresses are, as the detectors see it");
    geo->require_subcommand(1);
    auto* lookup = geo->add_subcommand("lookup", "where an address is, and who says so");
    lookup->add_option("ADDRESS", options.addresses, "addresses or prefixes; - is standard input, one a line")
        ->required();
    add_geo_files(*lookup, options);
    lookup->add_flag("--json", options.json, "one JSON object a line");
    lookup->callback([&] { result = geo_lookup(options); });
    auto* check = geo->add_subcommand("check", "report every mistake in a pool file, or what it covers");
    check->add_option("FILE", options.pools, "the pool file; a plain geofeed (RFC 8805) is one")->required();
    check->add_option("-g,--geo", options.mmdb, "MaxMind database that places regions without coordinates");
    check->add_flag("--json", options.json, "one JSON object");
    check->callback([&] { result = geo_check(options); });
    auto* distance = geo->add_subcommand("distance", "how far two addresses are apart, as the detectors see it");
    distance->add_option("ADDRESS", options.addresses, "two addresses or prefixes")->required()->expected(2);
    add_geo_files(*distance, options);
    distance->add_flag("--json", options.json, "one JSON object");
    distance->callback([&] { result = geo_distance(options); });
}

void add_simulate(CLI::App& app, SimulateOptions& options, int& result) {
    options.version = GUARD_VERSION;
    auto* simulate_command =
        app.add_subcommand("simulate", "make the log of an ISP's life and of its thieves, and the truth about both");
    simulate_command->add_option("--seed", options.seed, "the same seed makes the same bytes")->capture_default_str();
    simulate_command->add_option("--subscribers", options.subscribers, "PPPoE IDs")->capture_default_str();
    simulate_command->add_option("--days", options.days, "length of the log")->capture_default_str();
    simulate_command->add_option("--smtp", options.smtp, "SMTP-AUTH IDs; default: a tenth of the subscribers");
    simulate_command->add_option("--thieves", options.thieves,
                                 "of each kind of attack; default: as many as an ISP would see");
    simulate_command->add_option("--scenario", options.scenario, "all, or names separated by commas: see guardctl(8)")
        ->capture_default_str();
    simulate_command->add_option("-o,--out", options.directory, "directory for the files")->required();
    simulate_command->add_option("--events", options.events, "write the events there instead; - is standard output");
    simulate_command->add_flag("--force", options.force, "write into a directory that is not empty");
    simulate_command->callback([&] { result = simulate(options); });
}

void add_config(CLI::App& app, std::filesystem::path& file, bool& json, int& result) {
    auto* config = app.add_subcommand("config", "the configuration file");
    config->require_subcommand(1);
    auto* check = config->add_subcommand("check", "report every mistake in it");
    check->add_option("FILE", file)->capture_default_str();
    check->add_flag("--json", json, "one JSON object");
    check->callback([&] { result = config_check(file, json); });
    auto* show_config = config->add_subcommand("show", "every option with its value");
    show_config->add_option("FILE", file)->capture_default_str();
    show_config->callback([&] { result = config_show(file); });
    config->add_subcommand("manual", "the manual of all options, in Markdown")->callback([&] {
        result = config_manual();
    });
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("PPPoE Guard: finds stolen PPPoE and SMTP-AUTH IDs, stops them and tells the subscriber", "guardctl");
    app.set_version_flag("--version", std::string("guardctl ") + GUARD_VERSION);
    app.require_subcommand(1);
    app.footer("Exit codes: 0 done, 1 done and the answer is no, 2 could not run. Manual: guardctl(8)");
    int result = kDone;

    ReplayOptions replay_options;
    EvaluateOptions evaluate_options;
    MigrateOptions migrate_options;
    SuspendedOptions suspended_options;
    GeoOptions geo_options;
    SimulateOptions simulate_options;
    DeskOptions desk_options;
    NoticesOptions notices_options;
    std::filesystem::path config_file = kDefaultConfig;
    bool config_json = false;
    add_replay(app, replay_options, result);
    add_evaluate(app, evaluate_options, result);
    add_migrate(app, migrate_options, result);
    add_suspended(app, suspended_options, result);
    add_notices(app, notices_options, result);
    add_geo(app, geo_options, result);
    add_simulate(app, simulate_options, result);
    add_config(app, config_file, config_json, result);
    add_desk(app, desk_options, result);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? kDone : kCouldNotRun;
    }
    // That the disk is full may show only now.
    if (std::fflush(stdout) == 0) return result;
    std::perror("guardctl: the answer could not be written");
    return kCouldNotRun;
}
