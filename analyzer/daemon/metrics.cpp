#include "analyzer/daemon/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <cmath>

#include "event/file.hpp"

namespace guard::daemon {

struct Metrics::Registry {
    prometheus::Registry registry;
    prometheus::Counter& suspended = counter("pppoe_guard_suspensions_total", "IDs suspended by the analyzer");
    prometheus::Counter& reviews = counter("pppoe_guard_reviews_total", "Findings that went to a person");
    prometheus::Counter& blocks = counter("pppoe_guard_blocks_total", "Sources blocked");
    prometheus::Counter& database_failures =
        counter("pppoe_guard_database_failures_total", "Failed tries to write to PostgreSQL");
    prometheus::Counter& dead = counter("pppoe_guard_dead_letters_total", "Decisions PostgreSQL would not take");
    prometheus::Family<prometheus::Gauge>& clock_family =
        prometheus::BuildGauge()
            .Name("pppoe_guard_pool_clock_seconds")
            .Help("How far the clock of a pool's NAS is ahead, where it is wrong")
            .Register(registry);
    std::map<IpAddress, prometheus::Gauge*> clock_of;

    prometheus::Counter& counter(const char* name, const char* help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
    }
    // Of all pools whose clock was ever wrong: 0 when it is right again.
    void clocks(const std::vector<std::pair<IpAddress, std::chrono::seconds>>& skewed) {
        for (auto& [pool, gauge] : clock_of) gauge->Set(0);
        for (const auto& [pool, skew] : skewed) {
            prometheus::Gauge*& gauge = clock_of[pool];
            if (gauge == nullptr) gauge = &clock_family.Add({{"pool", pool.to_string()}});
            gauge->Set(static_cast<double>(skew.count()));
        }
    }
    void gauge(const std::string& name, const char* help, double value, const prometheus::Labels& labels = {}) {
        prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels).Set(value);
    }
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

void Metrics::recorded(const Recorded& recorded) {
    registry_->suspended.Increment(static_cast<double>(recorded.suspended));
    registry_->reviews.Increment(static_cast<double>(recorded.reviews));
    registry_->blocks.Increment(static_cast<double>(recorded.blocks));
    registry_->dead.Increment(static_cast<double>(recorded.dead.size()));
}
void Metrics::database_failed() {
    registry_->database_failures.Increment();
}

void Metrics::write(const std::filesystem::path& file, const Sample& sample, const EnforcerStatus& enforcer) {
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    Registry& out = *registry_;
    for (const auto& [spool, status] : sample.streams_read) {
        const prometheus::Labels labels{{"spool", spool}};
        const auto gauge = [&](const char* name, const char* help, std::uint64_t value) {
            out.gauge(name, help, number(value), labels);
        };
        gauge("pppoe_guard_spool_present", "1: the spool is there; 0: it is looked for", status.present ? 1 : 0);
        gauge("pppoe_guard_spool_read", "Events read since the analyzer started", status.read);
        gauge("pppoe_guard_spool_torn", "Places in the spool without a whole record", status.torn);
        gauge("pppoe_guard_spool_malformed", "Records that are no valid event", status.malformed);
        gauge("pppoe_guard_spool_unreadable", "Segments that cannot be read", status.unreadable);
        gauge("pppoe_guard_spool_deleted_unread", "Segments deleted before they were read", status.deleted_unread);
        gauge("pppoe_guard_module_appended", "Events written by radiusd", status.appended);
        gauge("pppoe_guard_module_dropped", "Events radiusd could not write", status.dropped);
        gauge("pppoe_guard_module_unusable", "Messages without a usable ID", status.unusable);
        gauge("pppoe_guard_module_clamped", "Event times corrected for clock skew", status.clamped);
        gauge("pppoe_guard_module_duplicates", "Repeated messages", status.duplicates);
    }
    out.gauge("pppoe_guard_future_events_total", "Events from the future, taken as of now",
              number(sample.inputs.future_events));
    out.gauge("pppoe_guard_control_journal_failures", "Control inputs that could not be journalled",
              number(sample.inputs.journal_failures));
    out.gauge("pppoe_guard_events", "Events the detectors saw, those read again included",
              number(sample.detector.events));
    out.gauge("pppoe_guard_events_repeated", "Events that said the same again", number(sample.detector.repeated));
    out.gauge("pppoe_guard_events_unmapped", "PPPoE events with an address outside every pool",
              number(sample.detector.unmapped));
    out.gauge("pppoe_guard_sources_forgotten", "Attempts from sources there was no room for",
              number(sample.detector.sources_forgotten));
    out.gauge("pppoe_guard_packed_lossily", "IDs of which something was forgotten because too many were busy",
              number(sample.detector.packed_lossily));
    out.gauge("pppoe_guard_ids", "IDs that are remembered", number(sample.streams));
    const SnapshotWriter::Status& snapshots = sample.snapshots;
    const auto seconds = [](auto span) { return std::chrono::duration<double>(span).count(); };
    out.gauge("pppoe_guard_snapshots_written", "Snapshots since the start", number(snapshots.written));
    out.gauge("pppoe_guard_snapshots_failed", "Snapshots that could not be written", number(snapshots.failed));
    out.gauge("pppoe_guard_snapshots_refused", "Snapshots that the last start could not use",
              number(snapshots.refused));
    out.gauge("pppoe_guard_snapshot_seconds", "When the last snapshot was written, since 1970",
              std::floor(seconds(snapshots.last.time_since_epoch())));
    out.gauge("pppoe_guard_snapshot_pause_seconds", "How long the pipeline waited for it", seconds(snapshots.pause));
    out.gauge("pppoe_guard_active_ids", "IDs accepted or alive within 24 hours", number(sample.active_ids));
    out.clocks(sample.skewed_clocks);
    out.gauge("pppoe_guard_lag_seconds", "How old the newest event read is, when more are waiting", sample.lag_seconds);
    if (sample.rows_past_term)
        out.gauge("pppoe_guard_rows_past_term", "Rows in PostgreSQL past their term: must be 0",
                  number(*sample.rows_past_term));
    out.gauge("pppoe_guard_table_generation", "Generation of the published table", number(enforcer.generation));
    out.gauge("pppoe_guard_table_suspended", "IDs in the published table", number(enforcer.suspended));
    out.gauge("pppoe_guard_table_blocked", "Sources in the published table", number(enforcer.blocked));
    out.gauge("pppoe_guard_enforcer_failures", "Times the enforcer lost the database or could not publish",
              number(enforcer.failures));
    const std::string text = prometheus::TextSerializer().Serialize(out.registry.Collect());
    replace_file(file, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, 0644);
}

}  // namespace guard::daemon
