// The part of Pipeline that comes round by the clock: what people decided, reload, retention, metrics.
#include <spdlog/spdlog.h>

#include "analyzer/daemon/pipeline.hpp"
#include "analyzer/daemon/snapshot.hpp"
#include "sql/settings.hpp"

namespace guard::daemon {
namespace {

constexpr std::size_t kForgetAtOnce = 200'000;  // every ten seconds: some milliseconds, and all in ten minutes

}  // namespace

void Pipeline::apply_controls() {
    if (!live_) return;
    take_reload();
    if (!control_.due()) return;
    with_database([&](pqxx::connection& database) {
        read_decisions(database);
        inputs_.set_breaker_open(breaker_is_open(database));
    });
}

void Pipeline::read_decisions(pqxx::connection& database) {
    inputs_.told(releases_since(database, inputs_.releases_since()));
    inputs_.told(verdicts_since(database, inputs_.verdicts_since()));
}

void Pipeline::take_reload() {
    std::optional<Reload> reloaded;
    {
        const std::lock_guard lock(reload_mutex_);
        reloaded = std::exchange(reloaded_, {});
    }
    if (!reloaded) return;
    if (reloaded->geo) {
        geo_ = std::move(*reloaded->geo);
        inputs_.set_places(geo_.locator, geo_.gateways, geo_.fingerprint);
    }
    const auto& detection = reloaded->settings.detection;
    inputs_.set_actions({detection.mode, detection.profile, detection.rule_modes});
    to_publish_ = std::move(reloaded->settings);
    minute_.expire();
    contracts_.expire();
}

void Pipeline::housekeeping() {
    if (started_ && checks_.due()) {
        source_->maintain(clock_.now());
        check_normalisation();
        detector_.forget(clock_.now(), kForgetAtOnce);
    }
    if (!settings_.metrics_file.empty() && metrics_due_.due()) write_metrics();
    if (!live_) return;
    if (blocks_.due())
        with_database([](pqxx::connection& database) {
            pqxx::work transaction(database);
            transaction.exec(
                "UPDATE guard.block SET ended_at = expires_at WHERE ended_at IS NULL AND expires_at <= "
                "clock_timestamp()");
            transaction.commit();
        });
    if (minute_.due()) once_a_minute();
    if (day_.due())
        with_database(
            [](pqxx::connection& database) {
                pqxx::work transaction(database);
                transaction.exec("SET LOCAL statement_timeout = '10min'");
                transaction.exec("SELECT * FROM guard.apply_retention()");
                transaction.commit();
            },
            std::chrono::minutes{11});
}

void Pipeline::once_a_minute() {
    with_database([&](pqxx::connection& database) {
        pqxx::work transaction(database);
        if (to_publish_) sql::publish_settings(transaction, *to_publish_);
        transaction.exec("SELECT guard.judge_password_changes()");
        transaction.exec("SELECT guard.escalate_reviews()");
        transaction.commit();
        to_publish_.reset();
        pqxx::work sealing(database);
        sealing.exec("SELECT guard.seal_audit()");
        sealing.commit();
        inputs_.open_disconnects().read(database);
        inputs_.set_allowed(read_allowed(database));
        if (terms_.due()) rows_past_term_ = rows_past_term(database);
    });
    if (contracts_.due())
        with_database(
            [&](pqxx::connection& database) {
                inputs_.set_contracts(std::make_shared<const Contracts>(read_contracts(database)));
            },
            std::chrono::minutes{11});
    inputs_.keep_term(settings_.spool_retention);
}

void Pipeline::write_metrics() {
    try {
        const double lag = std::chrono::duration<double>(clock_.now() - inputs_.last_event()).count();
        const bool behind = started_ && inputs_.last_event() != Time{} && source_->peek() != nullptr;
        metrics_.write(settings_.metrics_file,
                       {source_->status(), detector_.counters(), inputs_.counters(), detector_.streams().size(),
                        detector_.active_ids(), detector_.skewed_clocks(), behind ? std::max(lag, 0.0) : 0,
                        snapshots_.status(), rows_past_term_},
                       enforcer_.status());
    } catch (const std::system_error& error) {
        trouble_.warn(std::string("event=metrics_not_written detail=\"") + error.what() + '"');
    }
}

// radiusd must normalise IDs as we do, or a suspension misses its ID: then no table is published until a person has
// seen to it.
void Pipeline::check_normalisation() {
    const std::string own = settings_.identity.fingerprint();
    bool same = true;
    for (const auto& [stream, status] : source_->status()) {
        const std::string& theirs = status.id_fingerprint;
        if (theirs.empty() || theirs == own) continue;
        same = false;
        trouble_.warn("event=normalisation_differs spool=\"" + stream + "\" module=\"" + theirs + "\" analyzer=\"" +
                      own + "\" detail=\"no table is published\"");
        with_database([&](pqxx::connection& database) {
            pqxx::work transaction(database);
            transaction.exec_params("SELECT guard.raise_alarm('normalisation', $1)",
                                    "spool " + stream + ": radiusd uses " + theirs + ", the analyzer " + own);
            transaction.commit();
        });
    }
    enforcer_.set_paused(!same);
}

// Only right after a commit of all that the detectors have seen: an effect that is still to be recorded would be lost
// by going on behind it.
void Pipeline::begin_snapshot() {
    snapshots_.look();
    if (snapshots_.status().written != std::exchange(acknowledged_, snapshots_.status().written))
        source_->acknowledge(of_source(snapshot_positions_));
    if (!live_ || snapshots_.is_writing() || committed_ != inputs_.positions() || !snapshot_.due()) return;
    snapshot_positions_ = committed_;
    snapshots_.begin(detector_, committed_, clock_.now());
}

void Pipeline::write_last_snapshot(bool all_recorded) {
    Batch last;
    if (live_) last.positions = inputs_.positions();
    last.event_time = inputs_.last_event();
    const bool recorded = live_ && all_recorded && (last.positions == committed_ || try_commit(last));
    ended_ = true;
    if (recorded) snapshots_.write(detector_, last.positions, clock_.now());
}

}  // namespace guard::daemon
