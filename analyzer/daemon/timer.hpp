// "Has so much time passed since the last time?", by the clock that nobody sets.
#pragma once

#include <chrono>

namespace guard::daemon {

class Timer {
  public:
    explicit Timer(std::chrono::milliseconds interval) : interval_(interval) {}

    // True at the first call, and then once per interval.
    bool due() {
        const auto now = std::chrono::steady_clock::now();
        if (started_ && now < last_ + interval_) return false;
        started_ = true;
        last_ = now;
        return true;
    }
    // The next call of due() is true.
    void expire() { started_ = false; }
    // Counts from now on, so that due() is false for an interval.
    void restart() {
        started_ = true;
        last_ = std::chrono::steady_clock::now();
    }

  private:
    const std::chrono::milliseconds interval_;
    std::chrono::steady_clock::time_point last_{};
    bool started_ = false;
};

}  // namespace guard::daemon
