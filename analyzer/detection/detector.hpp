// All detection in one place: events in, decisions out. Pure: no clock, no I/O, one thread. Given the same events and
// the same control inputs (releases, lag, breaker) it decides the same. Read on_event() first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/detection/finding.hpp"
#include "analyzer/detection/guards/active_ids.hpp"
#include "analyzer/detection/guards/backend.hpp"
#include "analyzer/detection/guards/breaker.hpp"
#include "analyzer/detection/guards/clock.hpp"
#include "analyzer/detection/guards/storm.hpp"
#include "analyzer/detection/lateness.hpp"
#include "analyzer/detection/prefix_set.hpp"
#include "analyzer/detection/rules/pppoe_reject.hpp"
#include "analyzer/detection/rules/rule.hpp"
#include "analyzer/detection/rules/smtp_rule.hpp"
#include "analyzer/detection/rules/smtp_source.hpp"
#include "analyzer/detection/rules/smtp_source_hit.hpp"
#include "analyzer/detection/stream_table.hpp"
#include "config/settings.hpp"
#include "event/keyed_hash.hpp"
#include "geo/locator.hpp"

namespace guard::detection {

// What is known of a subscriber from elsewhere.
struct Contract {
    unsigned sessions = 1;
    geo::Code home_region;  // may be empty
    friend bool operator==(const Contract&, const Contract&) = default;
};

// Lookups into what the operator gave; called with the normalised ID.
struct Knowledge {
    std::function<std::optional<Contract>(Service, const std::string&)> contract;
    std::function<bool(Service, const std::string&, Time)> allowed;
    std::vector<IpAddress> gateways;  // never blocked, and where an ID is never seen to be
};

struct OpenSuspension {
    Service service = Service::pppoe;
    std::string id;
    Time since{};
    friend bool operator==(const OpenSuspension&, const OpenSuspension&) = default;
};

// A suspension by us, whether it lasts or not.
struct CarriedOut {
    Service service = Service::pppoe;
    std::string id;
    Time time{};
    std::optional<IpAddress> address;  // the newest of its evidence
    friend bool operator==(const CarriedOut&, const CarriedOut&) = default;
};

struct DetectorCounters {
    std::uint64_t events = 0;
    std::uint64_t repeated = 0;  // the same fact again
    std::uint64_t unmapped = 0;  // PPPoE addresses outside every pool
    std::uint64_t sources_forgotten = 0;
    std::uint64_t packed_lossily = 0;  // streams, because too many were open
};

class Detector {
  public:
    Detector(config::DetectionSettings settings, std::shared_ptr<const geo::Locator> locator, Knowledge knowledge,
             HashKey key, StreamLimits limits = {});

    // Takes the events in about the order of their times; one may come up to settings.reorder late.
    void on_event(const LoginEventView& event, std::vector<Decision>& decisions);
    void on_event(const LoginEvent& event, std::vector<Decision>& decisions) {
        on_event(LoginEventView(event), decisions);
    }
    // The same one after the other, faster: with millions of IDs what is known of each has to come from memory.
    void on_events(std::span<const LoginEventView> events, std::vector<Decision>& decisions);

    // An SMTP-AUTH reject of which a log says less, or more, than a RADIUS server: without its ID (event.id is empty),
    // or `attempts` in one line. What is without an ID counts against its source alone.
    void on_rejects(const LoginEventView& event, std::uint32_t attempts, std::vector<Decision>& decisions);
    // Time has come to `now`: decides what has settled.
    void advance(Time now, std::vector<Decision>& decisions);
    // No more events will come (replay): decides all that is still settling.
    void finish(std::vector<Decision>& decisions);

    // Sessions of suspended IDs that came up since the last call: they have to be ended too.
    [[nodiscard]] std::vector<LateSession> take_late_sessions() { return std::exchange(late_sessions_, {}); }

