// Where the analyzer's events come from: streams, each in an order of its own and with positions in it. The local
// spools are the first implementation; a message stream over several machines will be the second, and nothing above
// this interface may know which one it is. Used from one thread.
//
// What an implementation owes: the events of one key (service and ID) are in one stream, in the order in which they
// were written. From a position the same events come again in the same order, until it was acknowledged. Among several
// streams the earliest event that is there comes first; one that comes late comes when it is there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "event/login_event.hpp"

namespace guard::daemon {

// How far each stream was read, by its name. A position is text that the source alone understands.
using Positions = std::map<std::string, std::string>;

struct StreamStatus {
    bool present = true;  // false: it is not there now; its position is kept
    std::uint64_t read = 0, torn = 0, malformed = 0, unreadable = 0, deleted_unread = 0;  // since the start
    // What those who write say. The fingerprint is how they normalise IDs; empty: not known.
    std::uint64_t appended = 0, dropped = 0, unusable = 0, clamped = 0, duplicates = 0;
    std::string id_fingerprint;
};

class EventSource {
  public:
    virtual ~EventSource() = default;

    // Reads on at these positions; a stream that is not named, from its beginning. Once, before all else. Throws
    // std::runtime_error for a position that it cannot read: to guess one would lose events or repeat effects.
    virtual void open(const Positions& from) = 0;
    // From now on no event comes that is not before these positions, and none of a stream that is not named; none: no
    // limit. What a stream should still have had before the last limit and has not any more is passed over.
    virtual void stop_at(std::optional<Positions> limit) = 0;

    // The earliest event that is there now, or null. Valid until the next call of another function that is not const.
    [[nodiscard]] virtual const LoginEvent* peek() = 0;
    // Passes over the event that peek() returned.
    virtual void pop() = 0;
    // Behind the last event of each stream that was passed over.
    [[nodiscard]] virtual Positions positions() const = 0;

    // Whether who stands at `one` has passed over all that who stands at `other` has; false also when they cannot tell.
    [[nodiscard]] virtual bool covers(const Positions& one, const Positions& other) const = 0;
    // Nobody will ask again for what lies before these positions: it may be deleted.
    virtual void acknowledge(const Positions& positions) = 0;
    // About every ten seconds: streams that have appeared are taken in, what is past its term goes.
    virtual void maintain(Time now) = 0;
    // By name of the stream.
    [[nodiscard]] virtual std::map<std::string, StreamStatus> status() const = 0;
};

}  // namespace guard::daemon
