#include "tests/chaos/world.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <tuple>

namespace guard::chaos {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr unsigned kRegions = 47, kFar = 8;  // regions whose numbers differ by so much are far from each other
// Those of failovers: nobody else goes from one to the other.
constexpr unsigned kNorth = 4, kSouth = 44;
constexpr milliseconds kPeriod = 5s, kFlapping = 2700ms;
constexpr unsigned kFlappers = 20, kCalm = 40, kOldRouters = 4, kMailClients = 90, kMoved = 30;
constexpr auto kAnalyzerEnds = 10s, kNotifierEnds = 30s;

test::Isp::Options options() {
    test::Isp::Options result;
    result.passwords_in_sql = false;  // a login must not need PostgreSQL
    result.settle = kSettle;
    result.dead_peer = kDeadPeer;
    result.quiet = kQuiet;
    result.spool_quota = 1 << 30;
    result.segment_kib = 64;  // a full disk is noticed when the next one is to be made
    // Thieves are many here, and all of them are to be suspended; what is to be held back is a failover.
    result.detection = "learning = 0\nreorder = " + std::to_string(kReorder.count()) +
                       "\n[detection.guards]\nstorm_base = 1000000\nslow_step_ids = 1000000\nbreaker_per_hour = 10000\n"
                       "breaker_per_hour_share = 1\nbreaker_per_day = 100000\nbreaker_per_pool = 10000\n";
    result.release = "mass_change = 1000000\n";  // and so are those whose passwords are changed
    return result;
}

// So that a disk that is full soon keeps PostgreSQL from writing its log: it has few segments beforehand.
constexpr auto kSmallLog = {"max_wal_size = '48MB'", "min_wal_size = '32MB'", "wal_recycle = off"};

std::string code(unsigned region) {
    return (region < 10 ? "JP-0" : "JP-") + std::to_string(region);
}

void replace(std::string& text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    if (at == text.npos) throw std::runtime_error("the configuration has no " + std::string(from));
    text.replace(at, from.size(), to);
}

}  // namespace

World::World(std::uint64_t seed, unsigned rate)
    : random(seed), life(seed), isp(options(), {{"DEFAULT", kPassword, "JP-13"}}) {  // whoever comes with that password
    isp.radius->stop();
    make_disks();
    make_database_disks();
    configure();
    isp.radius->start();
    for (const Service service : {Service::pppoe, Service::smtp_auth})
        journal[service] = std::make_unique<spool::Reader>(isp.spool(service));
    launch_analyzer();
    launch_notifier();
    traffic = std::make_unique<Traffic>(Ports{isp.radius->auth_port(), isp.radius->acct_port(), isp.smtp_auth_port()});
    populate(rate);
}

World::~World() {
    traffic.reset();
}

// Every directory that somebody writes to is a disk of its own, so that it can be full.
void World::make_disks() {
    const auto nobody = test::User::unprivileged();
    for (const auto& [name, megabytes] : {std::pair{"spool", 192U}, {"state", 32U}, {"enforcement", 4U}}) {
        auto disk = std::make_unique<test::SmallDisk>(isp.directory() / name, megabytes);
        if (disk->mounted()) disks.emplace(name, std::move(disk));
    }
    for (const Service service : {Service::pppoe, Service::smtp_auth}) {
        fs::create_directories(isp.spool(service));
        if (::chown(isp.spool(service).c_str(), nobody.uid, nobody.gid) != 0)
            throw std::system_error(errno, std::generic_category(), "chown");
    }
}

// The tables on one, the log on another: PostgreSQL takes a full disk in other ways for each.
void World::make_database_disks() {
    if (disks.empty()) return;  // nobody may mount here
    for (const char* setting : kSmallLog) {
        pqxx::connection connection(isp.postgres.connection_string());
        pqxx::nontransaction(connection).exec(std::string("ALTER SYSTEM SET ") + setting);
    }
    isp.postgres.stop();
    const fs::path data = isp.postgres.directory() / "data";
    for (const auto& [name, folder, megabytes] : {std::tuple{"tables", "base", 128U}, {"wal", "pg_wal", 96U}}) {
        const fs::path at = data / folder, aside = data / (std::string(folder) + ".aside");
        fs::rename(at, aside);
        fs::create_directory(at);
        disks.emplace(name, std::make_unique<test::SmallDisk>(at, megabytes));
        const auto copied = test::run({"cp", "-a", aside.string() + "/.", at.string()});
        if (copied.status != 0) throw std::runtime_error(copied.output);
        fs::remove_all(aside);
    }
    isp.postgres.start();
}

// In a row from south to north, 58 km from one to the next.
std::string World::pools() const {
    std::string text = "# prefix,country,region,city,postal,lat,lon,radius_km,nas\n";
    for (unsigned region = 1; region <= kRegions; ++region)
        text += "10." + std::to_string(region) + ".0.0/16,JP," + code(region) + ",,," +
                std::to_string(26 + 0.42 * region) + ',' + std::to_string(128 + 0.35 * region) + ",20,nas1\n";
    return text;
}

