#include "tests/support/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

extern char** environ;

namespace guard::test {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

int checked(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& text : strings) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (!added.contains(std::string(text.substr(0, text.find('='))))) result.emplace_back(text);
    }
    for (const auto& [name, value] : added) result.push_back(name + "=" + value);
    return result;
}

int memory_file(const char* name, std::string_view content) {
    const int file = checked(memfd_create(name, MFD_CLOEXEC), "memfd_create");
    if (!content.empty()) checked(static_cast<int>(write(file, content.data(), content.size())), "write");
    checked(static_cast<int>(lseek(file, 0, SEEK_SET)), "lseek");
    return file;
}

struct Child {
    char* const* args;
    char* const* env;
    const ProcessOptions& options;
    int input, output;
    pid_t parent;
};

// Between fork and exec: only functions that are safe there.
[[noreturn]] void become(const Child& child) {
    const auto fail = [](const char* what) {
        dprintf(STDERR_FILENO, "cannot start the process: %s: errno %d\n", what, errno);
        _exit(127);
    };
    dup2(child.input, STDIN_FILENO);
    dup2(child.output, STDOUT_FILENO);
    dup2(child.output, STDERR_FILENO);
    if (setpgid(0, 0) < 0) fail("setpgid");
    const User& user = child.options.user;
    if (user.uid != geteuid()) {
        if (setgroups(1, &user.gid) < 0 || setgid(user.gid) < 0 || setuid(user.uid) < 0) fail("setuid");
    }
    // After setuid, which clears it.
    if (prctl(PR_SET_PDEATHSIG, child.options.stop_signal) < 0) fail("prctl");
    if (getppid() != child.parent) _exit(127);
    if (!child.options.directory.empty() && chdir(child.options.directory.c_str()) < 0) fail("chdir");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    execvpe(child.args[0], child.args, child.env);
    fail(child.args[0]);
    _exit(127);
}

int loopback_socket(Transport transport, std::uint16_t port, sockaddr_in& address) {
    const int type = transport == Transport::tcp ? SOCK_STREAM : SOCK_DGRAM;
    const int file = checked(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket");
    address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return file;
}

// An abstract Unix socket as a lock: one owner a name, gone with this program, nothing on disk.
bool reserve(Transport transport, std::uint16_t port) {
    const auto name =
        std::string(transport == Transport::tcp ? "guard-test-tcp-" : "guard-test-udp-") + std::to_string(port);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);  // a leading NUL makes it abstract
    const int file = checked(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (bind(file, reinterpret_cast<const sockaddr*>(&address), size) == 0) return true;  // open until the end
    close(file);
    return false;
}

}  // namespace

User User::self() {
    return {geteuid(), getegid(), {}};
}

User User::unprivileged() {
    if (geteuid() != 0) return self();
    const passwd* entry = getpwnam("nobody");
    if (entry == nullptr) throw std::runtime_error("there is no user nobody");
    return {entry->pw_uid, entry->pw_gid, entry->pw_name};
}

TemporaryDirectory::TemporaryDirectory(std::string_view name, const User& owner) {
    const char* parent =
        std::getenv("GUARD_TEST_DIRECTORY");  // of demo.sh and test.sh, which clear it up even after SIGKILL
    std::string pattern = std::string(parent != nullptr ? parent : "/tmp") + "/guard-" + std::string(name) + "-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
    path_ = pattern;
    checked(chown(pattern.c_str(), owner.uid, owner.gid), "chown");
    std::filesystem::permissions(path_, static_cast<std::filesystem::perms>(0755));
}

TemporaryDirectory::~TemporaryDirectory() {
    // A server that is just going may still write: once more then.
    for (int attempt = 0; attempt < 20; ++attempt) {
        std::error_code error;
        std::filesystem::remove_all(path_, error);
        if (!error) return;
        std::this_thread::sleep_for(milliseconds(50));
    }
}

Process::Process(const std::vector<std::string>& args, const ProcessOptions& options)
    : stop_signal_(options.stop_signal) {
    auto arguments = args;
    auto environment = merged_environment(options.env);
    const auto argument_pointers = pointers(arguments);
    const auto environment_pointers = pointers(environment);
    const int input = memory_file("input", options.input);
    output_ = memory_file("output", {});
    const Child child{argument_pointers.data(), environment_pointers.data(), options, input, output_, getpid()};
    pid_ = fork();
    if (pid_ == 0) become(child);
    const int error = errno;
    close(input);
    if (pid_ < 0) {
        close(output_);
        throw std::system_error(error, std::generic_category(), "fork");
    }
}

Process::~Process() {
    if (running()) {
        signal(stop_signal_);
        if (!wait(std::chrono::seconds(5))) {
            kill(-pid_, SIGKILL);
            kill(pid_, SIGKILL);
            reap(true);
        }
    }
    kill(-pid_, SIGKILL);  // what it started and left behind in its group
    close(output_);
}

void Process::reap(bool block) {
    if (status_) return;
    int status = 0;
    pid_t result = 0;
    do {
        result = waitpid(pid_, &status, block ? 0 : WNOHANG);
    } while (result < 0 && errno == EINTR);
    if (result == pid_) status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Process::running() {
    reap(false);
    return !status_;
}

void Process::signal(int number) {
    if (running()) kill(pid_, number);
}

std::optional<int> Process::wait(milliseconds timeout) {
    (void)wait_until([&] { return !running(); }, timeout);
    return status_;
}

std::string Process::output() const {
    // pread, because the child shares the file's offset.
    std::string text;
    char buffer[65536];
    for (ssize_t got = 0; (got = pread(output_, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    return text;
}

bool Process::wait_for_output(std::string_view text, milliseconds timeout) {
    const auto found = [&] { return output().find(text) != std::string::npos; };
    (void)wait_until([&] { return found() || !running(); }, timeout);
    return found();
}

Result run(const std::vector<std::string>& args, const ProcessOptions& options, milliseconds timeout) {
    Process process(args, options);
    const auto status = process.wait(timeout);
    if (!status) throw std::runtime_error(args.front() + " takes too long:\n" + process.output());
    return {*status, process.output()};
}

bool wait_until(const std::function<bool()>& condition, milliseconds timeout) {
    for (const auto end = Steady::now() + timeout; !condition();) {
        if (Steady::now() >= end) return false;
        std::this_thread::sleep_for(milliseconds(10));
    }
    return true;
}

bool wait_for_tcp(std::uint16_t port, milliseconds timeout) {
    return wait_until(
        [&] {
            sockaddr_in address{};
            const int file = loopback_socket(Transport::tcp, port, address);
            const bool open = connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
            close(file);
            return open;
        },
        timeout);
}

std::uint16_t free_port(Transport transport) {
    for (int attempt = 0; attempt < 100; ++attempt) {
        sockaddr_in address{};
        const int file = loopback_socket(transport, 0, address);
        socklen_t size = sizeof address;
        const bool bound = bind(file, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                           getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) == 0;
        close(file);
        const std::uint16_t port = ntohs(address.sin_port);
        if (bound && reserve(transport, port)) return port;
    }
    throw std::runtime_error("no free port on the loopback interface");
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::filesystem::path& path, std::string_view text, const User& owner) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path.string());
    if (owner.uid != geteuid()) checked(chown(path.c_str(), owner.uid, owner.gid), "chown");
}

}  // namespace guard::test
