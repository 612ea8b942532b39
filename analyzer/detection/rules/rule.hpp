// What a PPPoE rule is given, and what any rule says. One file per rule in this folder, each a pure function;
// detector.cpp calls them, the most certain first. The conditions are those of the table of rules in docs/detection.md.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "analyzer/detection/familiarity.hpp"
#include "analyzer/detection/finding.hpp"
#include "analyzer/detection/history.hpp"
#include "config/settings.hpp"

namespace guard::detection {

struct RuleInput {
    const History& history;
    const Familiarity& familiarity;
    const LoginEventView& event;
    const Change& change;
    const config::DetectionSettings& settings;
    unsigned sessions_allowed = 1;  // by contract, or the default
};

// What makes a jump of an SMTP-AUTH ID certain.
enum class Corroboration : std::uint8_t { none, countries, blocked, accepts };

struct Match {
    Rule rule;
    Grade grade;
    std::vector<Step> steps;         // of a rule about regions, the newest last
    std::vector<geo::Place> places;  // involved, the newest last
    std::vector<Evidence> evidence;
    // For the sentence that explains it.
    std::size_t count = 0;         // accepts, rejects, sessions or networks
    std::chrono::seconds span{0};  // in which they happened
    Corroboration corroboration = Corroboration::none;
    std::vector<LifeSign> signs{};  // by which it counts sessions as live
};

using PppoeRule = std::optional<Match> (*)(const RuleInput&);

std::optional<Match> pppoe_jump(const RuleInput&);
std::optional<Match> pppoe_jump_live(const RuleInput&);
std::optional<Match> pppoe_jump_bounce(const RuleInput&);
std::optional<Match> pppoe_jump_spread(const RuleInput&);
std::optional<Match> pppoe_burst_far(const RuleInput&);
std::optional<Match> pppoe_burst_live(const RuleInput&);
std::optional<Match> pppoe_burst_sessions(const RuleInput&);
std::optional<Match> pppoe_burst_rate(const RuleInput&);
std::optional<Match> pppoe_churn(const RuleInput&);

// The most certain first; churn, the least, speaks only when no other burst did.
inline constexpr std::array<std::pair<Rule, PppoeRule>, 8> kPppoeRules{
    {{Rule::pppoe_burst_far, pppoe_burst_far},
     {Rule::pppoe_jump_bounce, pppoe_jump_bounce},
     {Rule::pppoe_jump_spread, pppoe_jump_spread},
     {Rule::pppoe_jump_live, pppoe_jump_live},
     {Rule::pppoe_burst_live, pppoe_burst_live},
     {Rule::pppoe_burst_sessions, pppoe_burst_sessions},
     {Rule::pppoe_jump, pppoe_jump},
     {Rule::pppoe_burst_rate, pppoe_burst_rate}}};

// Different regions, and at least min_distance apart.
[[nodiscard]] bool far_apart(const geo::Place& a, const geo::Place& b, const config::DetectionSettings& settings);

// Every place is familiar to the ID: a second home long in use. No rule about regions fires then.
[[nodiscard]] bool all_familiar(const RuleInput& input, const std::vector<geo::Place>& places);

// The contract allows several sessions, and the ID was in no more far regions within spread_window than there may be
// sessions: a router in each of them, and no step between them is one that anybody made.
[[nodiscard]] bool within_contract(const RuleInput& input);

// The accepts of the last `window` before the newest event, which is not `input.event` if that came late; ascending.
// Empty if they are fewer than `at_least`.
[[nodiscard]] std::vector<Evidence> last_accepts(const RuleInput& input, std::chrono::seconds window,
                                                 std::size_t at_least);

// Neither its accept nor its Start was seen, and they may still be told of: it is not known yet to be an old session.
[[nodiscard]] bool may_be_young(const Session& session, const RuleInput& input);

// `session` showed life when `newer` had been there for longer than dead_peer_time.
[[nodiscard]] bool confirmed_beside(const Session& session, const Session& newer,
                                    const config::DetectionSettings& settings);

// The largest set of sessions that are confirmed live beside the newest of them, that one last; all of them
// have shown life within a day, so that what was judged before is not found again. Empty if none.
[[nodiscard]] std::vector<const Session*> confirmed_live_together(const RuleInput& input);

// It counts this session as live: when that began, and its last sign of life, as evidence.
void add_session(Match& match, const Session& session);

}  // namespace guard::detection
