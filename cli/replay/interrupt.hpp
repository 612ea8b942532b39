// Ctrl-C once ends a replay with what was found so far; twice ends it at once. While the object lives, SIGINT and
// SIGTERM are its own. Made and gone on the main thread; one at a time.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

#include "event/descriptor.hpp"

namespace guard::cli {

class Interrupt {
  public:
    // `stop` is called once, on a thread of this object.
    explicit Interrupt(std::function<void()> stop);
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    [[nodiscard]] static bool asked();

  private:
    Descriptor wake_;
    struct sigaction interrupt_ {
    }, terminate_{};  // as they were
    std::jthread watcher_;
};

}  // namespace guard::cli
