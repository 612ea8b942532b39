// The subcommands of the abuse desk, of audit and retention, of the account: what main.cpp adds for desk.hpp.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/completion.hpp"
#include "cli/desk.hpp"

namespace guard::cli {
namespace {

class Adder {
  public:
    Adder(DeskOptions& options, int& result) : options_(options), result_(result) {}

    // A subcommand that talks to the database.
    CLI::App& command(CLI::App& parent, const char* name, const char* what, int (*run)(const DeskOptions&)) {
        CLI::App& added = *parent.add_subcommand(name, what);
        added.add_option("-c,--config", options_.database.config,
                         std::string("configuration file; default ") + kDefaultConfig);
        added.add_option("-d,--database", options_.database.database,
                         "libpq connection string instead of the one in the configuration file");
        added.callback([this, run] { result_ = run(options_); });
        return added;
    }
    CLI::App& list(CLI::App& parent, const char* name, const char* what, int (*run)(const DeskOptions&)) {
        CLI::App& added = command(parent, name, what, run);
        added.add_flag("--json", options_.json, "JSON, one object a line");
        return added;
    }
    void number(CLI::App& app, const char* what) {
        app.add_option("NUMBER", options_.number, what)->required()->check(CLI::PositiveNumber);
    }
    void reason(CLI::App& app, const char* what) { app.add_option("-r,--reason", options_.reason, what)->required(); }
    void id(CLI::App& app) {
        app.add_option("ID", options_.id, "the login name; normalised as configured")->required();
        app.add_option("-s,--service", options_.service, "pppoe or smtp_auth")
            ->check(CLI::IsMember({"pppoe", "smtp_auth"}))
            ->capture_default_str();
    }

