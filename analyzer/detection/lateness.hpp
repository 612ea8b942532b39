// How late events have lately been: by how much they are before the newest one when they come. Whoever judges what many
// did within a time waits as much longer, so that all of it has come.
#pragma once

#include <algorithm>

#include "event/time.hpp"

namespace guard::detection {

class Lateness {
  public:
    // An event of `time` came after one of `newest`, which is later.
    void seen(Time time, Time newest) {
        if (newest - time < kNoticed) return;
        if (newest >= began_ + kTurn) {
            before_ = newest < began_ + 2 * kTurn ? worst_ : kNone;
            worst_ = kNone;
            began_ = newest;
        }
        worst_ = std::max(worst_, std::chrono::ceil<std::chrono::seconds>(newest - time));
    }
    // The latest of the last half hour at least, and of the last hour at most.
    [[nodiscard]] std::chrono::seconds worst(Time now) const {
        if (now >= began_ + 2 * kTurn) return kNone;
        return now < began_ + kTurn ? std::max(worst_, before_) : worst_;
    }

  private:
    friend struct StateFields;
    static constexpr auto kTurn = std::chrono::minutes{30};
    static constexpr std::chrono::seconds kNone{0};
    static constexpr std::chrono::seconds kNoticed{1};  // two spools are read by turns

    Time began_{};
    std::chrono::seconds worst_{0}, before_{0};
};

}  // namespace guard::detection
