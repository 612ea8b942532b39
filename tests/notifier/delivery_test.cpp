// The notifier as it runs: the real program, a real PostgreSQL, a real MTA, and a mail server that misbehaves to order.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <set>

#include "config/options.hpp"
#include "notifier/notifier.hpp"
#include "sql/migrate.hpp"
#include "tests/notifier/smtp_responder.hpp"
#include "tests/sql/database.hpp"
#include "tests/support/mail_server.hpp"
#include "tests/support/mail_text.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;
using notifier::Notifier;

constexpr auto kProgram = GUARD_BINARY_DIR "/bin/pppoe-guard-notifier";

config::Settings settings_for(const std::string& database, std::uint16_t mail_port) {
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
void write_config(const std::filesystem::path& path, config::Settings settings) {
    settings.spools = {"/var/spool/pppoe-guard"};
    settings.pools = "/etc/pppoe-guard/pools.csv";
    settings.table = "/run/pppoe-guard/table";
    settings.state_directory = "/var/lib/pppoe-guard";
    write_file(path, config::to_toml(settings));
}

struct Fixture : Database {
    // Suspends the ID of a subscriber with that address and queues the notice. Returns the case number.
    std::string queue(const std::string& mail, const std::string& language = "ja",
                      const std::string& service = "pppoe") {
        const auto id = "taro" + std::to_string(++subscribers) + "@isp.example";
        const auto suspension = suspend(id, service);
        pqxx::work transaction(connection());
        const auto incident =
            transaction.exec_params1("SELECT incident_id FROM guard.suspension WHERE suspension_id = $1", suspension)[0]
                .as<std::string>();
        transaction.exec_params(
            "INSERT INTO guard.subscriber (service, id, name, mail, language) "
            "VALUES ($1, guard.stored_bytes($2), '山田 太郎', nullif($3, ''), $4)",
            service, id, mail, language);
        transaction.exec_params(
            "INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, "
            "summary_ja) "
            "VALUES ($1::bigint, 'f' || $1, 'pppoe.jump.live', 'certain', 'suspend', '2026-02-28T15:04:59Z', "
            "'used in Hokkaido and in Kagoshima at the same time', '北海道と鹿児島県で同時に使用されました。')",
            incident);
        transaction.exec_params(
            "INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id) "
            "VALUES ($1::bigint, 'suspended', 'suspended:' || $1, $2, guard.stored_bytes($3))",
            incident, service, id);
        transaction.commit();
        return incident;
    }
    std::string state(const std::string& incident) {
        return value(
            "SELECT string_agg(kind || '=' || state, ' ' ORDER BY notice_id) FROM guard.notice WHERE incident_id = " +
            incident);
    }
    void make_due() {
        exec(
            "UPDATE guard.delivery SET due_at = now() WHERE state = 'queued'; "
            "UPDATE guard.delivery SET lease_until = now() - interval '1 s' WHERE leased_by IS NOT NULL");
    }
    std::string database() const { return cluster().connection_string("notifier", name()); }
    std::unique_ptr<Notifier> notifier(std::uint16_t port) const { return notifier(settings_for(database(), port)); }
    static std::unique_ptr<Notifier> notifier(const config::Settings& settings) {
        static const SystemClock clock;
        auto made = Notifier::make(settings, clock);
        if (!made) throw std::runtime_error(made.error().front());
        return std::move(*made);
    }
    // The program on a configuration file of its own.
    std::unique_ptr<Process> program(std::uint16_t port, const std::vector<std::string>& more = {}) {
        const auto file = files.path() / ("guard" + std::to_string(++configs) + ".toml");
        write_config(file, settings_for(database(), port));
        std::vector<std::string> args{kProgram, "--config", file.string()};
        args.insert(args.end(), more.begin(), more.end());
        return std::make_unique<Process>(args);
    }

    int subscribers = 0, configs = 0;
    TemporaryDirectory files{"notifier"};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(delivery)

BOOST_FIXTURE_TEST_CASE(mail_reaches_the_mailbox_in_both_languages, Fixture) {
    const MailServer server;
    exec("UPDATE guard.setting SET value = 'isp.example' WHERE key = 'mail.domain'");
    const auto japanese = queue("taro@mail.example"), english = queue("hanako@mail.example", "en", "smtp_auth");
    BOOST_TEST(notifier(server.port())->run_once() == 2U);
    auto arrived = server.wait_for_messages(2, 20s);
    BOOST_REQUIRE(arrived.size() == 2U);
    std::map<std::string, MailText> mails;
    for (const auto& message : arrived) {
        auto mail = read_mail(message);
        mails[mail.headers.at("Envelope-to")] = std::move(mail);
    }
    const auto& ja = mails.at("taro@mail.example");
    BOOST_TEST(ja.headers.at("Subject") ==
               "【重要】インターネット接続の一時停止のお知らせ（受付番号 " + japanese + "）");
    BOOST_TEST(ja.headers.at("Return-path") == "<security@isp.example>");
    BOOST_TEST(ja.headers.at("Message-ID") ==
               value("SELECT message_id FROM guard.notice WHERE incident_id = " + japanese));
    BOOST_TEST(ja.headers.at("Message-ID").ends_with("@isp.example>"));
    for (const auto& part : std::vector<std::string>{"山田 太郎 様", "受付番号 " + japanese, "ta***@isp.example",
                                                     "2026年3月1日 0時04分（JST）",
                                                     "北海道と鹿児島県で同時に使用されました。", "0120-000-000"})
        BOOST_TEST(ja.body.find(part) != std::string::npos, part << " is missing in\n" << ja.body);
    BOOST_TEST(ja.body.find("taro1") == std::string::npos);  // the ID itself
    const auto& en = mails.at("hanako@mail.example");
    BOOST_TEST(en.headers.at("Subject") == "Important: your outgoing mail has been suspended (case " + english + ")");
    BOOST_TEST(en.body.find("2026-03-01 00:04 JST") != std::string::npos);
    BOOST_TEST(en.body.find("in Hokkaido and in Kagoshima") != std::string::npos);
    BOOST_TEST(state(japanese) == "suspended=sent");
    BOOST_TEST(value("SELECT recipient_masked FROM guard.delivery JOIN guard.notice USING (notice_id) "
                     "WHERE incident_id = " +
                     japanese) == "ta***@mail.example");
    BOOST_TEST(value("SELECT bool_and(state = 'accepted' AND answer LIKE '250%' AND tries = 1 AND maybe_twice = 0 AND "
                     "leased_by IS NULL) FROM guard.delivery") == "t");
}

BOOST_FIXTURE_TEST_CASE(restored_comes_after_suspended_by_the_same_road, Fixture) {
    SmtpResponder responder;
    const auto incident = queue("taro@mail.example", "en");
    const auto notifier = this->notifier(responder.port());
    BOOST_TEST(notifier->run_once() == 1U);
    exec("SELECT guard.staff_release('pppoe', 'taro1@isp.example', 'called')");
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=sent released=sent");
    const auto mail = read_mail(responder.received().back().message);
    BOOST_TEST(mail.headers.at("Subject") == "Your Internet connection has been restored (case " + incident + ")");
    BOOST_TEST(mail.body.find("is closed") != std::string::npos);
}

// Who was never told of the suspension gets one notice, which says both.
BOOST_FIXTURE_TEST_CASE(released_before_the_first_notice_went_is_one_notice, Fixture) {
    SmtpResponder responder({.message = [] { return std::string("450 busy"); }});
    const auto incident = queue("taro@mail.example", "en");
    const auto notifier = this->notifier(responder.port());
    BOOST_TEST(notifier->run_once() == 1U);
    exec("SELECT guard.staff_release('pppoe', 'taro1@isp.example', 'called')");
    make_due();
    responder.set({});
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=cancelled released=sent");
    const auto received = responder.received();
    BOOST_TEST(read_mail(received.back().message).body.find("in Hokkaido and in Kagoshima") != std::string::npos);
    const auto other = queue("hanako@mail.example");
    exec("SELECT guard.staff_release('pppoe', 'taro2@isp.example', 'called')");
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(other) == "suspended=cancelled released=sent");
}

BOOST_FIXTURE_TEST_CASE(two_notifiers_at_once_send_each_notice_once, Fixture) {
    const MailServer server;
    constexpr std::size_t kNotices = 24;
    for (std::size_t i = 0; i < kNotices; ++i) queue("s" + std::to_string(i) + "@mail.example");
    const auto one = program(server.port(), {"--once"}), other = program(server.port(), {"--once"});
    BOOST_TEST(one->wait(60s).value_or(-1) == 0, one->output());
    BOOST_TEST(other->wait(60s).value_or(-1) == 0, other->output());
    const auto arrived = server.wait_for_messages(kNotices, 30s);
    BOOST_TEST(arrived.size() == kNotices);
    std::set<std::string> recipients, ids;
    for (const auto& message : arrived) {
        const auto mail = read_mail(message);
        recipients.insert(mail.headers.at("Envelope-to"));
        ids.insert(mail.headers.at("Message-ID"));
    }
    BOOST_TEST(recipients.size() == kNotices);
    BOOST_TEST(ids.size() == kNotices);
    BOOST_TEST(value("SELECT count(*) FROM guard.delivery WHERE state = 'accepted' AND tries = 1") ==
               std::to_string(kNotices));
    // Nobody's address and no ID in the log at level info.
    for (const auto* process : {one.get(), other.get()})
        for (const auto* secret : {"mail.example", "taro"})
            BOOST_TEST(process->output().find(secret) == std::string::npos, process->output());
}

BOOST_FIXTURE_TEST_CASE(a_temporary_refusal_is_tried_again_later, Fixture) {
    SmtpResponder responder({.recipient = [] { return std::string("451 4.7.1 <taro@mail.example> greylisted"); }});
    const auto incident = queue("taro@mail.example");
    const auto notifier = this->notifier(responder.port());
    for (const auto& [tries, least, most] : {std::tuple{1, 40, 80}, std::tuple{2, 90, 150}}) {
        BOOST_TEST(notifier->run_once() == 1U);
        BOOST_TEST(state(incident) == "suspended=queued");
        const auto row = exec("SELECT tries, extract(epoch FROM due_at - now())::int, answer FROM guard.delivery")[0];
        BOOST_TEST(row[0].as<int>() == tries);
        BOOST_TEST((row[1].as<int>() >= least && row[1].as<int>() <= most), row[1].as<int>());
        BOOST_TEST(row[2].as<std::string>() == "451 4.7.1 <<recipient>> greylisted");
        BOOST_TEST(notifier->run_once() == 0U);  // not before it is due
        make_due();
    }
    responder.set({});
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=sent");
}

BOOST_FIXTURE_TEST_CASE(a_lost_connection_is_tried_again_under_the_same_message_id, Fixture) {
    SmtpResponder responder({.message = [] { return std::string(); }});  // the message is there, the answer is not
    const auto incident = queue("taro@mail.example");
    const auto notifier = this->notifier(responder.port());
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=queued");
    BOOST_TEST(value("SELECT maybe_twice FROM guard.delivery") == "1");
    make_due();
    responder.set({});
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=sent");
    const auto received = responder.received();
    BOOST_REQUIRE(received.size() == 2U);
    BOOST_TEST(read_mail(received[0].message).headers.at("Message-ID") ==
               read_mail(received[1].message).headers.at("Message-ID"));
}

BOOST_FIXTURE_TEST_CASE(no_mail_server_means_later, Fixture) {
    const auto incident = queue("taro@mail.example");
    BOOST_TEST(notifier(free_port(Transport::tcp))->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=queued");
    BOOST_TEST(value("SELECT answer FROM guard.delivery") != "");
    BOOST_TEST(value("SELECT maybe_twice FROM guard.delivery") == "0");
}

BOOST_FIXTURE_TEST_CASE(a_final_refusal_is_dead_and_the_desk_is_told, Fixture) {
    for (const bool at_message : {false, true}) {
        SmtpScript script;
        (at_message ? script.message : script.recipient) = [] { return std::string("550 5.1.1 no such user"); };
        SmtpResponder responder(script);
        const auto incident = queue("taro@mail.example");
        BOOST_TEST(notifier(responder.port())->run_once() == 1U);
        BOOST_TEST(state(incident) == "suspended=dead");
        BOOST_TEST(value("SELECT answer FROM guard.delivery ORDER BY delivery_id DESC") == "550 5.1.1 no such user");
        // What the server says may hold an address: it stays with the delivery.
        BOOST_TEST(value("SELECT detail FROM guard.alarm WHERE kind = 'notice_dead' ORDER BY alarm_id DESC") ==
                   "case " + incident);
        make_due();
        BOOST_TEST(notifier(responder.port())->run_once() == 0U);
    }
}

BOOST_FIXTURE_TEST_CASE(it_gives_up_after_the_set_time, Fixture) {
    SmtpResponder responder({.recipient = [] { return std::string("451 later"); }});
    const auto incident = queue("taro@mail.example");
    const auto notifier = this->notifier(responder.port());
    BOOST_TEST(notifier->run_once() == 1U);
    exec("UPDATE guard.delivery SET give_up_at = now() + interval '30 s'");  // the next try would be a minute away
    make_due();
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=dead");
    BOOST_TEST(value("SELECT answer FROM guard.delivery") == "451 later");
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm") == "1");
    // One that nobody could send in time is not sent late: what it says is no longer so.
    const auto stale = queue("taro@mail.example");
    exec("UPDATE guard.notice SET give_up_at = now() WHERE state = 'queued'");
    const auto waited = queue("taro@mail.example");
    BOOST_TEST(notifier->run_once() == 1U);
    BOOST_TEST(state(stale) == "suspended=dead");
    exec("UPDATE guard.delivery SET give_up_at = now()");
    make_due();
    responder.set({});
    BOOST_TEST(notifier->run_once() == 0U);
    BOOST_TEST(state(waited) == "suspended=dead");
    BOOST_TEST(responder.received().empty());
}

BOOST_FIXTURE_TEST_CASE(an_address_that_is_none_is_dead_and_never_reaches_a_server, Fixture) {
    SmtpResponder responder;
    for (const std::string mail :
         {"", "taro@mail.example\r\nRCPT TO:<all@mail.example>", "taro@mail.example\nBcc: x@y.example", "no address"}) {
        const auto incident = queue(mail);
        BOOST_TEST(notifier(responder.port())->run_once() == 0U);
        BOOST_TEST(state(incident) == "suspended=dead");
    }
    exec("DELETE FROM guard.subscriber");
    const auto incident = queue("x@mail.example");
    exec("DELETE FROM guard.subscriber");
    BOOST_TEST(notifier(responder.port())->run_once() == 0U);
    BOOST_TEST(state(incident) == "suspended=dead");
    BOOST_TEST(responder.received().empty());
    BOOST_TEST(value("SELECT count(*) FROM guard.alarm WHERE kind = 'notice_dead'") == "5");
    BOOST_TEST(value("SELECT string_agg(DISTINCT answer, ',') FROM guard.delivery") ==
               "no usable address of the subscriber is known");
}

BOOST_FIXTURE_TEST_CASE(what_a_record_holds_cannot_become_a_header, Fixture) {
    SmtpResponder responder;
    queue("taro@mail.example", "en");
    exec(R"(UPDATE guard.subscriber SET name = E'Taro\r\nBcc: all@mail.example\r\n\r\n.\r\nMAIL FROM:<x@y.example>')");
    exec(R"(UPDATE guard.finding SET summary_en = E'seen\r\n.\r\nQUIT\r\n')");
    BOOST_TEST(notifier(responder.port())->run_once() == 1U);
    const auto received = responder.received();
    BOOST_REQUIRE(received.size() == 1U);
    BOOST_TEST(received[0].recipient == "<taro@mail.example>");
    const auto mail = read_mail(received[0].message);
    BOOST_TEST(!mail.headers.contains("Bcc"));
    BOOST_TEST(mail.body.find("Dear Customer,") != std::string::npos);
    BOOST_TEST(mail.body.find("seen  .  QUIT") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(an_address_with_odd_dots_is_quoted_for_the_server, Fixture) {
    SmtpResponder responder;
    const MailServer server;
    queue("taro..y.@mobile.example");
    BOOST_TEST(notifier(responder.port())->run_once() == 1U);
    BOOST_REQUIRE(responder.received().size() == 1U);
    BOOST_TEST(responder.received()[0].recipient == "<\"taro..y.\"@mobile.example>");
    queue("hanako..y.@mobile.example");
    BOOST_TEST(notifier(server.port())->run_once() == 1U);
    BOOST_REQUIRE(server.wait_for_messages(1, 20s).size() == 1U);
    BOOST_TEST(server.messages()[0].find("\"hanako..y.\"@mobile.example") != std::string::npos);
}

// The instant that matters: the server has the message, the database does not know it yet.
BOOST_FIXTURE_TEST_CASE(killed_between_sending_and_recording_the_second_copy_has_the_same_message_id, Fixture) {
    const auto incident = queue("taro@mail.example");
    const auto other = connect("postgres");
    auto lock = std::make_unique<pqxx::work>(*other);
    std::atomic<bool> asked = false, locked = false;
    SmtpResponder responder({.message = [&] {
        asked = true;
        (void)wait_until([&] { return locked.load(); }, 20s);
        return std::string("250 OK");
    }});
    const auto victim = program(responder.port());
    BOOST_REQUIRE(wait_until([&] { return asked.load(); }, 30s));
    lock->exec("SELECT FROM guard.delivery FOR UPDATE");  // the claim is committed, the outcome will wait here
    locked = true;
    BOOST_REQUIRE(wait_until(
        [&] {
            return value(
                       "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pppoe-guard-notifier' "
                       "AND wait_event_type = 'Lock' AND datname = '" +
                       name() + "'") == "1";
        },
        20s));
    victim->signal(SIGKILL);
    BOOST_TEST(victim->wait(20s).value_or(-1) == 128 + SIGKILL);
    // The server notices only when it writes that its client is gone; the transaction must not be committed meanwhile.
    exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pppoe-guard-notifier' AND "
        "datname = current_database()");
    lock.reset();
    BOOST_TEST(value("SELECT state FROM guard.delivery") == "sending");

    const auto heir = program(responder.port(), {"--once"});
    BOOST_TEST(heir->wait(30s).value_or(-1) == 0);
    BOOST_TEST(responder.received().size() == 1U);  // the lease still runs
    make_due();
    const auto second = program(responder.port(), {"--once"});
    BOOST_TEST(second->wait(30s).value_or(-1) == 0, second->output());
    BOOST_TEST(state(incident) == "suspended=sent");
    BOOST_TEST(value("SELECT maybe_twice FROM guard.delivery") == "1");
    const auto received = responder.received();
    BOOST_REQUIRE(received.size() == 2U);
    BOOST_TEST(read_mail(received[0].message).headers.at("Message-ID") ==
               read_mail(received[1].message).headers.at("Message-ID"));
}

BOOST_FIXTURE_TEST_CASE(a_database_that_goes_while_a_mail_is_sent_does_not_make_two, Fixture) {
    const auto incident = queue("taro@mail.example");
    SmtpResponder responder({.message = [&] {
        pqxx::connection admin(cluster().connection_string());
        pqxx::nontransaction(admin).exec(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
            "'pppoe-guard-notifier' AND datname = '" +
            name() + "'");
        return std::string("250 OK");
    }});
    BOOST_TEST(notifier(responder.port())->run_once() == 1U);
    BOOST_TEST(state(incident) == "suspended=sent");
    BOOST_TEST(responder.received().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(mail_that_may_not_be_the_only_channel_waits_and_the_desk_is_told, Fixture) {
    SmtpResponder responder;
    const auto incident = queue("taro@mail.example");
    auto settings = settings_for(database(), responder.port());
    settings.mail_only = false;
    const auto waiting = notifier(settings);
    for (int i = 0; i < 2; ++i) BOOST_TEST(waiting->run_once() == 0U);
    BOOST_TEST(state(incident) == "suspended=queued");
    BOOST_TEST(value("SELECT string_agg(kind, ',') FROM guard.alarm") == "notice_channel");
    BOOST_TEST(responder.received().empty());
}

BOOST_FIXTURE_TEST_CASE(the_program_wakes_at_once_and_ends_when_it_is_told_to, Fixture) {
    SmtpResponder responder;
    const auto running = program(responder.port());
    BOOST_REQUIRE(wait_until(
        [&] {
            return value(
                       "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR wait_event = 'ClientRead' "
                       "AND application_name = 'pppoe-guard-notifier' AND datname = current_database()") != "0";
        },
        20s));
    std::this_thread::sleep_for(1s);  // it waits now; its own poll is ten seconds away
    const auto start = std::chrono::steady_clock::now();
    const auto incident = queue("taro@mail.example");
    BOOST_TEST(wait_until([&] { return state(incident) == "suspended=sent"; }, 6s));
    BOOST_TEST((std::chrono::steady_clock::now() - start < 6s));
    running->signal(SIGTERM);
    BOOST_TEST(running->wait(10s).value_or(-1) == 0, running->output());
}

BOOST_FIXTURE_TEST_CASE(bad_settings_are_refused_all_at_once, Fixture) {
    const SystemClock clock;
    auto settings = settings_for(database(), 25);
    settings.mail_from = "nobody";
    settings.operator_phone = "";
    settings.time_zone = "Asia/Atlantis";
    settings.template_directory = "/nowhere";
    const auto made = Notifier::make(settings, clock);
    BOOST_REQUIRE(!made);
    BOOST_TEST(made.error().size() == 7U);  // one each, and four templates
    const auto bad = run({kProgram, "--config", "/nowhere.toml"});
    BOOST_TEST(bad.status == 2, bad.output);
}

BOOST_AUTO_TEST_CASE(an_older_schema_is_refused) {
    Database empty(Database::Content::empty);
    sql::apply(empty.connection(), sql::migrations().first(2));
    const auto notifier = Fixture::notifier(settings_for(cluster().connection_string("postgres", empty.name()), 25));
    BOOST_CHECK_THROW(notifier->run_once(), sql::MigrationError);
}

// A server of its own: stopping the shared one would stop the other tests.
BOOST_AUTO_TEST_CASE(postgresql_away_is_waited_out_quietly) {
    Postgres postgres;
    SmtpResponder responder;
    const TemporaryDirectory files("notifier");
    {
        pqxx::connection admin(postgres.connection_string());
        sql::apply(admin);
    }
    write_config(files.path() / "guard.toml", settings_for(postgres.connection_string(), responder.port()));
    Process running({kProgram, "--config", (files.path() / "guard.toml").string()});
    const auto listening = [&] {
        pqxx::connection admin(postgres.connection_string());
        return !pqxx::nontransaction(admin)
                    .exec(
                        "SELECT FROM pg_stat_activity WHERE application_name = 'pppoe-guard-notifier' AND state = "
                        "'idle'")
                    .empty();
    };
    BOOST_REQUIRE(wait_until(listening, 20s));
    const auto count = [&](const std::string& part) {
        const auto log = running.output();
        int found = 0;
        for (auto at = log.find(part); at != std::string::npos; at = log.find(part, at + 1)) ++found;
        return found;
    };
    for (const bool hard : {false, true}) {
        hard ? postgres.kill9() : postgres.stop();
        std::this_thread::sleep_for(2s);
        BOOST_TEST(running.running(), running.output());
        postgres.start();
        pqxx::connection admin(postgres.connection_string());
        pqxx::nontransaction statements(admin);
        const std::string n = hard ? "2" : "1";
        statements.exec(
            "INSERT INTO guard.incident (incident_key, service, id, opened_at) VALUES ('k" + n +
            "', 'pppoe', 'taro', now()); INSERT INTO guard.subscriber (service, id, mail) VALUES ('pppoe', "
            "'taro', 'taro@mail.example') ON CONFLICT DO NOTHING; INSERT INTO guard.notice (incident_id, kind, "
            "idempotency_key, service, id) SELECT max(incident_id), 'suspended', 'n" +
            n + "', 'pppoe', 'taro' FROM guard.incident");
        const auto sent = [&] {
            return statements.exec("SELECT count(*) FROM guard.notice WHERE state = 'sent'")[0][0].as<std::string>() ==
                   n;
        };
        BOOST_TEST(wait_until(sent, 40s), running.output());
        BOOST_TEST(responder.received().size() == std::stoul(n));
        // Before the next outage, or it would be the same one.
        BOOST_TEST(wait_until([&] { return count("event=database_back") == std::stoi(n); }, 20s), running.output());
    }
    // Said once when it went and once when it came back, each time.
    BOOST_TEST(count("event=database_away") == 2, running.output());
    running.signal(SIGTERM);
    BOOST_TEST(running.wait(10s).value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
