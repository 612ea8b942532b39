// Asks NASes to end the sessions of suspended IDs (RFC 5176), as queued in the database: with back-off until it is
// answered or given up, every answer recorded, never more than so many a second to one NAS. What was cancelled
// meanwhile (a release; the address is another's) is not asked again. Has a thread and a connection of its own.
#pragma once

#include <pqxx/pqxx>
#include <stop_token>
#include <vector>

#include "analyzer/daemon/disconnect_limits.hpp"
#include "analyzer/daemon/disconnect_packet.hpp"
#include "analyzer/daemon/wakeup.hpp"
#include "config/nas_file.hpp"
#include "config/settings.hpp"
#include "sql/database_link.hpp"

namespace guard::daemon {

class Disconnector {
  public:
    Disconnector(const config::Settings& settings, const config::NasList& nases, const Clock& clock);

    // The thread. Returns when stopped.
    void run(const std::stop_token& stop);
    // There may be something in the queue.
    void wake() { wakeup_.wake(); }
    // From any thread.
    sql::DatabaseLink& link() { return link_; }

  private:
    struct Order {
        std::int64_t row = 0;
        int tries = 0;
        std::string nas;
        DisconnectRequest request;
    };
    struct Outcome {
        std::string state;  // of the row: queued, silent, acknowledged, refused, given_up
        std::string answer;
        bool done = false;
    };
    std::vector<Order> due(pqxx::connection& connection) const;
    std::vector<Outcome> ask(const std::vector<Order>& orders) const;
    [[nodiscard]] Outcome unanswered(const Order& order, std::string why) const;
    static void write(pqxx::connection& connection, const std::vector<Order>& orders,
                      const std::vector<Outcome>& outcomes);
    void serve(pqxx::connection& connection, const std::stop_token& stop);

    const config::Settings& settings_;
    const config::NasList& nases_;
    const Clock& clock_;
    DisconnectPace pace_;
    sql::DatabaseLink link_;
    Wakeup wakeup_;
};

}  // namespace guard::daemon
