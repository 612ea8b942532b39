// One input while it is read: blocks are read one after the other, parsed by whichever threads have time, and come out
// in the order of the input. At most so many blocks are on their way as were allowed. The thread that takes results
// also parses while it waits for one, so a single thread suffices; the others come from WorkerPool.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "replay/block.hpp"

namespace guard::replay {

class ParsedInput {
  public:
    // At most `ahead` blocks at once.
    ParsedInput(BlockReader reader, BlockParser parser, std::size_t ahead);

    // Reads and parses one block. False: there is none to read, or as many as allowed are waiting. Any thread.
    bool work();
    // The next block in order; none at the end. Throws what reading threw, at its place. One thread.
    [[nodiscard]] std::unique_ptr<Block> next();
    // Gives a block back.
    void recycle(std::unique_ptr<Block> block);
    [[nodiscard]] std::uint64_t bytes() const { return reader_.source().bytes(); }

  private:
    // None: see work(). Sets `number` and whether it is to be parsed.
    std::unique_ptr<Block> read(std::uint64_t& number, bool& records);

    std::mutex reading_;  // of reader_
    BlockReader reader_;
    const BlockParser parser_;

    std::mutex mutex_;  // of all below; taken after reading_
    std::condition_variable parsed_;
    std::vector<std::unique_ptr<Block>> waiting_;  // by number, modulo their number
    std::vector<std::unique_ptr<Block>> free_;
    std::uint64_t read_ = 0, taken_ = 0;  // how many
    bool at_end_ = false;                 // no more are read
};

// Threads that parse for the inputs they are given.
class WorkerPool {
  public:
    explicit WorkerPool(unsigned threads);
    ~WorkerPool();  // ends them
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    void add(std::shared_ptr<ParsedInput> input);
    void remove(const std::shared_ptr<ParsedInput>& input);
    // There may be something to do again, or something to take.
    void wake();
    // How often that was said; and to wait until it was said once more.
    [[nodiscard]] std::uint64_t generation();
    void wait(std::uint64_t seen);
    // On the caller's thread: reads and parses one block of the first input that wants it. False: none does.
    bool help();

  private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::shared_ptr<ParsedInput>> inputs_;
    std::uint64_t generation_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace guard::replay
