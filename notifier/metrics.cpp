#include "notifier/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <map>
#include <pqxx/except>
#include <pqxx/result>
#include <pqxx/transaction>
#include <thread>

#include "config/notice_plan.hpp"
#include "event/file.hpp"

namespace guard::notifier {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPeriod = 1min, kLook = 500ms;

constexpr auto kQueue = R"(
    SELECT channel, count(*) FILTER (WHERE open),
           coalesce(extract(epoch FROM clock_timestamp() - min(due_at) FILTER (WHERE open AND due_at <= clock_timestamp())), 0),
           count(*) FILTER (WHERE state IN ('dead', 'bounced')), sum(maybe_twice)
    FROM (SELECT channel, due_at, state, maybe_twice, state IN ('queued', 'sending') AS open FROM guard.delivery) AS d
    GROUP BY channel)";
constexpr auto kUnplanned = "SELECT count(*) FROM guard.notice WHERE plan_at <= clock_timestamp() AND step = 0";

struct Queue {
    double waiting = 0, oldest_due = 0, dead = 0, maybe_twice = 0;
};

}  // namespace

struct Metrics::Registry {
    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& deliveries =
        prometheus::BuildCounter()
            .Name("pppoe_guard_notifier_deliveries_total")
            .Help("Deliveries handed to a channel since the notifier started, by what came of it")
            .Register(registry);
};

Metrics::Metrics(const config::Settings& settings)
    : settings_(settings), link_(settings_, "pppoe-guard-notifier-metrics"), registry_(std::make_unique<Registry>()) {
    // From the start, so that a first one is a rise.
    for (const auto& channel : config::configured_channels(settings_))
        for (const auto outcome : {Delivery::Outcome::accepted, Delivery::Outcome::later, Delivery::Outcome::never})
            registry_->deliveries.Add({{"channel", channel}, {"outcome", to_string(outcome)}});
}

Metrics::~Metrics() = default;

void Metrics::delivered(const std::string& channel, Delivery::Outcome outcome) {
    registry_->deliveries.Add({{"channel", channel}, {"outcome", to_string(outcome)}}).Increment();
}

void Metrics::write(pqxx::connection_base* connection) const {
    prometheus::Registry now;  // only what is so now: without the database there are no figures of the queue
    const auto gauge = [&](const char* name, const char* help, double value, const prometheus::Labels& labels = {}) {
        prometheus::BuildGauge().Name(name).Help(help).Register(now).Add(labels).Set(value);
    };
    gauge("pppoe_guard_notifier_database_up", "Whether PostgreSQL answers", connection == nullptr ? 0 : 1);
    if (connection != nullptr) {
        std::map<std::string, Queue> queues;
        for (const auto& channel : config::configured_channels(settings_)) queues[channel] = {};
        pqxx::read_transaction transaction(*connection, "metrics");
        for (const auto& row : transaction.exec(kQueue))
            queues[row[0].c_str()] = {row[1].as<double>(), row[2].as<double>(), row[3].as<double>(),
                                      row[4].as<double>()};
        for (const auto& [channel, queue] : queues) {
            const prometheus::Labels labels{{"channel", channel}};
            gauge("pppoe_guard_notifier_waiting", "Deliveries that are queued or being sent", queue.waiting, labels);
            gauge("pppoe_guard_notifier_oldest_due_seconds", "For how long the oldest of them has been due",
                  queue.oldest_due, labels);
            gauge("pppoe_guard_notifier_dead", "Deliveries that failed for good, those that bounced included",
                  queue.dead, labels);
            gauge("pppoe_guard_notifier_maybe_twice", "Times a delivery may have reached the subscriber twice",
                  queue.maybe_twice, labels);
        }
        gauge("pppoe_guard_notifier_unplanned", "Notices that wait for a plan",
              transaction.exec1(kUnplanned)[0].as<double>());
    }
    const prometheus::TextSerializer serializer;
    const std::string text = serializer.Serialize(registry_->registry.Collect()) + serializer.Serialize(now.Collect());
    replace_file(settings_.notice_metrics_file, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                 0644);
}

void Metrics::keep(const std::stop_token& stop) {
    bool failed = false;
    for (bool last = false; !last;) {
        last = stop.stop_requested();
        try {
            try {
                const sql::DatabaseLink::Use use(link_);
                write(&link_.get());
            } catch (const pqxx::failure&) {  // the senders say so
                link_.drop();
                write(nullptr);
            }
            failed = false;
        } catch (const std::exception& error) {
            if (!failed) spdlog::warn("event=metrics_not_written detail=\"{}\"", error.what());
            failed = true;
        }
        for (auto waited = 0ms; waited < kPeriod && !stop.stop_requested(); waited += kLook)
            std::this_thread::sleep_for(kLook);
    }
}

}  // namespace guard::notifier
