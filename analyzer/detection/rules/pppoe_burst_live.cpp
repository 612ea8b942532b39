// pppoe.burst.live: ten accepts in ten minutes while a session older than they are is confirmed live after at least
// five of them; only where the contract allows one session.
#include "analyzer/detection/rules/rule.hpp"

namespace guard::detection {
namespace {

constexpr auto kNews =
    std::chrono::hours{2};  // time for two hourly Interim-Updates of the session that outlives a burst

}  // namespace

std::optional<Match> pppoe_burst_live(const RuleInput& input) {
    const auto& pppoe = input.settings.pppoe;
    const auto& accepts = input.history.accepts();
    if (input.sessions_allowed > 1 || accepts.size() < pppoe.burst_accepts) return std::nullopt;
    if (!input.change.counted_accept && !input.change.life_sign) return std::nullopt;
    // Every window of so many accepts in a row that is short enough, the newest first.
    for (std::size_t last = accepts.size(); last-- >= pppoe.burst_accepts;) {
        const std::size_t first = last + 1 - pppoe.burst_accepts;
        if (accepts[last].time + kNews <= input.event.time) break;
        if (accepts[last].time - accepts[first].time >= pppoe.burst_window) continue;
        const Time outlived = accepts[first + pppoe.burst_live_after - 1].time;
        for (const Session& older : input.history.sessions()) {
            if (older.discounted || may_be_young(older, input) || older.began >= accepts[first].time ||
                !older.confirmed)
                continue;
            if (*older.confirmed <= outlived + pppoe.dead_peer_time) continue;
            Match match{Rule::pppoe_burst_live, Grade::certain, {}, {}, {}};
            if (older.place) match.places.push_back(*older.place);
            match.evidence.assign(accepts.begin() + static_cast<std::ptrdiff_t>(first),
                                  accepts.begin() + static_cast<std::ptrdiff_t>(last) + 1);
            add_session(match, older);
            match.count = pppoe.burst_accepts;
            match.span = std::chrono::floor<std::chrono::seconds>(accepts[last].time - accepts[first].time);
            return match;
        }
    }
    return std::nullopt;
}

}  // namespace guard::detection
