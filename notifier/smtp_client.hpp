// Hands one message to the mail server by SMTP (RFC 5321). Blocking; one object, one thread.
#pragma once

#include <memory>
#include <string>

#include "notifier/channel.hpp"

namespace guard::notifier {

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
