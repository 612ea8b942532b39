// The whole chain with one of its parts missing: logins go on, and nothing is lost that need not be.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "spool/segment.hpp"
#include "tests/support/isp.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kAccept = 2, kReject = 3;
const std::string kId = "tanaka@isp.example";

std::vector<Subscriber> subscribers() {
    return {{kId, "pw", "JP-01", Service::pppoe, "田中 花子", "tanaka@mail.example", "ja"},
            {"Sato@ISP.example", "pw", "JP-13"},
            {"mail@isp.example", "pw", "", Service::smtp_auth}};
}

// Passwords in a file, so that a login does not need PostgreSQL by itself; certain findings even from an ID that is
// new.
Isp::Options options() {
    Isp::Options result;
    result.passwords_in_sql = false;
    result.settle = 1s;
    result.detection = "learning = 0\n";
    return result;
}

void connect(Isp& isp, const std::string& id, const std::string& address) {
    BOOST_TEST(isp.login(id, "pw").value_or(0) == kAccept);
    BOOST_TEST(isp.start_session(id, address));
}

// A session in Hokkaido and one in Kagoshima: an impossible jump.
void steal(Isp& isp, const std::string& id) {
    connect(isp, id, isp.address("JP-01"));
    connect(isp, id, isp.address("JP-46"));
}

bool wait_for_suspension(Isp& isp, const std::string& id) {
    return wait_until([&] { return isp.is_suspended(id); }, 20s);
}

bool wait_for_answer(Isp& isp, const std::string& id, std::uint8_t code) {
    return wait_until([&] { return isp.login(id, "pw").value_or(0) == code; }, 10s);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chain)

BOOST_AUTO_TEST_CASE(logins_go_on_without_the_analyzer_and_it_catches_up) {
    Isp isp(options(), subscribers());
    steal(isp, kId);  // no analyzer has ever run
    BOOST_TEST(isp.login(kId, "pw").value_or(0) == kAccept);
    isp.start_analyzer();
    BOOST_TEST(wait_for_suspension(isp, kId));
    BOOST_TEST(wait_for_answer(isp, kId, kReject));

    // Stopped again: who is suspended stays so, who is not logs in, also after a restart of radiusd.
    isp.stop_analyzer();
    BOOST_TEST(isp.login(kId, "pw").value_or(0) == kReject);
    isp.radius->stop();
    isp.radius->start();
    BOOST_TEST(isp.login(kId, "pw").value_or(0) == kReject);
    BOOST_TEST(isp.login("Sato@ISP.example", "pw").value_or(0) == kAccept);
}

BOOST_AUTO_TEST_CASE(logins_go_on_without_postgresql_and_the_analyzer_resumes_by_itself) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    isp.postgres.stop();
    steal(isp, kId);
    for (int i = 0; i < 20; ++i) BOOST_TEST(isp.login("Sato@ISP.example", "pw").value_or(0) == kAccept);
    BOOST_TEST(isp.analyzer().wait_for_output("event=database_away", 10s));
    BOOST_TEST(isp.analyzer().running());
    isp.postgres.start();
    BOOST_TEST(wait_for_suspension(isp, kId));
    BOOST_TEST(wait_for_answer(isp, kId, kReject));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.suspension") == "1");

    // Away again: the table stays.
    isp.postgres.kill9();
    BOOST_TEST(isp.login(kId, "pw").value_or(0) == kReject);
    BOOST_TEST(isp.login("Sato@ISP.example", "pw").value_or(0) == kAccept);
}

