// What the database tells the detectors, each entry once and in the order of time. A transaction may commit minutes
// after the time that it wrote down, so each question goes that far back. Entry has `number` and `time`. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
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
    // That entry is not told again.
    void known(Time time, std::int64_t number) { seen_.emplace(time, number); }
    // From where on the database is to be asked.
    [[nodiscard]] Time since() const { return newest_ - kOverlap; }

    void add(std::vector<Entry> told) {
        for (Entry& entry : told) {
            newest_ = std::max(newest_, entry.time);
            if (!seen_.emplace(entry.time, entry.number).second) continue;
            waiting_.push_back(std::move(entry));
        }
        std::ranges::stable_sort(waiting_, {}, &Entry::time);
        seen_.erase(seen_.begin(), seen_.lower_bound({since(), INT64_MIN}));
    }

    // One that was known, or taken: it waits again.
    void put_back(Entry entry) {
        waiting_.push_back(std::move(entry));
        std::ranges::stable_sort(waiting_, {}, &Entry::time);
    }
    // Not yet taken, the earliest first.
    [[nodiscard]] const std::vector<Entry>& waiting() const { return waiting_; }
    [[nodiscard]] bool due(Time until) const { return !waiting_.empty() && waiting_.front().time <= until; }
    [[nodiscard]] Entry take() { return take(waiting_.begin()); }
    // The earliest for which `wanted` holds.
    template <class Wanted>
    [[nodiscard]] std::optional<Entry> take_if(const Wanted& wanted) {
        const auto found = std::find_if(waiting_.begin(), waiting_.end(), wanted);
        return found == waiting_.end() ? std::nullopt : std::optional(take(found));
    }

  private:
    [[nodiscard]] Entry take(typename std::vector<Entry>::iterator from) {
        Entry entry = std::move(*from);
        waiting_.erase(from);
        return entry;
    }

    Time newest_{};
    std::vector<Entry> waiting_;
    std::set<std::pair<Time, std::int64_t>> seen_;
};

}  // namespace guard::daemon
