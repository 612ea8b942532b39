// Writes findings of a replay as incidents, as an analyzer in observe mode would have, and leaves everything alone that
// the live analyzer wrote: how far it has read, the state of its incidents, the breaker, alarms. Every statement only
// adds, so that the same log a second time adds nothing. For guardctl replay --into-cases, on a connection of its own.
#pragma once

#include <cstddef>
#include <pqxx/pqxx>
#include <span>

#include "analyzer/detection/finding.hpp"

namespace guard::daemon {

struct RecordedPast {
    std::size_t findings = 0;  // new ones
    std::size_t known = 0;     // there already: from an earlier replay, or the analyzer saw the same live
    std::size_t sources = 0;   // new ones
};

// One transaction. Only what was decided for good: no `settling`, no renewals. A live record of the same rule about the
// same ID or source counts as the same when it is at most two minutes away: a log is less exact about time than the
// module. Throws pqxx exceptions.
RecordedPast record_past(pqxx::connection& connection, std::span<const detection::Decision> decisions);

}  // namespace guard::daemon
