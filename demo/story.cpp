// The story of demo.sh: an ISP's ordinary life and three attacks, against real parts. Read main() at the end first.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "demo/report.hpp"
#include "event/time.hpp"
#include "tests/support/isp.hpp"
#include "tests/support/mail_text.hpp"

namespace {

using namespace guard;
using namespace std::chrono_literals;
using demo::Report;
using std::chrono::milliseconds;
using test::Isp;

constexpr std::uint8_t kAccept = 2, kReject = 3;
constexpr auto kSettle = 4s, kDeadPeer = 3s, kQuiet = 8s;
constexpr unsigned kTown = 500, kGuessed = 30;

const std::string kVictim = "tanaka@isp.example", kShared = "suzuki@isp.example", kOldRouter = "oldrouter@isp.example";

std::string town(unsigned i) {
    return fmt::format("sendai{:03}@isp.example", i);
}
std::string mailbox(unsigned i) {
    return fmt::format("mail{:02}@isp.example", i);
}

std::vector<test::Subscriber> subscribers() {
    std::vector<test::Subscriber> all;
    all.push_back({kVictim, "secret-1", "JP-01", Service::pppoe, "田中 花子", "tanaka@mail.example", "ja"});
    all.push_back({kShared, "secret-2", "JP-13", Service::pppoe, "Suzuki Ken", "suzuki@mail.example", "en"});
    all.push_back({kOldRouter, "secret-3", "JP-13"});
    for (unsigned i = 0; i < kTown; ++i) all.push_back({town(i), "pw", "JP-04"});
    for (unsigned i = 0; i < kGuessed; ++i) all.push_back({mailbox(i), "mailpw", "", Service::smtp_auth});
    return all;
}

const char* name_of(std::optional<std::uint8_t> code) {
    if (!code) return "no answer";
    return *code == kAccept ? "Access-Accept" : *code == kReject ? "Access-Reject" : "another answer";
}

// How long until `condition` holds; none if it does not within `timeout`.
std::optional<milliseconds> time_until(const std::function<bool()>& condition, milliseconds timeout) {
    const auto began = std::chrono::steady_clock::now();
    if (!test::wait_until(condition, timeout)) return std::nullopt;
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
}

// A login as a router makes it: authentication, then the accounting Start with the address the NAS has given.
bool connect(Isp& isp, const std::string& id, const std::string& password, const std::string& address) {
    return isp.login(id, password) == kAccept && isp.start_session(id, address);
}

void write_history(Isp& isp, const std::filesystem::path& file) {
    std::ofstream out(file);
    const Time now = SystemClock().now();
    const auto all = subscribers();
    for (int day = 20; day >= 1; --day)
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].service != Service::pppoe) continue;
            const auto at = now - std::chrono::hours{24 * day} + std::chrono::seconds{i};
            const std::string address = isp.address(all[i].region);
            for (const auto& [kind, when] : {std::pair{"accept", at}, {"assign", at + 1s}, {"release", at + 20h}})
                out << fmt::format(R"({{"time":"{}","service":"pppoe","kind":"{}","id":"{}","address":"{}"}})",
                                   format_rfc3339(when), kind, all[i].id, address)
                    << '\n';
        }
}

void load_history(Isp& isp, Report& report) {
    report.step("A history of 20 days is loaded, so that home regions are familiar");
    const auto history = isp.directory() / "history.jsonl";
    write_history(isp, history);
    const auto result = isp.guardctl(
        {"replay", "--format", "jsonl", "--learn", "--config", isp.config_file().string(), history.string()});
    report.note("guardctl replay --learn: " + result.output.substr(0, result.output.find('\n')));
    report.check("guardctl replay", "0", std::to_string(result.status));
    report.check("nobody is suspended by history",
                 result.output.find("findings: 0 suspend, 0 review") != std::string::npos);
    isp.start_analyzer();
    isp.start_notifier();
}

