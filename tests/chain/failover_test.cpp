// PostgreSQL fails over to a standby: with all that was committed, or behind.
#define BOOST_TEST_DYN_LINK
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/support/isp.hpp"
#include "tests/support/mail_text.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kAccept = 2, kReject = 3;
constexpr int kIds = 8;

std::string id(int i) {
    return "user" + std::to_string(i) + "@isp.example";
}

std::vector<Subscriber> subscribers() {
    std::vector<Subscriber> all;
    for (int i = 0; i < kIds; ++i)
        all.push_back({id(i), "pw", "JP-01", Service::pppoe, "Name", "user" + std::to_string(i) + "@mail.example"});
    return all;
}

Isp::Options options() {
    Isp::Options result;
    result.passwords_in_sql = false;  // a login must not need PostgreSQL
    result.settle = 1s;
    result.detection =
        "learning = 0\n[detection.guards]\nbreaker_per_hour = 1000\nbreaker_per_hour_share = 1\n"
        "breaker_per_day = 1000\nbreaker_per_pool = 1000\nstep_ids = 1000\nslow_step_ids = 1000\n";
    return result;
}

// An ISP whose database has a standby; the daemons know of both.
struct Replicated {
    Isp isp{options(), subscribers()};
    Postgres standby{Postgres::StandbyOf{isp.postgres}};

    Replicated() {
        const std::string one = isp.postgres.directory().string(), both = one + ',' + standby.directory().string();
        for (const auto& file : {isp.config_file(), isp.directory() / "notifier.toml"}) {
            std::string text = read_file(file);
            text.replace(text.find("host=" + one) + 5, one.size(), both);
            write_file(file, text, User::unprivileged());
        }
    }

