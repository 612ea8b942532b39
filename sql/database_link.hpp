// A daemon's connection to PostgreSQL, of one thread, that another thread can cut: a server that hangs must not keep
// the program from ending, nor go unnoticed. Only to a server that takes writes. get(), drop(), count() and Use belong
// to the thread whose connection it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <pqxx/connection>
#include <pqxx/except>
#include <string>

#include "config/settings.hpp"

namespace guard::sql {

class DatabaseLink {
  public:
    // `program` is what pg_stat_activity shows.
    DatabaseLink(const config::Settings& settings, std::string program);

    // Connects if there is no connection. Throws pqxx::failure, also when the password file cannot be used and once the
    // link was cut for good.
    [[nodiscard]] pqxx::connection& get();
    // The next get() makes a new one.
    void drop();
    // How many were made: another one may lead to another server.
    [[nodiscard]] std::uint64_t count() const { return count_; }

    // While it lives the thread waits for the database, and for no longer than this. One at a time.
    class Use {
      public:
        explicit Use(DatabaseLink& link, std::chrono::milliseconds longest = std::chrono::seconds{90});
        ~Use();
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

      private:
        DatabaseLink& link_;
    };

    // From any thread. Whoever waits for the server gets pqxx::broken_connection. For good: there is no other.
    void cut_for_good();
    // Cuts what has been in use for longer than it was meant to be. Called now and then.
    void cut_if_hung();
    // From any thread. From now on no use is meant to last longer than this, the present one included.
    void hurry(std::chrono::milliseconds longest);

  private:
    using SteadyTime = std::chrono::steady_clock::time_point;
    void cut();

    const config::Settings& settings_;
    const std::string program_;
    std::unique_ptr<pqxx::connection> connection_;
    std::uint64_t count_ = 0;
    std::mutex mutex_;
    int socket_ = -1;  // guarded by mutex_, as the rest
    bool ended_ = false;
    std::chrono::milliseconds longest_ = std::chrono::milliseconds::max();
    std::optional<SteadyTime> until_;  // of the present use
};

// What is to be done about an error of PostgreSQL.
enum class Trouble {
    passing,  // it is away, full, shutting down or fails over; the transaction was a victim of others: again later
    data,     // it refuses these values, and will again: SQLSTATE classes 22 and 23
    ours,  // a right, a table, a function is missing, or it says that it is broken itself: again later, with an alarm
};
[[nodiscard]] Trouble trouble_of(const pqxx::sql_error& error);
// The SQLSTATE. libpqxx forgets it for those errors that have a type of their own: then one of the same class.
[[nodiscard]] std::string sqlstate_of(const pqxx::sql_error& error);

}  // namespace guard::sql
