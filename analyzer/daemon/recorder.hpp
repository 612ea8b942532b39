// Writes what was decided, and how far the journal was read for it, in one transaction: after a crash at any instant
// both are there or neither is. Every statement may be repeated without effect. Used by the pipeline's thread, on its
// connection.
#pragma once

#include <cstdint>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "analyzer/daemon/event_source.hpp"
#include "analyzer/daemon/open_disconnects.hpp"
#include "analyzer/detection/detector.hpp"
#include "geo/locator.hpp"

namespace guard::daemon {

struct Batch {
    std::vector<detection::Decision> decisions;
    std::vector<detection::LateSession> late_sessions;
    std::vector<TakenAddress> taken;
    Positions positions;
    Time event_time{};  // of the last event

    [[nodiscard]] bool has_effects() const { return !decisions.empty() || !late_sessions.empty() || !taken.empty(); }
};

struct Recorded {
    std::size_t suspended = 0, reviews = 0, blocks = 0;
    bool breaker_opened = false;
    struct Dead {
        std::string what, sqlstate;
    };
    std::vector<Dead> dead;  // letters: what PostgreSQL would not take
};

// What becomes of a decision whose data PostgreSQL refuses.
enum class Refused {
    fails,    // all of the transaction fails; quick
    is_kept,  // it goes to guard.dead_letter with an alarm, in the same transaction as all the others
};

// Throws pqxx exceptions. After pqxx::in_doubt_error was_committed() tells what became of `transaction_id`, which is
// set before the commit.
[[nodiscard]] Recorded record(pqxx::connection& connection, const Batch& batch, const geo::Locator& locator,
                              std::int64_t& transaction_id, Refused refused = Refused::fails);

// Makes an incident, just recorded, a part of what many did at once, if that is why it waits for a person.
void join_mass_event(pqxx::work& transaction, const detection::Decision& decision, std::int64_t incident);

// Whether a transaction whose commit was in doubt has been committed, and the database stands where it left it: a
// standby that has taken over may have given its number to another one. None while PostgreSQL is still at it.
[[nodiscard]] std::optional<bool> was_committed(pqxx::connection& connection, std::int64_t transaction_id,
                                                const Positions& positions);

[[nodiscard]] Positions stored_positions(pqxx::connection& connection);
// Whether the database stands at these positions. What else it knows of does not matter.
[[nodiscard]] bool stands_at(pqxx::connection& connection, const Positions& positions);

}  // namespace guard::daemon
