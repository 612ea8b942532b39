#include "replay/read_ahead.hpp"

namespace guard::replay {

void ReadAhead::end() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void ReadAhead::run() {
    Batch batch;
    std::unique_lock lock(mutex_);
    while (!ending_ && !at_end_ && !failure_) {
        if (ready_.size() >= kBatches) {
            lock.unlock();
            const bool helped = pool_.help();
            lock.lock();
            if (!helped) changed_.wait(lock, [&] { return ending_ || ready_.size() < kBatches; });
            continue;
        }
        if (!empty_.empty()) {
            batch = std::move(empty_.back());
            empty_.pop_back();
        }
        lock.unlock();
        bool more = false;
        std::exception_ptr failure;
        try {
            more = merge_.next(batch);
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        failure_ = failure;
        at_end_ = !more;
        if (more) ready_.push_back(std::move(batch));
        batch = {};
        changed_.notify_all();
    }
}

bool ReadAhead::next(Batch& batch) {
    std::unique_lock lock(mutex_);
    if (!thread_.joinable() && !ending_) thread_ = std::thread([this] { run(); });
    while (ready_.empty() && !at_end_ && !failure_ && !stop_.is_set()) {
        lock.unlock();
        const bool helped = pool_.help();
        lock.lock();
        if (!helped) changed_.wait(lock, [&] { return !ready_.empty() || at_end_ || failure_; });
    }
    if (ready_.empty() || stop_.is_set()) {
        lock.unlock();
        end();
        batch.clear();
        if (failure_ && !stop_.is_set()) std::rethrow_exception(failure_);
        return false;
    }
    std::swap(batch, ready_.front());
    empty_.push_back(std::move(ready_.front()));
    ready_.pop_front();
    changed_.notify_all();
    return true;
}

}  // namespace guard::replay