void World::configure() {
    const auto nobody = test::User::unprivileged();
    test::write_file(isp.directory() / "pools.csv", pools(), nobody);
    configuration = test::read_file(isp.config_file());
    replace(configuration, "\"metrics.prom\"", "\"state/metrics.prom\"");
    replace(configuration, "\"spool/pppoe\", \"spool/smtp_auth\"", "\"spool/*\"");  // they come and go
    test::write_file(isp.config_file(), configuration, nobody);
}

unsigned World::region() {
    return std::uniform_int_distribution<unsigned>(kNorth + 1, kSouth - 1)(random);
}

void World::populate(unsigned rate) {
    const unsigned households = rate * static_cast<unsigned>(kPeriod / 1s);
    traffic->call([&] {
        const auto add = [&](std::shared_ptr<Line> line, milliseconds period) {
            traffic->add(std::move(line), between(life, 0ms, period), true);
        };
        for (unsigned i = 0; i < households; ++i)
            add(std::make_shared<Household>("home" + std::to_string(i) + "@isp.example", region(), kPeriod, book, life),
                kPeriod);
        for (unsigned i = 0; i < kFlappers; ++i)
            add(std::make_shared<Household>("flap" + std::to_string(i) + "@isp.example", region(), kFlapping, book,
                                            life),
                kFlapping);
        for (unsigned i = 0; i < kCalm; ++i) {
            const std::string id = "calm" + std::to_string(i) + "@isp.example", address = book.next(region());
            traffic->add(
                std::make_shared<Errand>(
                    std::vector<Step>{{{What::login, id, kPassword, {}}}, {{What::start, id, {}, address}}}, true,
                    [this, id, address](const Answer&) {
                        traffic->add(std::make_shared<Habit>(Message{What::interim, id, {}, address}, true, 3s, life),
                                     3s, true);
                    }),
                0ms);
        }
        for (unsigned i = 0; i < kOldRouters; ++i)
            add(std::make_shared<Habit>(
                    Message{What::login, "oldrouter" + std::to_string(i) + "@isp.example", "old", {}}, false, 1s, life),
                1s);
        for (unsigned i = 0; i < kMailClients; ++i)
            add(std::make_shared<Habit>(Message{What::mail_login, "mail" + std::to_string(i) + "@isp.example",
                                                kPassword, "192.0.2." + std::to_string(i + 1)},
                                        true, 2s, life),
                2s);
    });
}

// --- the daemons

namespace {

void append(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::app) << text;
}

}  // namespace

void World::launch_analyzer() {
    launched_["analyzer"] = SystemClock{}.now();
    isp.launch_analyzer();
}

void World::launch_notifier() {
    launched_["notifier"] = SystemClock{}.now();
    isp.start_notifier();
}

void World::keep_logs() {
    append(isp.directory() / "radiusd.log", isp.radius->log());
}

void World::kill_analyzer() {
    isp.analyzer().signal(SIGKILL);
    (void)isp.analyzer().wait(20s);
    append(isp.directory() / "analyzer.log", isp.analyzer().output() + "-- killed\n");
}

void World::kill_notifier() {
    dead_notifiers.insert(isp.notifier().pid());
    isp.notifier().signal(SIGKILL);
    (void)isp.notifier().wait(20s);
    append(isp.directory() / "notifier.log", isp.notifier().output() + "-- killed\n");
}

// SIGTERM, and what comes of it. One that has only just been started may not listen to it yet, and die of it.
void World::stop(const std::string& name, test::Process& daemon, milliseconds within, void (World::*kill)()) {
    daemon.signal(SIGTERM);
    const auto status = daemon.wait(within);
    if (!status) {
        violation("the " + name + " does not end within " + std::to_string(within / 1s) + " s of SIGTERM");
        return (this->*kill)();
    }
    const bool just_started = SystemClock{}.now() - launched_[name] < 5s;
    if (*status != 0 && !(just_started && *status == 128 + SIGTERM))
        violation("the " + name + " ended with status " + std::to_string(*status));
    append(isp.directory() / (name + ".log"), daemon.output() + "-- stopped\n");
}

void World::stop_analyzer() {
    stop("analyzer", isp.analyzer(), kAnalyzerEnds, &World::kill_analyzer);
}

void World::stop_notifier() {
    dead_notifiers.insert(isp.notifier().pid());
    stop("notifier", isp.notifier(), kNotifierEnds, &World::kill_notifier);
}

// --- thieves

namespace {

// One session: its login, and the accounting Start.
void connect(std::vector<Step>& steps, const std::string& id, const std::string& address, milliseconds before) {
    steps.push_back({{What::login, id, kPassword, {}}, before});
    steps.push_back({{What::start, id, {}, address}});
}

}  // namespace