  private:
    DeskOptions& options_;
    int& result_;
};

CLI::App& group(CLI::App& app, const char* name, const char* what) {
    CLI::App& added = *app.add_subcommand(name, what);
    added.require_subcommand(1);
    return added;
}

void add_incidents(CLI::App& app, Adder& adder, DeskOptions& options) {
    auto& incidents = group(app, "incidents", "cases, and what a person decides about them");
    auto& list = adder.list(incidents, "list", "cases without IDs, those to be decided first", incidents_list);
    options.state = "review";
    list.add_option("--state", options.state, "review, overdue, suspended, released, closed, recorded or all")
        ->check(CLI::IsMember({"review", "overdue", "suspended", "released", "closed", "recorded", "all"}))
        ->capture_default_str();
    auto& show = adder.list(incidents, "show", "one case with its evidence; reading it is recorded", incidents_show);
    adder.number(show, "of the incident");
    adder.reason(show, "why you read it: a ticket number, a call");
    show.add_flag("-m,--mass", options.mass, "NUMBER is that of a mass event: the IDs behind it");
    auto& confirm = adder.list(incidents, "confirm", "it was misuse: a case in review suspends its ID",
                               [](const DeskOptions& given) { return incidents_decide(given, "misuse"); });
    auto& ordinary = adder.list(incidents, "ordinary", "it was the subscriber: these places count as seen",
                                [](const DeskOptions& given) { return incidents_decide(given, "ordinary"); });
    auto& dismiss = adder.list(incidents, "dismiss", "there is nothing to go by: held against nobody any longer",
                               [](const DeskOptions& given) { return incidents_decide(given, "dismissed"); });
    for (CLI::App* decision : {&confirm, &ordinary, &dismiss}) {
        adder.number(*decision, "of the incident");
        adder.reason(*decision, "why: what you saw, what the subscriber said");
    }
    for (CLI::App* decision : {&ordinary, &dismiss})
        decision->add_flag("-m,--mass", options.mass, "NUMBER is that of a mass event: all of it that waits");
}

void add_breaker_and_alarms(CLI::App& app, Adder& adder, DeskOptions& options) {
    auto& breaker = group(app, "breaker", "what stops the machine from suspending too many");
    adder.list(breaker, "show", "whether it is open, and the last ten times it was", breaker_show);
    adder.reason(adder.list(breaker, "close", "let the machine suspend again", breaker_close),
                 "why: what you looked at, what was wrong");
    auto& alarms = group(app, "alarms", "what a person must look at");
    adder.list(alarms, "list", "those that are open", alarms_list)
        .add_flag("--all", options.all, "closed ones as well");
    auto& close = adder.list(alarms, "close", "say that one was dealt with", alarms_close);
    adder.number(close, "of the alarm");
    adder.reason(close, "what was done about it");
    auto& dead = group(app, "dead-letters", "what the analyzer decided and PostgreSQL would not take");
    adder.reason(adder.list(dead, "list", "each with all that was to be recorded", dead_letters_list),
                 "why you read them: a ticket number");
}

void add_allow_and_blocks(CLI::App& app, Adder& adder, DeskOptions& options) {
    auto& allow = group(app, "allow", "IDs that are recorded and never acted on");
    auto& add = adder.list(allow, "add", "put an ID on the list, or renew it", allow_add);
    adder.id(add);
    adder.reason(add, "why");
    add.add_option("--owner", options.owner, "who answers for it")->required();
    add.add_option("--days", options.days, "for how long; at most 90, with an approval 366")
        ->required()
        ->check(CLI::Range(1, 366));
    add.add_option("--approved-by", options.approved_by, "who has approved a probe for longer, by name");
    adder.list(allow, "list", "who is on it, with owner and expiry", allow_list);
    auto& remove = adder.list(allow, "remove", "take an ID off the list", allow_remove);
    adder.id(remove);
    adder.reason(remove, "why");

    auto& blocks = group(app, "blocks", "sources that are refused SMTP authentication");
    adder.list(blocks, "list", "those that last", blocks_list).add_flag("--all", options.all, "ended ones as well");
    adder.number(adder.list(blocks, "show", "one of them", blocks_show), "of the block");
    auto& lift = adder.list(blocks, "lift", "end one before its time", blocks_lift);
    adder.number(lift, "of the block");
    adder.reason(lift, "why");
}

void add_undo(CLI::App& app, Adder& adder, DeskOptions& options) {
    auto& undo = group(app, "undo", "take back what a rule did; one person asks, another approves");
    auto& request = adder.list(undo, "request", "ask for it, or with --dry-run only count", undo_request);
    request.add_option("--rule", options.rule, "pppoe.jump, ...")->required();
    request.add_option("--rule-version", options.version, "of program and thresholds; default: every one");
    request.add_option("--from", options.from, "from when on it was done, 2026-11-22T09:00:00Z")->required();
    request.add_option("--to", options.to, "until when")->required();
    adder.reason(request, "why");
    request.add_flag("-n,--dry-run", options.dry_run, "only count");
    auto& approve = adder.list(undo, "approve", "as another person: undo it", undo_approve);
    adder.number(approve, "of the request");
    approve.add_flag("-n,--dry-run", options.dry_run, "only count");
    adder.list(undo, "list", "what was asked for and done", undo_list);
}

void add_account(CLI::App& app, Adder& adder, DeskOptions& options) {
    adder.list(app, "status", "in one look, and whether a person is wanted", status);
    auto& retention = group(app, "retention", "data goes after its term");
    adder.list(retention, "run", "delete what is past its term", retention_run);
    adder.list(retention, "check", "what is held, since when, and what is past its term", retention_check)
        .add_option("--grace-hours", options.grace_hours, "so long after its term counts as in time")
        ->capture_default_str();
    auto& audit = group(app, "audit", "what was done and by whom");
    adder.list(audit, "list", "the log without IDs", audit_list)
        .add_option("--days", options.days, "so far back")
        ->capture_default_str();
    adder.list(audit, "verify", "hold the log against its chain of hashes", audit_verify)
        .add_option("--known", options.known, "a hash you noted earlier, which must be in the chain");
    auto& report = group(app, "report", "figures for publication");
    auto& transparency =
        adder.command(report, "transparency", "the account of a month, small counts left out", report_transparency);
    transparency.add_option("--month", options.month, "2026-10")->required()->check([](const std::string& text) {
        const bool month =
            text.size() == 7 && text[4] == '-' && text.find_first_not_of("0123456789-") == std::string::npos;
        return month ? std::string() : std::string("expected a month such as 2026-10");
    });
    transparency.add_option("-f,--format", options.format, "md, csv or json")
        ->check(CLI::IsMember({"md", "csv", "json"}))
        ->capture_default_str();
    auto& changed =
        adder.list(app, "password-changed", "say that the password of an ID was changed elsewhere", password_changed);
    adder.id(changed);
    changed.add_option("--channel", options.channel, "through which it was changed")->required();
    auto& subscribers = group(app, "subscribers", "contracts and contacts");
    auto& import = adder.list(subscribers, "import", "load them from a CSV file, all or none", subscribers_import);
    import.add_option("FILE", options.file, "the first line names the columns; - is standard input")->required();
    import.add_flag("--replace", options.replace, "delete who is not in the file, of the services that are");
    import.add_flag("-n,--dry-run", options.dry_run, "only say what would change");
}

}  // namespace

void add_desk(CLI::App& app, DeskOptions& options, int& result) {
    const auto adder = std::make_shared<Adder>(options, result);
    add_incidents(app, *adder, options);
    add_breaker_and_alarms(app, *adder, options);
    add_allow_and_blocks(app, *adder, options);
    add_undo(app, *adder, options);
    add_account(app, *adder, options);
    app.add_subcommand("completion", "a script for bash that completes this command line")->callback([&app, adder] {
        std::fputs(bash_completion(app).c_str(), stdout);
    });
}

}  // namespace guard::cli
