#include "tests/chaos/nas.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "event/ip_address.hpp"

namespace guard::chaos {
namespace {

constexpr std::uint8_t kUserName = 1, kFramedIpAddress = 8, kCallingStationId = 31, kAcctStatusType = 40,
                       kAcctSessionId = 44, kAcctSessionTime = 46;
constexpr std::uint8_t kAccept = 2, kReject = 3, kAccountingResponse = 5;
constexpr auto kAgain = std::chrono::seconds{1};
constexpr std::size_t kHeaderBytes = 20;

bool is_accounting(What what) {
    return what == What::start || what == What::interim || what == What::stop;
}

std::uint32_t status_of(What what) {
    return what == What::start ? 1 : what == What::stop ? 2 : 3;
}

// Each Interim-Update of a session says something else (RFC 2869 section 2.1: all that a Stop says): one that has the
// bytes of an earlier one, identifier included, is that one sent again (RFC 2866 section 3).
std::vector<std::uint8_t> encode(const Message& message, std::uint8_t identifier, std::chrono::seconds up) {
    const bool accounting = is_accounting(message.what);
    test::RawPacket packet(accounting ? test::RequestType::accounting : test::RequestType::authentication, identifier);
    packet.attribute(kUserName, message.id);
    if (accounting)
        packet.attribute(kAcctStatusType, status_of(message.what))
            .attribute(kAcctSessionId, "session-" + message.address)
            .attribute(kFramedIpAddress, IpAddress::parse(message.address).value().bytes())
            .attribute(kAcctSessionTime, static_cast<std::uint32_t>(message.what == What::start ? 0 : up.count()));
    else
        packet.password(message.password);
    if (message.what == What::mail_login) packet.attribute(kCallingStationId, std::string_view(message.address));
    return packet.encode();
}

}  // namespace

void Nas::add_socket() {
    auto socket = std::make_unique<Socket>();
    socket->file = Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!socket->file || bind(socket->file.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0)
        throw std::system_error(errno, std::generic_category(), "a socket of the NAS");
    polled_.push_back({socket->file.get(), POLLIN, 0});
    for (unsigned identifier = 0; identifier < 256; ++identifier)
        free_.push_back({sockets_.size(), static_cast<std::uint8_t>(identifier)});
    sockets_.push_back(std::move(socket));
}

// The one that was free for longest.
Nas::Place Nas::free_place() {
    if (free_.empty()) add_socket();
    const Place place = free_.front();
    free_.pop_front();
    return place;
}

void Nas::ask(const Message& message, Done done) {
    const Place place = free_place();
    Slot& slot = sockets_[place.socket]->slots[place.identifier];
    slot.busy = true;
    slot.accounting = is_accounting(message.what);
    slot.port = slot.accounting                    ? ports_.accounting
                : message.what == What::mail_login ? ports_.smtp_auth
                                                   : ports_.pppoe;
    slot.bytes =
        encode(message, place.identifier, std::chrono::duration_cast<std::chrono::seconds>(Steady::now() - began_));
    slot.done = std::move(done);
    slot.answer = {};
    slot.answer.sent = SystemClock{}.now();
    slot.first = Steady::now();
    ++waiting_;
    send(place);
}

void Nas::send(const Place& place) {
    Slot& slot = sockets_[place.socket]->slots[place.identifier];
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(slot.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // What the kernel does not take is as lost as what the network drops.
    (void)sendto(sockets_[place.socket]->file.get(), slot.bytes.data(), slot.bytes.size(), 0,
                 reinterpret_cast<const sockaddr*>(&to), sizeof to);
    ++slot.answer.copies;
    again_.push_back({Steady::now() + kAgain, place, slot.answer.copies, slot.first});
}

void Nas::receive(std::size_t number) {
    Socket& socket = *sockets_[number];
    std::array<std::uint8_t, 4096> buffer;
    for (ssize_t got = 0; (got = recv(socket.file.get(), buffer.data(), buffer.size(), 0)) >= 0;) {
        const auto reply = std::span<const std::uint8_t>(buffer).first(static_cast<std::size_t>(got));
        if (reply.size() < kHeaderBytes) continue;
        Slot& slot = socket.slots[reply[1]];
        const bool fits =
            slot.accounting ? reply[0] == kAccountingResponse : reply[0] == kAccept || reply[0] == kReject;
        // Also the second answer to what was sent twice is none: its place may be another message's by now.
        if (!slot.busy || !fits || !authenticator_.good(reply, slot.bytes)) continue;
        slot.busy = false;
        --waiting_;
        free_.push_back({number, reply[1]});
        slot.answer.accepted = reply[0] == kAccept;
        slot.answer.answered = SystemClock{}.now();
        slot.answer.took = Steady::now() - slot.first;
        const auto done = std::move(slot.done);
        const Answer answer = slot.answer;
        done(answer);  // it may ask, and so move the slots
    }
}

void Nas::poll(std::chrono::milliseconds time) {
    if (::poll(polled_.data(), polled_.size(), static_cast<int>(time.count())) > 0)
        for (std::size_t i = 0; i < sockets_.size(); ++i) receive(i);
    const auto now = Steady::now();
    while (!again_.empty() && again_.front().due <= now) {
        const Again entry = again_.front();
        again_.pop_front();
        const Slot& slot = sockets_[entry.place.socket]->slots[entry.place.identifier];
        if (slot.busy && slot.first == entry.first && slot.answer.copies == entry.copies) send(entry.place);
    }
}

std::chrono::nanoseconds Nas::oldest() const {
    const auto now = Steady::now();
    std::chrono::nanoseconds longest{0};
    for (const auto& socket : sockets_)
        for (const Slot& slot : socket->slots)
            if (slot.busy) longest = std::max<std::chrono::nanoseconds>(longest, now - slot.first);
    return longest;
}

}  // namespace guard::chaos
