// 10,000 notices by mail through one notifier: notices a second, CPU. Yardstick: the same mails without a queue.
//
// A private PostgreSQL with fsync on, and as the mail server exim, or a sink that only says yes (--sink). The yardstick
// sends mails of the same size over one connection to the same server, from memory.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <pqxx/pqxx>
#include <stdexcept>

#include "bench/measure.hpp"
#include "sql/migrate.hpp"
#include "tests/notifier/notifier_settings.hpp"
#include "tests/notifier/smtp_responder.hpp"
#include "tests/support/mail_server.hpp"
#include "tests/support/postgres.hpp"

namespace {

using namespace guard;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds_of_children() {
    rusage usage{};
    getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void fill(pqxx::connection& connection, int notices) {
    pqxx::work transaction(connection);
    const auto n = std::to_string(notices);
    transaction.exec(
        "INSERT INTO guard.incident (incident_key, service, id, state, opened_at) SELECT 'k' || n, 'pppoe', "
        "convert_to('taro' || n || '@isp.example', 'UTF8'), 'suspended', now() FROM generate_series(1, " +
        n + ") AS n");
    transaction.exec(
        "INSERT INTO guard.suspension (incident_id, service, id, rule) SELECT incident_id, service, id, 'pppoe.jump' "
        "FROM guard.incident");
    transaction.exec(
        "INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, summary_ja) "
        "SELECT incident_id, incident_key, 'pppoe.jump', 'certain', 'suspend', now(), 'used in Hokkaido and "
        "Kagoshima', "
        "'北海道と鹿児島県で使用されました。' FROM guard.incident");
    transaction.exec(
        "INSERT INTO guard.subscriber (service, id, name, mail) SELECT service, id, '山田 太郎', 'taro' || incident_id "
        "|| "
        "'@mail.example' FROM guard.incident");
    transaction.exec(
        "INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id) SELECT incident_id, 'suspended', "
        "'s' || incident_id, service, id FROM guard.incident");
    transaction.commit();
}

constexpr int kMailsOfAConnection = 500;  // exim takes no more than 1,000

// One connection, each step waiting for its answer.
void send_mails(std::uint16_t port, int mails, const std::string& message) {
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("the mail server cannot be reached");
    const auto say = [&](const std::string& text, char expected) {
        if (!text.empty() && send(connection, text.data(), text.size(), MSG_NOSIGNAL) < 0)
            throw std::runtime_error("the mail server went away");
        std::string answer;
        char bytes[4096];
        // The last line of an answer has a blank behind its code.
        const auto ended = [&] {
            const auto last = answer.rfind('\n', answer.size() - 2);
            const auto line = answer.substr(last == std::string::npos ? 0 : last + 1);
            return answer.ends_with("\r\n") && line.size() > 3 && line[3] == ' ';
        };
        while (answer.size() < 5 || !ended()) {
            const auto got = recv(connection, bytes, sizeof bytes, 0);
            if (got <= 0) throw std::runtime_error("the mail server went away");
            answer.append(bytes, static_cast<std::size_t>(got));
        }
        if (answer.front() != expected) throw std::runtime_error("the mail server refuses: " + answer);
    };
    say("", '2');
    say("EHLO isp.example\r\n", '2');
    for (int i = 0; i < mails; ++i) {
        say("MAIL FROM:<security@isp.example>\r\n", '2');
        say("RCPT TO:<yardstick" + std::to_string(i) + "@mail.example>\r\n", '2');
        say("DATA\r\n", '3');
        say(message + ".\r\n", '2');
    }
    close(connection);
}

// Mails a second.
double without_a_queue(std::uint16_t port, int mails, std::size_t octets) {
    std::string message = "Subject: yardstick\r\nFrom: a@isp.example\r\n\r\n";
    while (message.size() < octets) message += std::string(76, 'x') + "\r\n";
    const auto start = Clock::now();
    for (int left = mails; left > 0; left -= kMailsOfAConnection)
        send_mails(port, std::min(left, kMailsOfAConnection), message);
    return mails / seconds_since(start);
}

void measure(std::uint16_t port, int notices, std::string_view server) {
    test::Postgres postgres(test::Postgres::Durability::on);
    const test::TemporaryDirectory files("bench");
    pqxx::connection connection(postgres.connection_string());
    sql::apply(connection);
    fill(connection, notices);
    const auto file = files.path() / "guard.toml";
    auto settings = test::notifier_settings(postgres.connection_string(), port);
    settings.notice_senders = config::Settings().notice_senders;
    settings.log_level = config::LogLevel::warning;
    test::write_config(file, settings);
    const double yardstick = without_a_queue(port, std::min(notices, 1000), 12'000);

    const double cpu = cpu_seconds_of_children();
    const auto start = Clock::now();
    const auto result = test::run({test::kNotifier, "--once", "--config", file.string()}, {}, std::chrono::minutes(5));
    const double seconds = seconds_since(start);
    if (result.status != 0) throw std::runtime_error("the notifier failed:\n" + result.output);
    const auto sent = pqxx::work(connection).exec("SELECT count(*) FROM guard.delivery WHERE state = 'accepted'")[0][0];
    if (sent.as<int>() != notices) throw std::runtime_error("only " + sent.as<std::string>() + " were sent");
    const auto name = std::string("notices_per_second_") + std::string(server);
    bench::print("notifier", name, notices / seconds, "1/s", yardstick, "mails over one connection without a queue");
    bench::print("notifier", "cpu_per_notice_" + std::string(server), (cpu_seconds_of_children() - cpu) / notices * 1e6,
                 "us");
}

}  // namespace

int main(int argc, char** argv) try {
    CLI::App app("10,000 notices by mail through one notifier");
    int notices = 10'000;
    bool sink = false;
    app.add_option("--notices", notices, "how many")->capture_default_str();
    app.add_flag("--sink", sink, "to a server that only says yes, instead of exim");
    CLI11_PARSE(app, argc, argv);
    if (sink) {
        const test::SmtpResponder responder;
        measure(responder.port(), notices, "sink");
    } else {
        const test::MailServer exim;
        measure(exim.port(), notices, "exim");
    }
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_notifier: {}\n", error.what());
    return 1;
}
