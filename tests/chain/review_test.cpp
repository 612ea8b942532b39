// A case that waits for a person, through the whole chain: what the person decides reaches the table, the NAS and the
// analyzer.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "analyzer/daemon/control.hpp"
#include "tests/support/isp.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kAccept = 2, kReject = 3;
const std::string kId = "tanaka@isp.example";

struct InReview {
    InReview() : isp(options(), {{kId, "pw", "JP-01", Service::pppoe, "田中 花子", "tanaka@mail.example", "ja"}}) {}

    static Isp::Options options() {
        Isp::Options result;
        result.passwords_in_sql = false;
        result.settle = 1s;
        result.detection = "learning = 0\n[detection.rule_modes]\n\"pppoe.jump\" = \"review\"\n";
        return result;
    }
    // A session in Hokkaido and one in Kagoshima.
    void steal() {
        for (const auto* region : {"JP-01", "JP-46"}) {
            address = isp.address(region);
            BOOST_TEST(isp.login(kId, "pw").value_or(0) == kAccept);
            BOOST_TEST(isp.start_session(kId, address));
        }
        BOOST_TEST_REQUIRE(wait_until(
            [&] { return isp.query("SELECT state FROM guard.incident WHERE incident_id = 1") == "review"; }, 20s));
    }
    Result decide(const std::string& verdict) {
        return isp.guardctl({"incidents", verdict, "1", "--reason", "called", "--database",
                             isp.postgres.connection_string("staff_sato")});
    }
    [[nodiscard]] bool disconnected() {
        return wait_until(
            [&] {
                return isp.query("SELECT count(*) FROM guard.disconnect WHERE state = 'acknowledged' AND address = '" +
                                 address + "'") == "1";
            },
            10s);
    }

    Isp isp;
    std::string address;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(review)

BOOST_FIXTURE_TEST_CASE(confirmed_by_a_person_the_next_login_is_refused_and_the_session_ended, InReview) {
    isp.start_analyzer();
    steal();
    BOOST_TEST(isp.login(kId, "pw").value_or(0) == kAccept);
    BOOST_TEST(!isp.is_suspended(kId));
    const auto confirmed = decide("confirm");
    BOOST_TEST(confirmed.status == 0, confirmed.output);
    BOOST_TEST(wait_until([&] { return isp.login(kId, "pw").value_or(0) == kReject; }, 5s));
    BOOST_TEST(disconnected());
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.notice WHERE kind = 'suspended'") == "1");
    BOOST_TEST(isp.query("SELECT actor FROM guard.audit WHERE action = 'suspend'") == "staff_sato");
    // Sealed once a minute, without the desk's doing.
    BOOST_TEST(isp.query("SELECT count(*) FROM guard.verify_audit() WHERE fault <> ''") == "0");
}

BOOST_FIXTURE_TEST_CASE(confirmed_while_the_analyzer_is_away_the_sessions_end_when_it_is_back, InReview) {
    isp.start_analyzer();
    steal();
    isp.stop_analyzer();
    BOOST_TEST(decide("confirm").status == 0);
    isp.start_analyzer();
    BOOST_TEST(wait_until([&] { return isp.login(kId, "pw").value_or(0) == kReject; }, 10s));
    BOOST_TEST(disconnected());
}

BOOST_FIXTURE_TEST_CASE(what_is_ordinary_reaches_the_analyzer_with_its_places, InReview) {
    isp.start_analyzer();
    steal();
    BOOST_TEST(decide("ordinary").status == 0);
    pqxx::connection connection(isp.postgres.connection_string("isp_analyzer"));
    const auto verdicts = daemon::verdicts_since(connection, Time{});
    BOOST_TEST_REQUIRE(verdicts.size() == 1U);
    BOOST_TEST((verdicts[0].kind == daemon::Verdict::Kind::ordinary));
    BOOST_TEST(verdicts[0].id == kId);
    BOOST_TEST(verdicts[0].number == 1);
    BOOST_TEST_REQUIRE(verdicts[0].places.size() == 2U);
    BOOST_TEST(verdicts[0].places[0].view() == "JP-01");
    BOOST_TEST(verdicts[0].places[1].view() == "JP-46");
    BOOST_TEST(daemon::verdicts_since(connection, verdicts[0].time + Microseconds{1}).empty());
    BOOST_TEST(isp.query("SELECT state FROM guard.incident") == "closed");
    BOOST_TEST(isp.login(kId, "pw").value_or(0) == kAccept);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
