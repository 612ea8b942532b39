// The analyzer as a process: its end, its reload, its place; and IDs that are no text, from the packet to the desk.
#define BOOST_TEST_DYN_LINK
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "enforcement/table.hpp"
#include "event/file.hpp"
#include "tests/support/isp.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kAccept = 2;
const std::string kId = "user@isp.example", kThird = "third@isp.example";

Isp::Options options() {
    Isp::Options result;
    result.passwords_in_sql = false;
    result.settle = 1s;
    // Two are no failover here.
    result.detection = "learning = 0\n[detection.guards]\nstep_ids = 1000\nslow_step_ids = 1000\n";
    return result;
}

std::vector<Subscriber> subscribers() {
    return {{kId, "pw", "JP-01"}, {"second@isp.example", "pw", "JP-01"}, {kThird, "pw", "JP-01"}};
}

void steal(Isp& isp, const std::string& id) {
    BOOST_TEST(isp.start_session(id, isp.address("JP-01")));
    BOOST_TEST(isp.start_session(id, isp.address("JP-46")));
}

std::vector<std::string> command(const Isp& isp) {
    return {(isp.directory() / "bin/pppoe-guard-analyzer").string(), "--config", isp.config_file().string()};
}

void replace(const std::filesystem::path& file, const std::string& what, const std::string& by) {
    std::string text = read_file(file);
    const auto at = text.find(what);
    BOOST_REQUIRE(at != std::string::npos);
    text.replace(at, what.size(), by);
    write_file(file, text, User::unprivileged());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(daemon)

BOOST_AUTO_TEST_CASE(ends_within_five_seconds_while_postgresql_hangs_and_loses_nothing) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    pid_t postmaster = 0;
    std::ifstream(isp.postgres.directory() / "data/postmaster.pid") >> postmaster;
    BOOST_REQUIRE(postmaster > 0);
    const auto backends =
        isp.query("SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE usename = 'isp_analyzer'");
    std::istringstream pids(backends);
    std::vector<pid_t> stopped{postmaster};
    for (pid_t pid = 0; pids >> pid;) stopped.push_back(pid);
    BOOST_TEST(stopped.size() >= 4U);
    for (const pid_t pid : stopped) BOOST_REQUIRE(::kill(pid, SIGSTOP) == 0);
    steal(isp, kId);
    // It hangs, having read what was stolen or not.
    isp.analyzer().signal(SIGTERM);
    BOOST_TEST((isp.analyzer().wait(5s) == 0), isp.analyzer().output());
    for (const pid_t pid : stopped) ::kill(pid, SIGCONT);
    isp.start_analyzer();
    BOOST_TEST(wait_until([&] { return isp.is_suspended(kId); }, 20s));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.suspension") == "1");
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.notice") == "1");
}

BOOST_AUTO_TEST_CASE(ends_within_five_seconds_while_postgresql_is_away) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    isp.postgres.stop();
    steal(isp, kId);
    BOOST_TEST(isp.analyzer().wait_for_output("event=database_away", 10s));
    isp.analyzer().signal(SIGTERM);
    BOOST_TEST((isp.analyzer().wait(5s) == 0));
    isp.postgres.start();
    isp.start_analyzer();
    BOOST_TEST(wait_until([&] { return isp.is_suspended(kId); }, 20s));
}

BOOST_AUTO_TEST_CASE(a_second_one_is_refused_by_name) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    ProcessOptions as;
    as.user = User::unprivileged();
    const auto second = run(command(isp), as);
    BOOST_TEST(second.status == 1);
    BOOST_TEST(second.output.find((isp.directory() / "state").string() + " is in use by process " +
                                  std::to_string(isp.analyzer().pid())) != std::string::npos,
               second.output);
}

