// The stream in a thread of its own: puts the next batches together while the caller is busy with the one before. A
// caller that waits for a batch parses in the meantime, so two threads are enough for both to be busy. The caller's
// side is one thread; from the first next() until next() is false or throws, the merge belongs to the thread in here.
#pragma once

#include <deque>

#include "replay/merge.hpp"

namespace guard::replay {

class ReadAhead {
  public:
    ReadAhead(Merge& merge, WorkerPool& pool, const Stop& stop) : merge_(merge), pool_(pool), stop_(stop) {}
    ~ReadAhead() { end(); }
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    // As Merge::next().
    [[nodiscard]] bool next(Batch& batch);
    // What was put together and is not handed out any more: after a stop.
    [[nodiscard]] const std::deque<Batch>& left_over() const { return ready_; }

  private:
    static constexpr std::size_t kBatches = 3;

    void run();
    void end();  // returns when the thread is at its end
    // Parses a piece, or waits until there is something to parse, to take or to put. Not under the lock.
    void help(std::unique_lock<std::mutex>& lock);

    Merge& merge_;
    WorkerPool& pool_;
    const Stop& stop_;
    std::mutex mutex_;  // of all below; before that of the pool
    std::deque<Batch> ready_;
    std::vector<Batch> empty_;  // to be used again
    bool ending_ = false, at_end_ = false;
    std::exception_ptr failure_;
    std::thread thread_;
};

}  // namespace guard::replay
