// A mail server that answers as it is told: for what a real one cannot be made to say. Each connection
// has a thread that this object owns; the functions of the test's thread and the script's are serialised by a
// mutex.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace guard::test {

struct Received {
    std::string sender, recipient;  // as in the commands, with their angle brackets
    std::string message;            // lines end with CRLF, dots unstuffed
};

// The reply to RCPT and to the end of the message; "" closes the connection instead. Called on the responder's thread.
struct SmtpScript {
    std::function<std::string()> recipient = [] { return std::string("250 OK"); };
    std::function<std::string()> message = [] { return std::string("250 OK queued as 1"); };
};

class SmtpResponder {
  public:
    explicit SmtpResponder(SmtpScript script = {});
    ~SmtpResponder();
    SmtpResponder(const SmtpResponder&) = delete;
    SmtpResponder& operator=(const SmtpResponder&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    // Every message that came in whole, whatever was answered.
    [[nodiscard]] std::vector<Received> received();
    void set(SmtpScript script);

  private:
    void serve();
    void converse(int connection);

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    SmtpScript script_;
    std::vector<Received> received_;
    std::atomic<bool> stop_ = false;
    std::vector<std::thread> connections_;  // of thread_ alone until that has ended
    std::thread thread_;
};

}  // namespace guard::test
