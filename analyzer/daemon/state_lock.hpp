// Holds a state directory for one process: two that read the same spools would both take the place of the other's
// snapshots. The kernel drops the lock with the process, however that ends. Made by the analyzer and by
// `guardctl replay --learn`, on their main thread.
#pragma once

#include <filesystem>

#include "event/descriptor.hpp"

namespace guard::daemon {

class StateLock {
  public:
    // Throws std::runtime_error when another process holds it, and says which; std::system_error when the directory
    // cannot be written to.
    explicit StateLock(const std::filesystem::path& state_directory);

  private:
    Descriptor file_;
};

}  // namespace guard::daemon
