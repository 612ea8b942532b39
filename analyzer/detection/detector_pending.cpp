// The part of Detector that bears with events out of order. An accept is a fact, whatever is told of later. A sign of
// life is one of the session that was at its address then, and until nothing earlier can come any more that may be
// another one than is known. What rests on such a sign waits that long and is looked at again; see
// docs/decisions/0016-signs-of-life-wait.md.
#include <algorithm>

#include "analyzer/detection/detector.hpp"

namespace guard::detection {
namespace {

constexpr std::size_t kMostPending = 100'000;
constexpr Microseconds kAfterwards{1};  // an event may come exactly `reorder` late

std::vector<LifeSign> young_signs(const Match& match, Time now, std::chrono::seconds reorder) {
    std::vector<LifeSign> signs;
    const auto add = [&](const LifeSign& sign) {
        if (sign.time + reorder >= now) signs.push_back(sign);
    };
    for (const LifeSign& sign : match.signs) add(sign);
    if (!match.signs.empty()) return signs;
    for (const Evidence& evidence : match.evidence)
        if ((evidence.kind == Kind::alive || evidence.kind == Kind::release) && evidence.address)
            add({*evidence.address, evidence.time});
    return signs;
}

PppoeRule rule_of(Rule rule) {
    return std::find_if(kPppoeRules.begin(), kPppoeRules.end(), [rule](const auto& row) { return row.first == rule; })
        ->second;
}

}  // namespace

// True: it is not a finding yet.
bool Detector::wait_for_order(const RuleInput& input, const Match& match, std::uint64_t key, Time now) {
    if (settings_.reorder == std::chrono::seconds{0}) return false;
    std::vector<LifeSign> signs = young_signs(match, now, settings_.reorder);
    if (signs.empty()) return false;
    if (pending_.size() >= kMostPending) return true;  // the next sign of life tells of it again
    const auto youngest = std::max_element(signs.begin(), signs.end(),
                                           [](const LifeSign& a, const LifeSign& b) { return a.time < b.time; });
    const Time due = youngest->time + settings_.reorder + kAfterwards;
    pending_.emplace(due, Pending{match, std::move(signs), std::string(input.event.id), key, input.event.time});
    return true;
}

void Detector::judge_pending(std::vector<Decision>& decisions) {
    const auto first = pending_.extract(pending_.begin());
    const Time now = first.key();
    const Pending& pending = first.mapped();
    Stream* const stream = known_stream(pending.key);
    if (stream == nullptr || !stream->history || stream->has_spoken(pending.match.rule, pending.time)) return;
    const Subject subject{Service::pppoe, pending.id, pending.key, *stream};
    const auto confirm = [&](const Match& match) {
        quarantine(match, pending.time, *stream);
        raise(match, subject, pending.time, decisions, now);
    };
    const bool stand = std::all_of(pending.signs.begin(), pending.signs.end(), [&](const LifeSign& sign) {
        return stream->history->stands(sign, settings_.pppoe);
    });
    if (stand) return confirm(pending.match);
    // Maybe another sign shows the same.
    const LoginEvent event{Service::pppoe, Kind::alive, pending.id, {}, pending.time};
    const LoginEventView view(event);
    const Change anything{.counted_accept = true, .life_sign = true, .new_visit = true};
    const RuleInput input{*stream->history, stream->learned.familiarity, view, anything,
                          settings_,        sessions_allowed(view)};
    const auto match = rule_of(pending.match.rule)(input);
    if (match && !wait_for_order(input, *match, pending.key, now)) confirm(*match);
}

}  // namespace guard::detection
