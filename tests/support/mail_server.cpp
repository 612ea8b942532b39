#include "tests/support/mail_server.hpp"

#include <signal.h>

#include <algorithm>
#include <stdexcept>

namespace guard::test {
namespace {

namespace fs = std::filesystem;

// Numbers instead of names: the configuration works for whoever runs the test. "admin_groups" is what lets somebody who
// is not root start the daemon.
std::string configuration(const fs::path& directory, std::uint16_t port, const User& user, const std::string& more) {
    const std::string home = directory.string(), uid = std::to_string(user.uid), gid = std::to_string(user.gid);
    return "exim_path = " + home + "/exim\n" + "exim_user = " + uid + "\nexim_group = " + gid +
           "\nadmin_groups = " + gid + "\n" + "deliver_drop_privilege = true\nnever_users =\nkeep_environment =\n" +
           "spool_directory = " + home + "/spool\nlog_file_path = " + home + "/spool/%slog\n" +
           "pid_file_path = " + home + "/spool/pid\n" +
           "primary_hostname = mail.isp.example\nlocal_interfaces = 127.0.0.1\n" +
           "daemon_smtp_ports = " + std::to_string(port) + "\n" +
           "host_lookup =\nrfc1413_hosts =\ntls_advertise_hosts =\n" +
           "acl_smtp_rcpt = accept\nacl_smtp_data = accept\n" + more +
           "begin routers\ngone:\n  driver = redirect\n  domains = gone.example\n  allow_fail\n" +
           "  data = :fail: no such user\nall:\n  driver = accept\n  transport = directory\n" +
           "begin transports\ndirectory:\n  driver = appendfile\n  directory = " + home + "/mail\n  maildir_format\n" +
           "  envelope_to_add\n  return_path_add\n  user = " + uid + "\n  group = " + gid + "\n";
}

}  // namespace

MailServer::MailServer(const std::string& more)
    : directory_("mail", User::unprivileged()), port_(free_port(Transport::tcp)) {
    const User user = User::unprivileged();
    const fs::path& home = directory_.path();
    // A copy without the set-user-ID bit: exim stays who it is started as, and dies with its test.
    fs::copy_file("/usr/sbin/exim4", home / "exim");
    fs::permissions(home / "exim", static_cast<fs::perms>(0755));
    write_file(home / "exim.conf", configuration(home, port_, user, more), user);
    start();
}

void MailServer::start() {
    const fs::path& home = directory_.path();
    ProcessOptions options;
    options.user = User::unprivileged();
    options.directory = home;
    server_ = std::make_unique<Process>(
        std::vector<std::string>{(home / "exim").string(), "-C", (home / "exim.conf").string(), "-bdf", "-q1s"},
        options);
    if (!wait_for_tcp(port_, std::chrono::seconds(20)))
        throw std::runtime_error("exim does not start:\n" + server_->output());
}

void MailServer::kill9() {
    // Each connection and each delivery is a process of its own, all of our own copy of the program.
    server_->signal(SIGKILL);
    (void)run({"fuser", "-k", "-9", (directory_.path() / "exim").string()});
    (void)server_->wait(std::chrono::seconds(20));
    server_.reset();
}

std::string MailServer::log() const {
    return read_file(directory_.path() / "spool/mainlog");
}

std::vector<std::string> MailServer::messages() const {
    std::vector<fs::path> paths;
    if (fs::exists(directory_.path() / "mail/new"))
        for (const auto& entry : fs::directory_iterator(directory_.path() / "mail/new")) paths.push_back(entry.path());
    std::ranges::sort(paths);  // the names begin with the time
    std::vector<std::string> result;
    for (const auto& path : paths) result.push_back(read_file(path));
    return result;
}

std::vector<std::string> MailServer::wait_for_messages(std::size_t count, std::chrono::milliseconds timeout) const {
    (void)wait_until([&] { return messages().size() >= count; }, timeout);
    return messages();
}

}  // namespace guard::test
