// The truth against what the parts say of it, at rest. Nothing here asks the detectors what they think: who is a thief
// is known from how he was made.
#pragma once

#include "tests/chaos/world.hpp"

namespace guard::chaos {

// How much was compared: in one round, and of what has come about since the world began.
struct Compared {
    struct Round {
        std::uint64_t messages = 0, missing = 0, dropped = 0, refused = 0, accepted = 0;
    } round;
    struct Standing {
        std::uint64_t thefts = 0, not_judged = 0, suspensions = 0, releases = 0, moved = 0, moved_slowly = 0;
        std::uint64_t recorded = 0, blocks = 0, disconnects = 0, mails = 0, again = 0, torn = 0;
    } standing;
};

// Notes violations. `released`: what PostgreSQL has confirmed in this round.
Compared compare(World& world, const std::set<Key>& released);

}  // namespace guard::chaos