BOOST_AUTO_TEST_CASE(logins_go_on_when_the_spool_is_full_or_gone) {
    Isp::Options small = options();
    small.spool_quota = 2 << 20;  // two segments of 1 MiB
    Isp isp(small, subscribers());
    isp.start_analyzer();
    const auto spool = isp.spool(Service::pppoe);
    std::filesystem::rename(spool, spool.string() + ".gone");
    isp.radius->stop();
    isp.radius->start();
    BOOST_TEST(isp.login("Sato@ISP.example", "pw").value_or(0) == kAccept);
    BOOST_TEST(isp.radius->wait_for_log("events are dropped"));
    std::filesystem::rename(spool.string() + ".gone", spool);

    // Filled up by something else below the same quota.
    const auto number = static_cast<std::uint64_t>(SystemClock().now().time_since_epoch().count());
    for (std::uint64_t i = 0; i < 3; ++i)
        write_file(spool / spool::segment_name(number + i), std::string(1 << 20, 'x'));
    isp.radius->stop();
    isp.radius->start();
    BOOST_TEST(isp.login("Sato@ISP.example", "pw").value_or(0) == kAccept);
    BOOST_TEST(isp.radius->wait_for_log("quota"));
}

BOOST_AUTO_TEST_CASE(an_id_is_one_id_however_its_case_is_written) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    steal(isp, "Sato@ISP.example");
    BOOST_TEST(wait_for_suspension(isp, "sato@isp.EXAMPLE"));
    BOOST_TEST(wait_for_answer(isp, "Sato@ISP.example", kReject));
    // A new password of the ID, in the case in which the operator stores it.
    isp.execute("UPDATE radcheck SET value = 'new' WHERE username = 'Sato@ISP.example'", "isp_portal");
    BOOST_TEST(wait_for_answer(isp, "Sato@ISP.example", kAccept));  // the users file has the old one still
}

BOOST_AUTO_TEST_CASE(staff_look_and_release_with_guardctl_under_their_own_name) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    steal(isp, kId);
    BOOST_TEST(wait_for_suspension(isp, kId));
    const std::string sato = isp.postgres.connection_string("staff_sato");
    const auto list = isp.guardctl({"suspended", "list", "--database", sato});
    BOOST_TEST(list.status == 0);
    BOOST_TEST(list.output.find(kId) != std::string::npos, list.output);
    const auto show =
        isp.guardctl({"suspended", "show", "TANAKA@isp.example", "--reason", "ticket 17", "--database", sato});
    BOOST_TEST(show.status == 0);
    BOOST_TEST(show.output.find("Kagoshima") != std::string::npos, show.output);
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.audit WHERE action = 'read' AND actor = 'staff_sato'") == "1");
    BOOST_TEST(isp.guardctl({"suspended", "release", kId, "--database", sato}).status != 0);  // no reason given
    const auto release =
        isp.guardctl({"suspended", "release", kId, "--reason", "called, password changed", "--database", sato});
    BOOST_TEST(release.status == 0, release.output);
    BOOST_TEST(wait_for_answer(isp, kId, kAccept));
    BOOST_TEST(isp.guardctl({"suspended", "release", kId, "--reason", "again", "--database", sato}).status == 1);
    BOOST_TEST(isp.query("SELECT released_by FROM guard.suspension") == "staff_sato");

    // What was before the release never counts again: the old sessions go on, and nobody is suspended for them.
    BOOST_TEST(isp.interim(kId, isp.query("SELECT host(address) FROM guard.evidence WHERE region = 'JP-46' LIMIT 1")));
    BOOST_TEST(!wait_until([&] { return isp.is_suspended(kId); }, 3s));
}

BOOST_AUTO_TEST_CASE(a_session_that_overtakes_the_table_is_ended_too) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    steal(isp, kId);
    BOOST_TEST(wait_for_suspension(isp, kId));
    const std::string late = isp.address("JP-46");
    BOOST_TEST(isp.start_session(kId, late));  // its accept was answered just before
    BOOST_TEST(wait_until(
        [&] {
            return isp.query("SELECT state FROM guard.disconnect WHERE address = '" + late + "'") == "acknowledged";
        },
        10s));
}

