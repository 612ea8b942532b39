// Rejects that are not the server's own word: by an authentication service, by PAM. One may have failed and the next
// behind it (a second passdb, a second module of PAM) may have let the client in, which only the server's line says. So
// they wait a moment for that. For Merge, where IMAP or POP3 are wanted: else they count for nothing. One thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <deque>
#include <optional>

#include "replay/event_stream.hpp"

namespace guard::replay {

class HeldRejects {
  public:
    static constexpr std::chrono::seconds kHold{5};
    static constexpr std::size_t kMax = 8192;  // with more, the oldest does not wait

    [[nodiscard]] static bool concerns(const StreamEvent& event) {
        return event.trace.witness != Witness::server && event.event.kind == Kind::reject &&
               !event.event.addresses.empty();
    }
    // Swaps the event in.
    void hold(StreamEvent& event);
    // Swaps out one that belongs to the login that was accepted: of its session, or else of its source and account.
    // False: there is none.
    [[nodiscard]] bool take_accepted(const StreamEvent& accept, StreamEvent& reject);
    // Swaps out the oldest, if it has waited long enough at `now`; at the end of all, without a time. False: none has.
    [[nodiscard]] bool take_due(std::optional<Time> now, StreamEvent& reject);

  private:
    void forget(const IpAddress& source);

    std::deque<StreamEvent> waiting_;
    boost::unordered_flat_map<IpAddress, std::uint32_t, IpAddressHash> of_source_;  // how many are waiting
};

}  // namespace guard::replay
