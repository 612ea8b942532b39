#include "tests/chaos/ledger.hpp"

#include <algorithm>
#include <array>

namespace guard::chaos {
namespace {

constexpr auto kSlow = std::chrono::seconds{3};
// A session that says the same again within this has said nothing new, and the module leaves it out.
constexpr auto kSameTime = std::chrono::seconds{2};
constexpr std::size_t kExamples = 5;
constexpr std::array kAccounts = {"login", "start", "interim", "stop"};

Kind kind_of(What what, bool accepted) {
    switch (what) {
        case What::start:
            return Kind::assign;
        case What::interim:
            return Kind::alive;
        case What::stop:
            return Kind::release;
        default:
            return accepted ? Kind::accept : Kind::reject;
    }
}

}  // namespace

Service service_of(What what) {
    return what == What::mail_login ? Service::smtp_auth : Service::pppoe;
}

void Ledger::note(const Message& message, const Answer& answer) {
    const Kind kind = kind_of(message.what, answer.accepted);
    const auto account = kind == Kind::assign    ? Account::start
                         : kind == Kind::alive   ? Account::interim
                         : kind == Kind::release ? Account::stop
                                                 : Account::login;
    Entry& entry = entries_[{{service_of(message.what), message.id}, account, message.address}];
    entry.copies += answer.copies;
    ++entry.answered;
    // It happened between the two, as every other one did.
    if (account == Account::login || answer.sent >= entry.last + kSameTime) ++entry.due[static_cast<unsigned>(kind)];
    entry.last = std::max(entry.last, answer.answered);
    if (answer.took > kSlow) slow_.push_back(answer);
}

void Ledger::found(const LoginEvent& event) {
    const auto account = event.kind == Kind::assign    ? Account::start
                         : event.kind == Kind::alive   ? Account::interim
                         : event.kind == Kind::release ? Account::stop
                                                       : Account::login;
    const std::string address = event.addresses.empty() ? std::string{} : event.addresses.front().to_string();
    ++entries_[{{event.service, event.id}, account, address}].found[static_cast<unsigned>(event.kind)];
}

Balance Ledger::settle() {
    Balance balance;
    for (const auto& [place, entry] : entries_) {
        const auto& [key, account, address] = place;
        unsigned missing = 0, found = 0;
        for (unsigned kind = 1; kind < 6; ++kind) {
            found += entry.found[kind];
            if (entry.found[kind] < entry.due[kind]) missing += entry.due[kind] - entry.found[kind];
        }
        balance.answered += entry.answered;
        const unsigned more = found > entry.copies ? found - entry.copies : 0;
        balance.missing += missing;
        balance.too_many += more;
        if (missing != 0) balance.incomplete.insert(key);
        if ((missing != 0 || more != 0) && balance.examples.size() < kExamples)
            balance.examples.push_back(key.second + ' ' + kAccounts.at(static_cast<std::size_t>(account)) + ' ' +
                                       address + ": " + std::to_string(missing) + " missing, " + std::to_string(more) +
                                       " too many of " + std::to_string(entry.copies) + " sent, " +
                                       std::to_string(entry.answered) + " answered, the last at " +
                                       format_rfc3339(entry.last));
    }
    entries_.clear();
    return balance;
}

}  // namespace guard::chaos
