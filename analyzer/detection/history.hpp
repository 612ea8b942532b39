// What is remembered of one PPPoE ID: its sessions, where it was and when, its accepts. Pure: fed with events in about
// the order of their times, asked by the rules. An event that comes late takes the place it would have had. Bounded:
// what does not fit pushes out the oldest.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "analyzer/detection/finding.hpp"
#include "config/settings.hpp"
#include "event/login_event.hpp"
#include "geo/locator.hpp"
#include "geo/place.hpp"

namespace guard::detection {

struct PackedLine;

// A session of the ID at an address, as far as the events tell.
struct Session {
    Addresses addresses;
    std::optional<geo::Place> place;
    Time began{};                    // accept or Start; where neither was seen, the first sign of life
    bool beginning_unknown = false;  // neither was seen: taken to be older than any session whose beginning was
    std::optional<Time> next_began;  // the first session after it, which may be forgotten by now
    std::optional<Time> confirmed;   // last Interim-Update or Stop that counts
    std::optional<Kind> confirmed_by;
    // The sign before it, from before the time within which events may come out of order: what holds if a session
    // that is told of late shows that `confirmed` does not count. As exact as before_sign() has it.
    std::optional<Time> confirmed_before;
    bool accepted = false;      // an Access-Accept was seen
    bool assigned = false;      // an accounting Start was seen
    std::optional<Time> ended;  // by a Stop, or when another session began at its address
    bool discounted = false;    // begun before a suspension was released: never counts again

    [[nodiscard]] bool at(std::span<const IpAddress> others) const;
    void show_life(Time time, Kind kind, std::chrono::seconds reorder);
    [[nodiscard]] bool is_older_than(const Session& other) const;
};

// A stay in one region: consecutive evidence of life that counts. The step into it is judged when it begins, and again
// when late evidence moves one of its ends.
struct Visit {
    geo::Place place;
    Evidence first, last;
    Time session_began{};            // of the newest session that was there; Time::min() if that is not known
    std::optional<Step> impossible;  // the step from the visit before, if nobody can make it
};

// A sign of life that a finding rests on.
struct LifeSign {
    IpAddress address;
    Time time{};
    Time began = Time::max();  // of the session it was taken for, if it matters which one
};

// Accept and Start of a session are known now: in which pool, and how much later (less than 0: earlier) the Start is
// told to be.
struct ClockComparison {
    IpAddress pool;
    Microseconds start_after_accept{};
};

// What one event changed.
struct Change {
    bool counted_accept = false;
    bool new_session = false;
    bool life_sign = false;  // an Interim-Update or Stop that counts as evidence
    bool new_visit = false;  // a visit began, or late evidence showed a step to be impossible
    bool repeated = false;   // the same fact again: nothing changed
    bool unmapped = false;   // its address lies outside every pool
    std::optional<ClockComparison> clocks{};
};

using Locate = std::function<std::optional<geo::Place>(std::span<const IpAddress>)>;

class History {
  public:
    // `place` is where the event's addresses are, by the pools alone; the more sessions the contract allows, the more
    // are remembered.
    Change add(const LoginEventView& event, const std::optional<geo::Place>& place,
               const config::DetectionSettings& settings, unsigned sessions_allowed = 1);
    // So many are remembered that what the contract allows decides whether one more is.
    [[nodiscard]] bool is_crowded() const { return sessions_.size() >= kMaxSessions; }

    // A suspension was lifted: what was before it never counts again, also if it is told of later.
    void release(Time now);

    // The pool table is another one: places are looked up again, so that two are always compared by the same table.
    void relocate(const Locate& locate, const config::DetectionSettings& settings);

    // Writes into `line` what is left of it when it was quiet; false while it says more than that form holds. `now` is
    // the newest event of all, the places are those of `locator`.
    [[nodiscard]] bool pack(PackedLine& line, Time now, const geo::Locator& locator,
                            const config::DetectionSettings& settings) const;
    // The newest session alone, whatever else there is. False: not even that fits.
    [[nodiscard]] bool pack_newest(PackedLine& line, const geo::Locator& locator) const;
    [[nodiscard]] static History unpack(const PackedLine& line, bool released, const geo::Locator& locator);
    // There is nothing in it but, maybe, that it was released.
    [[nodiscard]] bool is_bare(Time now, const config::DetectionSettings& settings) const {
        return sessions_.empty() && visits_.empty() && is_settled(now, settings);
    }
    [[nodiscard]] bool was_released() const { return released_.has_value(); }

