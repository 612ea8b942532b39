// A gateway: what it is sent, and what its answers mean, with a real HTTPS server.
#include "notifier/channels/gateway_channel.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "notifier/sample.hpp"
#include "tests/notifier/certificates.hpp"

namespace guard::notifier {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Outcome = Delivery::Outcome;
using test::Certificates;
using test::PythonServer;

constexpr char kKey[] = "a secret key";

struct Fixture : test::TemporaryDirectory {
    Fixture() : TemporaryDirectory("gateway") {
        write("key", kKey);
        write("auth", "Bearer 1234");
        write("body.json", R"({"to": "{{address}}", "text": "{{text}}", "reference": "{{key}}"})");
        settings.signing_key_file = path() / "key";
        settings.authorization_file = path() / "auth";
        settings.body_file = path() / "body.json";
        settings.ca_file = certificates.authority();
        settings.numbers = "+8170 +8190";
        settings.timeout = 5s;
        const Medium media[] = {Medium::sms, Medium::phone};
        templates = std::make_shared<const TemplateSet>(
            TemplateSet::load(GUARD_SOURCE_DIR "/notifier/templates", media).value());
    }
    void write(const std::string& name, const std::string& text) const {
        test::write_file(path() / name, text);
        std::filesystem::permissions(path() / name, static_cast<std::filesystem::perms>(0600));
    }
    // The server with the certificate of this name, and a channel to a path of it.
    void start(const std::string& certificate) {
        server.emplace("gateway_server.py", std::vector<std::string>{certificate, certificates.key(), kKey});
    }
    GatewayChannel channel(const std::string& where) {
        if (!server) start(certificates.good());
        settings.url = "https://127.0.0.1:" + std::to_string(server->port()) + where;
        return GatewayChannel(load_gateway("sms", settings).value(), templates);
    }
    static DeliveryJob job() {
        config::Settings settings;
        settings.operator_name = "Example \"ISP\" \\ Ltd";
        settings.operator_phone = "0120-000-000";
        auto job =
            sample_job(settings, "suspended", Service::pppoe, "ja", parse_rfc3339("2026-03-01T00:00:00Z").value());
        job.key = "d-17-1";
        job.recipient.phone = "090-1234-5678";
        return job;
    }

