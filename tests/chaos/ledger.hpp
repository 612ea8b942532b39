// What was sent and answered, held against what is in the journal. Used on the thread of the traffic.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "event/login_event.hpp"
#include "tests/chaos/nas.hpp"

namespace guard::chaos {

using Key = std::pair<Service, std::string>;  // an ID

[[nodiscard]] Service service_of(What what);

struct Balance {
    std::uint64_t answered = 0;  // messages
    std::uint64_t missing = 0;   // answered, and not in the journal
    std::uint64_t too_many = 0;  // in the journal more often than they were sent
    std::set<Key> incomplete;    // the IDs of which something is missing
    std::vector<std::string> examples;
};

class Ledger {
  public:
    void note(const Message& message, const Answer& answer);
    void found(const LoginEvent& event);
    // Closes the account: for when all was answered and all of the journal was read.
    [[nodiscard]] Balance settle();

    // What must not happen, as it happens.
    void violation(std::string text) { violations_.push_back(std::move(text)); }
    [[nodiscard]] std::vector<std::string> take_violations() { return std::exchange(violations_, {}); }
    // Answers that took longer than a second copy needs.
    [[nodiscard]] std::vector<Answer> take_slow() { return std::exchange(slow_, {}); }

  private:
    struct Entry {
        unsigned copies = 0, answered = 0;
        unsigned due[6] = {};  // answered, and not left out as said before; by Kind
        unsigned found[6] = {};
        Time last{};  // when one was answered
    };
    // A login is one account whether it was accepted or not: of two copies one may be, the other not.
    enum class Account : std::uint8_t { login, start, interim, stop };
    using Place = std::tuple<Key, Account, std::string>;  // address: of a session, or the client's

    std::map<Place, Entry> entries_;
    std::vector<std::string> violations_;
    std::vector<Answer> slow_;
};

}  // namespace guard::chaos
