#include "tests/support/postgres.hpp"

#include <signal.h>

#include <fstream>
#include <stdexcept>

namespace guard::test {
namespace {

constexpr auto kBinaries = "/usr/lib/postgresql/15/bin/";

ProcessOptions as_unprivileged(const TemporaryDirectory& directory) {
    ProcessOptions options;
    options.user = User::unprivileged();
    options.directory = directory.path();
    options.env = {{"HOME", directory.path()}, {"LC_ALL", "C.UTF-8"}};
    return options;
}

}  // namespace

Postgres::Postgres(Durability durability) : durability_(durability), directory_("postgres", User::unprivileged()) {
    const auto made = run({std::string(kBinaries) + "initdb", "--pgdata=" + (directory_.path() / "data").string(),
                           "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"},
                          as_unprivileged(directory_));
    if (made.status != 0) throw std::runtime_error("initdb failed:\n" + made.output);
    start();
}

Postgres::Postgres(const StandbyOf& of)
    : durability_(of.primary.durability_), directory_("postgres", User::unprivileged()) {
    const auto made = run({std::string(kBinaries) + "pg_basebackup", "--dbname=" + of.primary.connection_string(),
                           "--pgdata=" + (directory_.path() / "data").string(), "--write-recovery-conf",
                           "--checkpoint=fast", "--no-sync"},
                          as_unprivileged(directory_));
    if (made.status != 0) throw std::runtime_error("pg_basebackup failed:\n" + made.output);
    start();
}

std::string Postgres::connection_string(const std::string& role, const std::string& database) const {
    return "host=" + directory_.path().string() + " dbname=" + database + " user=" + role;
}

void Postgres::start() {
    ProcessOptions options = as_unprivileged(directory_);
    options.stop_signal = SIGQUIT;  // at once, without a checkpoint
    const auto socket = directory_.path().string();
    const std::vector<std::string> command{
        std::string(kBinaries) + "postgres",
        "-D",
        (directory_.path() / "data").string(),
        "--listen_addresses=",
        "--unix_socket_directories=" + socket,
        durability_ == Durability::on ? "--fsync=on" : "--fsync=off",
        durability_ == Durability::on ? "--full_page_writes=on" : "--full_page_writes=off",
        "--shared_buffers=16MB",
        "--max_connections=40",
        "--log_line_prefix=%u: "};
    std::string log;
    const auto ready = [&] {
        if (server_ && !server_->running()) {
            // After kill9 the sessions that are still going hold the shared memory for a moment.
            log = server_->output();
            if (log.find("pre-existing shared memory") == std::string::npos) return true;
            server_.reset();
        }
        if (!server_) server_ = std::make_unique<Process>(command, options);
        return run({std::string(kBinaries) + "pg_isready", "-q", "-h", socket}).status == 0;
    };
    if (!wait_until(ready, std::chrono::seconds(30)) || !server_->running())
        throw std::runtime_error("PostgreSQL does not start:\n" + log);
}

void Postgres::stop() {
    server_->signal(SIGINT);  // "fast"
    if (!server_->wait(std::chrono::seconds(20))) throw std::runtime_error("PostgreSQL does not stop");
    server_.reset();
}

void Postgres::promote() {
    const auto promoted = run(
        {std::string(kBinaries) + "pg_ctl", "promote", "--wait", "--pgdata=" + (directory_.path() / "data").string()},
        as_unprivileged(directory_));
    if (promoted.status != 0) throw std::runtime_error("pg_ctl promote failed:\n" + promoted.output);
}

void Postgres::signal(int number) {
    const pid_t postmaster = server_->pid();
    const auto name = std::to_string(postmaster);
    std::ifstream children("/proc/" + name + "/task/" + name + "/children");
    for (pid_t child = 0; children >> child;) kill(child, number);
    kill(postmaster, number);
}

void Postgres::kill9() {
    server_->signal(SIGKILL);
    (void)server_->wait(std::chrono::seconds(20));
    server_.reset();
}

}  // namespace guard::test
