#include "replay/attempt_ledger.hpp"

#include <algorithm>
#include <chrono>

namespace guard::replay {
namespace {

template <class Entry>
Entry& awake(Entry& entry, Time now) {
    if (std::chrono::abs(now - entry.last) > AttemptLedger::kForget) entry = {};
    entry.last = now;
    return entry;
}

std::uint64_t combined(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 31;
}

}  // namespace

bool AttemptLedger::take(LogEvent& event) {
    if (event.protocol == Protocol::pppoe || event.addresses.empty()) return true;
    if (event.kind == Kind::accept) return take_accept(event);
    if (event.protocol == Protocol::mail && !mail_wanted_ && event.witness != Witness::server) {
        if (event.witness == Witness::service && event.connection == 0) lend(event);
        return false;
    }
    if (event.protocol == Protocol::mail && !mail_wanted_) return false;
    if (event.copied && is_copy(event)) return false;
    if (event.witness == Witness::server && event.connection != 0) settle_connection(event);
    if (event.attempts == 0) return false;
    if (mail_wanted_)
        settle_witnesses(event);
    else if (event.protocol == Protocol::smtp && !event.summary)
        borrow(event);
    return event.attempts != 0;
}

// A server that tells of each message tells of the login once more with each.
bool AttemptLedger::take_accept(const LogEvent& event) {
    if (event.protocol == Protocol::mail && !mail_wanted_) return false;
    if (event.connection == 0) return true;
    Connection& connection = awake(connections_[event.connection], event.at.time);
    const std::uint64_t id = std::hash<std::string_view>{}(event.id) | 1;
    if (connection.accepted == id) return false;
    connection.accepted = id;
    return true;
}

// Exim writes the same line into its main log and its reject log, through syslog twice into one file. So of two lines
// that are alike to the last digit of the time one counts.
bool AttemptLedger::is_copy(const LogEvent& event) {
    std::uint64_t key =
        combined(event.connection, static_cast<std::uint64_t>(event.at.time.time_since_epoch().count()));
    key = combined(key, IpAddressHash{}(event.addresses.front()));
    key = combined(key, std::hash<std::string_view>{}(event.id));
    if (copies_.find(key) != nullptr) {
        copies_.erase(key);  // the third would be another attempt
        return true;
    }
    copies_[key] = true;
    return false;
}

void AttemptLedger::settle_connection(LogEvent& event) {
    Connection& connection = awake(connections_[event.connection], event.at.time);
    if (!event.summary) {
        connection.told += event.attempts;
        connection.excused += event.attempts == 0 ? 1 : 0;
        return;
    }
    const std::uint64_t known = connection.told + connection.excused;
    event.attempts -= static_cast<std::uint32_t>(std::min<std::uint64_t>(known, event.attempts));
    connections_.erase(event.connection);
}

void AttemptLedger::settle_witnesses(LogEvent& event) {
    Source& source = awake(sources_[event.addresses.front()], event.at.time);
    std::uint64_t& told = source.told[static_cast<std::size_t>(event.witness)];
    told += event.attempts;
    const std::uint64_t left = told > source.passed ? told - source.passed : 0;
    source.passed += left;
    event.attempts = static_cast<std::uint32_t>(left);
}

void AttemptLedger::lend(const LogEvent& event) {
    Source& source = awake(sources_[event.addresses.front()], event.at.time);
    if (source.lent.size() >= kMaxLent) source.lent.erase(source.lent.begin());
    source.lent.push_back({{event.id.begin(), event.id.end()}, event.at.time});
}

void AttemptLedger::borrow(LogEvent& event) {
    Source* const source = sources_.find(event.addresses.front());
    if (source == nullptr) return;
    auto& lent = source->lent;
    const auto fresh = std::find_if(lent.begin(), lent.end(),
                                    [&](const Lent& one) { return std::chrono::abs(event.at.time - one.at) <= kLend; });
    lent.erase(lent.begin(), fresh);
    if (lent.empty()) return;
    borrowed_.assign(lent.front().id.data(), lent.front().id.size());
    lent.erase(lent.begin());
    if (event.id.empty()) event.id = borrowed_;
}

}  // namespace guard::replay
