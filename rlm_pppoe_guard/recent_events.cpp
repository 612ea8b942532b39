#include "rlm_pppoe_guard/recent_events.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

namespace guard::module {
namespace {

enum class About : char { packet = 'p', session = 's' };

// Every variable part is preceded by its length: no two different messages have the same bytes.
class Bytes {
  public:
    explicit Bytes(About about) { add(static_cast<std::uint8_t>(about)); }

    void add(std::uint8_t byte) { bytes_.at(used_++) = byte; }
    void add(std::span<const std::uint8_t> part) {
        add(static_cast<std::uint8_t>(part.size() & 0xff));
        add(static_cast<std::uint8_t>(part.size() >> 8 & 0xff));
        if (part.size() > bytes_.size() - used_) throw std::length_error("a message longer than RADIUS has");
        std::copy(part.begin(), part.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(used_));
        used_ += part.size();
    }
    void add(std::string_view part) { add({reinterpret_cast<const std::uint8_t*>(part.data()), part.size()}); }
    void add(const IpAddress& address) {
        add(address.bytes());
        add(static_cast<std::uint8_t>(address.prefix_length()));
    }
    void add(const LoginEvent& event) {
        add(static_cast<std::uint8_t>(event.service));
        add(static_cast<std::uint8_t>(event.kind));
        add(std::string_view(event.id));
        // A session that has got another address since has something new to say.
        add(static_cast<std::uint8_t>(event.addresses.size()));
        for (const IpAddress& address : event.addresses) add(address);
    }
    [[nodiscard]] Hash128 hash(const HashKey& key) const { return keyed_hash(key, std::span(bytes_).first(used_)); }

  private:
    // An ID and a session of 253 bytes each, five addresses, an authenticator.
    std::array<std::uint8_t, 1024> bytes_;  // not zeroed: this is made twice for each login
    std::size_t used_ = 0;
};

bool is_session(Kind kind) {
    return kind == Kind::assign || kind == Kind::alive || kind == Kind::release;
}

}  // namespace

RecentEvents::RecentEvents(const HashKey& key, std::size_t capacity)
    : key_(key), entries_(std::bit_ceil(std::max(2 * capacity, kWays))) {}

bool RecentEvents::repeated(const LoginEvent& event, const Origin& origin, Time arrived) {
    bool before = false;
    const bool has_packet = std::any_of(origin.authenticator.begin(), origin.authenticator.end(),
                                        [](std::uint8_t byte) { return byte != 0; });
    if (has_packet) {
        Bytes packet(About::packet);
        packet.add(origin.nas);
        packet.add(static_cast<std::uint8_t>(origin.port >> 8));
        packet.add(static_cast<std::uint8_t>(origin.port & 0xff));
        packet.add(origin.packet_id);
        packet.add(origin.authenticator);
        packet.add(event);
        before = seen(packet.hash(key_), arrived, kSamePacket);
    }
    if (is_session(event.kind)) {
        Bytes session(About::session);
        session.add(origin.nas);
        session.add(origin.session);
        session.add(event);
        if (seen(session.hash(key_), event.time, kSameTime)) before = true;
    }
    return before;
}

bool RecentEvents::seen(const Hash128& hash, Time time, Microseconds window) {
    const std::size_t first = (hash.low & (entries_.size() / kWays - 1)) * kWays;
    const std::span<Entry> set(entries_.data() + first, kWays);
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : set)
        if (entry.tag == hash.high && entry.time != Time::min() && time < entry.time + window &&
            entry.time < time + window)
            return true;
    *std::min_element(set.begin(), set.end(), [](const Entry& a, const Entry& b) { return a.time < b.time; }) =
        Entry{hash.high, time};
    return false;
}

}  // namespace guard::module
