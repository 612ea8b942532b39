#include "replay/parsed_input.hpp"

#include <algorithm>

namespace guard::replay {

ParsedInput::ParsedInput(BlockReader reader, BlockParser parser, std::size_t ahead)
    : reader_(std::move(reader)), parser_(std::move(parser)), waiting_(ahead) {}

std::unique_ptr<Block> ParsedInput::read(std::uint64_t& number, bool& records) {
    const std::scoped_lock reading(reading_);
    std::unique_ptr<Block> block;
    {
        const std::scoped_lock lock(mutex_);
        if (at_end_ || read_ - taken_ >= waiting_.size()) return nullptr;
        if (!free_.empty()) {
            block = std::move(free_.back());
            free_.pop_back();
        }
    }
    if (!block) block = std::make_unique<Block>();
    auto found = BlockReader::Found::end;
    try {
        found = reader_.read(*block);
    } catch (...) {
        block->clear();
        block->error = std::current_exception();
    }
    records = found == BlockReader::Found::records;
    const std::scoped_lock lock(mutex_);
    if (found == BlockReader::Found::end) at_end_ = true;
    if (found == BlockReader::Found::end && !block->error) {
        parsed_.notify_all();
        return nullptr;
    }
    number = read_++;
    return block;
}

bool ParsedInput::work() {
    std::uint64_t number = 0;
    bool records = false;
    auto block = read(number, records);
    if (!block) return false;
    if (records) {
        try {
            parser_.parse(*block);
        } catch (...) {  // no memory: not for a thread to end with
            block->clear();
            block->error = std::current_exception();
        }
    }
    const std::scoped_lock lock(mutex_);
    waiting_[number % waiting_.size()] = std::move(block);
    parsed_.notify_all();
    return true;
}

std::unique_ptr<Block> ParsedInput::next() {
    for (;;) {
        {
            const std::scoped_lock lock(mutex_);
            if (at_end_ && taken_ == read_) return nullptr;
            if (auto& slot = waiting_[taken_ % waiting_.size()]; slot) {
                ++taken_;
                auto block = std::move(slot);
                if (block->error) std::rethrow_exception(block->error);
                return block;
            }
        }
        if (work()) continue;
        std::unique_lock lock(mutex_);
        parsed_.wait(lock,
                     [&] { return waiting_[taken_ % waiting_.size()] != nullptr || (at_end_ && taken_ == read_); });
    }
}

void ParsedInput::recycle(std::unique_ptr<Block> block) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(block));
}

WorkerPool::WorkerPool(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
        changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::add(std::shared_ptr<ParsedInput> input) {
    const std::scoped_lock lock(mutex_);
    inputs_.push_back(std::move(input));
    ++generation_;
    changed_.notify_all();
}

void WorkerPool::remove(const std::shared_ptr<ParsedInput>& input) {
    const std::scoped_lock lock(mutex_);
    std::erase(inputs_, input);
}

void WorkerPool::wake() {
    const std::scoped_lock lock(mutex_);
    ++generation_;
    changed_.notify_all();
}

std::uint64_t WorkerPool::generation() {
    const std::scoped_lock lock(mutex_);
    return generation_;
}

void WorkerPool::wait(std::uint64_t seen) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return generation_ != seen; });
}

bool WorkerPool::help() {
    std::vector<std::shared_ptr<ParsedInput>> inputs;
    {
        const std::scoped_lock lock(mutex_);
        inputs = inputs_;
    }
    return std::any_of(inputs.begin(), inputs.end(), [](const auto& input) { return input->work(); });
}

void WorkerPool::run() {
    std::vector<std::shared_ptr<ParsedInput>> inputs;
    std::unique_lock lock(mutex_);
    while (!ending_) {
        inputs = inputs_;
        const std::uint64_t seen = generation_;
        lock.unlock();
        // One block, then a look whether something has changed: the first input is the one that is needed first.
        const bool worked = std::any_of(inputs.begin(), inputs.end(), [](const auto& input) { return input->work(); });
        inputs.clear();
        lock.lock();
        if (!worked) changed_.wait(lock, [&] { return ending_ || generation_ != seen; });
    }
}

}  // namespace guard::replay
