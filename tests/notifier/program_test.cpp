// The notifier as a program: several at once, killed, without its database, told to end, wrongly set up.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <set>

#include "sql/migrate.hpp"
#include "tests/notifier/delivery_fixture.hpp"
#include "tests/notifier/smtp_responder.hpp"
#include "tests/support/mail_server.hpp"
#include "tests/support/mail_text.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

}  // namespace

BOOST_AUTO_TEST_SUITE(notifier_program)

BOOST_FIXTURE_TEST_CASE(two_notifiers_at_once_send_each_notice_once, DeliveryFixture) {
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

// The instant that matters: the server has the message, the database does not know it yet.
BOOST_FIXTURE_TEST_CASE(killed_between_sending_and_recording_the_second_copy_has_the_same_message_id, DeliveryFixture) {
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

// It has sent a mail, and the server that is to hear of it hangs.
BOOST_FIXTURE_TEST_CASE(postgresql_that_hangs_keeps_it_from_ending_for_a_second, DeliveryFixture) {
    const auto incident = queue("taro@mail.example");
    std::atomic<bool> asked = false, hangs = false;
    SmtpResponder responder({.message = [&] {
        asked = true;
        (void)wait_until([&] { return hangs.load(); }, 20s);
        return std::string("250 OK");
    }});
    const auto running = program(responder.port());
    BOOST_REQUIRE(wait_until([&] { return asked.load(); }, 30s));
    cluster().signal(SIGSTOP);
    hangs = true;
    BOOST_TEST(wait_until([&] { return responder.received().size() == 1U; }, 20s));
    running->signal(SIGTERM);
    const auto status = running->wait(5s);
    cluster().signal(SIGCONT);
    BOOST_TEST(status.value_or(-1) == 0, running->output());
    BOOST_TEST(value("SELECT state FROM guard.delivery") == "sending");
    make_due();
    const auto heir = program(responder.port(), {"--once"});
    BOOST_TEST(heir->wait(30s).value_or(-1) == 0, heir->output());
    BOOST_TEST(state(incident) == "suspended=sent");
    BOOST_TEST(value("SELECT maybe_twice FROM guard.delivery") == "1");
    const auto received = responder.received();
    BOOST_REQUIRE(received.size() == 2U);
    BOOST_TEST(read_mail(received[0].message).headers.at("Message-ID") ==
               read_mail(received[1].message).headers.at("Message-ID"));
}

// All that is left to say is that it listens no more.
BOOST_FIXTURE_TEST_CASE(nor_does_it_when_there_is_nothing_to_send, DeliveryFixture) {
    SmtpResponder responder;
    const auto running = program(responder.port());
    BOOST_REQUIRE(wait_until(
        [&] {
            return value(
                       "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pppoe-guard-notifier' "
                       "AND state = 'idle' AND state_change < clock_timestamp() - interval '1 second' "
                       "AND datname = current_database()") != "0";
        },
        20s));
    cluster().signal(SIGSTOP);
    running->signal(SIGTERM);
    const auto status = running->wait(10s);
    cluster().signal(SIGCONT);
    BOOST_TEST(status.value_or(-1) == 0, running->output());
}

BOOST_FIXTURE_TEST_CASE(a_database_that_goes_while_a_mail_is_sent_does_not_make_two, DeliveryFixture) {
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

BOOST_FIXTURE_TEST_CASE(the_program_wakes_at_once_and_ends_when_it_is_told_to, DeliveryFixture) {
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

BOOST_FIXTURE_TEST_CASE(a_single_run_that_is_told_to_end_leaves_the_rest_to_others, DeliveryFixture) {
    constexpr std::size_t kNotices = 3;
    for (std::size_t i = 0; i < kNotices; ++i) queue("s" + std::to_string(i) + "@mail.example");
    std::atomic<bool> asked = false, told = false;
    SmtpResponder responder({.message = [&] {
        asked = true;
        (void)wait_until([&] { return told.load(); }, 20s);
        return std::string("250 OK");
    }});
    const auto running = program(responder.port(), {"--once"});
    BOOST_REQUIRE(wait_until([&] { return asked.load(); }, 30s));
    running->signal(SIGTERM);
    const auto handled = [&] {
        return read_file("/proc/" + std::to_string(running->pid()) + "/status").find("ShdPnd:\t0000000000000000") !=
               std::string::npos;
    };
    BOOST_TEST(wait_until(handled, 20s));
    told = true;
    BOOST_TEST(running->wait(20s).value_or(-1) == 0, running->output());
    BOOST_TEST(responder.received().size() == 1U);
    BOOST_TEST(value("SELECT count(*) FROM guard.delivery WHERE state = 'accepted'") == "1");
    BOOST_TEST(value("SELECT count(*) FROM guard.delivery WHERE state = 'queued' AND leased_by IS NULL AND due_at <= "
                     "clock_timestamp()") == std::to_string(kNotices - 1));
    const auto heir = program(responder.port(), {"--once"});
    BOOST_TEST(heir->wait(30s).value_or(-1) == 0, heir->output());
    BOOST_TEST(responder.received().size() == kNotices);
}

BOOST_FIXTURE_TEST_CASE(bad_settings_are_refused_all_at_once, DeliveryFixture) {
    const SystemClock clock;
    auto settings = notifier_settings(database(), 25);
    settings.mail_from = "nobody";
    settings.operator_phone = "";
    settings.time_zone = "Asia/Atlantis";
    settings.template_directory = "/nowhere";
    const auto made = notifier::Notifier::make(settings, clock);
    BOOST_REQUIRE(!made);
    BOOST_TEST(made.error().size() == 7U);  // one each, and four templates
    const auto bad = run({kNotifier, "--config", "/nowhere.toml"});
    BOOST_TEST(bad.status == 2, bad.output);
}

BOOST_AUTO_TEST_CASE(an_older_schema_is_refused) {
    Database empty(Database::Content::empty);
    sql::apply(empty.connection(), sql::migrations().first(2));
    const auto notifier =
        DeliveryFixture::notifier(notifier_settings(cluster().connection_string("postgres", empty.name()), 25));
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
    write_config(files.path() / "guard.toml", notifier_settings(postgres.connection_string(), responder.port()));
    Process running({kNotifier, "--config", (files.path() / "guard.toml").string()});
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
