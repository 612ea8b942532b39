// The pipeline on a real PostgreSQL, with events out of memory: what is recorded, and what happens when the database
// refuses, hangs, is full, or is not there.
#include "analyzer/daemon/pipeline.hpp"

#include <signal.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <thread>

#include "sql/migrate.hpp"
#include "tests/analyzer/daemon/vector_source.hpp"
#include "tests/analyzer/detection/scenario.hpp"
#include "tests/support/postgres.hpp"

namespace guard::daemon {
namespace {

namespace isp = guard::detection::test;
using namespace std::chrono_literals;

// Times are those of the present: the pipeline asks the clock of the machine.
const Time kNow = SystemClock().now();

// One cluster for all; each case has a database of its own.
guard::test::Postgres& cluster() {
    static guard::test::Postgres postgres;
    return postgres;
}

struct Running {
    std::string name;
    guard::test::TemporaryDirectory directory{"pipeline"};
    config::Settings settings;
    test::VectorSource::Streams streams;
    test::VectorSource* source = nullptr;
    SystemClock clock;
    config::NasList nases;
    std::unique_ptr<Enforcer> enforcer;
    std::unique_ptr<Disconnector> disconnector;
    std::unique_ptr<Pipeline> pipeline;
    std::jthread thread;
    std::atomic<bool> over{false};
    std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> log;

    Running() {
        static int number = 0;
        name = "guard" + std::to_string(++number);
        execute("CREATE DATABASE " + name, "postgres");
        pqxx::connection connection(cluster().connection_string("postgres", name));
        sql::apply(connection);
        execute("CREATE ROLE analyzer_of_" + name + " LOGIN IN ROLE guard_analyzer");
        settings.database = cluster().connection_string("analyzer_of_" + name, name);
        settings.state_directory = directory.path();
        settings.table = directory.path() / "table";
        settings.detection = isp::enforced();
        settings.detection.learning = 0s;
        auto& guards = settings.detection.guards;
        guards.step_ids = guards.slow_step_ids = guards.breaker_per_hour = guards.breaker_per_day =
            guards.breaker_per_pool = 1000;
        guards.breaker_per_hour_share = 1;
        guards.max_lag = 3h;
    }
    ~Running() { stop(); }

    void execute(const std::string& sql, const std::string& database = {}) const {
        pqxx::connection connection(cluster().connection_string("postgres", database.empty() ? name : database));
        pqxx::nontransaction(connection).exec(sql);
    }
    [[nodiscard]] std::string value(const std::string& sql) const {
        pqxx::connection connection(cluster().connection_string("postgres", name));
        pqxx::nontransaction transaction(connection);
        const auto rows = transaction.exec(sql);
        return rows.empty() || rows[0][0].is_null() ? "" : rows[0][0].c_str();
    }
    [[nodiscard]] bool wait_for(const std::string& sql, const std::string& expected) const {
        return guard::test::wait_until([&] { return value(sql) == expected; }, 20s);
    }

    // The pipeline, since it was started last.
    [[nodiscard]] bool says(std::string_view text) const {
        return guard::test::wait_until(
            [&] {
                const auto lines = log->last_formatted();
                return std::ranges::any_of(lines, [&](const auto& line) { return line.find(text) != line.npos; });
            },
            20s);
    }
    // With so many events of each stream to be seen.
    void start(std::size_t visible = SIZE_MAX) {
        log = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(200);
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", log));
        enforcer = std::make_unique<Enforcer>(settings);
        disconnector = std::make_unique<Disconnector>(settings, nases, clock);
        auto made = std::make_unique<test::VectorSource>(streams);
        source = made.get();
        source->visible = visible;
        source->fingerprint = settings.identity.fingerprint();
        pipeline = std::make_unique<Pipeline>(settings, GeoFiles{isp::world(), {}, "pools"}, std::move(made), clock,
                                              *enforcer, *disconnector);
        over = false;
        thread = std::jthread([this](const std::stop_token& token) {
            pipeline->run(token);
            over = true;
        });
    }
    // As the program does it.
    void stop() {
        if (!thread.joinable()) return;
        thread.request_stop();
        pipeline->link().cut_for_good();
        thread.join();
        pipeline.reset();
    }
    [[nodiscard]] bool is_live() const {
        return guard::test::wait_until([&] { return pipeline->live(); }, 20s);
    }

