// Hands one message to the mail server by SMTP (RFC 5321). Blocking; one object, one thread.
#pragma once

#include <memory>
#include <string>

namespace guard::notifier {

struct Delivery {
    enum class Outcome {
        accepted,  // 2xx after the message: it is the server's now
        later,     // 4xx, or no connection: the same again after a pause
        never,     // 5xx: the same again would be refused again
    };
    Outcome outcome = Outcome::later;
    int code = 0;        // of the server; 0: there was no answer
    std::string answer;  // its line, or what went wrong; one line, printable
};

class SmtpClient {
  public:
    // TLS is used when the server offers it, without asking who the server is (RFC 7435, opportunistic): the server is
    // the operator's own, as a rule on the same machine. Throws std::runtime_error when libcurl cannot be set up.
    SmtpClient(const std::string& host, unsigned port, const std::string& hello_domain);
    ~SmtpClient();

    // `from` and `to` are valid addresses, `message` is complete with CRLF line ends. Takes at most a minute.
    [[nodiscard]] Delivery send(const std::string& from, const std::string& to, const std::string& message);

  private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
};

}  // namespace guard::notifier
