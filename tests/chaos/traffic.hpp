// The thread that asks for all lines, whatever happens to the servers meanwhile. Everything about lines, ledger and NAS
// is done on it: call() runs a piece of work there and waits for its result.
#pragma once

#include <future>
#include <mutex>
#include <queue>
#include <thread>

#include "tests/chaos/lines.hpp"

namespace guard::chaos {

class Traffic {
  public:
    explicit Traffic(const Ports& ports) : nas_(ports), thread_([this](const std::stop_token& stop) { run(stop); }) {}

    template <class Work>
    auto call(Work work) {
        std::packaged_task<decltype(work())()> task(std::move(work));
        auto result = task.get_future();
        {
            const std::lock_guard lock(mutex_);
            posted_.push_back([&task] { task(); });
        }
        return result.get();
    }

    // --- on the thread
    // Background lines rest while nothing is to be loaded.
    void add(std::shared_ptr<Line> line, milliseconds after, bool background = false);
    void set_loading(bool loading);
    [[nodiscard]] Ledger& ledger() { return ledger_; }
    [[nodiscard]] const Nas& nas() const { return nas_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Turn {
        Clock::time_point due;
        std::shared_ptr<Line> line;
        bool background;
        friend bool operator<(const Turn& a, const Turn& b) { return a.due > b.due; }  // the earliest on top
    };

    void run(const std::stop_token& stop);
    void run_posted();
    void ask(const Turn& turn);

    std::mutex mutex_;
    std::vector<std::function<void()>> posted_;  // guarded by mutex_
    Nas nas_;
    Ledger ledger_;
    std::priority_queue<Turn> turns_;
    std::vector<Turn> resting_;
    bool loading_ = false;
    std::jthread thread_;
};

}  // namespace guard::chaos
