#include "replay/read_ahead.hpp"

namespace guard::replay {

void ReadAhead::end() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
        pool_.wake();
    }
    if (thread_.joinable()) thread_.join();
}

void ReadAhead::run() {
    Batch batch;
    std::unique_lock lock(mutex_);
    while (!ending_ && !at_end_ && !failure_) {
        if (ready_.size() >= kBatches) {
            help(lock);
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
        pool_.wake();
    }
}

void ReadAhead::help(std::unique_lock<std::mutex>& lock) {
    const std::uint64_t seen = pool_.generation();  // while nothing can be put in or taken out
    lock.unlock();
    if (!pool_.help()) pool_.wait(seen);
    lock.lock();
}

bool ReadAhead::next(Batch& batch) {
    std::unique_lock lock(mutex_);
    if (!thread_.joinable() && !ending_) thread_ = std::thread([this] { run(); });
    while (ready_.empty() && !at_end_ && !failure_ && !stop_.is_set()) help(lock);
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
    pool_.wake();
    return true;
}

}  // namespace guard::replay
