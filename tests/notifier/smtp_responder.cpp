#include "tests/notifier/smtp_responder.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

namespace guard::test {
namespace {

class Lines {
  public:
    Lines(int connection, const std::atomic<bool>& stop) : connection_(connection), stop_(stop) {}

    // Without its CRLF; none at the end.
    std::optional<std::string> next() {
        for (auto end = buffer_.find("\r\n"); end == std::string::npos; end = buffer_.find("\r\n")) {
            pollfd ready{connection_, POLLIN, 0};
            while (poll(&ready, 1, 50) == 0)
                if (stop_) return std::nullopt;
            char bytes[4096];
            const auto got = recv(connection_, bytes, sizeof bytes, 0);
            if (got <= 0) return std::nullopt;
            buffer_.append(bytes, static_cast<std::size_t>(got));
        }
        const auto end = buffer_.find("\r\n");
        auto line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return line;
    }
    void say(const std::string& line) {
        const auto bytes = line + "\r\n";
        (void)send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

  private:
    int connection_;
    const std::atomic<bool>& stop_;
    std::string buffer_;
};

}  // namespace

SmtpResponder::SmtpResponder(SmtpScript script) : script_(std::move(script)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener_ < 0 || bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        listen(listener_, 16) != 0 || getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::system_error(errno, std::generic_category(), "responder");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

SmtpResponder::~SmtpResponder() {
    stop_ = true;
    thread_.join();
    for (auto& connection : connections_) connection.join();
    close(listener_);
}

std::vector<Received> SmtpResponder::received() {
    const std::lock_guard lock(mutex_);
    return received_;
}

void SmtpResponder::set(SmtpScript script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
}

void SmtpResponder::serve() {
    while (!stop_) {
        pollfd ready{listener_, POLLIN, 0};
        if (poll(&ready, 1, 50) <= 0) continue;
        const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        connections_.emplace_back([this, connection] {
            converse(connection);
            close(connection);
        });
    }
}

void SmtpResponder::converse(int connection) {
    Lines lines(connection, stop_);
    Received mail;
    const auto scripted = [&](auto member) {
        std::function<std::string()> reply;
        {
            const std::lock_guard lock(mutex_);
            reply = script_.*member;
        }
        return reply();
    };
    lines.say("220 responder.example ESMTP");
    while (const auto line = lines.next()) {
        std::string reply = "250 OK";
        if (line->starts_with("MAIL FROM:")) mail.sender = line->substr(10, line->find('>') - 9);
        if (line->starts_with("RCPT TO:")) {
            mail.recipient = line->substr(8);
            reply = scripted(&SmtpScript::recipient);
        }
        if (*line == "DATA") {
            lines.say("354 go on");
            mail.message.clear();
            for (;;) {
                const auto part = lines.next();
                if (!part) return;
                if (*part == ".") break;
                mail.message += (part->starts_with(".") ? part->substr(1) : *part) + "\r\n";
            }
            {
                const std::lock_guard lock(mutex_);
                received_.push_back(mail);
            }
            reply = scripted(&SmtpScript::message);
        }
        if (reply.empty()) return;
        if (*line == "QUIT") reply = "221 bye";
        lines.say(reply);
        if (*line == "QUIT") return;
    }
}

}  // namespace guard::test
