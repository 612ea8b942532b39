// Publishes the table of who is refused now, from what the database says: at every NOTIFY, and every second anyway. Has
// a thread and a connection of its own. While PostgreSQL is away the published table stays as it is, and blocks in it
// end by their own expiry.
#pragma once

#include <atomic>
#include <pqxx/pqxx>
#include <stop_token>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "enforcement/table.hpp"
#include "sql/database_link.hpp"

namespace guard::daemon {

struct EnforcerStatus {
    std::atomic<std::uint64_t> generation{0}, suspended{0}, blocked{0}, published{0}, failures{0};
};

class Enforcer {
  public:
    explicit Enforcer(const config::Settings& settings);

    // The thread. Returns when stopped.
    void run(const std::stop_token& stop);

    // IDs are normalised otherwise in radiusd than here: a table made now would miss its IDs, so none is published.
    void set_paused(bool paused) { paused_ = paused; }
    [[nodiscard]] const EnforcerStatus& status() const { return status_; }
    // From any thread.
    sql::DatabaseLink& link() { return link_; }

  private:
    struct Content {
        std::vector<enforcement::SuspendedId> ids;
        std::vector<enforcement::BlockedSource> sources;
    };
    void serve(pqxx::connection& connection, const std::stop_token& stop);
    void refresh(pqxx::connection& connection);
    [[nodiscard]] static Content read(pqxx::connection& connection);
    void publish(const Content& content);

    const config::Settings& settings_;
    sql::DatabaseLink link_;
    std::atomic<bool> paused_{false};
    std::uint64_t generation_ = 0;
    std::string published_;  // what is in the published table, to see a difference
    bool any_published_ = false;
    EnforcerStatus status_;
};

}  // namespace guard::daemon
