#include "cli/finding_json.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

namespace guard::cli {
namespace {

detection::Decision decision() {
    detection::Decision result;
    result.finding.rule = detection::Rule::pppoe_jump;
    result.finding.grade = detection::Grade::probable;
    result.finding.id = "a@isp.example";
    result.finding.time = Time{Microseconds{1'772'323'261'169'230}};
    result.finding.summary_en = "en";
    result.finding.summary_ja = "日本語";
    result.finding.evidence.push_back(
        {result.finding.time, Kind::accept, IpAddress::parse("2001:db8::/56"), *geo::Code::parse("JP-01")});
    result.finding.evidence.push_back({result.finding.time, Kind::reject, std::nullopt, {}});
    result.action = detection::Action::suspend;
    result.enforced = true;
    result.decided = result.finding.time + std::chrono::seconds{120};
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(finding_json)

BOOST_AUTO_TEST_CASE(every_field_and_no_other) {
    BOOST_TEST(to_json(decision()) ==
               R"({"rule":"pppoe.jump","grade":"probable","action":"suspend","enforced":true,"service":"pppoe",)"
               R"("id":"a@isp.example","time":"2026-03-01T00:01:01.169230Z","decided":"2026-03-01T00:03:01.169230Z",)"
               R"("summary_en":"en","summary_ja":"日本語","evidence":[)"
               R"({"time":"2026-03-01T00:01:01.169230Z","kind":"accept","address":"2001:db8::/56","region":"JP-01"},)"
               R"({"time":"2026-03-01T00:01:01.169230Z","kind":"reject","address":null,"region":null}]})");
}

BOOST_AUTO_TEST_CASE(a_source_has_no_id_and_a_reason_is_given) {
    auto blocked = decision();
    blocked.finding.source = IpAddress::parse("198.51.100.7");
    blocked.finding.service = Service::smtp_auth;
    blocked.action = detection::Action::record;
    blocked.reason = detection::Reason::own_network;
    const auto object = nlohmann::json::parse(to_json(blocked));
    BOOST_TEST(object.at("source") == "198.51.100.7");
    BOOST_TEST(!object.contains("id"));
    BOOST_TEST(object.at("reason") == "own_network");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_do_not_stop_it) {
    auto raw = decision();
    raw.finding.id = std::string("a\xff\0b", 4);
    BOOST_TEST(nlohmann::json::parse(to_json(raw)).at("id") == std::string("a\xef\xbf\xbd\0b", 6));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::cli