// The NAS answers only when the session is gone and somebody else has its address.
BOOST_AUTO_TEST_CASE(nobody_is_disconnected_at_an_address_that_is_another_subscribers_by_now) {
    Isp::Options patient = options();
    patient.disconnect = "tries = 100\n";
    Isp isp(patient, subscribers());
    isp.nas.stop();
    isp.start_analyzer();
    steal(isp, kId);
    const std::string state = "SELECT state FROM guard.disconnect WHERE address <<= '10.46.0.0/16'";
    BOOST_TEST(wait_until([&] { return isp.query(state) == "silent"; }, 20s));
    const std::string address =
        isp.query("SELECT host(address) FROM guard.disconnect WHERE address <<= '10.46.0.0/16'");
    BOOST_TEST(isp.start_session("Sato@ISP.example", address));
    BOOST_TEST(wait_until([&] { return isp.query(state) == "cancelled"; }, 20s));
    BOOST_TEST(isp.query("SELECT last_answer FROM guard.disconnect WHERE state = 'cancelled'") ==
               "another ID was given the address");
    // The one in Hokkaido is still wanted; when that is answered this one would have been asked, too.
    isp.nas.start();
    BOOST_TEST(wait_until(
        [&] { return isp.query("SELECT count(*) FROM guard.disconnect WHERE state = 'acknowledged'") == "1"; }, 60s));
    for (const auto& request : isp.nas.requests()) BOOST_TEST(request.find(address) == std::string::npos, request);
}

// A failover: four lines go from Hokkaido to Kagoshima at once. One row for the desk, and one verdict.
BOOST_AUTO_TEST_CASE(what_many_did_at_once_is_one_row_and_suspends_nobody) {
    Isp::Options few = options();
    few.settle = 5s;  // until the last of the four has gone, however busy the machine is
    few.detection += "[detection.guards]\nstep_ids = 2\nslow_step_ids = 1000\n";
    std::vector<Subscriber> lines;
    for (const char* name : {"a", "b", "c", "d"}) lines.push_back({std::string(name) + "@isp.example", "pw", "JP-01"});
    Isp isp(few, lines);
    isp.start_analyzer();
    for (const char* region : {"JP-01", "JP-46"})
        for (const auto& line : lines) connect(isp, line.id, isp.address(region));
    BOOST_TEST(wait_until(
        [&] { return isp.query("SELECT regions || ' ' || waiting FROM guard.mass_events") == "JP-01 JP-46 4"; }, 20s));
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.suspension") == "0");
    BOOST_TEST(isp.guardctl({"incidents", "ordinary", "1", "--mass", "--reason", "failover", "--database",
                             isp.postgres.connection_string("staff_sato")})
                   .status == 0);
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.incidents WHERE waiting") == "0");
}

// A source logs in, and is found guessing passwords afterwards: its mail ID is suspended, for mail alone.
BOOST_AUTO_TEST_CASE(an_smtp_id_whose_password_was_guessed_is_suspended_and_refused) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    const std::string id = "mail@isp.example", thief = "203.0.113.9", owner = "198.51.100.20";
    BOOST_TEST(isp.mail_login(id, "pw", owner).value_or(0) == kAccept);
    BOOST_TEST(isp.mail_login(id, "pw", thief).value_or(0) == kAccept);
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(isp.mail_login("guess" + std::to_string(i % 10) + "@isp.example", "x", thief).value_or(0) ==
                   kReject);
    BOOST_TEST(wait_for_suspension(isp, id));
    BOOST_TEST(wait_until([&] { return isp.mail_login(id, "pw", owner).value_or(0) == kReject; }, 10s));
    BOOST_TEST(isp.query("SELECT rule FROM guard.suspension") == "smtp.source.hit");
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.disconnect") == "0");  // there is no session to end
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.notice WHERE service = 'smtp_auth'") == "1");
    BOOST_TEST(isp.query("SELECT host(address) FROM guard.evidence") == thief);
    BOOST_TEST(isp.login("Sato@ISP.example", "pw").value_or(0) == kAccept);
}

BOOST_AUTO_TEST_CASE(no_id_appears_in_the_log) {
    Isp isp(options(), subscribers());
    isp.start_analyzer();
    isp.start_notifier();
    steal(isp, kId);
    BOOST_TEST(isp.mail.wait_for_messages(1, 20s).size() == 1u);
    BOOST_TEST(isp.analyzer().output().find("tanaka") == std::string::npos);
    BOOST_TEST(isp.notifier().output().find("tanaka") == std::string::npos);
    BOOST_TEST(isp.radius->log().find("rlm_pppoe_guard: tanaka") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
