// smtp.source (R3): a source address that fails SMTP authentication in a mass. Sources are kept for the longest window
// and dropped; IDs are in here only as keyed hashes, and never in a finding.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "analyzer/detection/finding.hpp"
#include "analyzer/detection/guards/backend.hpp"
#include "config/settings.hpp"

namespace guard::detection {

class SourceWatch {
  public:
    explicit SourceWatch(const config::SmtpSourceSettings& settings);

    // For `id`: the log does not name it (Postfix before 3.9). Such a reject counts among those of its source, never as
    // an ID: rejects without an ID alone block nobody, since every window also asks for a number of IDs.
    static constexpr std::uint64_t kNoId = ~std::uint64_t{0};

    // An attempt from `source` (a /32 or /64), or `times` of them that one line tells of. `id` is a keyed hash. A
    // finding when the source is to be blocked, and again, as a renewal with the same incident key, when an attempt
    // puts off the end of the block by a tenth of the quiet time. What was rejected in an outage of our own backend
    // does not count once that is over, nor does a block that was found in it.
    std::optional<Finding> attempt(const IpAddress& source, std::uint64_t id, bool accepted, Time now,
                                   const Outages& outages, std::uint32_t times = 1);

    // The attack of this source that is on at `now`, as it was when it was found; null: none. Valid until the next
    // attempt.
    [[nodiscard]] const Finding* block_at(const IpAddress& source, Time now) const;

    // Of the IDs that came from there within the longest window no more than medium_accept_percent were accepted. Else
    // many log in there: a carrier's NAT that nobody listed, or a hotel, and somebody behind it guesses.
    [[nodiscard]] bool mostly_guesses(const IpAddress& source) const;

    // Sources that were dropped early, or not taken, because there were more than kMaxSources.
    [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

  private:
    friend struct StateFields;
    class Attempt {
      public:
        Attempt(Time time, std::uint64_t id, bool accepted)
            : time_and_accepted_(time.time_since_epoch().count() * 2 + (accepted ? 1 : 0)), id_(id) {}
        [[nodiscard]] Time time() const { return Time{Microseconds{time_and_accepted_ >> 1}}; }
        [[nodiscard]] std::uint64_t id() const { return id_; }
        [[nodiscard]] bool accepted() const { return (time_and_accepted_ & 1) != 0; }

      private:
        friend struct StateFields;
        std::int64_t time_and_accepted_;
        std::uint64_t id_;
    };
    // Ascending by time. Of most sources it is one, or a few of one subscriber: it costs no more than these.
    class Attempts {
      public:
        [[nodiscard]] auto begin() const { return all_.begin() + static_cast<std::ptrdiff_t>(first_); }
        [[nodiscard]] auto end() const { return all_.end(); }
        [[nodiscard]] std::size_t size() const { return all_.size() - first_; }
        [[nodiscard]] const Attempt& front() const { return all_[first_]; }
        [[nodiscard]] const Attempt& back() const { return all_.back(); }
        // The first that is later than `time`.
        [[nodiscard]] auto behind(Time time) const {
            return std::upper_bound(begin(), end(), time,
                                    [](Time at, const Attempt& attempt) { return at < attempt.time(); });
        }
        // Behind those of the same time.
        void insert(const Attempt& attempt) {
            if (all_.empty() || all_.back().time() <= attempt.time())
                all_.push_back(attempt);
            else
                all_.insert(behind(attempt.time()), attempt);
        }
        void pop_front() {
            if (++first_ * 2 <= all_.size()) return;
            all_.erase(all_.begin(), begin());
            first_ = 0;
        }

      private:
        friend struct StateFields;
        boost::container::small_vector<Attempt, 1> all_;
        std::size_t first_ = 0;
    };
    struct Source {
        Attempts attempts;
        std::int64_t due = 0;  // the sweep that looks at it
        Time last{};
        std::unique_ptr<Finding> block;  // while it lasts
        Time told{};                     // the end that the last finding named
    };
    struct Window {
        std::chrono::seconds length;
        unsigned rejects, ids, accept_percent;
        std::chrono::seconds quiet;
    };
    struct Counts {
        std::uint64_t attempts = 0, accepts = 0, ids_rejected = 0;
        Time first{};
    };

    // None: not what the window asks for.
    [[nodiscard]] static std::optional<Counts> count(const Source& source, const Window& window,
                                                     const Outages& outages);
    [[nodiscard]] std::optional<Finding> judge(const Source& source, const IpAddress& address,
                                               const Outages& outages) const;
    void plan_sweep(const IpAddress& address, Source& source);
    void plan_sweeps();
    void sweep(Time now);
    bool make_room(Time now);

    static constexpr std::size_t kMaxSources = 200'000;
    static constexpr std::size_t kFewestKept = 2'000;  // attempts of one source; more where a window asks for more

    const std::array<Window, 3> windows_;  // fast, medium, slow
    const std::chrono::seconds longest_;
    const unsigned most_accepted_percent_;
    const std::size_t max_attempts_;
    const std::size_t fewest_;  // attempts that some window asks for
    boost::unordered_flat_map<IpAddress, Source, IpAddressHash> sources_;
    // By the sweep that is to look at them; those whose `due` is another one by now are passed over.
    std::map<std::int64_t, std::vector<IpAddress>> due_;
    std::uint64_t forgotten_ = 0;
    Time next_sweep_{}, next_squeeze_{};
};

}  // namespace guard::detection
