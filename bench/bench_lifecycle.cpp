// From the packet that completes a certain finding to the refusal of the ID, and from the release to an accepted login.
//
// A private ISP with real parts: FreeRADIUS with our module and rlm_sql, PostgreSQL with fsync on, the analyzer, a NAS.
// Each latency is of one ID at a random moment, seen by logging in again and again until the answer changes, so half a
// login is part of it. Then 1,000 IDs at once, suspended and released: nothing may be lost, and the published table has
// to hold what the database does. The breaker and the storm guard are set wide, or they would rightly stop all of it.
#include <sys/stat.h>

#include <pqxx/pqxx>
#include <random>
#include <stdexcept>
#include <thread>

#include <CLI/CLI.hpp>

#include "bench/measure.hpp"
#include "enforcement/table.hpp"
#include "event/file.hpp"
#include "tests/support/isp.hpp"

namespace {

using namespace guard;
using namespace std::chrono_literals;
using test::Isp;
using test::Subscriber;
using Clock = std::chrono::steady_clock;

constexpr std::uint8_t kAccept = 2, kReject = 3;
constexpr auto kPatience = 60s;

struct Options {
    unsigned one_by_one = 400, at_once = 1000;
};

std::string id_of(unsigned number) {
    return fmt::format("line{:05}@isp.example", number);
}

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void require(bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error("not so: " + what);
}

Isp::Options wide_open() {
    Isp::Options options;
    options.settle = 3600s;
    options.durability = test::Postgres::Durability::on;
    options.detection =
        "learning = 0\n[detection.guards]\nstorm_base = 1000000\nstep_ids = 1000000\nslow_step_ids = 1000000\n"
        "breaker_per_hour = 10000\nbreaker_per_hour_share = 1\nbreaker_per_day = 100000\nbreaker_per_pool = 10000\n";
    options.disconnect = "rate = 10000\n";
    options.release = "mass_change = 1000000\n";
    return options;
}

std::vector<Subscriber> subscribers(unsigned number) {
    std::vector<Subscriber> all;
    for (unsigned i = 0; i < number; ++i) all.push_back({id_of(i), "old", "JP-01"});
    return all;
}

// Hokkaido, then Kagoshima: one more step back within the hour is a certain finding (pppoe.jump.bounce).
void prepare(Isp& isp, unsigned from, unsigned until) {
    for (const char* region : {"JP-01", "JP-46"})
        for (unsigned i = from; i < until; ++i)
            require(isp.start_session(id_of(i), isp.address(region)), "an accounting Start is answered");
}

double until_answer(Isp& isp, const std::string& id, const char* password, std::uint8_t code, Clock::time_point start) {
    while (isp.login(id, password).value_or(0) != code)
        require(Clock::now() - start < kPatience, "the answer changes within a minute");
    return milliseconds_since(start);
}

// Where the time went: until the suspension was written, and until the table with it was published.
struct Stages {
    std::vector<double> recorded, published;

    void note(Isp& isp, const std::string& id, std::chrono::system_clock::time_point start) {
        const double began = std::chrono::duration<double, std::milli>(start.time_since_epoch()).count();
        recorded.push_back(std::stod(isp.query("SELECT extract(epoch FROM suspended_at) * 1000 FROM guard.suspension "
                                               "WHERE id = guard.normalise_id('" +
                                               id + "'::text)")) -
                           began);
        struct stat status {};
        require(::stat(isp.table().c_str(), &status) == 0, "there is a table");
        published.push_back(static_cast<double>(status.st_mtim.tv_sec) * 1e3 +
                            static_cast<double>(status.st_mtim.tv_nsec) / 1e6 - began);
    }
};

void print_latency(std::string_view metric, std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
        return values[std::min(values.size() - 1,
                               static_cast<std::size_t>(share * static_cast<double>(values.size())))];
    };
    for (const auto& [name, share] : {std::pair{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"max", 1.0}})
        bench::print("lifecycle", fmt::format("{}_{}", metric, name), at(share), "ms");
    bench::print("lifecycle", fmt::format("{}_n", metric), static_cast<double>(values.size()), "IDs");
}

// Someone who changes passwords, or a person of the desk, on a connection that is open.
class Person {
  public:
    Person(Isp& isp, const char* role) : connection_(isp.postgres.connection_string(role)) {}
    void change_password(const std::string& id) { run("UPDATE radcheck SET value = 'new' WHERE username = $1", id); }
    void release(const std::string& id) {
        run("SELECT guard.staff_release('pppoe', guard.normalise_id($1::text), 'bench')", id);
    }

  private:
    void run(const char* statement, const std::string& id) {
        pqxx::work transaction(connection_);
        transaction.exec_params(statement, id);
        transaction.commit();
    }
    pqxx::connection connection_;
};

