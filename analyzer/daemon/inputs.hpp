// All that reaches the detectors, in one order: events from the source, and control inputs, each of which is in the
// control journal before it takes effect. After a restart the same comes again in the same order, first what was
// recorded, without effects, then what was not. Knows no database; used by the pipeline's thread. Read read() first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analyzer/daemon/control_input.hpp"
#include "analyzer/daemon/control_journal.hpp"
#include "analyzer/daemon/event_source.hpp"
#include "analyzer/daemon/inbox.hpp"
#include "analyzer/daemon/once_a_minute.hpp"
#include "analyzer/daemon/open_disconnects.hpp"
#include "analyzer/daemon/recorder.hpp"
#include "analyzer/detection/detector.hpp"

namespace guard::daemon {

// In the positions of a batch and of a snapshot: the number of the last control input that took effect.
inline constexpr const char* kControlStream = "control";
// An event so far in the future is taken as of now.
inline constexpr std::chrono::seconds kMaxFuture{120};

// Positions without that.
[[nodiscard]] Positions of_source(Positions positions);
// Whether all that is before the one positions, control inputs included, is before the other.
[[nodiscard]] bool covers(const EventSource& source, const Positions& one, const Positions& other);

struct InputCounters {
    std::uint64_t future_events = 0, journal_failures = 0;
};

class Inputs {
  public:
    Inputs(detection::Detector& detector, EventSource& source, ControlJournal& journal, const Clock& clock,
           std::chrono::seconds max_lag);

    struct Start {
        Positions snapshot;   // to which the state of the detector belongs; empty: it knows nothing
        Positions committed;  // whose effects are on record
        Time since;           // from where on releases and verdicts are given
        Actions actions;      // what follows is as it is now: in force until the journal says otherwise
        AllowList allowed;
        std::shared_ptr<const Contracts> contracts;
        std::vector<IpAddress> gateways;
        std::string places;  // fingerprint
        std::vector<Release> releases;
        std::vector<Verdict> verdicts;
    };
    // Once, before all else. Throws std::runtime_error for positions that nobody can read.
    void begin(Start start);

    // What is read comes in three stages.
    enum class Stage {
        recorded,    // before the committed positions: only what the detectors remember changes
        journalled,  // behind them, control inputs that the journal has took effect: the same again, with effects
        live,
    };
    [[nodiscard]] Stage stage() const { return stage_; }

    // Takes up to so many events as are there, and ends the stage when it is over. True: call again at once.
    bool read(Batch& batch);
    // Live, and nothing was left to read: time itself may decide what has settled.
    void caught_up(Batch& batch);

    // Control inputs; live alone, else nothing happens. Only what differs from what is in force is one.
    void told(std::vector<Release> releases) { releases_.add(std::move(releases)); }
    void told(std::vector<Verdict> verdicts) { verdicts_.add(std::move(verdicts)); }
    [[nodiscard]] Time releases_since() const { return releases_.since(); }
    [[nodiscard]] Time verdicts_since() const { return verdicts_.since(); }
    void set_breaker_open(bool open);
    void set_actions(const Actions& actions);
    void set_allowed(const AllowList& allowed);
    void set_contracts(std::shared_ptr<const Contracts> contracts);
    void set_places(std::shared_ptr<const geo::Locator> locator, std::vector<IpAddress> gateways,
                    const std::string& fingerprint);
    // Going live after a restart: whom a person suspended meanwhile, so that their sessions are ended, then exactly
    // these are suspended, and what the breaker would else not know of is counted.
    void meet_database(const std::vector<detection::OpenSuspension>& open,
                       std::vector<detection::CarriedOut> carried_out, Batch& batch);

    // Whatever was journalled is on the disk when this returns: before effects are committed. Throws std::system_error.
    void sync() { journal_.sync(); }
    // About once a minute.
    void keep_term(std::chrono::seconds retention);

    // What is to be ended at which address; an event that gives the address to another ID goes into the batch.
    [[nodiscard]] OpenDisconnects& open_disconnects() { return open_disconnects_; }

    // Of all streams and of the control journal.
    [[nodiscard]] Positions positions() const;
    [[nodiscard]] Time last_event() const { return last_event_; }
    [[nodiscard]] const InputCounters& counters() const { return counters_; }

  private:
    void look_through(std::vector<ControlEntry> entries);
    template <class Input>
    void look_at(const Input& input, bool before);
    bool read_events();
    void end_of_stage();
    void take_pending();
    void expect_disconnects(std::size_t from);
    [[nodiscard]] Time time_of(const LoginEvent& event, Time now);
    void take_due(Time until);
    void put_back_old();
    void control(ControlInput input);
    void journal(const ControlInput& input);
    void begin_file();
    [[nodiscard]] std::vector<ControlInput> in_force() const;
    void collect(Batch& batch);
    void know();

    void apply(const Release& release);
    void apply(const Verdict& verdict);
    void apply(const BreakerState& breaker);
    void apply(const Lag& lag);
    void apply(const Tick& tick);
    void apply(const Present& present);
    void apply(const Actions& actions);
    void apply(const AllowList& allowed);
    void apply(const ContractChanges& contracts);
    void apply(const Places& places);
    void apply(const Suspensions& suspensions) { detector_.restore_suspensions(suspensions.open); }
    void apply(const BreakerCounts& counts) { detector_.restore_breaker(counts.suspensions); }
    void apply(const TakenByTime&) {}

    detection::Detector& detector_;
    EventSource& source_;
    ControlJournal& journal_;
    const Clock& clock_;
    const std::chrono::seconds max_lag_;

    Stage stage_ = Stage::recorded;
    std::vector<ControlEntry> entries_;  // still to come, the next one last
    std::uint64_t number_ = 0;           // of the last control input that took effect
    std::uint64_t committed_number_ = 0;
    Positions committed_;

    // In force.
    BreakerState breaker_;
    Lag lag_;
    Present present_;
    Actions actions_;
    AllowList allowed_;
    Places places_;
    std::shared_ptr<const Contracts> contracts_;
    std::map<SubscriberKey, std::optional<detection::Contract>> contracts_then_;  // until live: where they were others
    std::vector<IpAddress> gateways_;

    Inbox<Release> releases_, old_releases_;  // old: by their times, from when there was no journal
    Inbox<Verdict> verdicts_, old_verdicts_;
    TakenByTime taken_by_time_;

    std::vector<LoginEvent> events_;  // passed over, and not yet seen by the detector; slots are used again
    std::size_t pending_ = 0;
    std::vector<LoginEventView> views_;
    std::vector<detection::Decision> decisions_;
    OpenDisconnects open_disconnects_;
    std::vector<TakenAddress> taken_;
    Time last_event_{};
    Time idle_since_{};  // the present when the last event was read, and how long ago that was
    std::chrono::steady_clock::time_point idle_since_steady_{};
    std::chrono::steady_clock::time_point looked_steady_{};  // when it was looked for events last
    bool other_places_ = false;
    bool incomplete_ = false;  // something in force is not in the journal
    InputCounters counters_;
    OnceAMinute trouble_;
};

}  // namespace guard::daemon
