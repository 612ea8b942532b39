#include "tests/support/radius_load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <deque>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "event/descriptor.hpp"
#include "tests/support/response_authenticator.hpp"

namespace guard::test {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::size_t kIdentifiers = 256, kHeaderBytes = 20, kAuthenticatorBytes = 16;
constexpr std::uint8_t kUserName = 1, kFramedIpAddress = 8, kAcctStatusType = 40, kAcctSessionId = 44,
                       kMessageAuthenticator = 80;
constexpr unsigned kMaxInFlight = 64;
// How often a run looks at its LoadControl when nothing comes.
constexpr nanoseconds kLookInterval = std::chrono::milliseconds{5};

std::uint8_t octet(std::size_t value) {
    return static_cast<std::uint8_t>(value & 0xff);
}

// Message-Authenticator is the last attribute, with a value of zeros: HMAC-MD5 over the whole packet takes its place.
void sign(std::span<std::uint8_t> packet) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (HMAC(EVP_md5(), RadiusServer::kSecret.data(), static_cast<int>(RadiusServer::kSecret.size()), packet.data(),
             packet.size(), digest.data(), &length) == nullptr)
        throw std::runtime_error("no HMAC-MD5");
    std::copy_n(digest.begin(), kAuthenticatorBytes, packet.end() - kAuthenticatorBytes);
}

