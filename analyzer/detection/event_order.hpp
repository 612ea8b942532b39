// Puts events that came out of order into the order of their times, by holding each back until nothing earlier can
// come. For replay, where waiting costs nothing; live, the histories themselves bear with what comes late.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "event/login_event.hpp"

namespace guard::detection {

class EventOrder {
  public:
    // An event may come after one that is later than it by up to `tolerance`, and exactly so much.
    explicit EventOrder(std::chrono::seconds tolerance) : tolerance_(tolerance) {}

    void push(LoginEvent event) {
        newest_ = std::max(newest_, event.time);
        waiting_.push({std::move(event), next_++});
    }
    // The next event in order, if it is certain that none before it will come; `no_more`: none at all will come.
    std::optional<LoginEvent> pop(bool no_more = false) {
        if (waiting_.empty() || (!no_more && waiting_.top().event.time + tolerance_ >= newest_)) return std::nullopt;
        LoginEvent event = waiting_.top().event;
        waiting_.pop();
        return event;
    }

  private:
    struct Waiting {
        LoginEvent event;
        std::uint64_t number;
    };
    // By all fields, so that equal times come out the same whatever order they came in; the number only for equal
    // events.
    struct Later {
        bool operator()(const Waiting& a, const Waiting& b) const {
            const auto key = [](const LoginEvent& event) {
                return std::tie(event.time, event.service, event.id, event.kind, event.addresses);
            };
            return key(a.event) != key(b.event) ? key(b.event) < key(a.event) : a.number > b.number;
        }
    };
    const std::chrono::seconds tolerance_;
    std::priority_queue<Waiting, std::vector<Waiting>, Later> waiting_;
    Time newest_ = Time::min();
    std::uint64_t next_ = 0;
};

}  // namespace guard::detection
