// Lets one thread sleep until another has something for it, time is up or the program stops.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace guard::daemon {

class Wakeup {
  public:
    void wake() {
        {
            const std::lock_guard lock(mutex_);
            woken_ = true;
        }
        condition_.notify_all();
    }
    // False when the program stops.
    bool wait_for(std::chrono::milliseconds time, const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        condition_.wait_for(lock, stop, time, [&] { return woken_; });
        woken_ = false;
        return !stop.stop_requested();
    }

  private:
    std::mutex mutex_;
    std::condition_variable_any condition_;
    bool woken_ = false;
};

}  // namespace guard::daemon
