// Everything at once, for the sanitizers above all: logins and accounting from several sides, a new table every 50 ms,
// small segments, a quota that is reached again and again, figures asked for, SIGHUP. In the end every request is
// accounted for. Before that, what the load generator itself promises.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/test/unit_test.hpp>
#include <functional>
#include <thread>

#include "event/descriptor.hpp"
#include "tests/rlm_pppoe_guard/guarded_server.hpp"
#include "tests/support/radius_load.hpp"

using namespace guard;
using namespace guard::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Takes requests without a server behind it: of so many at a time, `answer` makes the answers.
class FakeServer {
  public:
    using Packets = std::vector<std::vector<std::uint8_t>>;
    FakeServer(const std::vector<std::size_t>& batches, const std::function<void(Packets&)>& answer)
        : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        const timeval patience{20, 0};
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof here;
        BOOST_REQUIRE(setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
        BOOST_REQUIRE(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0);
        BOOST_REQUIRE(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&here), &size) == 0);
        port_ = ntohs(here.sin_port);
        thread_ = std::jthread([this, batches, answer] {
            for (const std::size_t count : batches) serve(count, answer);
        });
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    void serve(std::size_t count, const std::function<void(Packets&)>& answer) const {
        Packets packets;
        std::vector<sockaddr_in> from(count);
        while (packets.size() < count) {
            packets.emplace_back(4096);
            socklen_t size = sizeof from[0];
            const ssize_t got = recvfrom(socket_.get(), packets.back().data(), packets.back().size(), 0,
                                         reinterpret_cast<sockaddr*>(&from[packets.size() - 1]), &size);
            if (got < 0) return;
            packets.back().resize(static_cast<std::size_t>(got));
        }
        answer(packets);
        for (std::size_t i = 0; i < packets.size(); ++i)
            sendto(socket_.get(), packets[i].data(), packets[i].size(), 0, reinterpret_cast<const sockaddr*>(&from[i]),
                   sizeof from[i]);
    }

    Descriptor socket_;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

// An Access-Accept with no attribute and an authenticator of zeros.
void accept_without_secret(FakeServer::Packets& packets) {
    for (auto& packet : packets) {
        const std::uint8_t identifier = packet.at(1);
        packet.assign(20, 0);
        packet[0] = 2;
        packet[1] = identifier;
        packet[3] = 20;
    }
}

PreparedLoad logins(std::size_t count) {
    PreparedLoad load;
    for (std::size_t i = 0; i < count; ++i) load.add({.id = "u" + std::to_string(i)});
    return load;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load_generator)

BOOST_AUTO_TEST_CASE(an_answer_with_a_wrong_authenticator_is_none) {
    for (const bool check : {true, false}) {
        const FakeServer server({8}, accept_without_secret);
        const auto result = run_load(
            logins(8), {.auth_port = server.port(), .give_up = milliseconds(300), .check_authenticators = check});
        BOOST_TEST(result.sent == 8U);
        BOOST_TEST(result.answers.size() == (check ? 0U : 8U));
        BOOST_TEST(result.unanswered == (check ? 8U : 0U));
        BOOST_TEST(result.unexpected == (check ? 8U : 0U));
        if (check) BOOST_TEST((result.percentile(0.5) == milliseconds(300)));
    }
}

// The server stalls with all identifiers taken, so that the rest is sent late: they have waited nevertheless.
BOOST_AUTO_TEST_CASE(in_the_open_loop_latency_counts_from_when_a_request_was_due) {
    constexpr milliseconds kStall{50};
    constexpr std::size_t kIdentifiers = 256, kRequests = 300;
    const FakeServer server({kIdentifiers, kRequests - kIdentifiers}, [&](FakeServer::Packets& packets) {
        if (packets.size() == kIdentifiers) std::this_thread::sleep_for(kStall);
        accept_without_secret(packets);
    });
    PreparedLoad load(1);
    for (std::size_t i = 0; i < kRequests; ++i) load.add({.id = "u" + std::to_string(i)});
    const auto result = run_load(load, {.auth_port = server.port(),
                                        .rate = 100'000,  // all are due within 3 ms
                                        .give_up = seconds(10),
                                        .check_authenticators = false});
    BOOST_TEST(result.answers.size() == kRequests);
    for (const LoadAnswer& answer : result.answers) BOOST_TEST((answer.latency >= kStall - milliseconds(3)));
    BOOST_TEST((result.percentile(0) >= kStall - milliseconds(3)));
    BOOST_TEST((result.percentile(1) >= result.percentile(0.5)));
}