void one_by_one(Isp& isp, unsigned number) {
    std::mt19937 random(std::random_device{}());
    const auto any_moment = [&] { std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000)); };
    std::vector<double> refused, by_password, by_staff, by_guardctl;
    Stages stages;
    for (unsigned i = 0; i < number; ++i) {
        any_moment();
        const auto wall = std::chrono::system_clock::now();
        const auto start = Clock::now();
        require(isp.start_session(id_of(i), isp.address("JP-01")), "an accounting Start is answered");
        refused.push_back(until_answer(isp, id_of(i), "old", kReject, start));
        stages.note(isp, id_of(i), wall);
    }
    Person portal(isp, "isp_portal"), sato(isp, "staff_sato");
    for (unsigned i = 0; i < number; ++i) {
        any_moment();
        const auto start = Clock::now();
        if (i % 10 == 9) {
            const auto done = isp.guardctl({"suspended", "release", id_of(i), "--reason", "bench", "--database",
                                            isp.postgres.connection_string("staff_sato")});
            require(done.status == 0, done.output);
            by_guardctl.push_back(until_answer(isp, id_of(i), "old", kAccept, start));
        } else if (i % 2 == 0) {
            portal.change_password(id_of(i));
            by_password.push_back(until_answer(isp, id_of(i), "new", kAccept, start));
        } else {
            sato.release(id_of(i));
            by_staff.push_back(until_answer(isp, id_of(i), "old", kAccept, start));
        }
    }
    print_latency("recorded_after_packet", std::move(stages.recorded));
    print_latency("published_after_packet", std::move(stages.published));
    print_latency("refused_after_packet", std::move(refused));
    print_latency("accepted_after_password_change", std::move(by_password));
    print_latency("accepted_after_staff_release", std::move(by_staff));
    print_latency("accepted_after_guardctl", std::move(by_guardctl));
}

enforcement::Table published(const Isp& isp) {
    const auto table = enforcement::Table::from_bytes(read_file(isp.table(), 1 << 30));
    require(table.has_value(), "the published table can be read");
    return *table;
}

void wait_for_table(const Isp& isp, std::size_t suspended) {
    require(test::wait_until([&] { return published(isp).suspended_count() == suspended; }, kPatience),
            fmt::format("the table comes to {} IDs; it has {}", suspended, published(isp).suspended_count()));
}

void at_once(Isp& isp, unsigned from, unsigned number) {
    const auto start = Clock::now();
    for (unsigned i = from; i < from + number; ++i)
        require(isp.start_session(id_of(i), isp.address("JP-01")), "an accounting Start is answered");
    bench::print("lifecycle", "at_once_packets_sent", milliseconds_since(start), "ms");
    wait_for_table(isp, number);
    bench::print("lifecycle", "at_once_all_suspended", milliseconds_since(start), "ms");
    const auto table = published(isp);
    for (unsigned i = from; i < from + number; ++i) {
        require(table.is_suspended(Service::pppoe, id_of(i)), "each is in the table");
        require(isp.login(id_of(i), "old") == kReject, "each is refused");
    }
    const std::string open = "SELECT count(*) FROM guard.suspension WHERE released_at IS NULL";
    require(isp.query(open) == std::to_string(number), "the database holds as many");

    const auto released = Clock::now();
    std::vector<std::jthread> channels;
    constexpr unsigned kChannels = 4;
    std::atomic<unsigned> failed{0};
    for (unsigned channel = 0; channel < kChannels; ++channel)
        channels.emplace_back([&, channel] {
            try {
                Person portal(isp, "isp_portal");
                for (unsigned i = from + channel; i < from + number; i += kChannels) portal.change_password(id_of(i));
            } catch (const std::exception&) {
                ++failed;
            }
        });
    channels.clear();
    require(failed == 0, "each password is changed");
    bench::print("lifecycle", "at_once_passwords_changed", milliseconds_since(released), "ms");
    wait_for_table(isp, 0);
    bench::print("lifecycle", "at_once_all_released", milliseconds_since(released), "ms");
    for (unsigned i = from; i < from + number; ++i)
        require(isp.login(id_of(i), "new") == kAccept, "each is accepted with the new password");
    require(isp.query(open) == "0", "the database holds none");
}

void check_database(Isp& isp, unsigned number) {
    const auto counts = [&](const std::string& what, const std::string& query) {
        const std::string seen = isp.query(query);
        require(seen == std::to_string(number), fmt::format("{}: {} of {}", what, seen, number));
    };
    counts("suspensions, each once", "SELECT count(DISTINCT id) FROM guard.suspension WHERE released_at IS NOT NULL");
    counts("and no more", "SELECT count(*) FROM guard.suspension");
    counts("notices of a suspension", "SELECT count(*) FROM guard.notice WHERE kind = 'suspended'");
    counts("notices of a release", "SELECT count(*) FROM guard.notice WHERE kind = 'released'");
    counts("incidents released", "SELECT count(*) FROM guard.incident WHERE state = 'released'");
    counts("rows in the audit log", "SELECT count(*) FROM guard.audit WHERE action = 'suspend'");
    bench::print("lifecycle", "suspended_and_released_nothing_lost", number, "IDs");
}

void run(const Options& options) {
    const unsigned all = options.one_by_one + options.at_once;
    Isp isp(wide_open(), subscribers(all));
    // As sql/README.md recommends for large tables: without it each suspension reads all of radcheck.
    isp.execute(
        "CREATE INDEX radcheck_guard ON radcheck (guard.normalised(guard.stored_bytes(username::text), true, false)); "
        "ANALYZE radcheck");
    isp.start_analyzer();
    prepare(isp, 0, all);
    one_by_one(isp, options.one_by_one);
    at_once(isp, options.one_by_one, options.at_once);
    check_database(isp, all);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("the life of a suspension, from the packet to the refusal, from the release to the login");
    Options options;
    app.add_option("--one-by-one", options.one_by_one, "IDs whose latency is measured")
        ->capture_default_str()
        ->check(CLI::Range(20U, 100'000U));
    app.add_option("--at-once", options.at_once, "IDs suspended, and released, at once")
        ->capture_default_str()
        ->check(CLI::Range(1U, 100'000U));
    CLI11_PARSE(app, argc, argv);
    try {
        run(options);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_lifecycle: {}\n", error.what());
        return 1;
    }
}
