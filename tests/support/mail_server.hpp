// A real MTA of one's own for a test: exim on a free loopback port, unprivileged, that accepts every recipient and
// delivers into a directory; what goes to gone.example it returns to the sender. Lives on the test's thread, gone with
// the object.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.hpp"

namespace guard::test {

class MailServer {
  public:
    // Throws std::runtime_error with exim's output when it does not come up.
    // `more`: lines for the main section of its configuration.
    explicit MailServer(const std::string& more = {});

    [[nodiscard]] std::uint16_t port() const { return port_; }
    // What has been delivered so far, oldest first: header and body as stored, line ends as "\n", with the envelope's
    // recipients in Envelope-To and its sender in Return-Path.
    [[nodiscard]] std::vector<std::string> messages() const;
    // The same once there are at least `count`, or after `timeout` what there is then.
    [[nodiscard]] std::vector<std::string> wait_for_messages(std::size_t count,
                                                             std::chrono::milliseconds timeout) const;

    // What it has written down, of refusals too.
    [[nodiscard]] std::string log() const;

    // Without any chance to clean up, with all that it has started; what it has accepted is in its spool.
    void kill9();
    void start();
    // Where what was accepted waits for its delivery; there from the first mail on.
    [[nodiscard]] std::filesystem::path spool() const { return directory_.path() / "spool/input"; }
    // Of the daemon that listens.
    [[nodiscard]] pid_t pid() const { return server_->pid(); }

  private:
    TemporaryDirectory directory_;
    std::uint16_t port_;
    std::unique_ptr<Process> server_;
};

}  // namespace guard::test