BOOST_AUTO_TEST_CASE(reload_takes_over_what_it_can_and_names_what_it_cannot) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    // A mistake: nothing of the file.
    const std::string good = read_file(isp.config_file());
    replace(isp.config_file(), "mode = \"enforce\"", "mode = \"obsrve\"");
    isp.analyzer().signal(SIGHUP);
    BOOST_TEST(isp.analyzer().wait_for_output("event=reload_refused", 10s));
    BOOST_TEST(isp.analyzer().output().find("detection.mode: found \"obsrve\"") != std::string::npos,
               isp.analyzer().output());
    write_file(isp.config_file(), good, User::unprivileged());
    replace(isp.config_file(), "mode = \"enforce\"", "mode = \"observe\"");
    replace(isp.config_file(), "settle = 1", "settle = 2");
    isp.analyzer().signal(SIGHUP);
    BOOST_TEST(isp.analyzer().wait_for_output("event=configuration_reloaded taken=\"detection.mode\"", 10s));
    BOOST_TEST(isp.analyzer().wait_for_output("event=restart_needed keys=\"detection.settle\"", 10s));
    BOOST_TEST(wait_until(
        [&] {
            return isp.query("SELECT value::jsonb ->> '' FROM guard.setting WHERE key = 'detection.modes'") ==
                   "observe";
        },
        10s));
    steal(isp, kId);
    BOOST_TEST(wait_until(
        [&] {
            return isp.query("SELECT count(*) FROM guard.finding WHERE action = 'suspend' AND reason = 'mode'") == "1";
        },
        20s));
    // The same after kill -9: the mode is that of the configuration anyway; and the other way round.
    isp.stop_analyzer(SIGKILL);
    write_file(isp.config_file(), good, User::unprivileged());
    isp.start_analyzer();
    steal(isp, "second@isp.example");
    BOOST_TEST(wait_until([&] { return isp.is_suspended("second@isp.example"); }, 20s));
    BOOST_TEST(!isp.is_suspended(kId));
    // The allow list is read again, too.
    isp.execute("SELECT guard.allow_id('pppoe', guard.normalise_id('" + kThird +
                    "'::text), 'noc', 'probe', now() + interval '1 day')",
                "staff_sato");
    const auto journalled = [&] { return isp.query("SELECT position FROM guard.progress WHERE spool = 'control'"); };
    const std::string before = journalled();
    isp.analyzer().signal(SIGHUP);
    BOOST_TEST(isp.analyzer().wait_for_output("event=reloaded", 10s));
    BOOST_TEST(wait_until([&] { return journalled() != before; }, 10s));
    steal(isp, kThird);
    BOOST_TEST(wait_until(
        [&] { return isp.query("SELECT count(*) FROM guard.finding WHERE reason = 'allowed'") != "0"; }, 20s));
    BOOST_TEST(!isp.is_suspended(kThird));
}

BOOST_AUTO_TEST_CASE(an_id_that_is_no_text_goes_all_the_way) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    // A zero byte in the middle, and bytes of no UTF-8.
    const std::string id("no\0text\xff\xfe", 9);
    steal(isp, id);
    const std::string bytes = "'\\x6e6f0074657874fffe'::bytea";
    BOOST_TEST(
        wait_until([&] { return isp.query("SELECT count(*) FROM guard.suspension WHERE id = " + bytes) == "1"; }, 20s));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.dead_letter") == "0");
    const auto in_table = [&] {
        const auto table = enforcement::Table::from_bytes(guard::read_file(isp.table(), 1 << 20));
        return table && table->is_suspended(Service::pppoe, id) &&
               !table->is_suspended(Service::pppoe, std::string("no\0text\xff\xfd", 9)) &&
               !table->is_suspended(Service::pppoe, "no");
    };
    BOOST_TEST(wait_until(in_table, 10s));
    const std::string desk = isp.postgres.connection_string("staff_sato");
    const auto listed = isp.guardctl({"suspended", "list", "--database", desk});
    BOOST_TEST(listed.output.find("no\\000text\\377\\376") != std::string::npos, listed.output);
    const auto shown = isp.guardctl({"incidents", "show", "1", "--reason", "test", "--json", "--database", desk});
    BOOST_TEST(shown.status == 0);
    BOOST_TEST(shown.output.find("pppoe.jump") != std::string::npos, shown.output);
    // No command line can name it: the number of the case does.
    const auto released = isp.guardctl({"incidents", "dismiss", "1", "--reason", "test", "--database", desk});
    BOOST_TEST(released.status == 0, released.output);
    BOOST_TEST(wait_until(
        [&] {
            const auto table = enforcement::Table::from_bytes(guard::read_file(isp.table(), 1 << 20));
            return table && !table->is_suspended(Service::pppoe, id);
        },
        10s));
    BOOST_TEST(isp.login(kId, "pw").value_or(0) == kAccept);
}

BOOST_AUTO_TEST_CASE(dead_letters_are_shown_to_the_desk_and_that_is_on_record) {
    Isp isp(options(), subscribers());
    isp.execute("ALTER TABLE guard.incident ADD CONSTRAINT trial CHECK (id <> 'user@isp.example'::bytea)");
    isp.start_analyzer();
    steal(isp, kId);
    steal(isp, "second@isp.example");
    BOOST_TEST(wait_until([&] { return isp.is_suspended("second@isp.example"); }, 20s));
    BOOST_TEST(isp.analyzer().wait_for_output("event=decision_refused what=pppoe.jump sqlstate=23514", 10s));
    const std::string desk = isp.postgres.connection_string("staff_sato");
    const auto listed = isp.guardctl({"dead-letters", "list", "--reason", "ticket 9", "--json", "--database", desk});
    BOOST_TEST(listed.status == 0, listed.output);
    BOOST_TEST(listed.output.find("23514") != std::string::npos, listed.output);
    BOOST_TEST(listed.output.find(kId) != std::string::npos, listed.output);
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.audit WHERE action = 'read' AND object = 'dead_letters' AND "
                         "actor = 'staff_sato' AND detail ->> 'purpose' = 'ticket 9'") == "1");
    const auto status = isp.guardctl({"status", "--database", desk});
    BOOST_TEST(status.output.find("dead letters") != std::string::npos, status.output);
    BOOST_TEST(status.status == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
