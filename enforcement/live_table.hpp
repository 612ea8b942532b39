// The module's view of the published table. Any thread of radiusd may ask; at most every 20 ms one of them looks
// whether a new table was published, reads it into private memory, checks it and swaps. Never throws, never waits for
// the publisher.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "enforcement/table.hpp"

namespace guard::enforcement {

class LiveTable {
  public:
    enum class Health : std::uint8_t {
        good,    // the newest published table is in use
        stale,   // the newest is damaged: the one before it stays in use
        absent,  // there is none: nobody is refused
    };
    using Warn = std::function<void(const std::string&)>;

    // `warn` gets one line when the health or its reason changes, and again every minute while it is not good.
    LiveTable(std::filesystem::path file, std::string id_fingerprint, Warn warn);

    // The table to use at `now` (arrival time), never null. Cheap: a clock comparison, and every 20 ms a stat. Nothing
    // is read before the first call: make one before other threads ask, or their first logins find an empty table.
    [[nodiscard]] std::shared_ptr<const Table> at(Time now) noexcept;

    [[nodiscard]] Health health() const noexcept { return health_.load(std::memory_order_relaxed); }

  private:
    void refresh(Time now);
    void use(std::shared_ptr<const Table> table);
    bool use_previous();
    void report(Health health, const std::string& reason, Time now);

    const std::filesystem::path file_;
    const std::string id_fingerprint_;
    const Warn warn_;
    std::atomic<std::int64_t> next_look_{0};  // microseconds since 1970
    std::atomic<Health> health_{Health::absent};

    std::mutex refresh_mutex_;                      // one thread refreshes; guards what follows up to the blank line
    std::uint64_t seen_inode_ = 0, seen_size_ = 0;  // of the newest table that was read, sound or not
    std::int64_t seen_mtime_ns_ = -1;
    std::string last_reason_;
    Time last_warned_{};

    mutable std::mutex table_mutex_;  // held for the copy of one pointer
    std::shared_ptr<const Table> table_;
};

}  // namespace guard::enforcement
