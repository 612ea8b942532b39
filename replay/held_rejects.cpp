#include "replay/held_rejects.hpp"

#include <algorithm>
#include <utility>

namespace guard::replay {
namespace {

// PAM may know the account without its realm.
std::string_view account(std::string_view id) {
    return id.substr(0, id.find('@'));
}

bool belongs_to(const StreamEvent& reject, const StreamEvent& accept) {
    const LoginEvent &failed = reject.event, &good = accept.event;
    if (failed.addresses != good.addresses) return false;
    const bool sessions = reject.trace.connection != 0 && accept.trace.connection != 0 &&
                          reject.protocol == Protocol::mail && accept.protocol != Protocol::smtp;
    if (sessions && reject.trace.connection != accept.trace.connection) return false;
    return failed.id.empty() || account(failed.id) == account(good.id);
}

}  // namespace

void HeldRejects::hold(StreamEvent& event) {
    ++of_source_[event.event.addresses.front()];
    waiting_.emplace_back();
    std::swap(waiting_.back(), event);
}

void HeldRejects::forget(const IpAddress& source) {
    const auto found = of_source_.find(source);
    if (--found->second == 0) of_source_.erase(found);
}

bool HeldRejects::take_accepted(const StreamEvent& accept, StreamEvent& reject) {
    if (accept.event.addresses.empty() || !of_source_.contains(accept.event.addresses.front())) return false;
    const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const StreamEvent& waiting) { return belongs_to(waiting, accept); });
    if (found == waiting_.end()) return false;
    std::swap(reject, *found);
    waiting_.erase(found);
    forget(reject.event.addresses.front());
    return true;
}

bool HeldRejects::take_due(std::optional<Time> now, StreamEvent& reject) {
    if (waiting_.empty()) return false;
    const bool due = !now || waiting_.size() > kMax || waiting_.front().event.time + kHold < *now;
    if (!due) return false;
    std::swap(reject, waiting_.front());
    waiting_.pop_front();
    forget(reject.event.addresses.front());
    return true;
}

}  // namespace guard::replay