    // Control inputs.
    void release(Service service, const std::string& id, Time now);
    // What a person decided about an incident under review; each may come twice. Misuse: the ID is suspended from now
    // on, which the breaker does not count; its sessions that are up come out of take_late_sessions().
    void suspend_by_person(Service service, const std::string& id, Time now);
    // Ordinary: the ID is at home in these regions (SMTP-AUTH: countries) from now on, and as with dismiss().
    void found_ordinary(Service service, const std::string& id, const std::vector<geo::Code>& places, Time now);
    // Dismissed: what it was seen at counts as seen, so that it can become familiar; what was settling is dropped; the
    // rules that have spoken of this incident are silent for a day.
    void dismiss(Service service, const std::string& id, Time now);
    // After a restart: exactly these are suspended, whatever the events read again led to. Whether that was news.
    bool restore_suspensions(const std::vector<OpenSuspension>& open);
    // Before that: those of the last day. What is not remembered of them counts for the breaker as if it were. Whether
    // any was news.
    bool restore_breaker(const std::vector<CarriedOut>& suspensions);
    // From the next event on. Entries of the pool table that differ from those before are not trusted for a day.
    void set_locator(std::shared_ptr<const geo::Locator> locator);
    void set_knowledge(Knowledge knowledge);
    void set_lagging(bool lagging) { lagging_ = lagging; }
    void set_breaker_open(bool open) { breaker_.set_open(open); }
    // What findings may lead to: mode, rule_modes and profile of these settings, and nothing else of them.
    void set_actions(const config::DetectionSettings& settings);
    // When the first of the findings that wait is to be judged: before then advance() does nothing.
    [[nodiscard]] std::optional<Time> next_settled() const {
        const Time first = std::min(settling_.empty() ? Time::max() : settling_.begin()->first,
                                    pending_.empty() ? Time::max() : pending_.begin()->first);
        return first == Time::max() ? std::nullopt : std::optional(first);
    }

    [[nodiscard]] DetectorCounters counters() const;
    [[nodiscard]] std::size_t active_ids() const { return active_.count(); }
    // The pools whose NAS has a wrong clock, and by how much it is ahead (less than 0: behind).
    [[nodiscard]] auto skewed_clocks() const { return clocks_.skewed(newest_); }
    // Everything that is learned, for the snapshot; and back. Keys are keyed hashes.
    [[nodiscard]] const StreamTable& streams() const { return streams_; }
    void restore(std::uint64_t key, const Learned& learned);
    // Packs all that has been quiet, without waiting for its turn.
    void pack_quiet() { streams_.pack_quiet(newest_, world()); }
    // Drops what is past its term (R8): regions, and IDs, not seen for familiar_window; of all IDs, or of the `most`
    // whose turn it is. Returns how many IDs went.
    std::size_t forget(Time now, std::size_t most = SIZE_MAX);

  private:
    friend class DetectorState;
    friend struct StateFields;
    // Whom a finding is about.
    struct Subject {
        Service service;
        std::string_view id;
        std::uint64_t key;
        Stream& stream;
    };

    void on_event(const LoginEventView& event, std::uint64_t key, std::vector<Decision>& decisions);
    void on_pppoe(const LoginEventView& event, std::uint64_t key, std::vector<Decision>& decisions);
    bool on_quiet_line(const LoginEventView& event, std::uint64_t key);
    bool goes_on(PackedStream& record, const LoginEventView& event);
    bool shows_life(PackedStream& record, const LoginEventView& event) const;
    bool begins_quietly(PackedStream* record, const LoginEventView& event, std::uint64_t key);
    void note_active(PackedStream& record, Time time);
    void find_stay(PackedLine& line) const;
    void on_pppoe_reject(const LoginEventView& event, std::uint64_t key, std::vector<Decision>& decisions);
    void on_smtp(const LoginEventView& event, std::uint64_t key, std::vector<Decision>& decisions);
    void on_source(const IpAddress& source, std::optional<Finding> finding, std::vector<Decision>& decisions);
    void on_smtp_accept(const LoginEventView& event, const IpAddress& source, Stream& stream,
                        std::vector<Decision>& decisions);
    void apply_smtp_rules(const SmtpRuleInput& input, const Subject& subject, std::vector<Decision>& decisions);
    void raise_hit(const FirstUse& use, const Finding& block, std::vector<Decision>& decisions);
    void note_place(const LoginEventView& event, const Change& change, const geo::Place& place, std::uint64_t key,
                    Stream& stream);
    void apply_rules(const RuleInput& input, std::uint64_t key, Stream& stream, std::vector<Decision>& decisions);
    // `decided` where that is later than what completed it.
    void raise(const Match& match, const Subject& subject, Time now, std::vector<Decision>& decisions,
               Time decided = {});
    bool wait_for_order(const RuleInput& input, const Match& match, std::uint64_t key, Time now);
    void judge_pending(std::vector<Decision>& decisions);
    void judge_settled(std::vector<Decision>& decisions);
    void quarantine(const Match& match, Time now, Stream& stream);
    void raise_source(Finding finding, std::vector<Decision>& decisions);
    void judge_source(Decision& decision);

