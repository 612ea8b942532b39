// The way of one event through the analyzer; read run() first. Events come from the source, go through the detectors,
// what they decide is recorded together with how far was read, and the other threads carry it out. Runs on a thread of
// its own and has the connection that writes.
#pragma once

#include <atomic>
#include <memory>
#include <pqxx/pqxx>
#include <stop_token>
#include <vector>

#include "analyzer/daemon/control.hpp"
#include "analyzer/daemon/disconnector.hpp"
#include "analyzer/daemon/enforcer.hpp"
#include "analyzer/daemon/inputs.hpp"
#include "analyzer/daemon/metrics.hpp"
#include "analyzer/daemon/once_a_minute.hpp"
#include "analyzer/daemon/recorder.hpp"
#include "analyzer/daemon/snapshot_writer.hpp"
#include "analyzer/daemon/timer.hpp"
#include "analyzer/daemon/wakeup.hpp"
#include "analyzer/detection/detector.hpp"
#include "config/settings.hpp"
#include "sql/database_link.hpp"

namespace guard::daemon {

struct GeoFiles {
    std::shared_ptr<const geo::Locator> locator;
    std::vector<IpAddress> gateways;
    std::string fingerprint;  // of what is in the files
};

class Pipeline {
  public:
    // Throws std::system_error when the state directory cannot be used.
    Pipeline(const config::Settings& settings, GeoFiles geo, std::unique_ptr<EventSource> source, const Clock& clock,
             Enforcer& enforcer, Disconnector& disconnector);

    // The thread. Returns when stopped, or when went_back(); throws what it cannot go on with.
    void run(const std::stop_token& stop);
    // The database has lost what was committed, as after a failover to a standby that was behind: only a new Pipeline
    // can go on, from where the database is now. From any thread.
    [[nodiscard]] bool went_back() const { return went_back_; }
    // From any thread: use these from the next event on, and read contracts and allow list again. Of the settings those
    // count that can be taken over (config::take_over).
    struct Reload {
        config::Settings settings;
        std::optional<GeoFiles> geo;
    };
    void reload(Reload wanted);
    // From any thread: who waits for PostgreSQL has to end, or has waited too long.
    sql::DatabaseLink& link() { return link_; }
    // The journal has been read again, from here on decisions are recorded. From any thread.
    [[nodiscard]] bool live() const { return live_; }
    // run() is about to return and asks the database for nothing more. From any thread.
    [[nodiscard]] bool ended() const { return ended_; }

  private:
    void work(const std::stop_token& stop);
    void start(const std::stop_token& stop);
    bool read(Batch& batch, const std::stop_token& stop);
    bool go_live(Batch& batch);
    bool commit(Batch& batch, const std::stop_token& stop);
    bool try_commit(const Batch& batch);
    Recorded record_or_bury(pqxx::connection& database, const Batch& batch);
    bool resolve_doubt(pqxx::connection& database, const Batch& batch, bool& committed);
    void look_where_it_stands(pqxx::connection& database);
    void note(const Recorded& recorded, const Batch& batch);
    void database_failed(const char* event, const std::string& detail);
    void database_refuses(const pqxx::sql_error& error);
    void apply_controls();
    void read_decisions(pqxx::connection& database);
    void take_reload();
    void housekeeping();
    void once_a_minute();
    void write_metrics();
    void check_normalisation();
    Positions restore();
    void begin_snapshot();
    void write_last_snapshot(bool all_recorded);
    template <class Work>
    bool with_database(Work work, std::chrono::seconds longest = std::chrono::seconds{90});

    const config::Settings& settings_;
    const Clock& clock_;
    Enforcer& enforcer_;
    Disconnector& disconnector_;
    GeoFiles geo_;
    std::mutex reload_mutex_;
    std::optional<Reload> reloaded_;  // guarded by reload_mutex_
    std::optional<config::Settings> to_publish_;

    HashKey key_;
    detection::Detector detector_;
    SnapshotWriter snapshots_;
    Positions snapshot_positions_;    // of the snapshot that was begun last
    std::uint64_t acknowledged_ = 0;  // snapshots
    std::unique_ptr<EventSource> source_;
    ControlJournal journal_;
    Inputs inputs_;
    sql::DatabaseLink link_;
    std::uint64_t looked_at_ = 0;  // connection
    Positions committed_;
    std::int64_t transaction_id_ = 0;  // of the last try to record
    bool in_doubt_ = false;            // what became of it is not known
    bool started_ = false;
    std::atomic<bool> live_{false}, ended_{false}, went_back_{false};
    std::optional<std::uint64_t> rows_past_term_;
    Metrics metrics_;
    Wakeup pause_;
    OnceAMinute trouble_, alarm_trouble_;
    Timer control_{std::chrono::milliseconds{250}}, progress_{std::chrono::seconds{1}},
        blocks_{std::chrono::seconds{1}}, metrics_due_{std::chrono::seconds{15}}, checks_{std::chrono::seconds{10}},
        minute_{std::chrono::seconds{60}}, snapshot_{std::chrono::minutes{10}}, contracts_{std::chrono::minutes{10}},
        terms_{std::chrono::minutes{10}}, day_{std::chrono::hours{24}};
};

// Runs `work` on the connection. False when the database was not to be had; the connection is then made anew next time.
template <class Work>
bool Pipeline::with_database(Work work, std::chrono::seconds longest) {
    const sql::DatabaseLink::Use use(link_, longest);
    try {
        pqxx::connection& database = link_.get();
        if (started_) look_where_it_stands(database);
        work(database);
        return true;
    } catch (const pqxx::sql_error& error) {
        database_refuses(error);
    } catch (const pqxx::failure& error) {
        database_failed("event=database_away", error.what());
    }
    return false;
}

}  // namespace guard::daemon
