// A private FreeRADIUS for tests: the real server with the module of this build, threads on, in a directory of its own,
// on loopback ports of its own, as an unprivileged user. Used on the test's own thread; it is gone with the object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.hpp"

namespace guard::test {

// Text of radiusd.conf. It may use ${work} (the server's directory), ${auth_port}, ${acct_port} and ${coa_port}.
struct RadiusConfig {
    std::string modules;     // more sections of `modules { }`: pap, files and "always reject|ok|fail|noop" are there
    std::string servers;     // virtual servers; kPppoeSite and kSmtpSite are two
    std::string users;       // of the files module
    std::string dictionary;  // local attributes
    std::string main;        // more items at the top level, "cleanup_delay = 5"; they win over the defaults
};

// A PPPoE server in the order that mods-available/pppoe_guard asks for, with an instance named pppoe_guard.
extern const std::string_view kPppoeSite;
// The same for SMTP-AUTH, with an instance named guard_smtp.
extern const std::string_view kSmtpSite;
// On coa_port() a server that accepts everybody and answers the name of a figure in Filter-Id with its value.
[[nodiscard]] std::string figures_site(std::string_view instance);

class RadiusServer {
  public:
    static constexpr std::string_view kSecret = "testing123";

    // Writes the files, starts nothing.
    explicit RadiusServer(const RadiusConfig& config);
    // The test program fails when a sanitizer has found something in the server.
    ~RadiusServer();
    RadiusServer(const RadiusServer&) = delete;
    RadiusServer& operator=(const RadiusServer&) = delete;

    // Returns once it takes requests; throws std::runtime_error with its log when it does not.
    void start();
    void stop();    // SIGTERM, and waits
    void kill();    // SIGKILL, and waits
    void hangup();  // SIGHUP
    // "freeradius -C": whether the configuration is good, and what it says.
    [[nodiscard]] Result check(const std::vector<std::string>& arguments = {"-C", "-l", "stdout"}) const;
    // The same, typed by `user` instead of the server's.
    [[nodiscard]] Result check_as(const User& user, const std::vector<std::string>& arguments) const;
    // Rewrites the files; for the next start() or hangup().
    void configure(const RadiusConfig& config);

    [[nodiscard]] bool running() { return process_ != nullptr && process_->running(); }
    // Since the last start().
    [[nodiscard]] std::string log() const { return process_ ? process_->output() : std::string{}; }
    [[nodiscard]] bool wait_for_log(std::string_view text,
                                    std::chrono::milliseconds timeout = std::chrono::seconds(10));
    // Of the child; 0 when it was never started.
    [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : 0; }

    [[nodiscard]] std::uint16_t auth_port() const { return auth_port_; }
    [[nodiscard]] std::uint16_t acct_port() const { return acct_port_; }
    [[nodiscard]] std::uint16_t coa_port() const { return coa_port_; }
    // ${work}; the server may write here.
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
    [[nodiscard]] const User& user() const { return user_; }

  private:
    [[nodiscard]] ProcessOptions options() const;
    [[nodiscard]] std::string sanitizer_reports() const;

    User user_ = User::unprivileged();
    TemporaryDirectory directory_;
    std::uint16_t auth_port_, acct_port_, coa_port_;
    std::unique_ptr<Process> process_;
};

// A NAS as RFC 5176 sees it: a real FreeRADIUS that answers Disconnect-Requests on coa_port(). Sessions
// selected by User-Name and Framed-IP-Address, or whose Acct-Session-Id begins with "s", are there (ACK); all others,
// and those whose User-Name begins with "gone", are not (NAK, Error-Cause Session-Context-Not-Found).
class NasStandIn {
  public:
    NasStandIn();  // and starts

    [[nodiscard]] std::uint16_t port() const { return server_.coa_port(); }
    void start() { server_.start(); }
    void stop() { server_.stop(); }
    // One line for each request it took: "Disconnect-Request user=... session=... address=... signed=... at=...", with
    // what is absent empty.
    [[nodiscard]] std::vector<std::string> requests() const;

  private:
    RadiusServer server_;
};

}  // namespace guard::test
