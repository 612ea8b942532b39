// The analyzer is killed and started again: nothing lost, nothing twice.
#define BOOST_TEST_DYN_LINK
#include <signal.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/isp.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kAccept = 2, kReject = 3;

std::string id(int i) {
    return "user" + std::to_string(i) + "@isp.example";
}

std::vector<Subscriber> subscribers(int count) {
    std::vector<Subscriber> all;
    for (int i = 0; i < count; ++i)
        all.push_back(
            {id(i), "pw", "JP-01", Service::pppoe, "Name", "user" + std::to_string(i) + "@mail.example", "en"});
    return all;
}

Isp::Options options() {
    Isp::Options result;
    result.passwords_in_sql = false;
    result.settle = 2s;
    result.detection =
        "learning = 0\n[detection.guards]\nbreaker_per_hour = 1000\nbreaker_per_hour_share = 1\n"
        "breaker_per_day = 1000\nbreaker_per_pool = 1000\nstep_ids = 1000\nslow_step_ids = 1000\n";
    return result;
}

bool login(Isp& isp, const std::string& id) {
    return isp.login(id, "pw").value_or(0) == kAccept;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(restart)

BOOST_AUTO_TEST_CASE(killed_at_any_moment_every_thief_is_suspended_and_told_once) {
    constexpr int kIds = 12;
    Isp isp(options(), subscribers(kIds));
    isp.start_notifier();
    isp.start_analyzer();
    // One theft after the other, and the analyzer dies after each: before, while and after it settles.
    for (int i = 0; i < kIds; ++i) {
        BOOST_TEST(login(isp, id(i)));
        BOOST_TEST(isp.start_session(id(i), isp.address("JP-01")));
        BOOST_TEST(login(isp, id(i)));
        BOOST_TEST(isp.start_session(id(i), isp.address("JP-46")));
        isp.query("SELECT pg_sleep(" + std::to_string(0.23 * i) + ")");
        isp.stop_analyzer(SIGKILL);
        isp.start_analyzer();
    }
    for (int i = 0; i < kIds; ++i) BOOST_TEST(wait_until([&] { return isp.is_suspended(id(i)); }, 20s), id(i));
    BOOST_TEST(isp.mail.wait_for_messages(kIds, 30s).size() == std::size_t{kIds});
    // And once more from the beginning of the journal.
    isp.stop_analyzer();
    isp.start_analyzer();
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.suspension") == std::to_string(kIds));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.incident") == std::to_string(kIds));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.finding WHERE rule = 'pppoe.jump'") == std::to_string(kIds));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.notice") == std::to_string(kIds));
    BOOST_TEST(isp.mail.messages().size() == std::size_t{kIds});
}

BOOST_AUTO_TEST_CASE(a_released_id_stays_released_after_a_restart) {
    Isp isp(options(), subscribers(1));
    isp.start_analyzer();
    BOOST_TEST(login(isp, id(0)));
    BOOST_TEST(isp.start_session(id(0), isp.address("JP-01")));
    BOOST_TEST(isp.start_session(id(0), isp.address("JP-46")));
    BOOST_TEST(wait_until([&] { return isp.is_suspended(id(0)); }, 20s));
    isp.execute("UPDATE radcheck SET value = 'new'", "isp_portal");
    BOOST_TEST(!isp.is_suspended(id(0)));
    isp.stop_analyzer(SIGKILL);
    isp.start_analyzer();
    BOOST_TEST(wait_until([&] { return login(isp, id(0)); }, 5s));
    BOOST_TEST(!wait_until([&] { return isp.is_suspended(id(0)); }, 4s));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.suspension") == "1");
}

BOOST_AUTO_TEST_CASE(a_commit_in_doubt_is_looked_up_and_not_repeated) {
    Isp isp(options(), subscribers(4));
    isp.start_analyzer();
    for (int i = 0; i < 4; ++i) {
        BOOST_TEST(isp.start_session(id(i), isp.address("JP-01")));
        BOOST_TEST(isp.start_session(id(i), isp.address("JP-46")));
        // Every connection of the analyzer is cut, again and again, while it records.
        for (int cut = 0; cut < 20; ++cut)
            isp.query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'isp_analyzer'");
    }
    for (int i = 0; i < 4; ++i) BOOST_TEST(wait_until([&] { return isp.is_suspended(id(i)); }, 30s), id(i));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.suspension") == "4");
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.notice") == "4");
    BOOST_TEST(isp.analyzer().running());
}

