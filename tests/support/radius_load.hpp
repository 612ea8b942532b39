// Load for a RADIUS server on loopback: requests encoded beforehand, sent from several sockets either as fast as
// answers come (closed loop) or at a fixed rate whatever comes (open loop). Used by tests and benchmarks of the module;
// a run stays on the thread that calls it, several may go on beside each other. Nothing is ever sent twice by itself.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "event/time.hpp"
#include "tests/support/radius_client.hpp"

namespace guard::test {

struct LoadRequest {
    RequestType type = RequestType::authentication;  // or accounting
    std::string id{};                                // User-Name; empty: without
    std::string password = "pw";                     // of an Access-Request (PAP), at most 16 bytes
    bool message_authenticator = false;              // of an Access-Request (RFC 3579 section 3.2)
    std::uint32_t status = 1;                        // Acct-Status-Type of an Accounting-Request: 1 Start, 2 Stop
    std::string session{};                           // its Acct-Session-Id
    std::uint32_t address = 0;                       // its Framed-IP-Address, host order; 0: without
};

// Requests in the order in which they will be sent; the number of one is its index. For one run: sent again, they would
// be repetitions. The authenticator of an Access-Request is random; that of an Accounting-Request follows from what is
// in it, so whoever wants no repetition gives each a session of its own.
class PreparedLoad {
  public:
    // Request n goes from socket n % sockets with the identifier n / sockets % 256: up to 256 * sockets wait for
    // answers.
    explicit PreparedLoad(unsigned sockets = 4) : sockets_(sockets) {}

    void add(const LoadRequest& request);

    [[nodiscard]] std::size_t size() const { return packets_.size(); }
    [[nodiscard]] unsigned sockets() const { return sockets_; }
    [[nodiscard]] RequestType type(std::size_t number) const { return packets_.at(number).type; }
    [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t number) const;

  private:
    struct Packet {
        std::size_t offset, length;
        RequestType type;
    };

    unsigned sockets_;
    std::vector<Packet> packets_;
    std::vector<std::uint8_t> bytes_;
};

struct LoadOptions {
    std::uint16_t auth_port = 0, acct_port = 0;  // on 127.0.0.1
    // Closed loop: how many requests wait for an answer, 1 to 64. More than 64 overflow the receive buffer of radiusd,
    // and what is lost there says nothing about it.
    unsigned in_flight = 32;
    // Open loop when not 0: requests a second. Latency counts from when a request was due, so that it shows stalls of
    // the server that also keep this client from sending.
    double rate = 0;
    std::chrono::milliseconds give_up{1000};  // no answer for so long: unanswered
    bool check_authenticators = true;         // of answers (RFC 2865 section 3); costs one MD5 each
};

// Shared with other threads while a run goes on.
struct LoadControl {
    std::atomic<bool> stop{false};     // nothing more is sent; what was sent is still waited for
    std::atomic<bool> abandon{false};  // nothing is waited for either: what has arrived by now is the rest
    std::atomic<std::uint64_t> answered{0};
};

struct LoadAnswer {
    std::uint32_t number;              // of the request in the PreparedLoad
    std::uint8_t code;                 // RFC 2865 section 3
    Time sent, answered;               // CLOCK_REALTIME
    std::chrono::nanoseconds latency;  // open loop: since it was due; closed loop: since it was sent
};

struct LoadResult {
    std::vector<LoadAnswer> answers;  // in the order in which they came
    std::uint64_t sent = 0;
    std::uint64_t unanswered = 0;  // given up or abandoned
    std::uint64_t unexpected = 0;  // packets that answer nothing: wrong code, identifier or authenticator; or too late
    std::chrono::nanoseconds elapsed{0};
    std::chrono::milliseconds give_up{0};

    // The latency that the given part of all requests (0 to 1) did not exceed; unanswered ones count as give_up.
    [[nodiscard]] std::chrono::nanoseconds percentile(double part) const;
    // Answers a second.
    [[nodiscard]] double rate() const;
};

// Returns when all are answered or given up, or as `control` says. Throws std::system_error when it can have no socket.
LoadResult run_load(const PreparedLoad& load, const LoadOptions& options, LoadControl& control);
LoadResult run_load(const PreparedLoad& load, const LoadOptions& options);

}  // namespace guard::test
