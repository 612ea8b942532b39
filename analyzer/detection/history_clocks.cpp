// The part of History that compares the two clocks in the events of a line: an accept bears the time of the RADIUS
// server, a Start that of the NAS. For guards/clock.hpp.
#include <algorithm>

#include "analyzer/detection/history.hpp"

namespace guard::detection {
namespace {

constexpr auto kMostSkew = std::chrono::minutes{5};  // past it the RADIUS module takes the time of arrival

bool are_near(Time a, Time b) {
    return (a < b ? b - a : a - b) <= kMostSkew;
}

}  // namespace

// `same` is the session it belongs to. Where the clocks differ by more than makes an accept and a Start one session, it
// is the newest one at the address of which only the other is known; where the NAS gives the address, the newest
// accept.
std::optional<ClockComparison> History::compare_clocks(const LoginEventView& event, const Session* same,
                                                       const IpAddress& pool) const {
    const bool starts = event.kind == Kind::assign;
    const auto lacks_it = [&](const Session& session) {
        return !session.beginning_unknown && session.accepted == starts && session.assigned != starts &&
               are_near(session.began, event.time);
    };
    if (same == nullptr) {
        const auto other = std::find_if(sessions_.rbegin(), sessions_.rend(), [&](const Session& session) {
            return !session.discounted && session.at(event.addresses) && lacks_it(session);
        });
        if (other != sessions_.rend()) same = &*other;
    } else if (!lacks_it(*same)) {
        return std::nullopt;
    }
    if (same != nullptr) return ClockComparison{pool, starts ? event.time - same->began : same->began - event.time};
    if (!starts || accepts_.empty() || accepts_.back().address || !are_near(accepts_.back().time, event.time))
        return std::nullopt;
    return ClockComparison{pool, event.time - accepts_.back().time};
}

// The NAS gives the address, and its clock is behind: in the order of the times that are told, the Start is before its
// accept. It is the newest one before, if there is no other accept it may belong to.
std::optional<ClockComparison> History::compare_clocks_of_start_before(Time accepted) const {
    const auto session = std::find_if(sessions_.rbegin(), sessions_.rend(),
                                      [&](const Session& other) { return other.began <= accepted; });
    if (session == sessions_.rend() || session->beginning_unknown || session->accepted || !session->assigned ||
        !session->place || !are_near(session->began, accepted))
        return std::nullopt;
    const bool has_another = std::any_of(accepts_.begin(), accepts_.end(), [&](const Evidence& accept) {
        return accept.time < accepted && accept.time >= session->began - kMostSkew;
    });
    if (has_another) return std::nullopt;
    return ClockComparison{session->place->network, session->began - accepted};
}

}  // namespace guard::detection
