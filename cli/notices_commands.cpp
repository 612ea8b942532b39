#include <CLI/CLI.hpp>

#include "cli/commands.hpp"

namespace guard::cli {
namespace {

void add_database(CLI::App& app, DatabaseOptions& options) {
    app.add_option("-c,--config", options.config, std::string("configuration file; default ") + kDefaultConfig);
    app.add_option("-d,--database", options.database,
                   "libpq connection string instead of the one in the configuration file");
}

void add_case(CLI::App& app, NoticesOptions& options, const char* why) {
    add_database(app, options.database);
    app.add_option("CASE", options.number, "the number of the case, as the notice says it")->required();
    app.add_option("-r,--reason", options.reason, why)->required();
}

void add_kind(CLI::App& app, NoticesOptions& options) {
    app.add_option("-c,--config", options.database.config,
                   std::string("configuration file; default ") + kDefaultConfig);
    app.add_option("CHANNEL", options.channel, "mail, sms, webhook, letter or phone_list; one that is configured")
        ->required();
}

}  // namespace

void add_notices(CLI::App& app, NoticesOptions& options, int& result) {
    auto* notices = app.add_subcommand("notices", "what subscribers were told, and how");
    notices->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, int (*command)(const NoticesOptions&)) {
        auto* subcommand = notices->add_subcommand(name, help);
        subcommand->callback([&, command] { result = command(options); });
        return subcommand;
    };
    auto* list = add("list", "the latest notices with their deliveries", notices_list);
    add_database(*list, options.database);
    list->add_option("--state", options.state, "only these: queued, sent, dead or cancelled")
        ->check(CLI::IsMember({"queued", "sent", "dead", "cancelled"}));
    list->add_option("--limit", options.limit, "at most so many")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    list->add_flag("--json", options.json, "one JSON object a line");
    auto* dead = add("dead-letters", "notices of which a delivery failed for good", notices_dead_letters);
    add_database(*dead, options.database);
    dead->add_option("--limit", options.limit, "at most so many")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    dead->add_flag("--json", options.json, "one JSON object a line");
    auto* show = add("show", "the proof of every delivery of one case; reading it is recorded", notices_show);
    add_case(*show, options, "why you read it: a ticket number, a call");
    show->add_flag("--json", options.json, "one JSON object a line");

    auto* preview = add("preview", "the text of a notice to a made-up subscriber", notices_preview);
    add_kind(*preview, options);
    preview->add_option("-k,--kind", options.kind, "suspended or released")
        ->check(CLI::IsMember({"suspended", "released"}))
        ->capture_default_str();
    preview->add_option("-s,--service", options.service, "pppoe or smtp_auth")
        ->check(CLI::IsMember({"pppoe", "smtp_auth"}))
        ->capture_default_str();
    preview->add_option("-l,--language", options.language, "ja or en")
        ->check(CLI::IsMember({"ja", "en"}))
        ->capture_default_str();
    preview->add_option("-o,--output", options.output, "of a letter: write the PDF to this file");
    auto* test = add("test-send", "send a made-up notice to an address of your own", notices_test_send);
    add_kind(*test, options);
    test->add_option("ADDRESS", options.address, "a mail address or a telephone number, as the channel needs it");

    auto* resend = add("resend", "send the latest notice of a case once more", notices_resend);
    add_case(*resend, options, "why: the letter came back, a new address");
    resend->add_option("--channel", options.channel, "by this channel alone; default: by all that have tried it");
    add_case(*add("cancel", "what has not gone out about a case does not go", notices_cancel), options,
             "why it should not go");
    add_case(*add("answered", "the subscriber was reached: nothing more goes out about the case", notices_answered),
             options, "what was said, how the subscriber was recognised");
    auto* calls = add("phone-list", "whom to call, with name and number; reading it is recorded", notices_phone_list);
    add_database(*calls, options.database);
    calls->add_option("-r,--reason", options.reason, "who asks: a shift, a name")->required();
    calls->add_option("--format", options.format, "csv or json")
        ->check(CLI::IsMember({"csv", "json"}))
        ->capture_default_str();
    auto* bounce = add("bounce", "record returned mail", notices_bounce);
    add_database(*bounce, options.database);
    bounce->add_flag("--pipe", options.pipe,
                     "for a mail server: exit code 0 whatever it was, 75 when it is to be tried again");
    bounce->add_option("--maildir", options.maildir, "read what is new in this mailbox instead, and mark it as seen")
        ->excludes("--pipe");
}

}  // namespace guard::cli
