// What a Disconnect-Request must never be: one that could select more than one session, or one too many in a second.
// Used by the disconnector's thread; the time is a parameter.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>

#include "analyzer/daemon/disconnect_packet.hpp"

namespace guard::daemon {

// Empty when user name and address select one session; else why the request must not be sent: a NAS may take an empty
// name or address, or a `*`, for everybody's.
[[nodiscard]] std::string why_no_selector(const DisconnectRequest& request);

// At most so many requests to one NAS in any second.
class DisconnectPace {
  public:
    explicit DisconnectPace(unsigned per_second) : per_second_(per_second) {}

    // Whether one may go to this NAS now; if so it counts.
    [[nodiscard]] bool allow(const std::string& nas, std::chrono::steady_clock::time_point now);

  private:
    const unsigned per_second_;
    std::map<std::string, std::deque<std::chrono::steady_clock::time_point>> sent_;  // within the last second
};

}  // namespace guard::daemon