    [[nodiscard]] StreamTable::World world() const { return {*locator_, generation_, settings_}; }
    // In full; made if it is not known. Valid until the next event.
    Stream& open_stream(std::uint64_t key);
    // `known` is what streams_.find(key) said.
    Stream& open_stream(std::uint64_t key, PackedStream* known);
    // In full; null if it is not known.
    Stream* known_stream(std::uint64_t key);
    void number_regions();
    void note_changed_pools(const geo::PoolTable& before);

    [[nodiscard]] Decision decide(const Finding& finding, std::uint64_t key, bool settled, Time now);
    [[nodiscard]] Reason held_back(const Finding& finding, const Stream& stream, Time now) const;
    [[nodiscard]] bool is_mass(const std::vector<geo::Place>& places, const std::vector<Step>& steps,
                               const Stream& stream, Time now) const;
    [[nodiscard]] bool is_slow_mass(const Finding& finding, const Stream& stream, Time now) const;
    [[nodiscard]] bool is_in_doubt(const Finding& finding, Time now);
    [[nodiscard]] bool pool_changed(const std::vector<geo::Place>& places, Time now) const;
    [[nodiscard]] config::Mode mode(Rule rule) const;
    void apply_mode(Decision& decision) const;
    void settle(Finding finding, std::uint64_t key);
    [[nodiscard]] bool is_own(const IpAddress& source) const;
    [[nodiscard]] geo::Location whereabouts(const IpAddress& source) const;
    void drop_undecided(std::uint64_t key, Time until);
    [[nodiscard]] unsigned sessions_allowed(const LoginEventView& event) const;
    [[nodiscard]] std::uint64_t stream_key(Service service, std::string_view id) const;
    [[nodiscard]] std::optional<geo::Place> pool_place(std::span<const IpAddress> addresses) const;

    struct Settling {
        Finding finding;
        std::uint64_t key;
    };
    // What rests on a sign of life so young that an event still to come may show it to be one of another session.
    struct Pending {
        Match match;
        std::vector<LifeSign> signs;  // those
        std::string id;
        std::uint64_t key;
        Time time;  // of the event that completed it
    };
    struct JudgedSource {
        std::string watched_key;   // of the attack as SourceWatch calls it
        std::string incident_key;  // as it is told: a block that begins later than the attack is one of its own
        Action action = Action::block;
        Time expires{};
    };

    config::DetectionSettings settings_;
    const HashKey key_;
    std::shared_ptr<const geo::Locator> locator_;
    Knowledge knowledge_;
    StreamTable streams_;
    RejectWatch rejects_;
    SourceWatch sources_;
    FirstUses first_uses_;
    StormGuard storm_;
    Breaker breaker_;
    BackendGuard backend_;
    ClockGuard clocks_;
    PrefixSet gateways_;
    ActiveIds active_;
    std::multimap<Time, Pending> pending_;    // by the time when nothing earlier can come any more
    std::multimap<Time, Settling> settling_;  // by the time they have settled
    std::map<IpAddress, JudgedSource> judged_sources_;
    std::vector<std::pair<IpAddress, Time>> changed_pools_;  // within a day
    std::uint32_t generation_ = 0;                           // of the locator
    std::vector<std::uint32_t> region_of_pool_;              // by the number of the pool; 0: it has no place
    Time newest_{};                                          // event
    Lateness lateness_;                                      // of PPPoE accepts
    std::vector<LateSession> late_sessions_;
    bool lagging_ = false;
    DetectorCounters counters_;
};

}  // namespace guard::detection
