#include "analyzer/daemon/disconnector.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <pqxx/binarystring>

#include "analyzer/daemon/once_a_minute.hpp"
#include "config/user_name.hpp"
#include "event/descriptor.hpp"
#include "event/keyed_hash.hpp"

namespace guard::daemon {
namespace {

constexpr int kAtOnce = 256;
constexpr int kLongestBackOff = 60;  // seconds

Descriptor connected_socket(const config::Nas& nas) {
    sockaddr_storage storage{};
    socklen_t length = 0;
    const auto bytes = nas.address.bytes();
    if (nas.address.is_ipv4()) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(nas.port);
        std::memcpy(&to.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&storage, &to, length = sizeof to);
    } else {
        sockaddr_in6 to{};
        to.sin6_family = AF_INET6;
        to.sin6_port = htons(nas.port);
        std::memcpy(&to.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&storage, &to, length = sizeof to);
    }
    Descriptor socket(::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) return {};
    return socket;
}

// A request that is on its way.
struct Pending {
    Descriptor socket;
    std::uint8_t identifier = 0;
    Authenticator authenticator{};
    const config::Nas* nas = nullptr;
    std::optional<DecodedAnswer> answer;
};

Pending send(const config::Nas& nas, const DisconnectRequest& request) {
    Pending pending;
    pending.nas = &nas;
    pending.socket = connected_socket(nas);
    pending.identifier = static_cast<std::uint8_t>(random_number());
    const auto encoded = encode_disconnect(request, pending.identifier, nas.secret.reveal());
    pending.authenticator = encoded.authenticator;
    if (pending.socket && ::send(pending.socket.get(), encoded.bytes.data(), encoded.bytes.size(), MSG_NOSIGNAL) < 0)
        pending.socket = {};
    return pending;
}

void receive(Pending& pending) {
    std::array<std::uint8_t, 4096> buffer{};
    const ssize_t length = ::recv(pending.socket.get(), buffer.data(), buffer.size(), 0);
    if (length < 0) {
        if (errno != EAGAIN && errno != EINTR) pending.socket = {};  // nobody listens there
        return;
    }
    // What is not an answer to this request under this secret is not listened to.
    pending.answer = decode_answer(std::span(buffer).first(static_cast<std::size_t>(length)), pending.identifier,
                                   pending.authenticator, pending.nas->secret.reveal());
}

void collect_answers(std::vector<Pending>& pending, std::chrono::milliseconds timeout) {
    const auto until = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        std::vector<pollfd> polled;
        std::vector<Pending*> waiting;
        for (Pending& request : pending)
            if (request.socket && !request.answer) {
                polled.push_back({request.socket.get(), POLLIN, 0});
                waiting.push_back(&request);
            }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (polled.empty() || left.count() <= 0) return;
        if (::poll(polled.data(), polled.size(), static_cast<int>(left.count())) <= 0) continue;
        for (std::size_t i = 0; i < polled.size(); ++i)
            if (polled[i].revents != 0) receive(*waiting[i]);
    }
}

}  // namespace

Disconnector::Disconnector(const config::Settings& settings, const config::NasList& nases, const Clock& clock)
    : settings_(settings),
      nases_(nases),
      clock_(clock),
      pace_(settings.disconnect_rate),
      link_(settings, "pppoe-guard-disconnector") {}

void Disconnector::run(const std::stop_token& stop) {
    OnceAMinute trouble;
    while (!stop.stop_requested()) {
        try {
            serve(link_.get(), stop);
        } catch (const std::exception& error) {
            link_.drop();
            if (stop.stop_requested()) return;
            trouble.warn(std::string("event=disconnector_waits detail=\"") + error.what() + '"');
            wakeup_.wait_for(std::chrono::seconds{1}, stop);
        }
    }
}

void Disconnector::serve(pqxx::connection& connection, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const bool more = [&] {
            const sql::DatabaseLink::Use use(link_);
            auto orders = due(connection);
            const bool full = orders.size() == kAtOnce;
            // What is too much for its NAS now stays due.
            const auto now = std::chrono::steady_clock::now();
            std::erase_if(orders, [&](const Order& order) { return !pace_.allow(order.nas, now); });
            if (!orders.empty()) write(connection, orders, ask(orders));
            return full && !orders.empty();
        }();
        if (!more) wakeup_.wait_for(std::chrono::seconds{1}, stop);
    }
}

