// What the database tells the detectors, each entry once and in the order of time. A transaction may commit minutes
// after the time that it wrote down, so each question goes that far back. Entry has `number` and `time`. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "event/time.hpp"

namespace guard::daemon {

template <class Entry>
class Inbox {
  public:
    static constexpr std::chrono::minutes kOverlap{10};  // no transaction that releases or decides stays open longer

    // Nothing before `since` is asked for.
    void open(Time since) { newest_ = since + kOverlap; }
    // From where on the database is to be asked.
    [[nodiscard]] Time since() const { return newest_ - kOverlap; }

    void add(std::vector<Entry> told) {
        for (Entry& entry : told) {
            if (!seen_.emplace(entry.time, entry.number).second) continue;
            newest_ = std::max(newest_, entry.time);
            waiting_.push_back(std::move(entry));
        }
        std::ranges::stable_sort(waiting_, {}, &Entry::time);
        seen_.erase(seen_.begin(), seen_.lower_bound({since(), INT64_MIN}));
    }

    // Not yet taken, the earliest first.
    [[nodiscard]] const std::vector<Entry>& waiting() const { return waiting_; }
    [[nodiscard]] bool due(Time until) const { return !waiting_.empty() && waiting_.front().time <= until; }
    [[nodiscard]] Entry take() {
        Entry entry = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
        return entry;
    }

  private:
    Time newest_{};
    std::vector<Entry> waiting_;
    std::set<std::pair<Time, std::int64_t>> seen_;
};

}  // namespace guard::daemon