Descriptor make_socket() {
    Descriptor file(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!file || bind(file.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0)
        throw std::system_error(errno, std::generic_category(), "a socket for load");
    return file;
}

// A timer of this thread comes up to 50 us late unless asked otherwise: as much as a login takes.
class PunctualTimers {
  public:
    PunctualTimers() : before_(prctl(PR_GET_TIMERSLACK)) { prctl(PR_SET_TIMERSLACK, 1); }
    ~PunctualTimers() { prctl(PR_SET_TIMERSLACK, before_); }
    PunctualTimers(const PunctualTimers&) = delete;
    PunctualTimers& operator=(const PunctualTimers&) = delete;

  private:
    int before_;
};

class Run {
  public:
    Run(const PreparedLoad& load, const LoadOptions& options, LoadControl& control);
    LoadResult go();

  private:
    struct Slot {  // one identifier of one socket
        bool busy = false;
        std::uint32_t number = 0;
        Steady::time_point since;  // where its latency begins
        Steady::time_point sent;
        Time sent_at{};
    };

    [[nodiscard]] bool open_loop() const { return options_.rate > 0; }
    [[nodiscard]] bool more() const { return next_ < load_.size() && !control_.stop && !control_.abandon; }
    [[nodiscard]] Slot& slot_of(std::size_t number) { return slots_[number % slots_.size()]; }
    [[nodiscard]] Steady::time_point due(std::size_t number) const;
    void send_what_is_due();
    bool send(std::size_t number);
    void wait();
    void receive();
    void take(std::size_t socket, std::span<const std::uint8_t> reply);
    void give_up();

    const PreparedLoad& load_;  // of the caller, who waits for go()
    const LoadOptions& options_;
    LoadControl& control_;
    PunctualTimers timers_;
    ResponseAuthenticator authenticator_;
    std::vector<Descriptor> sockets_;
    std::vector<pollfd> polled_;
    std::vector<Slot> slots_;
    std::deque<std::uint32_t> waiting_;  // as sent; some may be answered already
    std::size_t next_ = 0;
    std::size_t in_flight_ = 0;
    Steady::time_point began_;
    LoadResult result_;
};

Run::Run(const PreparedLoad& load, const LoadOptions& options, LoadControl& control)
    : load_(load), options_(options), control_(control), slots_(load.sockets() * kIdentifiers) {
    if (!open_loop() && (options.in_flight == 0 || options.in_flight > kMaxInFlight))
        throw std::invalid_argument("1 to 64 requests in flight");
    for (unsigned i = 0; i < load.sockets(); ++i) {
        sockets_.push_back(make_socket());
        polled_.push_back({sockets_.back().get(), POLLIN, 0});
    }
    result_.answers.reserve(load.size());
    result_.give_up = options.give_up;
}

LoadResult Run::go() {
    began_ = Steady::now();
    while (more() || (in_flight_ != 0 && !control_.abandon)) {
        send_what_is_due();
        wait();
        receive();
        give_up();
    }
    receive();
    result_.unanswered += in_flight_;
    result_.elapsed = Steady::now() - began_;
    return std::move(result_);
}

Steady::time_point Run::due(std::size_t number) const {
    return began_ + nanoseconds{std::llround(static_cast<double>(number) / options_.rate * 1e9)};
}

void Run::send_what_is_due() {
    while (more() && !slot_of(next_).busy) {
        if (open_loop() ? due(next_) > Steady::now() : in_flight_ >= options_.in_flight) return;
        if (!send(next_)) return;
        ++next_;
    }
}

// False when the socket takes nothing now.
bool Run::send(std::size_t number) {
    const auto packet = load_.bytes(number);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(load_.type(number) == RequestType::accounting ? options_.acct_port : options_.auth_port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Slot& slot = slot_of(number);
    slot = {true, static_cast<std::uint32_t>(number), {}, Steady::now(), SystemClock{}.now()};
    slot.since = open_loop() ? due(number) : slot.sent;
    if (sendto(sockets_[number % sockets_.size()].get(), packet.data(), packet.size(), 0,
               reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) {
        slot.busy = false;
        if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) return false;
        throw std::system_error(errno, std::generic_category(), "sending load");
    }
    ++result_.sent;
    ++in_flight_;
    waiting_.push_back(slot.number);
    return true;
}

void Run::wait() {
    nanoseconds time = kLookInterval;
    if (open_loop() && more()) time = std::clamp<nanoseconds>(due(next_) - Steady::now(), nanoseconds{0}, time);
    const timespec timeout{time.count() / 1'000'000'000, time.count() % 1'000'000'000};
    ppoll(polled_.data(), polled_.size(), &timeout, nullptr);
}

void Run::receive() {
    std::array<std::uint8_t, 4096> reply;
    for (std::size_t socket = 0; socket < sockets_.size(); ++socket)
        for (ssize_t got = 0; (got = recv(sockets_[socket].get(), reply.data(), reply.size(), 0)) >= 0;)
            take(socket, std::span(reply).first(static_cast<std::size_t>(got)));
}

void Run::take(std::size_t socket, std::span<const std::uint8_t> reply) {
    const auto is_answer = [&](const Slot& slot) {
        if (!slot.busy) return false;
        const std::uint8_t code = reply[0];
        const bool fits =
            load_.type(slot.number) == RequestType::accounting ? code == 5 : code == 2 || code == 3 || code == 11;
        return fits && (!options_.check_authenticators || authenticator_.good(reply, load_.bytes(slot.number)));
    };
    Slot* const slot = reply.size() < kHeaderBytes ? nullptr : &slots_[reply[1] * sockets_.size() + socket];
    if (slot == nullptr || !is_answer(*slot)) {
        ++result_.unexpected;
        return;
    }
    slot->busy = false;
    --in_flight_;
    result_.answers.push_back(
        {slot->number, reply[0], slot->sent_at, SystemClock{}.now(), Steady::now() - slot->since});
    control_.answered.fetch_add(1, std::memory_order_relaxed);
}

void Run::give_up() {
    const auto now = Steady::now();
    for (; !waiting_.empty(); waiting_.pop_front()) {
        Slot& slot = slot_of(waiting_.front());
        if (!slot.busy || slot.number != waiting_.front()) continue;
        if (now - slot.sent < options_.give_up) return;
        slot.busy = false;
        --in_flight_;
        ++result_.unanswered;
    }
}

}  // namespace

void PreparedLoad::add(const LoadRequest& request) {
    RawPacket packet(request.type, octet(size() / sockets_));
    if (!request.id.empty()) packet.attribute(kUserName, request.id);
    if (request.type == RequestType::accounting) {
        packet.attribute(kAcctStatusType, request.status);
        if (!request.session.empty()) packet.attribute(kAcctSessionId, request.session);
        if (request.address != 0) packet.attribute(kFramedIpAddress, request.address);
    } else {
        packet.password(request.password);
        if (request.message_authenticator)
            packet.attribute(kMessageAuthenticator, std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16));
    }
    auto bytes = packet.encode();
    if (request.type == RequestType::authentication && request.message_authenticator) sign(bytes);
    packets_.push_back({bytes_.size(), bytes.size(), request.type});
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

std::span<const std::uint8_t> PreparedLoad::bytes(std::size_t number) const {
    const Packet& packet = packets_.at(number);
    return std::span(bytes_).subspan(packet.offset, packet.length);
}

nanoseconds LoadResult::percentile(double part) const {
    std::vector<nanoseconds> latencies(unanswered, give_up);
    for (const LoadAnswer& answer : answers) latencies.push_back(answer.latency);
    if (latencies.empty()) return nanoseconds{0};
    const auto at = static_cast<std::size_t>(std::ceil(part * static_cast<double>(latencies.size())));
    const auto it =
        latencies.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(at, 1, latencies.size()) - 1);
    std::nth_element(latencies.begin(), it, latencies.end());
    return *it;
}

double LoadResult::rate() const {
    return static_cast<double>(answers.size()) / std::chrono::duration<double>(elapsed).count();
}

LoadResult run_load(const PreparedLoad& load, const LoadOptions& options, LoadControl& control) {
    return Run(load, options, control).go();
}

LoadResult run_load(const PreparedLoad& load, const LoadOptions& options) {
    LoadControl control;
    return run_load(load, options, control);
}

}  // namespace guard::test