BOOST_AUTO_TEST_CASE(sigterm_ends_it_within_five_seconds_and_keeps_what_was_learned) {
    Isp isp(options(), subscribers(1));
    isp.start_analyzer();
    BOOST_TEST(isp.start_session(id(0), isp.address("JP-01")));
    BOOST_TEST(wait_until(
        [&] { return !isp.query("SELECT event_time FROM guard.progress WHERE event_time > '2000-01-01'").empty(); },
        10s));
    isp.analyzer().signal(SIGTERM);
    const auto status = isp.analyzer().wait(5s);
    BOOST_TEST((status == 0));
    BOOST_TEST(std::filesystem::exists(isp.directory() / "state/state.snapshot"));
    isp.start_analyzer();
    BOOST_TEST(isp.analyzer().output().find("event=snapshot_loaded ids=1") != std::string::npos,
               isp.analyzer().output());
}

// SIGTERM writes a snapshot; then it is killed after each step of a theft, while its snapshots are damaged one after
// the other.
BOOST_AUTO_TEST_CASE(it_goes_on_from_a_snapshot_from_the_one_before_or_from_the_journal_alone) {
    constexpr int kIds = 4;
    Isp isp(options(), subscribers(kIds));
    isp.start_analyzer();
    const auto snapshot = isp.directory() / "state/state.snapshot", previous = isp.directory() / "state/state.previous";
    const auto says = [&](const char* text) { return isp.analyzer().wait_for_output(text, 20s); };
    const auto dial = [&](int i, const char* prefecture) {
        BOOST_TEST(isp.start_session(id(i), isp.address(prefecture)));
    };
    const auto restart = [&](int signal) {
        isp.stop_analyzer(signal);
        isp.start_analyzer();
    };
    for (int i = 0; i < kIds; ++i) dial(i, "JP-01");
    BOOST_TEST(wait_until(
        [&] { return !isp.query("SELECT event_time FROM guard.progress WHERE event_time > '2000-01-01'").empty(); },
        10s));
    restart(SIGTERM);
    BOOST_TEST(says("with_position=true"));
    restart(SIGTERM);
    BOOST_TEST_REQUIRE(std::filesystem::exists(previous));

    dial(0, "JP-46");
    restart(SIGKILL);
    BOOST_TEST(says("with_position=true"));
    BOOST_TEST(wait_until([&] { return isp.is_suspended(id(0)); }, 20s));

    dial(1, "JP-46");
    isp.stop_analyzer(SIGKILL);
    write_file(snapshot, "rubbish");
    isp.start_analyzer();
    BOOST_TEST(says("event=snapshot_damaged"));
    BOOST_TEST(says("with_position=true"));
    BOOST_TEST(wait_until([&] { return isp.is_suspended(id(1)); }, 20s));

    dial(2, "JP-46");
    isp.stop_analyzer(SIGKILL);
    write_file(previous, "rubbish");
    isp.start_analyzer();
    BOOST_TEST(says("with_position=false"));
    BOOST_TEST(wait_until([&] { return isp.is_suspended(id(2)); }, 20s));

    // And sound again after the next stop.
    restart(SIGTERM);
    BOOST_TEST(says("with_position=true"));
    dial(3, "JP-46");
    BOOST_TEST(wait_until([&] { return isp.is_suspended(id(3)); }, 20s));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.suspension") == std::to_string(kIds));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.incident") == std::to_string(kIds));
}

BOOST_AUTO_TEST_CASE(a_bad_pool_file_on_reload_keeps_the_old_one) {
    Isp isp(options(), subscribers(1));
    isp.start_analyzer();
    write_file(isp.directory() / "pools.csv", "10.1.0.0/16,JP,JP-99x,,,,,,nas1\n");
    isp.analyzer().signal(SIGHUP);
    BOOST_TEST(isp.analyzer().wait_for_output("event=reload_refused", 10s));
    BOOST_TEST(isp.analyzer().output().find("pools.csv:1") != std::string::npos, isp.analyzer().output());
    BOOST_TEST(isp.start_session(id(0), isp.address("JP-01")));
    BOOST_TEST(isp.start_session(id(0), isp.address("JP-46")));
    BOOST_TEST(wait_until([&] { return isp.is_suspended(id(0)); }, 20s));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