std::vector<Disconnector::Order> Disconnector::due(pqxx::connection& connection) const {
    std::vector<Order> orders;
    pqxx::read_transaction transaction(connection);
    const auto rows = transaction.exec_params(
        "SELECT disconnect_id, tries, nas, id, host(address), masklen(address) FROM (SELECT *, row_number() OVER "
        "(PARTITION BY nas ORDER BY due_at, disconnect_id) AS place FROM guard.disconnect WHERE done_at IS NULL AND "
        "due_at <= clock_timestamp() AND address IS NOT NULL) AS waiting WHERE place <= $2 ORDER BY due_at LIMIT $1",
        kAtOnce, static_cast<int>(settings_.disconnect_rate));
    for (const auto& row : rows) {
        const auto address = IpAddress::parse(std::string(row[4].c_str()) + '/' + row[5].c_str());
        if (!address) continue;
        orders.push_back({row[0].as<std::int64_t>(),
                          row[1].as<int>(),
                          row[2].c_str(),
                          {config::user_name_of(pqxx::binarystring(row[3]).str(), settings_.disconnect_user_names),
                           *address, clock_.now()}});
    }
    return orders;
}

Disconnector::Outcome Disconnector::unanswered(const Order& order, std::string why) const {
    const bool last = order.tries + 1 >= static_cast<int>(settings_.disconnect_tries);
    return {last ? "given_up" : "silent", std::move(why), last};
}

std::vector<Disconnector::Outcome> Disconnector::ask(const std::vector<Order>& orders) const {
    std::vector<Pending> pending;
    for (const Order& order : orders) {
        const auto nas = nases_.find(order.nas);
        const bool sent = nas != nases_.end() && why_no_selector(order.request).empty();
        pending.push_back(sent ? send(nas->second, order.request) : Pending{});
    }
    collect_answers(pending, settings_.disconnect_timeout);

    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < orders.size(); ++i) {
        const auto& answer = pending[i].answer;
        if (const auto why = why_no_selector(orders[i].request); !why.empty())
            outcomes.push_back({"given_up", "not sent: " + why, true});
        else if (pending[i].nas == nullptr)
            outcomes.push_back({"given_up", "the NAS file has no " + orders[i].nas, true});
        else if (!answer)
            outcomes.push_back(unanswered(orders[i], "no answer"));
        else if (answer->answer == DisconnectAnswer::ack)
            outcomes.push_back({"acknowledged",
                                pending[i].nas->relay ? "Disconnect-ACK of a relay: queued there" : "Disconnect-ACK",
                                true});
        else
            outcomes.push_back({"refused",
                                "Disconnect-NAK " + (answer->error_cause ? error_cause_name(*answer->error_cause) : ""),
                                true});
    }
    return outcomes;
}

void Disconnector::write(pqxx::connection& connection, const std::vector<Order>& orders,
                         const std::vector<Outcome>& outcomes) {
    pqxx::work transaction(connection);
    for (std::size_t i = 0; i < orders.size(); ++i) {
        const int wait = std::min(1 << std::min(orders[i].tries, 6), kLongestBackOff);
        // Not the row of a suspension that was released meanwhile: that one is cancelled.
        transaction.exec_params(
            "UPDATE guard.disconnect SET state = $2, last_answer = $3, tries = tries + 1, "
            "due_at = clock_timestamp() + make_interval(secs => $4), done_at = CASE WHEN $5 THEN clock_timestamp() END "
            "WHERE disconnect_id = $1 AND done_at IS NULL",
            orders[i].row, outcomes[i].state, outcomes[i].answer, wait, outcomes[i].done);
    }
    transaction.commit();
    for (std::size_t i = 0; i < orders.size(); ++i)
        spdlog::info("event=disconnect nas={} state={} try={} answer=\"{}\"", orders[i].nas, outcomes[i].state,
                     orders[i].tries + 1, outcomes[i].answer);
}

}  // namespace guard::daemon
