// Several configurations over the same events, a thread for each but the first: one reading, whatever their number. The
// caller's thread hands out a batch and waits until all are through, so that nothing but the batch is shared.
#pragma once

#include <barrier>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "cli/replay/analysis.hpp"

namespace guard::cli {

class Analyses {
  public:
    explicit Analyses(std::vector<std::unique_ptr<Analysis>> all);
    ~Analyses();
    Analyses(const Analyses&) = delete;
    Analyses& operator=(const Analyses&) = delete;

    // Rethrows what any of them threw.
    void take(const replay::Batch& batch);
    void finish();

    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] Analysis& operator[](std::size_t index) { return *all_[index]; }

  private:
    void each(const std::function<void(Analysis&)>& work);
    void run(std::size_t index);
    void do_work(std::size_t index);

    std::vector<std::unique_ptr<Analysis>> all_;
    std::vector<std::exception_ptr> failures_;
    const std::function<void(Analysis&)>* work_ = nullptr;  // null: the threads end
    std::barrier<> begin_, end_;
    std::vector<std::jthread> threads_;
};

}  // namespace guard::cli