std::shared_ptr<Theft> World::make_theft(const std::string& id) {
    const auto far_from = [&](std::vector<unsigned> others) {
        for (;;) {
            const unsigned candidate = region();
            if (std::ranges::all_of(others, [&](unsigned other) {
                    return (candidate > other ? candidate - other : other - candidate) >= kFar;
                }))
                return candidate;
        }
    };
    const unsigned home = region(), far = far_from({home});
    const std::string first = book.next(home);
    std::vector<Step> steps;
    const char* rule = "pppoe.jump";
    connect(steps, id, first, 0ms);
    switch (random() % 5) {
        case 0:
            connect(steps, id, book.next(far), between(random, 20ms, 800ms));
            break;
        case 1:
            rule = "pppoe.jump.bounce";
            connect(steps, id, book.next(far), between(random, 20ms, 500ms));
            connect(steps, id, book.next(home), between(random, 20ms, 500ms));
            break;
        case 2: {
            // The row of regions is long enough for two that are far from each other, not always for a third.
            rule = "pppoe.jump.live";
            connect(steps, id, book.next(far), between(random, 20ms, 500ms));
            steps.push_back({{What::interim, id, {}, first}, kDeadPeer + 300ms});
            break;
        }
        case 3:
            rule = "pppoe.burst.live";
            for (int i = 0; i < 11; ++i) connect(steps, id, book.next(home), 20ms);
            steps.push_back({{What::interim, id, {}, first}, kDeadPeer + 300ms});
            break;
        default:
            rule = "pppoe.jump, then seven of them";
            for (int i = 0; i < 7; ++i) connect(steps, id, book.next(far), between(random, 20ms, 200ms));
    }
    return std::make_shared<Theft>(rule, Message{What::login, id, kPassword, {}}, std::move(steps), life);
}

// A source logs in with a password it has guessed, and goes on guessing.
std::shared_ptr<Theft> World::make_mail_theft(const std::string& id) {
    const unsigned number = sources_++;
    const std::string home = "192.0.2." + std::to_string(100 + number % 150);
    const std::string source =
        (number / 250 % 2 == 0 ? "198.51.100." : "203.0.113.") + std::to_string(number % 250 + 1);
    guessers[source] = id;
    std::vector<Step> steps{{{What::mail_login, id, kPassword, home}},
                            {{What::mail_login, id, kPassword, source}, between(random, 20ms, 500ms)}};
    for (int i = 0; i < 30; ++i)
        steps.push_back({{What::mail_login, "guess" + std::to_string(i % 15) + "@isp.example", "x", source}, 5ms});
    return std::make_shared<Theft>("smtp.source.hit", Message{What::mail_login, id, kPassword, home}, std::move(steps),
                                   life);
}

void World::add_thefts(unsigned round, unsigned count, milliseconds within) {
    std::vector<std::shared_ptr<Theft>> fresh;
    traffic->call([&] {
        for (unsigned i = 0; i < count; ++i) {
            const std::string id = "thief" + std::to_string(round) + '-' + std::to_string(i) + "@isp.example";
            fresh.push_back(i % 6 == 5 ? make_mail_theft(id) : make_theft(id));
        }
    });
    pqxx::connection connection(isp.postgres.connection_string());
    pqxx::work transaction(connection);
    for (std::size_t i = 0; i < fresh.size(); ++i) {
        const auto [service, id] = fresh[i]->key();
        transaction.exec_params(
            "INSERT INTO radcheck (username, attribute, op, value) VALUES ($1, 'Cleartext-Password', ':=', $2)", id,
            kPassword);
        transaction.exec_params(
            "INSERT INTO guard.subscriber (service, id, name, mail, language) VALUES ($1, "
            "guard.normalise_id($2::text), 'Name', $3, $4)",
            std::string(to_string(service)), id, "mail-of-" + id, i % 2 == 0 ? "ja" : "en");
    }
    transaction.commit();
    traffic->call([&] {
        for (auto& theft : fresh) traffic->add(theft, between(life, 0ms, within));
    });
    thefts.insert(thefts.end(), fresh.begin(), fresh.end());
}

// --- a failover

void World::prepare_failover(unsigned round) {
    failover = std::make_shared<Failover>();
    // Another pair of regions each time: a storm lasts for half an hour.
    failover->from = 1 + round % kNorth;
    failover->to = kSouth + round / kNorth % (kRegions - kSouth + 1);
    if (round % 2 != 0) std::swap(failover->from, failover->to);
    traffic->call([&] {
        for (unsigned i = 0; i < kMoved; ++i) {
            const std::string id = "moved" + std::to_string(round) + '-' + std::to_string(i) + "@isp.example";
            failover->ids.push_back(id);
            std::vector<Step> steps;
            connect(steps, id, book.next(failover->from), 0ms);
            traffic->add(std::make_shared<Errand>(std::move(steps), true,
                                                  [group = failover](const Answer&) { ++group->connected; }),
                         0ms);
        }
    });
    failovers.push_back(failover);
}

void World::fail_over() {
    traffic->call([&] {
        failover->began = SystemClock{}.now();
        for (const std::string& id : failover->ids) {
            std::vector<Step> steps;
            connect(steps, id, book.next(failover->to), 0ms);
            traffic->add(std::make_shared<Errand>(std::move(steps), true,
                                                  [group = failover](const Answer& answer) {
                                                      ++group->moved;
                                                      group->ended = std::max(group->ended, answer.answered);
                                                  }),
                         0ms);
        }
    });
}

}  // namespace guard::chaos