void stolen_id(Isp& isp, Report& report) {
    report.step("A thief dials in from Kagoshima with the ID of a subscriber who is connected in Hokkaido");
    report.check("the subscriber in Hokkaido is connected", connect(isp, kVictim, "secret-1", isp.address("JP-01")));
    const std::string address = isp.address("JP-46");
    report.check("the thief is connected, too: nothing is known of him yet",
                 connect(isp, kVictim, "secret-1", address));
    report.latency(
        "finding recorded after the thief's accounting Start",
        time_until(
            [&] { return isp.query("SELECT rule FROM guard.finding WHERE rule = 'pppoe.jump'") == "pppoe.jump"; }, 5s),
        1s);
    report.note(isp.query("SELECT summary_en FROM guard.finding WHERE rule = 'pppoe.jump'"));
    report.note(isp.query("SELECT summary_ja FROM guard.finding WHERE rule = 'pppoe.jump'"));
    report.latency("suspended (a probable finding settles first, here 4 s instead of 120 s)",
                   time_until([&] { return isp.is_suspended(kVictim); }, 15s), kSettle + 1500ms);
    report.latency("the thief's next login is refused",
                   time_until([&] { return isp.login(kVictim, "secret-1") == kReject; }, 5s), 1s);
    const auto acknowledged = [&] {
        return isp.query("SELECT count(*) FROM guard.disconnect WHERE state = 'acknowledged' AND address = '" +
                         address + "'") == "1";
    };
    report.latency("the NAS has ended the thief's session (Disconnect-ACK)", time_until(acknowledged, 5s), 2s);
    for (const auto& line : isp.nas.requests()) report.note("NAS: " + line);
}

void notice(Isp& isp, Report& report) {
    report.latency("the notice is in the subscriber's mailbox",
                   time_until([&] { return !isp.mail.messages().empty(); }, 15s), 5s);
    const auto messages = isp.mail.messages();
    if (messages.empty()) return;
    const test::MailText mail = test::read_mail(messages.front());
    const std::string& text = mail.body;
    report.check("it is for", "<tanaka@mail.example>", mail.headers.at("To"));
    report.check("it names where (鹿児島県)", text.find("鹿児島県") != std::string::npos);
    report.check("it says what to do (パスワード)", text.find("パスワード") != std::string::npos);
    report.check("it says whom to call (0120-000-000)", text.find("0120-000-000") != std::string::npos);
    fmt::print("   ---- the notice ----\n");
    fmt::print("   | Subject: {}\n   |\n", mail.headers.at("Subject"));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) fmt::print("   | {}\n", line);
}

void shared_id(Isp& isp, Report& report) {
    report.step("An ID is used by many at once, all in its home region, while the subscriber stays connected");
    const std::string home = isp.address("JP-13");
    report.check("the subscriber in Tokyo is connected", connect(isp, kShared, "secret-2", home));
    bool connected = true;
    for (int i = 0; i < 12; ++i) connected = connect(isp, kShared, "secret-2", isp.address("JP-13")) && connected;
    report.check("twelve more are connected with the same ID", connected);
    report.check("suspended already", "no", isp.is_suspended(kShared) ? "yes" : "no");
    report.note("the subscriber's own session shows life after the dead-peer time (here 3 s instead of 5 min)");
    std::this_thread::sleep_for(kDeadPeer + 1s);
    report.check("Interim-Update of the subscriber's session is answered", isp.interim(kShared, home));
    report.latency("suspended when nothing earlier can come any more (here 2 s instead of 120 s)",
                   time_until([&] { return isp.is_suspended(kShared); }, 10s), 4s);
    report.latency("the next login is refused",
                   time_until([&] { return isp.login(kShared, "secret-2") == kReject; }, 5s), 1s);
    report.check(
        "rule", "pppoe.burst.live",
        isp.query("SELECT s.rule FROM guard.suspension s WHERE id = guard.normalise_id('" + kShared + "'::text)"));
    report.note(isp.query("SELECT summary_en FROM guard.finding WHERE rule = 'pppoe.burst.live'"));
}

