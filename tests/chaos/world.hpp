// A whole small ISP under load, whose parts can be taken away: what faults act on and what is compared afterwards.
// Lives on the main thread, since the servers die with the thread that started them.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "spool/reader.hpp"
#include "tests/chaos/traffic.hpp"
#include "tests/support/isp.hpp"
#include "tests/support/small_disk.hpp"

namespace guard::chaos {

inline constexpr std::chrono::seconds kSettle{2}, kReorder{1}, kDeadPeer{1}, kQuiet{5};
inline constexpr auto kPassword = "pw";

class World {
  public:
    // Starts everything and lets the innocents live. `rate`: logins a second.
    World(std::uint64_t seed, unsigned rate);
    ~World();

    // --- the daemons; what they said is kept in files
    void launch_analyzer();
    void launch_notifier();
    void kill_analyzer();
    void kill_notifier();
    // SIGTERM; notes a violation when it does not end by itself in time.
    void stop_analyzer();
    void stop_notifier();
    void keep_logs();
    [[nodiscard]] std::string pools() const;

    // From whom it is certain that they are misused; new ones each round.
    void add_thefts(unsigned round, unsigned count, milliseconds within);
    // Thirty IDs that are moved to a far region at once, and a place for what came of it.
    struct Failover {
        unsigned from = 0, to = 0;
        std::vector<std::string> ids;
        std::size_t connected = 0, moved = 0;  // as they are answered; on the thread of the traffic
        Time began{}, ended{};
    };
    void prepare_failover(unsigned round);
    void fail_over();

    void violation(const std::string& text) { violations.push_back(text); }

    Random random;  // what happens; of the main thread
    Random life;    // when who asks; of the thread of the traffic
    test::Isp isp;
    std::map<std::string, std::unique_ptr<test::SmallDisk>> disks;  // spool, state, enforcement, tables, wal
    std::string configuration;                                      // of the analyzer
    AddressBook book;
    std::vector<std::shared_ptr<Theft>> thefts;
    std::map<std::string, std::string> guessers;  // source to the ID whose password it has found
    std::shared_ptr<Failover> failover;
    std::vector<std::shared_ptr<Failover>> failovers;
    std::vector<std::string> violations;
    std::map<Service, std::unique_ptr<spool::Reader>> journal;
    std::set<Key> lost;                       // IDs of which an event was dropped: nobody can find what is not there
    std::uint64_t dropped = 0, repeated = 0;  // counted by the module so far
    std::set<pid_t> dead_notifiers;           // whose leases are to be ended: nobody waits five minutes here
    std::vector<std::pair<Time, std::optional<Time>>> radius_away;
    std::vector<std::unique_ptr<pqxx::connection>> hogs;
    bool postgres_hangs = false;
    std::atomic<bool> password_unseen = false;  // a portal changed one, and the trigger failed: an alarm is due
    Service spool_away = Service::pppoe;        // the one whose turn it was last
    unsigned markers = 0;
    std::unique_ptr<Traffic> traffic;  // last: it goes first

  private:
    void make_disks();
    void make_database_disks();
    void configure();
    void populate(unsigned rate);
    void stop(const std::string& name, test::Process& daemon, milliseconds within, void (World::*kill)());
    std::shared_ptr<Theft> make_theft(const std::string& id);
    std::shared_ptr<Theft> make_mail_theft(const std::string& id);
    unsigned region();

    unsigned sources_ = 0;
    std::map<std::string, Time> launched_;
};

}  // namespace guard::chaos
