// Hands messages to the mail server by SMTP (RFC 5321). The connection stays open from one to the next. Blocking; one
// object, one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "config/secret.hpp"
#include "config/settings.hpp"
#include "notifier/channel.hpp"

namespace guard::notifier {

struct SmtpServer {
    std::string host;
    unsigned port = 25;
    std::string hello_domain;  // for EHLO
    config::SmtpTls tls = config::SmtpTls::opportunistic;
    std::filesystem::path ca_file = {};  // empty: the system's
    std::string user = {};               // empty: no authentication
    config::Secret password = {};
    std::chrono::seconds timeout{25};  // of one try; there are at most two
};

class SmtpClient {
  public:
    // Throws std::runtime_error when libcurl cannot be set up.
    explicit SmtpClient(SmtpServer server);
    SmtpClient(const std::string& host, unsigned port, const std::string& hello_domain)
        : SmtpClient(SmtpServer{.host = host, .port = port, .hello_domain = hello_domain}) {}
    ~SmtpClient();

    // `from` and `to` are valid addresses, `message` is complete with CRLF line ends. Takes at most a minute. `never`
    // only when the server refused this recipient or this message for good; what it has against us (greeting,
    // certificate, authentication, sender) is `later`, since that is ours to put right.
    [[nodiscard]] Delivery send(const std::string& from, const std::string& to, const std::string& message);

  private:
    struct Handle;
    Delivery try_once(const std::string& from, const std::string& to, const std::string& message, bool& again);
    std::unique_ptr<Handle> handle_;
};

}  // namespace guard::notifier
