#include "cli/replay/analyses.hpp"

#include <utility>

namespace guard::cli {

Analyses::Analyses(std::vector<std::unique_ptr<Analysis>> all)
    : all_(std::move(all)),
      failures_(all_.size()),
      begin_(static_cast<std::ptrdiff_t>(all_.size())),
      end_(static_cast<std::ptrdiff_t>(all_.size())) {
    for (std::size_t i = 1; i < all_.size(); ++i) threads_.emplace_back([this, i] { run(i); });
}

Analyses::~Analyses() {
    work_ = nullptr;
    begin_.arrive_and_wait();
}

void Analyses::run(std::size_t index) {
    for (;;) {
        begin_.arrive_and_wait();
        if (work_ == nullptr) return;
        do_work(index);
        end_.arrive_and_wait();
    }
}

// Nothing may leave a thread, and all must come to the end of the batch.
void Analyses::do_work(std::size_t index) {
    try {
        (*work_)(*all_[index]);
    } catch (...) {
        failures_[index] = std::current_exception();
    }
}

void Analyses::each(const std::function<void(Analysis&)>& work) {
    work_ = &work;
    begin_.arrive_and_wait();
    do_work(0);
    end_.arrive_and_wait();
    for (std::exception_ptr& failure : failures_)
        if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
}

void Analyses::take(const replay::Batch& batch) {
    each([&](Analysis& analysis) { analysis.take(batch); });
}

void Analyses::finish() {
    each([](Analysis& analysis) { analysis.finish(); });
}

}  // namespace guard::cli