BOOST_AUTO_TEST_CASE(more_in_flight_than_a_receive_buffer_holds_are_refused) {
    BOOST_CHECK_THROW(run_load(logins(1), {.in_flight = 65}), std::invalid_argument);
    BOOST_CHECK_THROW(run_load(logins(1), {.in_flight = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_real_server_takes_what_is_prepared) {
    GuardedServer guarded;
    guarded.server.start();
    PreparedLoad load(2);
    load.add({.id = "u0001"});
    load.add({.id = "u0001", .password = "wrong"});
    load.add({.id = "u0001", .message_authenticator = true});
    load.add({.type = RequestType::accounting, .id = "u0001", .session = "s", .address = 0xc6336401});
    const auto result =
        run_load(load, {.auth_port = guarded.server.auth_port(), .acct_port = guarded.server.acct_port()});
    BOOST_REQUIRE(result.answers.size() == 4U);
    std::array<std::uint8_t, 4> codes{};
    for (const LoadAnswer& answer : result.answers) {
        codes.at(answer.number) = answer.code;
        BOOST_TEST((answer.sent <= answer.answered));
    }
    BOOST_TEST((codes == std::array<std::uint8_t, 4>{2, 3, 2, 5}));
    const auto events = guarded.events();
    BOOST_REQUIRE(events.size() == 4U);
    BOOST_TEST(std::count_if(events.begin(), events.end(), [](const LoginEvent& event) {
                   return event.kind == Kind::assign && event.addresses == addresses({"198.51.100.1"});
               }) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

constexpr unsigned kClients = 4, kInFlightEach = 15;  // with the one that asks for figures no more than 64 in all
constexpr std::uint32_t kChunk = 1'000;
constexpr unsigned kQuotaHits = 3;
constexpr milliseconds kPublishEvery{50};
constexpr seconds kHangupEvery{6}, kAtLeast{7}, kAtMost{90};

// What one client has sent, by what must have become of it.
struct Sent {
    std::uint64_t events = 0, repetitions = 0, unusable = 0;
    std::uint64_t unanswered = 0, unexpected = 0, wrong_code = 0;

    Sent& operator+=(const Sent& more) {
        events += more.events;
        repetitions += more.repetitions;
        unusable += more.unusable;
        unanswered += more.unanswered;
        unexpected += more.unexpected;
        wrong_code += more.wrong_code;
        return *this;
    }
};

// One in ten each of: a wrong password, an ID that is suspended every now and then, the Start of a session, the same
// once more under another identifier (sent while the first is under way), a Start without an ID.
LoadRequest mixed(const std::string& name, std::uint32_t number, Sent& sent) {
    LoadRequest request{.id = name, .message_authenticator = number % 2 == 0};
    const auto accounting = [&](std::uint32_t session) {
        request.type = RequestType::accounting;
        request.id += "-" + std::to_string(session);
        request.session = request.id;
    };
    switch (number % 10) {
        case 5:
            request.password = "wrong";
            break;
        case 6:
            request.id = "suspended" + std::to_string(number % 100);
            break;
        case 7:
            accounting(number);
            break;
        case 8:
            accounting(number - 1);
            ++sent.repetitions;
            return request;
        case 9:
            accounting(number);
            request.id.clear();
            ++sent.unusable;
            return request;
        default:
            break;
    }
    ++sent.events;
    return request;
}

// Send until told to stop, and wait for the last answers; when they go without that, they wait for nothing.
class Clients {
  public:
    explicit Clients(const LoadOptions& options) {
        for (unsigned client = 0; client < kClients; ++client)
            threads_.emplace_back([this, client, options] { sent_.at(client) = send(client, options); });
    }
    ~Clients() {
        stop_ = true;
        for (LoadControl& control : controls_) control.abandon = true;
    }
    Clients(const Clients&) = delete;
    Clients& operator=(const Clients&) = delete;

    [[nodiscard]] Sent finish() {
        stop_ = true;
        threads_.clear();
        Sent all;
        for (const Sent& one : sent_) all += one;
        return all;
    }

  private:
    Sent send(unsigned client, const LoadOptions& options) {
        Sent total;
        for (unsigned chunk = 0; !stop_; ++chunk) {
            PreparedLoad load;
            const std::string name = "c" + std::to_string(client) + "-" + std::to_string(chunk);
            for (std::uint32_t number = 0; number < kChunk; ++number) load.add(mixed(name, number, total));
            const auto result = run_load(load, options, controls_.at(client));
            total.unanswered += result.unanswered;
            total.unexpected += result.unexpected;
            for (const LoadAnswer& answer : result.answers) {
                const std::uint32_t kind = answer.number % 10;
                const std::uint8_t wanted = kind == 5 ? 3 : kind >= 7 ? 5 : 2;
                if (answer.code != wanted && kind != 6) ++total.wrong_code;
            }
        }
        return total;
    }

    std::atomic<bool> stop_{false};
    std::array<LoadControl, kClients> controls_;
    std::array<Sent, kClients> sent_;
    std::vector<std::jthread> threads_;
};

// Reads all the time, and makes room on request: the files that it is through with.
class Consumer {
  public:
    explicit Consumer(std::filesystem::path spool) : reader_(spool), spool_(std::move(spool)) {
        thread_ = std::jthread([this](const std::stop_token& stop) { consume(stop); });
    }
    void make_room() { make_room_ = true; }
    [[nodiscard]] std::uint64_t read() const { return read_; }
    void finish() {
        thread_.request_stop();
        thread_.join();
    }
    [[nodiscard]] const spool::ReaderCounters& counters() const { return reader_.counters(); }  // after finish()

  private:
    void consume(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            for (; reader_.peek() != nullptr; reader_.pop()) ++read_;
            if (make_room_.exchange(false)) delete_finished();
            std::this_thread::sleep_for(milliseconds(1));  // the analyzer's pause, only shorter
        }
    }
    void delete_finished() const {
        const auto position = reader_.position();
        for (const std::uint64_t segment : spool::list_segments(spool_)) {
            const auto known = position.offsets.find(segment);
            const bool done = segment <= position.done_through ||
                              (known != position.offsets.end() && known->second == spool::Position::kDone);
            if (done) std::filesystem::remove(spool_ / spool::segment_name(segment));
        }
    }

    spool::Reader reader_;
    const std::filesystem::path spool_;
    std::atomic<bool> make_room_{false};
    std::atomic<std::uint64_t> read_{0};
    std::jthread thread_;
};

std::vector<std::string> some_suspended(unsigned turn) {
    std::vector<std::string> ids;
    for (unsigned i = 0; i < 100; ++i)
        if ((i / 10 + turn) % 3 == 0) ids.push_back("suspended" + std::to_string(i));
    return ids;
}

struct Storm {
    Storm() : guarded(setup()), config(guarded.config(setup())) {
        config.users = "DEFAULT\tCleartext-Password := \"pw\"\n";
        guarded.server.configure(config);
        guarded.publish(some_suspended(0));
        guarded.server.start();
    }
    static Setup setup() { return {.spool_items = "quota = 256K"}; }

    std::uint64_t number(std::string_view figure) { return std::stoull(guarded.figure(figure)); }

    // The server reads its users file anew.
    void hangup(unsigned turn) {
        write_file(guarded.server.directory() / "users", config.users + "# " + std::to_string(turn) + "\n",
                   guarded.server.user());
        guarded.server.hangup();
    }

    // What goes on besides the load, until all of it has happened often enough.
    void disturb(Consumer& consumer) {
        using Steady = std::chrono::steady_clock;
        const auto began = Steady::now();
        auto next_hangup = began;
        std::uint64_t dropped = 0;
        unsigned quota_hits = 0, hangups = 0;
        for (unsigned turn = 1;; ++turn) {
            const auto now = Steady::now();
            if ((now - began > kAtLeast && quota_hits >= kQuotaHits && hangups >= 2) || now - began > kAtMost) break;
            BOOST_TEST(guarded.figure("table") == "good");
            BOOST_TEST(guarded.figure("faults") == "0");
            for (const auto* figure : {"appended", "unusable", "clamped", "duplicates", "suspended", "generation"})
                static_cast<void>(number(figure));
            if (const auto seen = number("dropped"); seen != dropped) {
                dropped = seen;
                ++quota_hits;
                consumer.make_room();
            }
            if (now >= next_hangup) {
                hangup(++hangups);
                next_hangup = now + kHangupEvery;
            }
        }
        BOOST_TEST(quota_hits >= kQuotaHits);
        BOOST_TEST(hangups >= 2U);
        BOOST_TEST_MESSAGE(quota_hits << " times at the quota, " << hangups << " times SIGHUP");
    }

    GuardedServer guarded;
    RadiusConfig config;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(radius_load)

BOOST_FIXTURE_TEST_CASE(under_load_and_disturbance_every_request_is_accounted_for, Storm) {
    Consumer consumer(guarded.spool());
    std::atomic<unsigned> published{0};
    Clients clients({.auth_port = guarded.server.auth_port(),
                     .acct_port = guarded.server.acct_port(),
                     .in_flight = kInFlightEach,
                     .give_up = seconds(20)});
    std::jthread publisher([&](const std::stop_token& stop) {
        for (; !stop.stop_requested(); std::this_thread::sleep_for(kPublishEvery))
            guarded.publish(some_suspended(++published));
    });
    disturb(consumer);
    const Sent all = clients.finish();
    publisher.request_stop();
    publisher.join();
    BOOST_TEST(all.unanswered == 0U, guarded.server.log());
    BOOST_TEST(all.unexpected == 0U);
    BOOST_TEST(all.wrong_code == 0U);
    const auto appended = number("appended"), dropped = number("dropped");
    BOOST_TEST(appended + dropped == all.events);
    BOOST_TEST(number("duplicates") == all.repetitions);
    BOOST_TEST(number("unusable") == all.unusable);
    BOOST_TEST(number("suspended") > 0U);
    BOOST_TEST(number("clamped") == 0U);
    BOOST_TEST(wait_until([&] { return consumer.read() >= appended; }, seconds(30)));
    consumer.finish();
    BOOST_TEST(consumer.read() == appended);
    const auto& counters = consumer.counters();
    BOOST_TEST(counters.torn + counters.malformed + counters.unreadable + counters.deleted_unread == 0U);
    BOOST_TEST_MESSAGE(all.events + all.repetitions + all.unusable
                       << " requests: " << appended << " appended, " << dropped << " dropped, " << all.repetitions
                       << " repetitions, " << all.unusable << " unusable; " << published << " tables");
    guarded.publish({"last"});
    BOOST_TEST(wait_until([&] { return guarded.login("last").code == "Access-Reject"; }, seconds(10)));
}

BOOST_AUTO_TEST_SUITE_END()
