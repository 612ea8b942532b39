// smtp.source (R3): a source address that fails SMTP authentication in a mass. Sources are kept for the longest window
// and dropped; IDs are in here only as keyed hashes, and never in a finding.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

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
    struct Attempt {
        Time time;
        std::uint64_t id;
        bool accepted;
    };
    struct Source {
        std::deque<Attempt> attempts;
        Time last{};
        std::optional<Finding> block;  // while it lasts
        Time told{};                   // the end that the last finding named
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

    [[nodiscard]] static Counts count(const Source& source, Time since, const Outages& outages);
    [[nodiscard]] std::optional<Finding> judge(const Source& source, const IpAddress& address,
                                               const Outages& outages) const;
    void forget(Time idle_since, Time now);
    bool make_room(Time now);

    static constexpr std::size_t kMaxSources = 200'000;
    static constexpr std::size_t kFewestKept = 2'000;  // attempts of one source; more where a window asks for more

    const std::array<Window, 3> windows_;  // fast, medium, slow
    const std::chrono::seconds longest_;
    const unsigned most_accepted_percent_;
    const std::size_t max_attempts_;
    std::unordered_map<IpAddress, Source, IpAddressHash> sources_;
    std::uint64_t forgotten_ = 0;
    Time next_sweep_{}, next_squeeze_{};
};

}  // namespace guard::detection
