// What is remembered of one PPPoE ID: its sessions, where it was and when, its accepts and rejects. Pure: fed with events in
// about the order of their times, asked by the rules. Bounded: what does not fit pushes out the oldest.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analyzer/detection/finding.hpp"
#include "config/settings.hpp"
#include "event/login_event.hpp"
#include "geo/place.hpp"

namespace guard::detection {

// A session of the ID at an address, as far as the events tell.
struct Session {
    Addresses addresses;
    std::optional<geo::Place> place;
    Time began{};                    // first evidence of life
    std::optional<Time> confirmed;   // last Interim-Update or Stop that counts
    std::optional<Kind> confirmed_by;
    bool assigned = false;           // an accounting Start was seen
    bool ended = false;              // Stop, or another session at its address
    bool discounted = false;         // begun before a suspension was released: never counts again

    [[nodiscard]] bool at(const Addresses& others) const;
};

// A stay in one region: consecutive evidence of life that counts. The step into it is judged when it begins.
struct Visit {
    geo::Place place;
    Evidence first, last;
    Time session_began{};            // of the session that was there
    std::optional<Step> impossible;  // the step from the visit before, if nobody can make it
};

// What one event changed.
struct Change {
    bool counted_accept = false;
    bool life_sign = false;          // an Interim-Update or Stop that counts as evidence
    bool new_visit = false;
    bool repeated = false;           // the same fact again: nothing changed
    bool unmapped = false;           // its address lies outside every pool
};

class History {
  public:
    // `place` is where the event's addresses are, by the pools alone.
    Change add(const LoginEvent& event, const std::optional<geo::Place>& place, const config::DetectionSettings& settings);

    // A suspension was lifted: what was before it never counts again.
    void release(Time now);

    [[nodiscard]] const std::vector<Session>& sessions() const { return sessions_; }
    [[nodiscard]] const std::vector<Visit>& visits() const { return visits_; }
    // Accepts that count, ascending, of the last `burst_window` and a little more (see kept_accepts in history.cpp).
    [[nodiscard]] const std::vector<Evidence>& accepts() const { return accepts_; }
    // The accepts in (until - window, until].
    [[nodiscard]] std::size_t accepts_within(Time until, std::chrono::seconds window) const;

    // The two are so far apart, and the time so short, that nobody makes that step.
    [[nodiscard]] static std::optional<Step> impossible_step(const geo::Place& from, Time left, const geo::Place& to,
                                                             Time arrived, const config::PppoeSettings& settings);

  private:
    Session* find(const Addresses& addresses);
    bool repeats(const LoginEvent& event) const;
    void remember(const LoginEvent& event);
    Change begin_session(const LoginEvent& event, const std::optional<geo::Place>& place,
                         const config::DetectionSettings& settings);
    Change sign_of_life(const LoginEvent& event, const std::optional<geo::Place>& place,
                        const config::DetectionSettings& settings);
    bool count_accept(const LoginEvent& event, const std::optional<geo::Place>& place);
    Session& new_session(const LoginEvent& event, const std::optional<geo::Place>& place);
    void drop_one_session();
    void correct_departure(const Session& session, const Evidence& evidence, const config::DetectionSettings& settings);
    bool visit(const Session& session, const Evidence& evidence, const config::DetectionSettings& settings);

    struct Seen {
        Kind kind;
        Time time;
        Addresses addresses;
    };
    std::vector<Session> sessions_;  // in the order they began
    std::vector<Visit> visits_;
    std::vector<Evidence> accepts_;
    std::optional<Time> last_assign_;
    std::vector<Seen> seen_;          // the last few events, to recognise repeats
};

}  // namespace guard::detection