    void replicate_synchronously() {
        pqxx::connection connection(isp.postgres.connection_string());
        pqxx::nontransaction statements(connection);
        statements.exec("ALTER SYSTEM SET synchronous_standby_names = '*'");
        statements.exec("SELECT pg_reload_conf()");
        BOOST_REQUIRE(wait_until(
            [&] { return isp.query("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"; },
            20s));
    }

    // One value, of the standby once it has taken over.
    [[nodiscard]] std::string value(const std::string& sql) const {
        pqxx::connection connection(standby.connection_string());
        pqxx::nontransaction transaction(connection);
        const auto rows = transaction.exec(sql);
        return rows.empty() || rows[0][0].is_null() ? std::string{} : rows[0][0].c_str();
    }
    [[nodiscard]] bool comes_to(const std::string& sql, const std::string& expected) const {
        const bool came = wait_until([&] { return value(sql) == expected; }, 30s);
        if (!came) BOOST_TEST_MESSAGE(sql << ": " << value(sql) << " instead of " << expected);
        return came;
    }

    void theft_of(int i) {
        for (const char* prefecture : {"JP-01", "JP-46"}) {
            (void)isp.login(id(i), "pw");
            BOOST_TEST(isp.start_session(id(i), isp.address(prefecture)));
        }
    }
    [[nodiscard]] bool is_refused(int i) {
        return wait_until([&] { return isp.login(id(i), "pw").value_or(0) == kReject; }, 10s);
    }
};

constexpr auto kSuspended = "SELECT count(*) FROM guard.suspension WHERE released_at IS NULL";
constexpr auto kKeys = "SELECT string_agg(incident_key, ' ' ORDER BY incident_key) FROM guard.incident";
constexpr auto kUnsent =
    "SELECT (SELECT count(*) FROM guard.delivery WHERE state IN ('queued', 'sending')) + (SELECT count(*) FROM "
    "guard.notice WHERE state = 'queued')";

// How often each mail was delivered, by its Message-ID.
std::map<std::string, int> mails(const Isp& isp) {
    std::map<std::string, int> copies;
    for (const auto& message : isp.mail.messages()) ++copies[read_mail(message).headers.at("Message-ID")];
    return copies;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failover)

BOOST_FIXTURE_TEST_CASE(to_a_synchronous_standby_nothing_is_lost_and_nothing_is_twice, Replicated) {
    replicate_synchronously();
    isp.start_notifier();
    isp.start_analyzer();
    for (int i = 0; i < 4; ++i) theft_of(i);
    // Some are recorded, some settle.
    BOOST_REQUIRE(wait_until([&] { return isp.query(kSuspended) != "0"; }, 20s));
    isp.postgres.kill9();
    for (int i = 4; i < kIds; ++i) theft_of(i);
    standby.promote();
    BOOST_TEST(comes_to(kSuspended, std::to_string(kIds)));
    for (const char* table : {"suspension", "incident", "notice"})
        BOOST_TEST(value(std::string("SELECT count(*) FROM guard.") + table) == std::to_string(kIds), table);
    BOOST_TEST(value("SELECT count(*) FROM guard.dead_letter") == "0");
    for (int i = 0; i < kIds; ++i) BOOST_TEST(is_refused(i), id(i));
    BOOST_TEST(comes_to(kUnsent, "0"));
    BOOST_TEST(wait_until([&] { return mails(isp).size() == std::size_t{kIds}; }, 20s));
    // A mail whose acceptance could not be recorded goes again, and is counted.
    const auto copies = isp.mail.messages().size() - mails(isp).size();
    BOOST_TEST(copies <= std::stoul(value("SELECT sum(maybe_twice) FROM guard.delivery")));
    BOOST_TEST(isp.analyzer().output().find("event=database_older") == std::string::npos, isp.analyzer().output());
    BOOST_TEST((isp.analyzer().running() && isp.notifier().running()));
}

// What was committed and had not come to the standby is found again in the journal, under the same keys: by an analyzer
// that has gone on all the time, and by one whose newest snapshot is of what is lost.
BOOST_AUTO_TEST_CASE(to_a_standby_that_was_behind_all_is_found_again) {
    for (const bool runs : {true, false}) {
        BOOST_TEST_MESSAGE((runs ? "running" : "stopped"));
        Replicated all;
        Isp& isp = all.isp;
        isp.start_notifier();
        isp.start_analyzer();
        for (int i = 0; i < kIds; ++i) BOOST_TEST((isp.login(id(i), "pw") == kAccept));  // the breaker's measure
        for (int i = 0; i < 2; ++i) all.theft_of(i);
        BOOST_REQUIRE(wait_until([&] { return isp.query(kSuspended) == "2" && isp.query(kUnsent) == "0"; }, 30s));
        isp.stop_analyzer();  // with a snapshot that is not ahead
        isp.start_analyzer();
        const std::string written = isp.query("SELECT pg_current_wal_lsn()");
        BOOST_REQUIRE(all.comes_to("SELECT pg_last_wal_replay_lsn() >= '" + written + "'", "t"));
        all.standby.stop();

        for (int i = 2; i < 5; ++i) all.theft_of(i);
        BOOST_REQUIRE(wait_until([&] { return isp.query(kSuspended) == "5"; }, 30s));
        isp.execute("UPDATE radcheck SET value = 'new' WHERE username = '" + id(0) + "'", "isp_portal");
        BOOST_REQUIRE(wait_until([&] { return isp.login(id(0), "pw").value_or(0) == kAccept; }, 10s));
        BOOST_REQUIRE(wait_until([&] { return isp.query(kUnsent) == "0"; }, 30s));
        BOOST_REQUIRE(isp.mail.wait_for_messages(6, 20s).size() == 6U);
        const std::string keys = isp.query(kKeys);
        if (!runs) isp.stop_analyzer();
        isp.postgres.kill9();
        all.standby.start();
        all.standby.promote();
        BOOST_TEST(all.value(kKeys) != keys);
        if (!runs) isp.start_analyzer();

        BOOST_TEST(isp.analyzer().wait_for_output("event=snapshot_ahead", runs ? 1ms : 30000ms) == !runs,
                   isp.analyzer().output());
        BOOST_TEST(isp.analyzer().wait_for_output("event=database_older", runs ? 30000ms : 1ms) == runs,
                   isp.analyzer().output());
        BOOST_TEST(all.comes_to(kSuspended, "5"));
        BOOST_TEST(all.value(kKeys) == keys);
        // A release that is lost has to be made again.
        for (int i = 0; i < 5; ++i) BOOST_TEST(all.is_refused(i), id(i));
        BOOST_TEST(all.comes_to(kUnsent, "0"));
        // Those whose proof is lost go again, under the same Message-IDs.
        BOOST_TEST(isp.mail.wait_for_messages(9, 20s).size() == 9U);
        BOOST_TEST(mails(isp).size() == 6U);
        all.theft_of(5);
        BOOST_TEST(all.comes_to(kSuspended, "6"));
        BOOST_TEST((isp.analyzer().running() && isp.notifier().running()));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
