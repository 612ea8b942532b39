// Recognises the same message when it comes again, so that one login or one step of a session is one event: FreeRADIUS
// hands every accounting retransmission to the modules, and every authentication retransmission once its reply is no
// longer cached (RFC 5080 section 2.2.2). Any thread of radiusd may ask. What it compares by (NAS, session,
// authenticator) is kept only as a hash under a key of this process, in a table of fixed size; nothing of it is written
// anywhere.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>

#include "event/keyed_hash.hpp"
#include "event/login_event.hpp"
#include "event/page_allocator.hpp"

namespace guard::module {

// One RADIUS packet of one NAS.
struct Origin {
    IpAddress nas;
    std::uint16_t port = 0;
    std::uint8_t packet_id = 0;
    std::span<const std::uint8_t> authenticator;  // all zeros: of a request that the server made without any packet
    std::string_view session;                     // Acct-Session-Id
};

class RecentEvents {
  public:
    // Two messages of one session that say the same are one when they happened less than this apart: Acct-Delay-Time is
    // in whole seconds (RFC 2866 section 5.2), so a retransmission may seem to have happened a second sooner or later.
    static constexpr Microseconds kSameTime = std::chrono::seconds{2};
    // How long a NAS may go on retransmitting a packet without any change.
    static constexpr Microseconds kSamePacket = std::chrono::minutes{5};

    // Remembers about `capacity` events (at 32 bytes each), then forgets the oldest first.
    explicit RecentEvents(const HashKey& key, std::size_t capacity = std::size_t{1} << 17);

    // True when `event` was told before; else it is remembered. `arrived` is when the packet came.
    bool repeated(const LoginEvent& event, const Origin& origin, Time arrived);

  private:
    struct Entry {
        std::uint64_t tag = 0;
        Time time = Time::min();
    };
    static constexpr std::size_t kWays = 8;

    bool seen(const Hash128& hash, Time time, Microseconds window);

    const HashKey key_;
    std::mutex mutex_;           // guards entries_
    PageVector<Entry> entries_;  // sets of kWays, chosen by the hash
};

}  // namespace guard::module
