// The way of one event through the analyzer; read run() first. Events come from the source, go through the detectors,
// what they decide is recorded together with how far was read, and the other threads carry it out. Runs on a thread of
// its own and has the connection that writes.
#pragma once

#include <memory>
#include <pqxx/pqxx>
#include <span>
#include <stop_token>
#include <vector>

#include "analyzer/daemon/control.hpp"
#include "analyzer/daemon/disconnector.hpp"
#include "analyzer/daemon/enforcer.hpp"
#include "analyzer/daemon/inbox.hpp"
#include "analyzer/daemon/metrics.hpp"
#include "analyzer/daemon/once_a_minute.hpp"
#include "analyzer/daemon/recorder.hpp"
#include "analyzer/daemon/spool_source.hpp"
#include "analyzer/daemon/timer.hpp"
#include "analyzer/daemon/wakeup.hpp"
#include "analyzer/detection/detector.hpp"
#include "config/settings.hpp"

namespace guard::daemon {

struct GeoFiles {
    std::shared_ptr<const geo::Locator> locator;
    std::vector<IpAddress> gateways;
};

class Pipeline {
  public:
    // Throws std::system_error when the state directory cannot be used.
    Pipeline(const config::Settings& settings, GeoFiles geo, const Clock& clock, Enforcer& enforcer,
             Disconnector& disconnector);

    // The thread. Returns when stopped; throws what it cannot go on with.
    void run(const std::stop_token& stop);
    // From any thread: use these from the next event on.
    void reload(GeoFiles geo);

  private:
    void start(const std::stop_token& stop);
    bool read_events(Batch& batch);
    void take_events(std::span<LoginEvent> events, bool already_recorded, Batch& batch);
    void take_decisions(std::vector<detection::Decision>& decisions, bool already_recorded, Batch& batch);
    bool end_replay();
    void caught_up(Batch& batch);
    void commit(Batch& batch, const std::stop_token& stop);
    bool try_commit(const Batch& batch);
    bool resolve_doubt();
    void note(const Recorded& recorded, const Batch& batch);
    void database_failed(const char* event, const char* detail);
    void record_one_by_one(const Batch& batch);
    void apply_controls();
    void apply_releases(Time until);
    void apply_verdict(const Verdict& verdict);
    void read_decisions(pqxx::connection& database);
    void housekeeping();
    void check_normalisation();
    void save_snapshot();
    pqxx::connection& connection();
    template <class Work>
    bool with_database(Work work);

    const config::Settings& settings_;
    const Clock& clock_;
    Enforcer& enforcer_;
    Disconnector& disconnector_;
    GeoFiles geo_;
    std::mutex reload_mutex_;
    std::optional<GeoFiles> reloaded_;  // guarded by reload_mutex_

    HashKey key_;
    detection::Detector detector_;
    KnownSubscribers subscribers_;
    std::unique_ptr<SpoolSource> source_;
    std::unique_ptr<pqxx::connection> connection_;
    Inbox<Release> releases_;
    Inbox<Verdict> verdicts_;
    std::vector<LoginEvent> events_;     // read, and not yet seen by the detector; kept for their memory
    std::vector<LoginEventView> views_;  // of those that go to the detector together
    Time last_event_{};
    std::map<std::string, std::string> committed_;
    std::int64_t transaction_id_ = 0;  // of the last try to record
    bool replaying_ = true;            // only events whose effects were recorded before the restart were read so far
    Metrics metrics_;
    Wakeup pause_;
    OnceAMinute trouble_;
    Timer control_{std::chrono::milliseconds{250}}, progress_{std::chrono::seconds{1}},
        blocks_{std::chrono::seconds{1}}, metrics_due_{std::chrono::seconds{15}}, checks_{std::chrono::seconds{10}},
        minute_{std::chrono::seconds{60}}, snapshot_{std::chrono::minutes{10}}, contracts_{std::chrono::minutes{10}},
        day_{std::chrono::hours{24}};
};

}  // namespace guard::daemon
