// One attempt at a mail server may have several lines: of the server, of the authentication service behind it, of PAM,
// and a summary of the connection. The ledger sees the events of a log in their order and lets each attempt pass once.
// For the stage of replay that puts chunks in order again; one thread. What it does depends on the events alone, not
// on how the log was cut, and its memory has a bound: whom it had to forget may be counted twice, nobody is missed.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "replay/formats/log_parser.hpp"

namespace guard::replay {

// The entries used last, `capacity` of them at least and twice as many at most: when the younger half is full, the
// older one goes.
template <class Key, class Value, class Hash = std::hash<Key>>
class RecentMap {
  public:
    explicit RecentMap(std::size_t capacity) : capacity_(capacity) {}

    // Null: not there.
    [[nodiscard]] Value* find(const Key& key) {
        if (const auto found = young_.find(key); found != young_.end()) return &found->second;
        return old_.contains(key) ? &(*this)[key] : nullptr;
    }
    // Made anew when it is not there. Valid until the next call.
    Value& operator[](const Key& key) {
        if (const auto found = young_.find(key); found != young_.end()) return found->second;
        if (young_.size() >= capacity_) {
            old_.swap(young_);
            young_.clear();
        }
        Value& value = young_[key];
        if (const auto known = old_.find(key); known != old_.end()) {
            value = std::move(known->second);
            old_.erase(known);
        }
        return value;
    }
    void erase(const Key& key) {
        young_.erase(key);
        old_.erase(key);
    }
    [[nodiscard]] std::size_t size() const { return young_.size() + old_.size(); }

  private:
    std::size_t capacity_;
    boost::unordered_flat_map<Key, Value, Hash> young_, old_;
};

class AttemptLedger {
  public:
    // What was not spoken of for so long is forgotten: no connection without a login lives longer.
    static constexpr std::chrono::minutes kForget{10};
    // How long before the server's line the authentication service may have named the ID.
    static constexpr std::chrono::seconds kLend{60};

    // `mail_wanted`: events of Protocol::mail pass, too. Without, they lend their ID to the server's reject that names
    // none (Postfix before 3.9 with Dovecot behind it).
    explicit AttemptLedger(bool mail_wanted) : mail_wanted_(mail_wanted) {}

    // In the order of the log, the events of all protocols that are wanted and those of Protocol::mail. False: there is
    // nothing left to count. True: the event passes; `attempts` may be lower and `id` filled in (valid until the next
    // call).
    [[nodiscard]] bool take(LogEvent& event);

    // How much it holds now, for tests of its bound.
    [[nodiscard]] std::size_t size() const { return connections_.size() + sources_.size() + copies_.size(); }

    static constexpr std::size_t kMaxConnections = 32'768, kMaxSources = 8'192, kMaxCopies = 8'192;
    static constexpr std::size_t kMaxLent = 8;  // IDs of one source

  private:
    struct Connection {
        std::uint64_t told = 0;      // rejects with lines of their own
        std::uint64_t excused = 0;   // attempts that are no rejects
        std::uint64_t accepted = 0;  // hash of the ID that logged in last
        Time last{};
    };
    // Of nearly all sources there is one at a time, of no more bytes than fit.
    struct Lent {
        boost::container::small_vector<char, 24> id;
        Time at{};
    };
    struct Source {
        std::array<std::uint64_t, 3> told{};  // by Witness
        std::uint64_t passed = 0;
        boost::container::small_vector<Lent, 1> lent;  // the oldest first
        Time last{};
    };

    [[nodiscard]] bool take_accept(const LogEvent& event);
    [[nodiscard]] bool is_copy(const LogEvent& event);
    // What is left of the attempts of this event beside the other lines of its connection.
    void settle_connection(LogEvent& event);
    // Of several witnesses to the attempts of one source, who tells of the most is right.
    void settle_witnesses(LogEvent& event);
    void lend(const LogEvent& event);
    void borrow(LogEvent& event);

    bool mail_wanted_;
    RecentMap<std::uint64_t, Connection> connections_{kMaxConnections};
    RecentMap<IpAddress, Source, IpAddressHash> sources_{kMaxSources};
    RecentMap<std::uint64_t, bool> copies_{kMaxCopies};
    std::string borrowed_;
};

}  // namespace guard::replay