    // There and back again: certain, so at once.
    void theft_of(const std::string& id, std::chrono::seconds ago = 3600s) {
        auto& stream = streams["stream"];
        for (const auto& [after, prefecture] : {std::pair{0s, 1U}, {60s, 46U}, {120s, 1U}})
            stream.push_back({Service::pppoe,
                              Kind::assign,
                              id,
                              {isp::address(isp::in_prefecture(prefecture, static_cast<unsigned>(stream.size())))},
                              kNow - ago + after});
    }
};

constexpr const char* kSuspended = "SELECT count(*) FROM guard.suspension";
// Valid in no encoding, and what C takes for the end of it.
const std::string kBytes("a\0b\xff\xfe'\\\n", 8);

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pipeline, Running)

BOOST_AUTO_TEST_CASE(records_once_what_it_finds_and_how_far_it_was_for_it) {
    theft_of("thief");
    theft_of(kBytes, 3000s);
    start();
    BOOST_TEST(wait_for(kSuspended, "2"));
    BOOST_TEST(value("SELECT id = '\\x610062fffe275c0a'::bytea FROM guard.suspension ORDER BY 1 DESC LIMIT 1") == "t");
    BOOST_TEST(wait_for("SELECT position FROM guard.progress WHERE spool = 'stream'", "6"));
    BOOST_TEST(value("SELECT position ~ '^[0-9]+$' FROM guard.progress WHERE spool = 'control'") == "t");
    for (int round = 0; round < 2; ++round) {
        stop();
        start();
        BOOST_TEST(is_live());
    }
    BOOST_TEST(value(kSuspended) == "2");
    BOOST_TEST(value("SELECT count(*) FROM guard.dead_letter") == "0");
}

BOOST_AUTO_TEST_CASE(what_the_tables_refuse_is_a_dead_letter_and_the_others_are_recorded_with_it) {
    execute("ALTER TABLE guard.incident ADD CONSTRAINT trial CHECK (id <> '\\x706f69736f6e'::bytea)");
    execute(
        "CREATE FUNCTION trial() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION USING ERRCODE = "
        "'22008'; END$$; CREATE TRIGGER trial BEFORE INSERT ON guard.incident FOR EACH ROW WHEN (NEW.id = "
        "'class 22'::bytea) EXECUTE FUNCTION trial()");
    theft_of("thief");
    theft_of("poison", 3000s);
    theft_of("class 22", 2700s);
    theft_of("other", 2400s);
    start();
    BOOST_TEST(wait_for("SELECT position FROM guard.progress WHERE spool = 'stream'", "12"));
    BOOST_TEST(value(kSuspended) == "2");
    BOOST_TEST(value("SELECT count(*) > 0 AND bool_and((id = 'poison'::bytea AND sqlstate = '23514' OR id = 'class "
                     "22'::bytea AND sqlstate LIKE '22%') AND what = 'decision' "
                     "AND rule IS NOT NULL AND event_time < now()) FROM guard.dead_letter") == "t");
    BOOST_TEST(
        value("SELECT convert_from(content, 'UTF8') LIKE '%JP-46%' FROM guard.dead_letter ORDER BY 1 DESC LIMIT 1") ==
        "t");
    BOOST_TEST(value("SELECT count(DISTINCT kind) FROM guard.alarm WHERE kind = 'decision_refused'") == "1");
    const std::string letters = value("SELECT count(*) FROM guard.dead_letter");
    // Not again after a restart, and not of what comes next.
    stop();
    theft_of("last", 1800s);
    start();
    BOOST_TEST(wait_for(kSuspended, "3"));
    BOOST_TEST(value("SELECT count(*) FROM guard.dead_letter") == letters);
}

BOOST_AUTO_TEST_CASE(without_a_right_it_waits_says_so_and_goes_on_when_it_has_it) {
    execute("REVOKE INSERT ON guard.suspension FROM guard_analyzer");
    theft_of("thief");
    start();
    BOOST_TEST(wait_for("SELECT detail FROM guard.alarm WHERE kind = 'database_refuses'", "SQLSTATE 42501"));
    BOOST_TEST(value("SELECT count(*) FROM guard.finding") == "0");
    BOOST_TEST(!over);
    execute("GRANT INSERT ON guard.suspension TO guard_analyzer");
    BOOST_TEST(wait_for(kSuspended, "1"));
}

BOOST_AUTO_TEST_CASE(with_a_login_that_is_refused_or_no_connection_left_it_waits) {
    theft_of("thief");
    for (const auto& [away, back] : {std::pair{"NOLOGIN", "LOGIN"}, {"CONNECTION LIMIT 0", "CONNECTION LIMIT -1"}}) {
        execute("ALTER ROLE analyzer_of_" + name + ' ' + away);
        start(0);
        BOOST_TEST(says("event=database_away"));
        BOOST_TEST((!pipeline->live() && !over));
        execute("ALTER ROLE analyzer_of_" + name + ' ' + back);
        BOOST_TEST(is_live());
        stop();
    }
    // Missing while it runs.
    start(0);
    BOOST_TEST(is_live());
    execute("ALTER ROLE analyzer_of_" + name + " CONNECTION LIMIT 0");
    execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'analyzer_of_" + name + "'");
    source->visible = SIZE_MAX;
    BOOST_TEST(says("event=database_away"));
    BOOST_TEST((value(kSuspended) == "0" && !over));
    execute("ALTER ROLE analyzer_of_" + name + " CONNECTION LIMIT -1");
    BOOST_TEST(wait_for(kSuspended, "1"));
}

BOOST_AUTO_TEST_CASE(a_password_file_that_is_missing_is_waited_for) {
    settings.database_password_file = directory.path() / "password";
    start();
    BOOST_TEST(says("cannot read the password file"));
    BOOST_TEST((!pipeline->live() && !over));
    guard::test::write_file(settings.database_password_file, "not asked for\n");
    std::filesystem::permissions(settings.database_password_file, std::filesystem::perms::owner_read);
    BOOST_TEST(is_live());
}

// A standby that has taken over gives the numbers anew of those transactions that it has not.
BOOST_AUTO_TEST_CASE(a_commit_in_doubt_counts_where_the_database_stands_at_what_it_led_to) {
    pqxx::connection connection(cluster().connection_string("postgres", name));
    const auto number = [](pqxx::transaction_base& transaction) {
        return transaction.exec1("SELECT txid_current()")[0].as<std::int64_t>();
    };
    std::int64_t committed = 0;
    {
        pqxx::work work(connection);
        committed = number(work);
        work.exec("INSERT INTO guard.progress (spool, position) VALUES ('stream', '5'), ('gone', '7')");
        work.commit();
    }
    BOOST_TEST((was_committed(connection, committed, {{"stream", "5"}}) == true));
    BOOST_TEST((was_committed(connection, committed, {{"stream", "6"}}) == false));
    BOOST_TEST((was_committed(connection, committed, {{"stream", "5"}, {"other", "1"}}) == false));
    BOOST_TEST((was_committed(connection, committed + 1'000'000, {{"stream", "5"}}) == false));
    pqxx::connection other(cluster().connection_string("postgres", name));
    pqxx::work open(other);
    const std::int64_t going_on = number(open);
    BOOST_TEST(!was_committed(connection, going_on, {{"stream", "5"}}));
    open.abort();
    BOOST_TEST((was_committed(connection, going_on, {{"stream", "5"}}) == false));
}

// A copy of the database from earlier takes its place, as a standby that was behind.
BOOST_AUTO_TEST_CASE(a_database_that_has_lost_what_was_committed_is_made_up_for) {
    theft_of("thief");
    start();
    BOOST_TEST(wait_for(kSuspended, "1"));
    stop();
    execute("CREATE DATABASE earlier_" + name + " TEMPLATE " + name, "postgres");
    theft_of("second", 3000s);
    start();
    BOOST_TEST(wait_for(kSuspended, "2"));
    const std::string keys = value("SELECT string_agg(incident_key, ' ' ORDER BY 1) FROM guard.incident");
    {
        pqxx::connection connection(cluster().connection_string("postgres", "postgres"));
        pqxx::nontransaction statements(connection);
        statements.exec("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false");
        const std::string of = " FROM pg_stat_activity WHERE datname = '" + name + "'";
        statements.exec("SELECT pg_terminate_backend(pid)" + of);
        BOOST_REQUIRE(guard::test::wait_until([&] { return statements.exec("SELECT 1" + of).empty(); }, 20s));
        statements.exec("ALTER DATABASE " + name + " RENAME TO later_" + name);
        statements.exec("ALTER DATABASE earlier_" + name + " RENAME TO " + name);
    }
    BOOST_TEST(guard::test::wait_until([&] { return over.load(); }, 20s));
    BOOST_TEST(pipeline->went_back());
    BOOST_TEST(value(kSuspended) == "1");
    stop();
    start();
    BOOST_TEST(wait_for(kSuspended, "2"));
    BOOST_TEST(value("SELECT string_agg(incident_key, ' ' ORDER BY 1) FROM guard.incident") == keys);
    BOOST_TEST(!pipeline->went_back());
}

// What waits for a lock ends when it is told to, and does after the next start what it could not.
BOOST_AUTO_TEST_CASE(stopped_while_it_waits_for_a_lock_nothing_is_lost_and_nothing_twice) {
    theft_of("thief");
    start(0);
    BOOST_TEST(is_live());
    {
        pqxx::connection connection(cluster().connection_string("postgres", name));
        pqxx::work holding(connection);
        holding.exec("LOCK TABLE guard.progress IN ACCESS EXCLUSIVE MODE");
        source->visible = SIZE_MAX;
        BOOST_TEST(wait_for("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted", "t"));
        const auto began = std::chrono::steady_clock::now();
        stop();
        BOOST_TEST((std::chrono::steady_clock::now() - began < 5s));
    }
    BOOST_TEST(value(kSuspended) == "0");
    start();
    BOOST_TEST(wait_for(kSuspended, "1"));
    BOOST_TEST(value("SELECT count(*) FROM guard.notice") == "1");
}

BOOST_AUTO_TEST_CASE(reload_takes_over_a_mode_at_once_and_it_lasts) {
    settings.detection.mode = config::Mode::observe;
    theft_of("thief");
    theft_of("second", 3000s);
    start(3);
    BOOST_TEST(wait_for("SELECT count(*) > 0 FROM guard.finding WHERE reason = 'mode'", "t"));
    config::Settings wanted = settings;
    wanted.detection.mode = config::Mode::enforce;
    pipeline->reload({wanted, std::nullopt});
    BOOST_TEST(wait_for("SELECT value::jsonb ->> '' FROM guard.setting WHERE key = 'detection.modes'", "enforce"));
    source->visible = SIZE_MAX;
    BOOST_TEST(wait_for(kSuspended, "1"));
    BOOST_TEST(value("SELECT id FROM guard.suspension") == "\\x7365636f6e64");
    // What was found in the other mode is not acted on afterwards, after a restart neither.
    stop();
    settings = wanted;
    start();
    BOOST_TEST(is_live());
    BOOST_TEST(value(kSuspended) == "1");
}

BOOST_AUTO_TEST_SUITE_END()

// Processes that do not answer, in a cluster of its own.
BOOST_AUTO_TEST_SUITE(hung_database)

BOOST_AUTO_TEST_CASE(postgresql_that_hangs_or_dies_keeps_nobody_from_ending) {
    Running running;
    running.theft_of("thief");
    running.start(0);
    BOOST_TEST(running.is_live());
    const auto pid = [&](const std::string& sql) { return static_cast<pid_t>(std::stol(running.value(sql))); };
    const pid_t backend =
        pid("SELECT pid FROM pg_stat_activity WHERE application_name = 'pppoe-guard-analyzer' AND "
            "datname = '" +
            running.name + "'");
    pid_t postmaster = 0;
    std::ifstream(cluster().directory() / "data/postmaster.pid") >> postmaster;
    BOOST_REQUIRE(postmaster > 0);
    for (const pid_t stopped : {backend, postmaster}) BOOST_REQUIRE(::kill(stopped, SIGSTOP) == 0);
    running.source->visible = SIZE_MAX;
    // It hangs now, at what it asks for every quarter of a second or at what it has to record.
    const auto began = std::chrono::steady_clock::now();
    running.stop();
    BOOST_TEST((std::chrono::steady_clock::now() - began < 5s));
    for (const pid_t stopped : {postmaster, backend}) ::kill(stopped, SIGCONT);
    BOOST_TEST(guard::test::wait_until([&] { return running.value("SELECT 1") == "1"; }, 10s));
    // Whether its last statement arrived before it stopped or not: once.
    running.start();
    BOOST_TEST(running.wait_for(kSuspended, "1"));
    BOOST_TEST(running.is_live());

    cluster().kill9();
    running.stop();
    running.theft_of("second", 3000s);
    running.start();
    BOOST_TEST(running.says("event=database_away"));
    BOOST_TEST(!running.over);
    cluster().start();
    BOOST_TEST(running.wait_for(kSuspended, "2"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::daemon
