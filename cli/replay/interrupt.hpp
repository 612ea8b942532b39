// Ctrl-C once ends a replay with what was found so far; twice ends it at once. While the object lives, SIGINT and
// SIGTERM are its own; made and gone on the main thread.
#pragma once

#include <csignal>

namespace guard::cli {

class Interrupt {
  public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    [[nodiscard]] static bool asked();

  private:
    struct sigaction interrupt_ {
    }, terminate_{};  // as they were
};

}  // namespace guard::cli
