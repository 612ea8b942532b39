// The notifier's loop: plans how notices go, hands what is due to the channels, records the answers. One object, one
// thread, one database connection. PostgreSQL away: it says so once, waits and goes on by itself; one that hangs is
// left and asked again. A channel away: its deliveries wait.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "event/expected.hpp"
#include "event/time.hpp"
#include "notifier/channel.hpp"
#include "notifier/local_time.hpp"
#include "notifier/metrics.hpp"
#include "notifier/notice_queue.hpp"
#include "sql/database_link.hpp"

namespace guard::notifier {

// The pause before try number `tries` + 1: doubles from `first` to at most an hour, and up to a fifth of it more or
// less, by `random` from 0 to 1, so that after an outage not all come back at once.
[[nodiscard]] std::chrono::milliseconds pause_after(int tries, std::chrono::seconds first, double random);

class Notifier {
  public:
    // Everything the settings get wrong about notices, all at once: what the channels miss, plans, time zone.
    [[nodiscard]] static Expected<std::unique_ptr<Notifier>, std::vector<std::string>> make(
        const config::Settings& settings, const Clock& clock);
    // With these channels instead of those that the settings describe.
    Notifier(const config::Settings& settings, const Clock& clock, std::vector<std::unique_ptr<Channel>> channels,
             LocalTime local_time);
    ~Notifier();

    // Says nothing about the database's being away: another one of the process does.
    void be_quiet() { quiet_ = true; }
    // From any thread: who waits for PostgreSQL has waited too long, or has to end.
    sql::DatabaseLink& link() { return link_; }
    // What comes of its deliveries is counted there; `metrics` outlives this object.
    void count_in(Metrics& metrics) { metrics_ = &metrics; }

    // Sends until nothing is due, or until `stop`: then what is on its way is recorded, and the rest put back. Returns
    // how many deliveries went to their channels. Throws pqxx exceptions, sql::MigrationError when the database has not
    // the schema of this program.
    std::size_t run_once(const std::atomic<bool>* stop = nullptr);

    // Until `stop`, which is looked at twice a second. Throws only sql::MigrationError.
    void run(const std::atomic<bool>& stop);

  private:
    struct Session;
    struct Sent {
        QueuedDelivery delivery;
        Outcome outcome;
        std::chrono::steady_clock::time_point at;
    };

    void open();
    void close();
    std::size_t step();
    void send(const std::vector<QueuedDelivery>& batch);
    [[nodiscard]] Sent deliver(const QueuedDelivery& delivery);
    bool move_on(std::optional<Sent>& done, const QueuedDelivery* next);
    void report(const Sent& sent, bool recorded) const;
    [[nodiscard]] std::map<std::string, Rate> open_channels() const;
    [[nodiscard]] Channel* find(std::string_view name) const;
    [[nodiscard]] bool stopping() const { return stop_ != nullptr && stop_->load(); }
    void wait_for_work(const std::atomic<bool>& stop);

    config::Settings settings_;
    const Clock& clock_;
    std::vector<std::unique_ptr<Channel>> channels_;
    LocalTime local_time_;
    std::string worker_;
    sql::DatabaseLink link_;
    std::unique_ptr<Session> session_;  // on the connection of link_
    const std::atomic<bool>* stop_ = nullptr;
    bool patient_ = false;  // waits for a PostgreSQL that is away, however long
    std::size_t sent_ = 0;
    bool quiet_ = false;
    Metrics* metrics_ = nullptr;
};

}  // namespace guard::notifier