void guessing_source(Isp& isp, Report& report) {
    const std::string attacker = "198.51.100.66", customer = "203.0.113.5";
    report.step(fmt::format("A source guesses the SMTP passwords of {} IDs", kGuessed));
    for (unsigned i = 0; i < kGuessed; ++i) isp.mail_login(mailbox(i), "guess", attacker);
    const auto refused = [&] { return isp.mail_login(mailbox(0), "mailpw", attacker) == kReject; };
    report.latency("even the right password is refused from there", time_until(refused, 10s), 1s);
    report.note(isp.query("SELECT summary_en FROM guard.block WHERE enforced"));
    report.check("the same mailbox from its owner's address", "Access-Accept",
                 name_of(isp.mail_login(mailbox(0), "mailpw", customer)));
    report.note("the attack stops; nobody touches anything (quiet time here 8 s instead of 15 min)");
    std::this_thread::sleep_for(kQuiet / 2);
    report.check("still blocked half-way", "Access-Reject", name_of(isp.mail_login(mailbox(0), "mailpw", attacker)));
    report.note("that attempt was refused, and it counts: the quiet time begins anew");
    std::this_thread::sleep_for(kQuiet + 2s);
    report.check("the block has ended by itself", "Access-Accept",
                 name_of(isp.mail_login(mailbox(0), "mailpw", attacker)));
}

void power_cut(Isp& isp, Report& report) {
    report.step(fmt::format(
        "A power cut: {} routers of one town redial within two minutes, four times each; and a router with a "
        "wrong password fails 300 times",
        kTown));
    const std::string before = isp.query("SELECT count(*) FROM guard.suspension");
    const auto began = std::chrono::steady_clock::now();
    unsigned accepted = 0;
    constexpr auto kPace = 10ms;  // 500 routers in 5 s, and again
    for (int round = 0; round < 4; ++round)
        for (unsigned i = 0; i < kTown; ++i) {
            std::this_thread::sleep_until(began + kPace * (static_cast<int>(i) + round * static_cast<int>(kTown)));
            if (connect(isp, town(i), "pw", isp.address("JP-04"))) ++accepted;
        }
    const auto took =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began).count();
    report.note(fmt::format("{} logins with their accounting in {} s; no session was ever stopped", accepted, took));
    report.check("logins accepted", std::to_string(4 * kTown), std::to_string(accepted));
    unsigned rejected = 0;
    for (int i = 0; i < 300; ++i)
        if (isp.login(kOldRouter, "old-password") == kReject) ++rejected;
    report.check("logins with the wrong password refused", "300", std::to_string(rejected));
    std::this_thread::sleep_for(kSettle + 1s);  // whatever was probable has settled by now
    report.check("suspensions more than before", "0",
                 isp.query("SELECT count(*) - " + before + " FROM guard.suspension"));
    report.check("a router of the town logs in", "Access-Accept", name_of(isp.login(town(7), "pw")));
    report.check("the old router, with the right password", "Access-Accept",
                 name_of(isp.login(kOldRouter, "secret-3")));
    report.note("recorded for the desk, without any effect: " +
                isp.query("SELECT summary_en FROM guard.finding WHERE rule = 'pppoe.reject'"));
}

void password_changed(Isp& isp, Report& report) {
    report.step(
        "The first subscriber changes the password (through the operator's portal, whose database role is trusted)");
    report.check("before", "Access-Reject", name_of(isp.login(kVictim, "secret-1")));
    isp.execute("UPDATE radcheck SET value = 'a new secret' WHERE username = '" + kVictim + "'", "isp_portal");
    report.latency("the next login with the new password is accepted",
                   time_until([&] { return isp.login(kVictim, "a new secret") == kAccept; }, 5s), 1s);
    report.check("the thief, with the old one", "Access-Reject", name_of(isp.login(kVictim, "secret-1")));
    report.check(
        "the case", "released by isp_portal: the password was changed",
        isp.query("SELECT i.state || ' by ' || released_by || ': ' || release_reason FROM guard.suspension s JOIN "
                  "guard.incident i USING (incident_id) WHERE s.id = guard.normalise_id('" +
                  kVictim + "'::text)"));
    const auto told = [&] {
        return isp.query("SELECT count(*) FROM guard.notice WHERE kind = 'released' AND state = 'sent'") == "1";
    };
    report.latency("the subscriber is told that the line is free again", time_until(told, 10s), 5s);
    report.check("notices, each once", "3", std::to_string(isp.mail.wait_for_messages(3, 5s).size()));
}

