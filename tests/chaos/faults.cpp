#include "tests/chaos/faults.hpp"

#include <signal.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "tests/chaos/moments.hpp"

namespace guard::chaos {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

void nothing(World&) {}

void launch_analyzer(World& world) {
    world.launch_analyzer();
}
void launch_notifier(World& world) {
    world.launch_notifier();
}

// --- FreeRADIUS

void radius_goes(World& world) {
    world.radius_away.emplace_back(SystemClock{}.now(), std::nullopt);
}
void radius_is_back(World& world) {
    world.radius_away.back().second = SystemClock{}.now();
}
void start_radius(World& world) {
    world.isp.radius->start();
    radius_is_back(world);
}

// --- PostgreSQL

void signal_postgres(World& world, int signal) {
    world.postgres_hangs = signal == SIGSTOP;
    world.isp.postgres.signal(signal);
}

constexpr auto kOurSessions = "application_name LIKE 'pppoe-guard-%'";

void signal_sessions(World& world, int signal, const std::string& which) {
    pqxx::connection connection(world.isp.postgres.connection_string());
    pqxx::nontransaction transaction(connection);
    for (const auto& row : transaction.exec("SELECT pid FROM pg_stat_activity WHERE " + which))
        kill(row[0].as<pid_t>(), signal);
}

// Takes what is left of the connections, and cuts those that the daemons have, so that they need new ones.
void take_connections(World& world) {
    const auto more = [&] {
        try {
            for (int i = 0; i < 60; ++i)
                world.hogs.push_back(std::make_unique<pqxx::connection>(world.isp.postgres.connection_string()));
        } catch (const pqxx::failure&) {
        }
    };
    more();
    for (int again = 0; again < 3 && !world.hogs.empty(); ++again) {
        pqxx::nontransaction transaction(*world.hogs.front());
        transaction.exec(std::string("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ") + kOurSessions);
        more();
    }
}

// --- files

// As an editor does it: never half of it.
void replace_file(const fs::path& file, const std::string& text) {
    const fs::path beside = file.string() + ".new";
    test::write_file(beside, text, test::User::unprivileged());
    fs::rename(beside, file);
}

void reload(World& world, const std::string& pools, const std::string& more_configuration) {
    // One that has only just been started has to have read its files first: it would rightly refuse to start with a
    // wrong one.
    test::Process& analyzer = world.isp.analyzer();
    const auto has_started = [&] { return analyzer.output().find("event=started") != std::string::npos; };
    (void)test::wait_until([&] { return has_started() || !analyzer.running(); }, 20s);
    replace_file(world.isp.directory() / "pools.csv", pools);
    replace_file(world.isp.config_file(), world.configuration + more_configuration);
    analyzer.signal(SIGHUP);
}
void reload_good(World& world) {
    reload(world, world.pools(), "");
}
void reload_bad(World& world) {
    if (world.random() % 2 == 0)
        reload(world, "10.1.0.0/16,JP,JP-99x,,,,,,nas1\n", "");
    else
        reload(world, world.pools(), "no_such_key = true\n");
}

void fill(World& world, const char* disk) {
    world.disks.at(disk)->fill();
}
void clear(World& world, const char* disk) {
    world.disks.at(disk)->clear();
}

// Until the server falls over: a log that cannot be written is a PANIC.
void fill_log(World& world) {
    fill(world, "wal");
    try {
        pqxx::connection connection(world.isp.postgres.connection_string());
        for (int i = 0; i < 20; ++i) {
            pqxx::nontransaction transaction(connection);
            transaction.exec("SELECT pg_logical_emit_message(false, 'chaos', 'chaos'), pg_switch_wal()");
        }
    } catch (const pqxx::failure&) {
    }
}
// It comes up by itself, unless its crash recovery found no room either.
void clear_log(World& world) {
    clear(world, "wal");
    const auto is_decided = [&] {
        if (!world.isp.postgres.server().running()) return true;
        try {
            return pqxx::connection(world.isp.postgres.connection_string()).is_open();
        } catch (const pqxx::failure&) {
            return false;
        }
    };
    (void)test::wait_until(is_decided, 20s);
    if (world.isp.postgres.server().running()) return;
    world.isp.postgres.kill9();
    world.isp.postgres.start();
}

fs::path aside(const fs::path& spool) {
    return spool.parent_path() / ('.' + spool.filename().string());  // which no wildcard matches
}

constexpr Fault kFaults[] = {
    {"analyzer.kill", "analyzer", 0ms, 1500ms, [](World& world) { world.kill_analyzer(); }, launch_analyzer,
     "kill -9, at any moment"},
    {"analyzer.kill_recording", "analyzer", 0ms, 800ms,
     [](World& world) {
         (void)await_recording(world);
         a_little_later(world, 5ms);
         world.kill_analyzer();
     },
     launch_analyzer, "kill -9, within a transaction that records"},
    {"analyzer.kill_recorded", "analyzer", 0ms, 800ms,
     [](World& world) {
         (void)await_recorded(world);
         a_little_later(world, 8ms);
         world.kill_analyzer();
     },
     launch_analyzer, "kill -9, between the commit and what follows from it"},
    {"analyzer.kill_publishing", "analyzer", 0ms, 800ms,
     [](World& world) {
         (void)await_change(world.isp.table().parent_path());
         a_little_later(world, 2ms);
         world.kill_analyzer();
     },
     launch_analyzer, "kill -9, while the table is published"},
    {"analyzer.kill_stopping", "analyzer", 0ms, 800ms,
     [](World& world) {
         world.isp.analyzer().signal(SIGTERM);
         (void)await_change(world.isp.directory() / "state");
         a_little_later(world, 3ms);
         world.kill_analyzer();
     },
     launch_analyzer, "kill -9, while it ends and writes its state"},
    {"analyzer.stop", "analyzer", 0ms, 1500ms, [](World& world) { world.stop_analyzer(); }, launch_analyzer,
     "SIGTERM, and a start"},
    {"analyzer.hang", "analyzer", 200ms, 3000ms, [](World& world) { world.isp.analyzer().signal(SIGSTOP); },
     [](World& world) { world.isp.analyzer().signal(SIGCONT); }, "SIGSTOP, SIGCONT"},
    {"analyzer.reload", "analyzer", 100ms, 300ms, reload_good, nothing, "SIGHUP, with the same files written anew"},
    {"analyzer.reload_bad", "analyzer", 200ms, 1500ms, reload_bad, reload_good,
     "SIGHUP, with a pool or configuration file that is wrong"},

    {"notifier.kill", "notifier", 0ms, 1500ms, [](World& world) { world.kill_notifier(); }, launch_notifier,
     "kill -9, at any moment"},
    {"notifier.kill_sending", "notifier", 0ms, 800ms,
     [](World& world) {
         (void)await_sending(world);
         a_little_later(world, 10ms);
         world.kill_notifier();
     },
     launch_notifier, "kill -9, when a mail is marked as being sent"},
    {"notifier.kill_sent", "notifier", 0ms, 800ms,
     [](World& world) {
         (void)await_sent(world);
         a_little_later(world, 4ms);
         world.kill_notifier();
     },
     launch_notifier, "kill -9, when the mail server has just taken a mail"},
    {"notifier.stop", "notifier", 0ms, 1500ms, [](World& world) { world.stop_notifier(); }, launch_notifier,
     "SIGTERM, and a start"},
    {"notifier.hang", "notifier", 200ms, 3000ms, [](World& world) { world.isp.notifier().signal(SIGSTOP); },
     [](World& world) { world.isp.notifier().signal(SIGCONT); }, "SIGSTOP, SIGCONT"},

    {"radiusd.kill", "radiusd", 0ms, 1000ms,
     [](World& world) {
         radius_goes(world);
         world.keep_logs();
         world.isp.radius->kill();
     },
     start_radius, "kill -9, at any moment"},
    {"radiusd.stop", "radiusd", 0ms, 1000ms,
     [](World& world) {
         radius_goes(world);
         world.keep_logs();
         world.isp.radius->stop();
     },
     start_radius, "SIGTERM, and a start"},
    {"radiusd.hang", "radiusd", 200ms, 2000ms,
     [](World& world) {
         radius_goes(world);
         kill(world.isp.radius->pid(), SIGSTOP);
     },
     [](World& world) {
         kill(world.isp.radius->pid(), SIGCONT);
         radius_is_back(world);
     },
     "SIGSTOP, SIGCONT"},
    {"radiusd.reload", "radiusd", 300ms, 600ms, [](World& world) { world.isp.radius->hangup(); }, nothing, "SIGHUP"},

    {"postgres.kill_backend", "postgres", 500ms, 1000ms,
     [](World& world) {
         (void)await_recording(world);
         signal_sessions(world, SIGKILL, "application_name = 'pppoe-guard-analyzer'");
     },
     nothing, "kill -9 of the analyzer's backend: all sessions end, crash recovery"},
    {"postgres.cut", "postgres", 200ms, 500ms,
     [](World& world) {
         (void)await_recording(world);
         signal_sessions(world, SIGTERM, kOurSessions);
     },
     nothing, "all sessions of the daemons are cut"},
    {"postgres.kill", "postgres", 0ms, 1500ms, [](World& world) { world.isp.postgres.kill9(); },
     [](World& world) { world.isp.postgres.start(); }, "kill -9 of the postmaster, crash recovery"},
    {"postgres.stop", "postgres", 0ms, 1500ms, [](World& world) { world.isp.postgres.stop(); },
     [](World& world) { world.isp.postgres.start(); }, "a fast shutdown, and a start"},
    {"postgres.hang", "postgres", 200ms, 2500ms, [](World& world) { signal_postgres(world, SIGSTOP); },
     [](World& world) { signal_postgres(world, SIGCONT); }, "SIGSTOP of all its processes, SIGCONT"},
    {"postgres.full", "postgres", 500ms, 2500ms, take_connections, [](World& world) { world.hogs.clear(); },
     "out of connections, and the daemons need new ones"},

    {"mta.kill", "mta", 0ms, 1500ms, [](World& world) { world.isp.mail.kill9(); },
     [](World& world) { world.isp.mail.start(); }, "kill -9 of exim with all its deliveries"},
    {"mta.hang", "mta", 200ms, 2500ms, [](World& world) { kill(world.isp.mail.pid(), SIGSTOP); },
     [](World& world) { kill(world.isp.mail.pid(), SIGCONT); }, "SIGSTOP, SIGCONT"},

    {"nas.stop", "nas", 200ms, 2000ms, [](World& world) { world.isp.nas.stop(); },
     [](World& world) { world.isp.nas.start(); }, "the NAS that is to end sessions is silent"},

    {"disk.spool", "spool", 1000ms, 3000ms, [](World& world) { fill(world, "spool"); },
     [](World& world) { clear(world, "spool"); }, "the disk of the spools is full"},
    {"spool.away", "spool", 200ms, 2500ms,
     [](World& world) {
         world.spool_away = world.random() % 2 == 0 ? Service::pppoe : Service::smtp_auth;
         fs::rename(world.isp.spool(world.spool_away), aside(world.isp.spool(world.spool_away)));
     },
     [](World& world) { fs::rename(aside(world.isp.spool(world.spool_away)), world.isp.spool(world.spool_away)); },
     "the directory of a spool is gone, and comes back"},
    {"disk.tables", "postgres", 1500ms, 3000ms, [](World& world) { fill(world, "tables"); },
     [](World& world) { clear(world, "tables"); }, "the disk of PostgreSQL's tables is full"},
    {"disk.log", "postgres", 500ms, 2500ms, fill_log, clear_log, "that of its log is: PANIC, crash recovery"},
    {"disk.state", "state", 500ms, 3000ms, [](World& world) { fill(world, "state"); },
     [](World& world) { clear(world, "state"); }, "the disk of state directory and metrics is full"},
    {"disk.table", "enforcement", 500ms, 3000ms, [](World& world) { fill(world, "enforcement"); },
     [](World& world) { clear(world, "enforcement"); }, "the disk of the table is full"},
};

// What cannot be told apart, or would not end, in one round.
bool excludes(const Fault& a, const Fault& b) {
    const auto are = [&](std::string_view one, std::string_view other) {
        return (a.name == one && b.name == other) || (a.name == other && b.name == one);
    };
    // What the module dropped in its last second is in no header when it is killed: what is missing then could not be
    // told from what was dropped and counted.
    const auto drops = [&](std::string_view end) { return are("disk.spool", end) || are("spool.away", end); };
    if (drops("radiusd.kill") || drops("radiusd.stop")) return true;
    // What it had read since its last snapshot it reads again, unless that is away.
    const auto is_kill = [](const Fault& fault) { return fault.name.starts_with("analyzer.kill"); };
    return (a.name == "spool.away" && is_kill(b)) || (b.name == "spool.away" && is_kill(a));
}

bool fits(const std::vector<Planned>& planned, const Planned& fresh) {
    constexpr auto kMargin = 300ms;
    return std::ranges::none_of(planned, [&](const Planned& other) {
        if (excludes(*other.fault, *fresh.fault)) return true;
        return other.fault->part == fresh.fault->part && fresh.at < other.until + kMargin &&
               other.at < fresh.until + kMargin;
    });
}

// False when the server that was to be asked for it is away. What does not come up again is a finding; the other faults
// have to end all the same.
bool attempt(World& world, void (*action)(World&)) {
    try {
        action(world);
        return true;
    } catch (const pqxx::failure&) {
    } catch (const std::exception& error) {
        world.violation(error.what());
    }
    return false;
}

}  // namespace