    Certificates certificates;
    config::GatewaySettings settings;
    std::shared_ptr<const TemplateSet> templates;
    std::optional<PythonServer> server;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway)

BOOST_FIXTURE_TEST_CASE(a_request_is_signed_and_names_its_delivery, Fixture) {
    auto to = channel("/status/202");
    const auto first = to.deliver(job()), second = to.deliver(job());
    BOOST_TEST((first.outcome == Outcome::accepted && first.code == 202), first.answer);
    BOOST_TEST(first.answer == "202 {\"id\": \"m-1\"}");
    const auto lines = server->lines(2);
    BOOST_REQUIRE(lines.size() == 2U);
    const auto request = json::parse(lines[0]), again = json::parse(lines[1]);
    BOOST_TEST(request["signed"].get<bool>());
    const auto& headers = request["headers"];
    BOOST_TEST(headers["idempotency-key"] == "d-17-1");
    BOOST_TEST(headers["authorization"] == "Bearer 1234");
    BOOST_TEST(headers["content-type"] == "application/json");
    BOOST_TEST(headers["pppoe-guard-timestamp"] == "1772323200");
    const auto body = json::parse(request["body"].get<std::string>());
    BOOST_TEST(body["to"] == "+819012345678");
    BOOST_TEST(body["reference"] == "d-17-1");
    BOOST_TEST(body["text"].get<std::string>().starts_with("【Example \"ISP\" \\ Ltd】お客様の"));
    // The same again is the same request, over the same connection.
    BOOST_TEST(again["body"] == request["body"]);
    BOOST_TEST(again["headers"] == headers);
    BOOST_TEST(again["peer"] == request["peer"]);
}

BOOST_FIXTURE_TEST_CASE(a_status_says_whether_to_try_again, Fixture) {
    start(certificates.good());
    const std::vector<std::pair<int, Outcome>> expected{
        {200, Outcome::accepted}, {204, Outcome::accepted}, {400, Outcome::never}, {401, Outcome::never},
        {404, Outcome::never},    {408, Outcome::later},    {409, Outcome::never}, {422, Outcome::never},
        {429, Outcome::later},    {500, Outcome::later},    {503, Outcome::later}};
    for (const auto& [status, outcome] : expected) {
        const auto delivery = channel("/status/" + std::to_string(status)).deliver(job());
        BOOST_TEST((delivery.outcome == outcome && delivery.code == status), status << ": " << delivery.answer);
        BOOST_TEST((delivery.retry_after == (status == 429 ? 77s : 0s)), status);
    }
    const auto by_date = channel("/date").deliver(job());
    BOOST_TEST((by_date.retry_after > 3500s && by_date.retry_after <= 3600s));
}

BOOST_FIXTURE_TEST_CASE(a_redirect_is_not_followed, Fixture) {
    const auto delivery = channel("/redirect").deliver(job());
    BOOST_TEST((delivery.outcome == Outcome::later && delivery.code == 302));
    BOOST_TEST(server->lines(1).size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_answer_has_an_end, Fixture) {
    const auto taken = channel("/huge/200").deliver(job());
    BOOST_TEST((taken.outcome == Outcome::accepted && taken.code == 200));
    BOOST_TEST(taken.answer.size() <= 160U);
    const auto lines = server->lines(2);  // we did not wait for the rest
    BOOST_TEST((lines.size() == 2U && json::parse(lines[1])["cut"] == true));
    settings.timeout = 1s;
    const auto slow = channel("/slow").deliver(job());
    BOOST_TEST((slow.outcome == Outcome::later && slow.code == 0), slow.answer);
    const auto dropped = channel("/drop").deliver(job());
    BOOST_TEST((dropped.outcome == Outcome::later && dropped.code == 0), dropped.answer);
}

BOOST_FIXTURE_TEST_CASE(the_answer_does_not_keep_the_number, Fixture) {
    write("body.json", R"(["{{address}}", "09012345678", "819012345678", "{{text}}"])");
    const auto delivery = channel("/echo").deliver(job());
    BOOST_TEST(delivery.answer.find("12345678") == std::string::npos, delivery.answer);
    BOOST_TEST(delivery.answer.starts_with("200 [\"<recipient>\", \"<recipient>\", \"<recipient>\""), delivery.answer);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_certificate_gets_nothing, Fixture) {
    for (const auto& certificate : {certificates.other_name(), certificates.self_signed()}) {
        start(certificate);
        const auto delivery = channel("/status/200").deliver(job());
        BOOST_TEST((delivery.outcome == Outcome::later && delivery.code == 0), delivery.answer);
        BOOST_TEST(server->lines(0).empty());
    }
    start(certificates.good());
    settings.ca_file.clear();  // the system does not know our authority
    BOOST_TEST((channel("/status/200").deliver(job()).outcome == Outcome::later));
    BOOST_TEST(server->lines(0).empty());
}

BOOST_FIXTURE_TEST_CASE(numbers_it_cannot_reach_are_not_tried, Fixture) {
    auto to = channel("/status/200");
    auto landline = job();
    landline.recipient.phone = "03-1234-5678";
    BOOST_TEST(to.reaches(job().recipient));
    BOOST_TEST(!to.reaches(landline.recipient));
    BOOST_TEST((to.deliver(landline).outcome == Outcome::never));
    BOOST_TEST(to.masked_address(job().recipient) == "***5678");
    settings.address = config::GatewayAddress::none;
    BOOST_TEST(channel("/").reaches({}));
    settings.address = config::GatewayAddress::mail;
    BOOST_TEST(channel("/").masked_address(job().recipient) == "mi***@isp.example");
}

BOOST_FIXTURE_TEST_CASE(a_key_cannot_begin_another_header, Fixture) {
    auto to = channel("/status/200");
    auto bad = job();
    bad.key = "a\r\nX-Other: b";
    BOOST_TEST((to.deliver(bad).outcome == Outcome::never));
    BOOST_TEST(server->lines(0).empty());
}

BOOST_FIXTURE_TEST_CASE(all_mistakes_come_at_once_and_name_no_secret, Fixture) {
    write("body.json", R"({"text": {{text}}})");
    std::filesystem::permissions(path() / "key", static_cast<std::filesystem::perms>(0640));
    settings.authorization_file = path() / "none";
    settings.ca_file = path() / "none.pem";
    const auto loaded = load_gateway("sms", settings);
    BOOST_REQUIRE(!loaded);
    std::string all;
    for (const auto& mistake : loaded.error()) all += mistake + "\n";
    for (const std::string part : {"notice.sms.body_file: ", "notice.sms.signing_key_file: ", "mode 0600",
                                   "notice.sms.authorization_file: ", "notice.sms.ca_file: "})
        BOOST_TEST(all.find(part) != std::string::npos, part << " is missing in\n" << all);
    BOOST_TEST(all.find(kKey) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_body_is_json_whatever_is_in_it) {
    BOOST_TEST(GatewayBody::parse(R"({"a": "{{text}}"})").has_value());
    for (const std::string bad : {R"({"a": {{text}}})", R"({"a": "{{{text}}}"})", R"({"a": "{{&text}}"})",
                                  R"({"a": "{{text}}")", R"({"a": "{{text}} {{nobody}}"})", R"({"a": "{{key}}"})",
                                  R"({"a": "{{text"})", R"({"a": "{{text}}{{> b}}"})"})
        BOOST_TEST(!GatewayBody::parse(bad).has_value(), bad);
}

// RFC 4231 has no such vector; computed with openssl dgst -sha256 -hmac.
BOOST_AUTO_TEST_CASE(the_signature_is_hmac_sha256) {
    BOOST_TEST(gateway_signature("key", "1", "{}") ==
               "v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::notifier
