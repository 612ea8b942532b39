// Suspensions that end while everything else goes on: a new password through the operator's portal, or a person. On a
// thread of its own, which goes on with each until PostgreSQL has said yes.
#pragma once

#include <thread>

#include "tests/chaos/world.hpp"

namespace guard::chaos {

class Releaser {
  public:
    // Begins; `most` releases at random times.
    Releaser(World& world, unsigned most, std::uint64_t seed);
    // Finishes the one it is at. The IDs that PostgreSQL has said are released.
    std::set<Key> finish();

  private:
    void run(const std::stop_token& stop);
    void release(Service service, const std::string& id);
    [[nodiscard]] bool is_released(Service service, const std::string& id) const;

    World& world_;
    unsigned most_;
    Random random_;
    std::set<Key> done_;
    std::jthread thread_;
};

}  // namespace guard::chaos
