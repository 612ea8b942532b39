// Opens the database as the settings say. Every thread that talks to PostgreSQL opens a connection of its own here, and
// a new one after pqxx::broken_connection: libpqxx 6 would reconnect by itself, at a moment nobody chose.
#pragma once

#include <chrono>
#include <memory>
#include <pqxx/connection>
#include <string_view>

#include "config/settings.hpp"

namespace guard::sql {

struct Wants {
    // How long to wait: for a connection (to each host that is named), for a statement, for a lock. 0: for ever.
    std::chrono::seconds connect{10}, statement{0}, lock{0};
    // A server that only reads, as a standby does, is none. Of several hosts it is always the one that writes.
    bool writes = false;
};

// `program` is what pg_stat_activity shows. The session speaks UTF-8 and UTC. Throws pqxx::broken_connection when the
// server cannot be reached, std::runtime_error when the connection string or the password file is unusable; no message
// repeats a password.
[[nodiscard]] std::unique_ptr<pqxx::connection> connect(const config::Settings& settings, std::string_view program,
                                                        const Wants& wants = {});

}  // namespace guard::sql
