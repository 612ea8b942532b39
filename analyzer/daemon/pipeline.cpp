#include "analyzer/daemon/pipeline.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "analyzer/daemon/snapshot.hpp"
#include "sql/connection.hpp"
#include "sql/migrate.hpp"
#include "sql/settings.hpp"

namespace guard::daemon {
namespace {

constexpr std::size_t kBatchEvents = 1024;
constexpr auto kDefaultPoll = std::chrono::milliseconds{10};
constexpr auto kRetry = std::chrono::seconds{1};
constexpr auto kFuture = std::chrono::seconds{120};

// PostgreSQL refuses the data, and will again: SQLSTATE classes 22 and 23. All else is its own trouble and passes.
bool refuses_data(const pqxx::sql_error& error) {
    const std::string state = error.sqlstate().substr(0, 2);
    return state == "22" || state == "23";
}

}  // namespace

Pipeline::Pipeline(const config::Settings& settings, GeoFiles geo, const Clock& clock, Enforcer& enforcer,
                   Disconnector& disconnector)
    : settings_(settings),
      clock_(clock),
      enforcer_(enforcer),
      disconnector_(disconnector),
      geo_(std::move(geo)),
      key_(state_key(settings.state_directory)),
      detector_(settings.detection, geo_.locator, {}, key_) {
    const auto loaded = load_learned(detector_, key_, settings.state_directory);
    if (!loaded.warning.empty()) spdlog::warn("event=snapshot_damaged detail=\"{}\"", loaded.warning);
    spdlog::info("event=snapshot_loaded ids={}", loaded.ids);
}

void Pipeline::run(const std::stop_token& stop) {
    start(stop);
    for (Timer* timer : {&snapshot_, &day_, &contracts_}) timer->restart();
    while (!stop.stop_requested()) {
        apply_controls();
        Batch batch;
        const bool more = read_events(batch);
        if (!more) caught_up(batch);
        if (!replaying_ && (batch.has_effects() || progress_.due())) commit(batch, stop);
        housekeeping();
        if (!more) pause_.wait_for(settings_.spool_poll.count() > 0 ? settings_.spool_poll : kDefaultPoll, stop);
    }
    save_snapshot();
}

// Waits for the database: without the position that was committed last nothing may be read.
void Pipeline::start(const std::stop_token& stop) {
    while (!stop.stop_requested() && !source_) {
        const bool done = with_database([&](pqxx::connection& database) {
            if (!sql::plan(database).empty())
                throw std::runtime_error("the database needs \"guardctl migrate\" before the analyzer can start");
            {
                pqxx::work transaction(database);
                sql::publish_settings(transaction, settings_);
                transaction.commit();
            }
            releases_.open(clock_.now() - settings_.spool_retention);
            verdicts_.open(clock_.now() - settings_.spool_retention);
            read_decisions(database);
            subscribers_.read_contracts(database);
            subscribers_.read_allowed(database);
            detector_.set_knowledge(subscribers_.knowledge(geo_.gateways));
            committed_ = stored_positions(database);
            open_disconnects_.read(database);
            source_ = std::make_unique<SpoolSource>(settings_.spools, committed_);
        });
        if (!done) pause_.wait_for(kRetry, stop);
    }
}

void Pipeline::reload(GeoFiles geo) {
    const std::lock_guard lock(reload_mutex_);
    reloaded_ = std::move(geo);
}

// True when there is more to read at once.
bool Pipeline::read_events(Batch& batch) {
    if (!source_) return false;
    for (std::size_t count = 0; count < kBatchEvents; ++count) {
        const LoginEvent* event = source_->peek();
        if (event == nullptr) return false;
        const bool already_recorded = source_->already_recorded();
        if (!already_recorded && !end_replay()) return false;
        take_event(*event, already_recorded, batch);
        source_->pop();
        batch.positions = source_->positions();
        batch.event_time = last_event_;
    }
    return true;
}

void Pipeline::take_event(const LoginEvent& event, bool already_recorded, Batch& batch) {
    const Time now = clock_.now();
    LoginEvent clamped;
    const LoginEvent* taken = &event;
    if (event.time > now + kFuture) {
        metrics_.future_event();
        clamped = event;
        clamped.time = now;
        taken = &clamped;
    }
    apply_releases(taken->time);
    detector_.set_lagging(!already_recorded && now > taken->time + settings_.detection.guards.max_lag);
    std::vector<detection::Decision> decisions;
    detector_.on_event(*taken, decisions);
    last_event_ = std::max(last_event_, taken->time);
    take_decisions(decisions, already_recorded, batch);
    if (!already_recorded) open_disconnects_.seen(*taken, batch.taken);
}

void Pipeline::take_decisions(std::vector<detection::Decision>& decisions, bool already_recorded, Batch& batch) {
    auto late = detector_.take_late_sessions();
    if (already_recorded) return;
    for (const auto& decision : decisions)
        if (decision.enforced)
            for (const IpAddress& address : decision.open_addresses)
                open_disconnects_.expect(decision.finding.service, decision.finding.id, address, decision.decided);
    for (const auto& session : late)
        for (const IpAddress& address : session.addresses)
            open_disconnects_.expect(session.service, session.id, address, last_event_);
    std::move(decisions.begin(), decisions.end(), std::back_inserter(batch.decisions));
    std::move(late.begin(), late.end(), std::back_inserter(batch.late_sessions));
}

// All that was recorded before the restart has been read again. Who is suspended is for the database to say: people may
// have decided meanwhile. False when it is away.
bool Pipeline::end_replay() {
    if (!replaying_) return true;
    apply_releases(last_event_);
    // Whom a person suspended while nobody was here to end the sessions.
    for (const Verdict& verdict : verdicts_.waiting())
        if (verdict.kind == Verdict::Kind::suspended) apply_verdict(verdict);
    replaying_ =
        !with_database([&](pqxx::connection& database) { detector_.restore_suspensions(open_suspensions(database)); });
    if (!replaying_) spdlog::info("event=replayed ids={}", detector_.streams().size());
    return !replaying_;
}

// Nothing more is there now: time itself may decide what has settled.
void Pipeline::caught_up(Batch& batch) {
    if (!source_) return;
    if (!end_replay()) return;
    const Time now = clock_.now();
    apply_releases(now);
    detector_.set_lagging(false);
    std::vector<detection::Decision> decisions;
    detector_.advance(now, decisions);
    take_decisions(decisions, false, batch);
    batch.positions = source_->positions();
    batch.event_time = last_event_;
}

pqxx::connection& Pipeline::connection() {
    if (!connection_) connection_ = sql::connect(settings_, "pppoe-guard-analyzer");
    return *connection_;
}

// Runs `work` on the connection. False when the database was not to be had; the connection is then made anew next time.
template <class Work>
bool Pipeline::with_database(Work work) {
    try {
        work(connection());
        return true;
    } catch (const pqxx::failure& error) {
        database_failed("event=database_away", error.what());
        return false;
    }
}

void Pipeline::commit(Batch& batch, const std::stop_token& stop) {
    if (!batch.has_effects() && batch.positions == committed_) return;
    while (!try_commit(batch)) {
        // What is not committed is read again after the next start.
        if (!pause_.wait_for(kRetry, stop)) return;
    }
    committed_ = batch.positions;
}

// False: not now.
bool Pipeline::try_commit(const Batch& batch) {
    try {
        note(record(connection(), batch, *geo_.locator, transaction_id_), batch);
        return true;
    } catch (const pqxx::in_doubt_error&) {
        connection_.reset();
        return resolve_doubt();
    } catch (const pqxx::sql_error& error) {
        if (refuses_data(error)) return with_database([&](pqxx::connection&) { record_one_by_one(batch); });
        database_failed("event=database_refuses", error.what());
    } catch (const pqxx::failure& error) {
        database_failed("event=database_away", error.what());
    }
    return false;
}

void Pipeline::note(const Recorded& recorded, const Batch& batch) {
    metrics_.recorded(recorded);
    if (recorded.breaker_opened) detector_.set_breaker_open(true);
    if (recorded.suspended > 0 || !batch.late_sessions.empty()) disconnector_.wake();
    if (recorded.suspended > 0 || recorded.blocks > 0 || recorded.reviews > 0)
        spdlog::info("event=recorded suspended={} reviews={} blocks={}", recorded.suspended, recorded.reviews,
                     recorded.blocks);
}

// The connection went in the middle of a commit: PostgreSQL knows what became of it. False: nothing, or not known yet.
bool Pipeline::resolve_doubt() {
    std::optional<bool> committed;
    const bool answered =
        with_database([&](pqxx::connection& database) { committed = was_committed(database, transaction_id_); });
    if (answered && committed) {
        spdlog::info("event=doubt_resolved committed={}", *committed);
        disconnector_.wake();
    }
    // While it is in progress a second try would only wait for the locks of the first.
    return answered && committed.value_or(false);
}

void Pipeline::database_failed(const char* event, const char* detail) {
    trouble_.warn(std::string(event) + " detail=\"" + detail + '"');
    metrics_.database_failed();
    connection_.reset();
}

// One of the decisions cannot be stored: the others are, and an alarm tells of that one.
void Pipeline::record_one_by_one(const Batch& batch) {
    for (const auto& decision : batch.decisions) {
        Batch single;
        single.decisions.push_back(decision);
        try {
            note(record(connection(), single, *geo_.locator, transaction_id_), single);
        } catch (const pqxx::sql_error& error) {
            if (!refuses_data(error)) throw;
            spdlog::error("event=decision_refused rule={} sqlstate={}", to_string(decision.finding.rule),
                          error.sqlstate());
            pqxx::work transaction(connection());
            transaction.exec_params("SELECT guard.raise_alarm('decision_refused', $1)",
                                    std::string(to_string(decision.finding.rule)) + ": SQLSTATE " + error.sqlstate());
            transaction.commit();
        }
    }
    Batch rest = batch;
    rest.decisions.clear();
    note(record(connection(), rest, *geo_.locator, transaction_id_), rest);
}

void Pipeline::apply_controls() {
    {
        const std::lock_guard lock(reload_mutex_);
        if (reloaded_) {
            geo_ = std::move(*reloaded_);
            reloaded_.reset();
            detector_.set_locator(geo_.locator);
            minute_.expire();  // knowledge holds the gateways: read it again now
        }
    }
    if (!source_ || !control_.due()) return;
    with_database([&](pqxx::connection& database) {
        read_decisions(database);
        detector_.set_breaker_open(breaker_is_open(database));
    });
}

// A release is an event: it takes its place among them by its time; and so does what a person found.
void Pipeline::apply_releases(Time until) {
    while (releases_.due(until) || verdicts_.due(until)) {
        const bool verdict_first =
            verdicts_.due(until) &&
            (!releases_.due(until) || verdicts_.waiting().front().time < releases_.waiting().front().time);
        if (verdict_first) {
            apply_verdict(verdicts_.take());
            continue;
        }
        const Release release = releases_.take();
        detector_.release(release.service, release.id, release.time);
    }
}

void Pipeline::apply_verdict(const Verdict& verdict) {
    switch (verdict.kind) {
        case Verdict::Kind::suspended:
            detector_.suspend_by_person(verdict.service, verdict.id, verdict.time);
            break;
        case Verdict::Kind::ordinary:
            detector_.found_ordinary(verdict.service, verdict.id, verdict.places, verdict.time);
            break;
        case Verdict::Kind::dismissed:
            detector_.dismiss(verdict.service, verdict.id, verdict.time);
            break;
    }
}

void Pipeline::read_decisions(pqxx::connection& database) {
    releases_.add(releases_since(database, releases_.since()));
    verdicts_.add(verdicts_since(database, verdicts_.since()));
}

void Pipeline::housekeeping() {
    if (!source_) return;
    if (blocks_.due())
        with_database([](pqxx::connection& database) {
            pqxx::work transaction(database);
            transaction.exec(
                "UPDATE guard.block SET ended_at = expires_at WHERE ended_at IS NULL AND expires_at <= "
                "clock_timestamp()");
            transaction.commit();
        });
    if (checks_.due()) check_normalisation();
    if (minute_.due()) {
        with_database([&](pqxx::connection& database) {
            pqxx::work transaction(database);
            transaction.exec("SELECT guard.judge_password_changes()");
            transaction.exec("SELECT guard.escalate_reviews()");
            transaction.commit();
            pqxx::work sealing(database);
            sealing.exec("SELECT guard.seal_audit()");
            sealing.commit();
            open_disconnects_.read(database);
            subscribers_.read_allowed(database);
            if (contracts_.due()) subscribers_.read_contracts(database);
            if (terms_.due()) rows_past_term_ = rows_past_term(database);
            detector_.set_knowledge(subscribers_.knowledge(geo_.gateways));
        });
        source_->keep_term(settings_.spool_retention, clock_.now());
    }
    if (snapshot_.due()) save_snapshot();
    if (day_.due())
        with_database([](pqxx::connection& database) {
            pqxx::work transaction(database);
            transaction.exec("SELECT * FROM guard.apply_retention()");
            transaction.commit();
        });
    if (!settings_.metrics_file.empty() && metrics_due_.due()) try {
            const double lag = std::chrono::duration<double>(clock_.now() - last_event_).count();
            metrics_.write(
                settings_.metrics_file,
                {source_->status(), detector_.counters(), detector_.streams().size(), detector_.active_ids(),
                 last_event_ == Time{} || source_->peek() == nullptr ? 0 : std::max(lag, 0.0), rows_past_term_},
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
    for (const auto& [directory, status] : source_->status()) {
        const std::string& theirs = status.writers.id_fingerprint;
        if (theirs.empty() || theirs == own) continue;
        same = false;
        trouble_.warn("event=normalisation_differs spool=\"" + directory + "\" module=\"" + theirs + "\" analyzer=\"" +
                      own + "\" detail=\"no table is published\"");
        with_database([&](pqxx::connection& database) {
            pqxx::work transaction(database);
            transaction.exec_params("SELECT guard.raise_alarm('normalisation', $1)",
                                    "spool " + directory + ": radiusd uses " + theirs + ", the analyzer " + own);
            transaction.commit();
        });
    }
    enforcer_.set_paused(!same);
}

void Pipeline::save_snapshot() {
    detector_.forget(clock_.now());
    try {
        save_learned(detector_, key_, settings_.state_directory);
    } catch (const std::system_error& error) {
        spdlog::error("event=snapshot_not_written detail=\"{}\"", error.what());
    }
}

}  // namespace guard::daemon
