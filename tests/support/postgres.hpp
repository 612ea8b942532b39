// A PostgreSQL of one's own for a test: fresh cluster, Unix socket only, gone with the object. Lives on the test's
// thread.
#pragma once

#include <memory>
#include <string>

#include "tests/support/process.hpp"

namespace guard::test {

class Postgres {
  public:
    // Makes the cluster and starts it, as nobody when the test is root. Durability is off unless it is measured: a test
    // kills the server, not the machine. Throws std::runtime_error with the server's log when it does not come up.
    enum class Durability { off, on };
    explicit Postgres(Durability durability = Durability::off);
    // A copy of another one, which runs, that follows it until it is promoted.
    struct StandbyOf {
        const Postgres& primary;
    };
    explicit Postgres(const StandbyOf& of);

    // For libpq: the superuser "postgres" in the database "postgres", or another role and database that exist.
    [[nodiscard]] std::string connection_string(const std::string& role = "postgres",
                                                const std::string& database = "postgres") const;
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }

    void start();
    void stop();   // as an operator would: open connections are ended
    void kill9();  // without any chance to clean up; what was committed is there after start()
    // A standby becomes one that takes writes, with all that has come to it.
    void promote();
    // To all its processes at once.
    void signal(int number);
    // Of the postmaster, while it runs.
    [[nodiscard]] Process& server() { return *server_; }

  private:
    Durability durability_;
    TemporaryDirectory directory_;
    std::unique_ptr<Process> server_;
};

}  // namespace guard::test
