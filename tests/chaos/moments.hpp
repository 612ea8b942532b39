// Moments at which a kill hurts: each is waited for, for a while, by what can be seen of it from outside.
#pragma once

#include "tests/chaos/world.hpp"

namespace guard::chaos {

// A transaction has written to the suspensions and has not committed.
bool await_recording(World& world);
// It has committed a suspension or a release; nothing of it is in the table yet.
bool await_recorded(World& world);
// A notice is marked as being sent.
bool await_sending(World& world);
// The mail server has a mail; nobody has recorded it yet.
bool await_sent(World& world);
// Something is made, written or renamed in a directory.
bool await_change(const std::filesystem::path& directory);
// Some way into what then goes on, up to `most`.
void a_little_later(World& world, std::chrono::microseconds most);

}  // namespace guard::chaos