    // In the order they began.
    [[nodiscard]] const std::vector<Session>& sessions() const { return sessions_; }
    [[nodiscard]] const std::vector<Visit>& visits() const { return visits_; }
    // Accepts that count, ascending, of the last two hours and the burst window at least.
    [[nodiscard]] const std::vector<Evidence>& accepts() const { return accepts_; }

    // The sign counts, and is one of the session it was taken for: no session is known by now that began at its address
    // since, or that shows it to be the tail of a dead one.
    [[nodiscard]] bool stands(const LifeSign& sign, const config::PppoeSettings& settings) const;

    // The two are so far apart, and the time so short, that nobody makes that step.
    [[nodiscard]] static std::optional<Step> impossible_step(const geo::Place& from, Time left, const geo::Place& to,
                                                             Time arrived, const config::PppoeSettings& settings);

  private:
    friend struct StateFields;
    static constexpr std::size_t kMaxSessions = 24;  // more by as many as the contract allows

    [[nodiscard]] bool repeats(const LoginEventView& event) const;
    void remember(const LoginEventView& event, std::chrono::seconds reorder);
    [[nodiscard]] bool before_release(Time time) const { return released_ && time <= *released_; }

    bool count_accept(const LoginEventView& event, const std::optional<geo::Place>& place,
                      const config::PppoeSettings& settings);
    Change begin_session(const LoginEventView& event, const std::optional<geo::Place>& place,
                         const config::DetectionSettings& settings);
    Change sign_of_life(const LoginEventView& event, const std::optional<geo::Place>& place,
                        const config::DetectionSettings& settings);
    Session* begun_by(const LoginEventView& event);
    [[nodiscard]] std::optional<ClockComparison> compare_clocks(const LoginEventView& event, const Session* same,
                                                                const IpAddress& pool) const;
    [[nodiscard]] std::optional<ClockComparison> compare_clocks_of_start_before(Time accepted) const;
    [[nodiscard]] const Session* showing_life(std::span<const IpAddress> addresses, Time time) const;
    Session& begin_new(const LoginEventView& event, const std::optional<geo::Place>& place,
                       const config::DetectionSettings& settings);
    Session& new_session(const LoginEventView& event, const std::optional<geo::Place>& place,
                         std::chrono::seconds reorder);
    void drop_one_session(Time over_since);
    void note_beginning(const Session& session, const config::DetectionSettings& settings);
    std::optional<Evidence> take_sign(const Session& session, const config::DetectionSettings& settings);
    void give_sign(Session& session, const Evidence& sign, const config::DetectionSettings& settings, Change& change);
    void withdraw_sign(Session& session, const config::DetectionSettings& settings);
    [[nodiscard]] bool counts(const Session& session, Time sign, const config::PppoeSettings& settings) const;

    bool visit(const Session& session, const Evidence& evidence, const config::PppoeSettings& settings);
    bool split_visit(std::size_t at, const Session& session, const Evidence& evidence,
                     const config::PppoeSettings& settings);
    void withdraw_evidence(const geo::Place& place, Time time, const config::PppoeSettings& settings);
    [[nodiscard]] std::vector<Evidence> evidence_in(const geo::Code& region) const;
    bool insert_visit(std::size_t at, const Session& session, const Evidence& evidence,
                      const config::PppoeSettings& settings);
    bool judge_step(std::size_t to, const config::PppoeSettings& settings);

    [[nodiscard]] bool is_settled(Time now, const config::DetectionSettings& settings) const;
    [[nodiscard]] const Session* session_left(Time now, const config::DetectionSettings& settings) const;
    [[nodiscard]] bool may_be_live_together(const Session& left, Time now,
                                            const config::DetectionSettings& settings) const;
    [[nodiscard]] bool encode(PackedLine& line, const Session& session, const geo::Locator& locator) const;

    struct Seen {
        Kind kind;
        Time time;
        Addresses addresses;
    };
    std::size_t most_sessions_ = 0;
    std::vector<Session> sessions_;
    std::vector<Visit> visits_;
    std::vector<Evidence> accepts_;
    std::optional<Time> released_;
    std::vector<Seen> seen_;  // the last few events, to recognise repeats
};

}  // namespace guard::detection
