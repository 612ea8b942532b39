// What the NASes and mail servers of the test send: many messages at a time from one thread, each sent again every
// second until it is answered, as real ones do (RFC 2866 section 2, RFC 5080 section 2.2.1).
#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "event/descriptor.hpp"
#include "event/time.hpp"
#include "tests/support/radius_client.hpp"
#include "tests/support/response_authenticator.hpp"

namespace guard::chaos {

enum class What : std::uint8_t { login, mail_login, start, interim, stop };

struct Message {
    What what = What::login;
    std::string id, password{};
    std::string address{};  // assigned, or of the mail client
};

struct Answer {
    bool accepted = false;  // of logins: Access-Accept
    Time sent{}, answered{};
    unsigned copies = 0;  // how often it was sent
    std::chrono::nanoseconds took{0};
};

struct Ports {
    std::uint16_t pppoe = 0, accounting = 0, smtp_auth = 0;
};

class Nas {
  public:
    using Done = std::function<void(const Answer&)>;

    explicit Nas(const Ports& ports) : ports_(ports) {}

    // `done` is called by poll() once, with the first answer.
    void ask(const Message& message, Done done);
    // Receives for `time` at most, and sends again what is due.
    void poll(std::chrono::milliseconds time);
    [[nodiscard]] std::size_t waiting() const { return waiting_; }
    // For how long the oldest unanswered message has been asked.
    [[nodiscard]] std::chrono::nanoseconds oldest() const;

  private:
    using Steady = std::chrono::steady_clock;
    struct Slot {
        bool busy = false;
        std::uint16_t port = 0;
        bool accounting = false;
        std::vector<std::uint8_t> bytes{};
        Steady::time_point first{};
        Answer answer{};
        Done done{};
    };
    struct Socket {
        Descriptor file;
        std::array<Slot, 256> slots;
    };
    struct Place {
        std::size_t socket;
        std::uint8_t identifier;
    };
    struct Again {
        Steady::time_point due;
        Place place;
        unsigned copies;  // when it was entered: an older entry is of an earlier message
        Steady::time_point first;
    };

    Place free_place();
    void add_socket();
    void send(const Place& place);
    void receive(std::size_t socket);

    Ports ports_;
    const Steady::time_point began_ = Steady::now();  // of every session, as far as Acct-Session-Time tells
    std::vector<std::unique_ptr<Socket>> sockets_;
    std::vector<pollfd> polled_;
    std::deque<Place> free_;
    std::deque<Again> again_;
    std::size_t waiting_ = 0;
    test::ResponseAuthenticator authenticator_;
};

}  // namespace guard::chaos
