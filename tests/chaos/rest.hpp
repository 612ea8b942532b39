// After the faults: everything runs again, and everything that is to come of what was sent comes. Waits for conditions;
// each that does not come about in time is a violation.
#pragma once

#include "tests/chaos/world.hpp"

namespace guard::chaos {

void come_to_rest(World& world);

}  // namespace guard::chaos
