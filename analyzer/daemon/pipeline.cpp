#include "analyzer/daemon/pipeline.hpp"

#include <spdlog/spdlog.h>

#include "analyzer/daemon/snapshot.hpp"
#include "sql/migrate.hpp"
#include "sql/settings.hpp"

namespace guard::daemon {
namespace {

constexpr auto kDefaultPoll = std::chrono::milliseconds{10};
constexpr auto kRetry = std::chrono::seconds{1};

Actions actions_of(const config::DetectionSettings& settings) {
    return {settings.mode, settings.profile, settings.rule_modes};
}

struct WentBack {};

struct MigrationsMissing : std::exception {
    [[nodiscard]] const char* what() const noexcept override {
        return "the database needs \"guardctl migrate\" before the analyzer can start";
    }
};

}  // namespace

Pipeline::Pipeline(const config::Settings& settings, GeoFiles geo, std::unique_ptr<EventSource> source,
                   const Clock& clock, Enforcer& enforcer, Disconnector& disconnector)
    : settings_(settings),
      clock_(clock),
      enforcer_(enforcer),
      disconnector_(disconnector),
      geo_(std::move(geo)),
      key_(state_key(settings.state_directory)),
      detector_(settings.detection, geo_.locator, {}, key_),
      snapshots_(settings.state_directory, key_),
      source_(std::move(source)),
      journal_(settings.state_directory),
      inputs_(detector_, *source_, journal_, clock, settings.detection.guards.max_lag),
      link_(settings, "pppoe-guard-analyzer") {}

void Pipeline::run(const std::stop_token& stop) {
    try {
        work(stop);
    } catch (const WentBack&) {
        spdlog::warn("event=database_older detail=\"it has lost what was committed; going on from where it is now\"");
        went_back_ = true;
    }
    ended_ = true;
}

void Pipeline::work(const std::stop_token& stop) {
    start(stop);
    for (Timer* timer : {&snapshot_, &day_, &contracts_}) timer->restart();
    bool all_recorded = true;
    while (!stop.stop_requested()) {
        apply_controls();
        Batch batch;
        const bool more = read(batch, stop);
        if (inputs_.stage() != Inputs::Stage::recorded && (batch.has_effects() || progress_.due()))
            all_recorded = commit(batch, stop);
        housekeeping();
        begin_snapshot();
        if (!more) pause_.wait_for(settings_.spool_poll.count() > 0 ? settings_.spool_poll : kDefaultPoll, stop);
    }
    write_last_snapshot(all_recorded);
}

// Waits for the database: without the position that was committed last nothing may be read.
void Pipeline::start(const std::stop_token& stop) {
    while (!stop.stop_requested() && !started_) {
        const bool done = with_database(
            [&](pqxx::connection& database) {
                if (!sql::plan(database).empty()) throw MigrationsMissing{};
                {
                    pqxx::work transaction(database);
                    sql::publish_settings(transaction, settings_);
                    transaction.commit();
                }
                committed_ = stored_positions(database);
                Inputs::Start start;
                start.committed = committed_;
                start.since = clock_.now() - settings_.spool_retention;
                start.actions = actions_of(settings_.detection);
                start.allowed = read_allowed(database);
                start.contracts = std::make_shared<const Contracts>(read_contracts(database));
                start.gateways = geo_.gateways;
                start.places = geo_.fingerprint;
                start.releases = releases_since(database, start.since);
                start.verdicts = verdicts_since(database, start.since);
                start.snapshot = restore();
                inputs_.begin(std::move(start));
                inputs_.open_disconnects().read(database);
                looked_at_ = link_.count();
                started_ = true;
            },
            std::chrono::minutes{11});
        if (!done) pause_.wait_for(kRetry, stop);
    }
}

// Goes on from the newest snapshot that is not newer than the database: what came between the two would be recorded by
// nobody.
Positions Pipeline::restore() {
    LoadedState state = load_state(settings_.detection, geo_.locator, key_, settings_.state_directory, Part::all,
                                   [&](const Positions& at) { return covers(*source_, committed_, at); });
    if (state.ahead)
        spdlog::warn("event=snapshot_ahead detail=\"the database is older; reading more of the journal again\"");
    snapshots_.loaded(state);
    // What a detector is made with cannot be assigned.
    std::destroy_at(&detector_);
    std::construct_at(&detector_, std::move(*state.detector));
    return state.positions;
}

void Pipeline::reload(Reload wanted) {
    const std::lock_guard lock(reload_mutex_);
    if (reloaded_ && !wanted.geo) wanted.geo = std::move(reloaded_->geo);
    reloaded_ = std::move(wanted);
}

// True when there is more to read at once.
bool Pipeline::read(Batch& batch, const std::stop_token& stop) {
    if (!started_) return false;
    if (inputs_.stage() == Inputs::Stage::live && !live_ && !go_live(batch)) {
        pause_.wait_for(kRetry, stop);
        return true;
    }
    const bool more = inputs_.read(batch);
    if (inputs_.stage() == Inputs::Stage::live && !live_) {
        // What was decided until here has to be in the database before it is asked who is suspended.
        commit(batch, stop);
        batch = {};
        return true;
    }
    if (!more) inputs_.caught_up(batch);
    return more;
}

// All that was recorded or journalled before the restart has been read again. Who is suspended, and what people decided
// meanwhile, is for the database to say. False when it is away.
bool Pipeline::go_live(Batch& batch) {
    std::vector<detection::OpenSuspension> open;
    bool breaker = false;
    const bool told = with_database([&](pqxx::connection& database) {
        read_decisions(database);
        open = open_suspensions(database);
        breaker = breaker_is_open(database);
    });
    if (!told) return false;
    inputs_.set_breaker_open(breaker);
    inputs_.set_actions(actions_of(settings_.detection));
    inputs_.meet_database(open, batch);
    minute_.expire();  // the allow list as it is now
    live_ = true;
    for (const auto& [stream, status] : source_->status())
        if (status.deleted_unread > 0)
            spdlog::warn("event=journal_gap spool=\"{}\" segments={}", stream, status.deleted_unread);
    spdlog::info("event=replayed ids={}", detector_.streams().size());
    return true;
}

// False: it is time to stop, and what is not committed is read again after the next start.
bool Pipeline::commit(Batch& batch, const std::stop_token& stop) {
    if (batch.positions.empty() || (!batch.has_effects() && batch.positions == committed_)) return true;
    while (!try_commit(batch))
        if (!pause_.wait_for(kRetry, stop)) return false;
    committed_ = batch.positions;
    return true;
}

// False: not now.
bool Pipeline::try_commit(const Batch& batch) {
    // No effect may outlive a control input that it rests on.
    try {
        inputs_.sync();
    } catch (const std::system_error& error) {
        trouble_.warn(std::string("event=control_journal_not_written detail=\"") + error.what() + '"');
    }
    bool done = false;
    with_database([&](pqxx::connection& database) {
        if (in_doubt_ && !resolve_doubt(database, batch, done)) return;
        if (done) return;
        const auto recorded = record_or_bury(database, batch);
        done = true;
        note(recorded, batch);
    });
    return done;
}

Recorded Pipeline::record_or_bury(pqxx::connection& database, const Batch& batch) {
    const auto attempt = [&](Refused refused) {
        try {
            return record(database, batch, *geo_.locator, transaction_id_, refused);
        } catch (const pqxx::in_doubt_error&) {
            in_doubt_ = true;
            throw;
        }
    };
    try {
        return attempt(Refused::fails);
    } catch (const pqxx::sql_error& error) {
        if (sql::trouble_of(error) != sql::Trouble::data) throw;
    }
    return attempt(Refused::is_kept);
}

void Pipeline::note(const Recorded& recorded, const Batch& batch) {
    metrics_.recorded(recorded);
    if (recorded.breaker_opened) inputs_.set_breaker_open(true);
    if (recorded.suspended > 0 || !batch.late_sessions.empty()) disconnector_.wake();
    if (recorded.suspended > 0 || recorded.blocks > 0 || recorded.reviews > 0)
        spdlog::info("event=recorded suspended={} reviews={} blocks={}", recorded.suspended, recorded.reviews,
                     recorded.blocks);
    for (const auto& [what, sqlstate] : recorded.dead)
        spdlog::error("event=decision_refused what={} sqlstate={}", what, sqlstate);
}

// The connection went in the middle of a commit: PostgreSQL knows what became of it. False: not known yet, and while it
// is in progress a second try would only wait for the locks of the first.
bool Pipeline::resolve_doubt(pqxx::connection& database, const Batch& batch, bool& committed) {
    const auto known = was_committed(database, transaction_id_, batch.positions);
    if (!known) return false;
    in_doubt_ = false;
    committed = *known;
    if (!committed) look_where_it_stands(database);
    spdlog::info("event=doubt_resolved committed={}", committed);
    disconnector_.wake();
    return true;
}

// Each connection may lead to another server: one that has taken over, and was behind. What was committed and is lost
// there is in the journal, but behind us.
void Pipeline::look_where_it_stands(pqxx::connection& database) {
    if (in_doubt_ || looked_at_ == link_.count()) return;
    if (!stands_at(database, committed_)) throw WentBack{};
    looked_at_ = link_.count();
}

void Pipeline::database_failed(const char* event, const std::string& detail) {
    // Its further lines may show a row, and so an ID.
    trouble_.warn(std::string(event) + " detail=\"" + detail.substr(0, detail.find('\n')) + '"');
    metrics_.database_failed();
    link_.drop();
}

// It answers, but not with what was asked for. What will not pass by itself raises an alarm; nothing is given up for
// it.
void Pipeline::database_refuses(const pqxx::sql_error& error) {
    const std::string state = sql::sqlstate_of(error);
    database_failed("event=database_refuses", "SQLSTATE " + state + ": " + error.what());
    if (sql::trouble_of(error) == sql::Trouble::passing) return;
    try {
        pqxx::work transaction(link_.get());
        transaction.exec_params("SELECT guard.raise_alarm('database_refuses', $1)", "SQLSTATE " + state);
        transaction.commit();
    } catch (const std::exception& failed) {
        alarm_trouble_.warn(std::string("event=alarm_not_raised detail=\"") + failed.what() + '"');
        link_.drop();
    }
}

}  // namespace guard::daemon
