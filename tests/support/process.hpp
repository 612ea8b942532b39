// Real parts for tests: child processes, directories and ports of one's own. Used on the test's own thread; every
// object undoes itself when it is destroyed, also when the test fails, and a child dies with its test even if that is
// killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guard::test {

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string name;

    // Who real servers run as: "nobody" when the test is root (PostgreSQL refuses root), else oneself.
    [[nodiscard]] static User unprivileged();
    [[nodiscard]] static User self();
};

class TemporaryDirectory {
  public:
    // Under $GUARD_TEST_DIRECTORY, or /tmp: the path of a Unix socket has at most 107 bytes. Mode 0755, owned by
    // `owner`.
    explicit TemporaryDirectory(std::string_view name, const User& owner = User::self());
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

struct ProcessOptions {
    std::map<std::string, std::string> env;  // added to the environment of the test
    User user = User::self();
    std::filesystem::path directory;  // to start in; empty: that of the test
    std::string input;                // what it reads from standard input
    int stop_signal = 15;             // SIGTERM; sent first when the object goes, SIGKILL 5 s later
};

// A running child with its standard output and error collected in memory. Throws std::system_error if it cannot start.
class Process {
  public:
    // args[0] is looked up in PATH.
    explicit Process(const std::vector<std::string>& args, const ProcessOptions& options = {});
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running();
    void signal(int number);
    // The exit code, or 128 + signal as in a shell; none if it still runs after `timeout`.
    [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds timeout);
    // All it has written so far, standard output and error interleaved.
    [[nodiscard]] std::string output() const;
    // False if `text` has not been written within `timeout`, or the process ended without it.
    [[nodiscard]] bool wait_for_output(std::string_view text, std::chrono::milliseconds timeout);

  private:
    void reap(bool block);

    pid_t pid_ = -1;
    int output_ = -1;
    int stop_signal_;
    std::optional<int> status_;
};

struct Result {
    int status = 0;      // as Process::wait
    std::string output;  // standard output and error
};

// Runs to the end. Throws std::runtime_error when it takes longer than `timeout`.
Result run(const std::vector<std::string>& args, const ProcessOptions& options = {},
           std::chrono::milliseconds timeout = std::chrono::seconds(30));

// Polls every 10 ms until `condition` holds; false after `timeout`. Only for what other processes do: time inside our
// own code is a parameter.
[[nodiscard]] bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds timeout);

// True once something accepts TCP connections on 127.0.0.1:port.
[[nodiscard]] bool wait_for_tcp(std::uint16_t port, std::chrono::milliseconds timeout);

// A port on 127.0.0.1 that was free a moment ago and is given to no other test of this machine until this one ends.
enum class Transport { tcp, udp };
[[nodiscard]] std::uint16_t free_port(Transport transport);

// Throws std::runtime_error when the file cannot be read or written.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text, const User& owner = User::self());

}  // namespace guard::test
