// The notifier's figures for the node exporter's textfile collector: one file, replaced as a whole. No ID and no
// address is in it. The metrics are listed in docs/operations.md.
#pragma once

#include <memory>
#include <pqxx/connection>
#include <stop_token>
#include <string>

#include "config/settings.hpp"
#include "notifier/channel.hpp"
#include "sql/database_link.hpp"

namespace guard::notifier {

class Metrics {
  public:
    explicit Metrics(const config::Settings& settings);
    ~Metrics();

    // A channel has carried out a delivery. Any thread.
    void delivered(const std::string& channel, Delivery::Outcome outcome);

    // What follows is for one thread.

    // Writes the file: what was counted, and the queue as the database has it; null: the database is away. Throws pqxx
    // exceptions, and std::system_error when the file cannot be written.
    void write(pqxx::connection_base* connection) const;
    // Every minute, since it goes through all deliveries of a year, and once more on `stop`, which is looked at twice a
    // second; with a connection of its own. Says once when the file cannot be written, and throws nothing.
    void keep(const std::stop_token& stop);
    // From any thread: who waits for PostgreSQL has waited too long, or has to end.
    sql::DatabaseLink& link() { return link_; }

  private:
    struct Registry;
    config::Settings settings_;
    sql::DatabaseLink link_;
    std::unique_ptr<Registry> registry_;
};

}  // namespace guard::notifier