// The account that an operator publishes (R8), drawn up by somebody who sees no ID.
void published_account(Isp& isp, Report& report) {
    report.step("What is published about it: the account of the month, drawn up by an auditor who sees no ID");
    isp.execute("CREATE ROLE auditor_ito LOGIN IN ROLE guard_auditor");
    const std::string month = isp.query("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')");
    const auto account = isp.guardctl(
        {"report", "transparency", "--month", month, "--database", isp.postgres.connection_string("auditor_ito")});
    report.check("guardctl report transparency", "0", std::to_string(account.status));
    report.check("no ID is in it", account.output.find("@isp.example") == std::string::npos);
    std::istringstream lines(account.output);
    for (std::string line; std::getline(lines, line);)
        if (!line.empty()) report.note(line);
    const auto audit = isp.guardctl({"audit", "verify", "--database", isp.postgres.connection_string("auditor_ito")});
    report.check("guardctl audit verify: nothing was changed or taken away", "0", std::to_string(audit.status));
}

// What the servers have written so far, as files for whoever looks around.
void write_logs(Isp& isp) {
    test::write_file(isp.directory() / "analyzer.log", isp.analyzer().output());
    test::write_file(isp.directory() / "notifier.log", isp.notifier().output());
    test::write_file(isp.directory() / "radiusd.log", isp.radius->log());
}

void look_around(Isp& isp) {
    const std::string home = isp.directory().string();
    fmt::print(
        "\nLeft running, until Ctrl-C. Look around from another shell:\n"
        "   psql \"{0}\"\n      SELECT * FROM guard.suspended;   \\dt guard.*\n"
        "   {1}/bin/guardctl suspended list --database \"{0}\"\n"
        "   {1}/bin/guardctl suspended release {2} --reason \"tried it\" --database \"{0}\"\n"
        "   echo 'User-Name = {2}, User-Password = secret-2' | radclient 127.0.0.1:{3} auth {4}\n"
        "   tail -F {1}/analyzer.log {1}/notifier.log {1}/radiusd.log\n"
        "   less {1}/pppoe-guard.toml {1}/pools.csv {1}/metrics.prom {5}/radiusd.conf\n",
        isp.postgres.connection_string(), home, kShared, isp.radius->auth_port(), test::RadiusServer::kSecret,
        isp.radius->directory().string());
    std::fflush(stdout);
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    const timespec second{1, 0};
    do write_logs(isp);
    while (sigtimedwait(&signals, nullptr, &second) < 0);
    fmt::print("\nStopping everything.\n");
}

int play(bool keep) {
    fmt::print(
        "PPPoE Guard: the whole chain on real parts. Private PostgreSQL, FreeRADIUS, exim, NAS; nothing else is "
        "touched.\n"
        "For the demo waiting times are short (settling 4 s, dead-peer time 3 s, lateness 2 s, quiet time 8 s), the "
        "password channel\n\"isp_portal\" is trusted, mail alone is allowed as a channel, and the mode is enforce.\n"
        "None of these is a default.\n");
    Report report;
    Isp::Options options;
    options.settle = kSettle;
    // The guesser of the fourth step finds a password in the end; that story is told elsewhere.
    options.detection = "reorder = \"2s\"\nrule_modes = { \"smtp.source.hit\" = \"review\" }\n";
    options.dead_peer = kDeadPeer;
    options.quiet = kQuiet;
    Isp isp(options, subscribers());
    load_history(isp, report);
    stolen_id(isp, report);
    notice(isp, report);
    shared_id(isp, report);
    guessing_source(isp, report);
    power_cut(isp, report);
    password_changed(isp, report);
    published_account(isp, report);
    const int result = report.finish();
    if (result != 0)
        fmt::print("\nThe analyzer's log:\n{}\nThe notifier's log:\n{}\n", isp.analyzer().output(),
                   isp.notifier().output());
    if (keep) look_around(isp);
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    const bool keep = argc == 2 && std::string_view(argv[1]) == "--keep";
    if (argc > 1 && !keep) {
        fmt::print(stderr, "usage: {} [--keep]\n", argv[0]);
        return 2;
    }
    if (keep) {
        // For sigwait() at the end; until then Ctrl-C has to wait for the story.
        sigset_t signals;
        sigemptyset(&signals);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
        pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    }
    try {
        return play(keep);
    } catch (const std::exception& error) {
        fmt::print(stderr, "the demo cannot go on: {}\n", error.what());
        return 2;
    }
}