std::span<const Fault> all_faults() {
    return kFaults;
}

std::vector<Planned> plan(World& world, milliseconds length, unsigned count, std::uint64_t first,
                          const std::set<std::string>& only) {
    std::vector<Planned> planned;
    for (unsigned tries = 0; planned.size() < count && tries < 40 * count; ++tries) {
        const Fault& fault = kFaults[tries == 0 ? first % std::size(kFaults) : world.random() % std::size(kFaults)];
        Planned fresh{&fault, between(world.random, 0ms, length), {}};
        fresh.until = fresh.at + between(world.random, fault.least, fault.most);
        if (!only.empty() && !only.contains(std::string(fault.name))) continue;
        if (fault.name.starts_with("disk.") && world.disks.empty()) continue;
        if (fits(planned, fresh)) planned.push_back(fresh);
    }
    return planned;
}

void carry_out(World& world, const std::vector<Planned>& planned, std::map<std::string_view, Happened>& happened) {
    std::multimap<milliseconds, std::pair<const Planned*, bool>> turns;
    for (const Planned& each : planned) {
        turns.emplace(each.at, std::pair{&each, true});
        turns.emplace(each.until, std::pair{&each, false});
    }
    const auto began = std::chrono::steady_clock::now();
    std::set<const Planned*> going_on;
    for (const auto& [at, turn] : turns) {
        const auto& [each, begins] = turn;
        std::this_thread::sleep_until(began + at);  // the moment is the matter of the test
        if (begins) {
            const bool done = attempt(world, each->fault->begin);
            ++(done ? happened[each->fault->name].times : happened[each->fault->name].impossible);
            if (done) going_on.insert(each);
        } else if (going_on.contains(each)) {
            (void)attempt(world, each->fault->end);
        }
    }
}

}  // namespace guard::chaos
