// pppoe.reject: twenty rejects in ten minutes: most often a router with an old password. Kept apart from the histories:
// a name that does not exist can be rejected too, and whoever invents names must not fill our memory.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "analyzer/detection/rules/rule.hpp"
#include "config/settings.hpp"

namespace guard::detection {

class RejectWatch {
  public:
    explicit RejectWatch(const config::PppoeSettings& settings) : settings_(settings) {}

    // `key` is the keyed hash of the ID. A match once a day and ID.
    std::optional<Match> rejected(std::uint64_t key, Time now);

  private:
    friend struct StateFields;
    struct Rejects {
        std::vector<Time> times;
        Time quiet_until{};
    };
    static constexpr std::size_t kMaxIds = 100'000;  // past it the whole watch starts afresh: nothing is enforced by it

    const config::PppoeSettings settings_;
    std::unordered_map<std::uint64_t, Rejects> ids_;
    Time next_sweep_{};
};

}  // namespace guard::detection
