// What does not belong into truth.csv, manifest.json or the findings is named with file and line.
#include <boost/test/unit_test.hpp>

#include "evaluate/truth.hpp"
#include "evaluate/verdict.hpp"
#include "tests/evaluate/files.hpp"

namespace guard::evaluate {
namespace {

const std::string kHeader = "id,label,attack_start\n";

std::string truth_fault(const std::string& text) {
    const Files files;
    files.write("truth.csv", text);
    const auto truth = Truth::load(files.path("truth.csv"));
    return truth ? "" : truth.error().substr(truth.error().find("truth.csv"));
}

std::string manifest_fault(const std::string& text) {
    const Files files;
    files.write("manifest.json", text);
    const auto manifest = Manifest::load(files.path("manifest.json"));
    return manifest ? "" : manifest.error().substr(manifest.error().find("manifest.json"));
}

Expected<Verdict> finding(const std::string& line) {
    const Files files;
    files.write("findings.jsonl", "\n" + line + "\n");
    auto reader = FindingReader::open(files.path("findings.jsonl"));
    BOOST_REQUIRE(reader.has_value());
    auto verdict = reader->next();
    BOOST_REQUIRE(verdict.has_value());
    return std::move(*verdict);
}

std::string finding_fault(const std::string& line) {
    const auto verdict = finding(line);
    return verdict ? "" : verdict.error().substr(verdict.error().find("findings.jsonl"));
}

const std::string kTimes = R"("time":"2026-03-20T12:00:00Z","decided":"2026-03-20T12:02:00Z","rule":"pppoe.jump"})";

}  // namespace

BOOST_AUTO_TEST_SUITE(reading)

BOOST_AUTO_TEST_CASE(rows_are_ids_and_sources_by_their_label) {
    const Files files;
    const Truth truth = files.truth(
        "Stolen@Isp.Example,rotation_far,2026-03-20T12:00:00Z\n"
        "a,flapping,\n"
        "\n"
        "a,smtp_bulk,\n"
        "\"x,y\",second_place,\n"
        "198.51.100.7,guess_fast,2026-03-20T21:00:00+09:00\n"
        "2001:db8:0:1::/64,carrier_gateway,\n");
    BOOST_TEST(truth.rows().size() == 6U);
    const auto row = truth.find({Service::pppoe, false, "stolen@isp.example"});
    BOOST_TEST_REQUIRE(row.has_value());
    BOOST_TEST((truth.rows()[*row].label == Label::rotation_far));
    BOOST_TEST((truth.rows()[*row].attack_start == at(0)));
    BOOST_TEST((truth.rows()[1].attack_start == Time::max()));
    BOOST_TEST(truth.find({Service::pppoe, false, "a"}).value() == 1U);
    BOOST_TEST(truth.find({Service::smtp_auth, false, "a"}).value() == 2U);  // the same name is another ID
    BOOST_TEST(truth.find({Service::pppoe, false, "x,y"}).value() == 3U);
    const auto source = truth.find({Service::smtp_auth, true, "198.51.100.7"});
    BOOST_TEST_REQUIRE(source.has_value());
    BOOST_TEST((truth.rows()[*source].attack_start == at(0)));
    BOOST_TEST(truth.find({Service::smtp_auth, true, "2001:db8:0:1::/64"}).value() == 5U);
    BOOST_TEST(!truth.find({Service::smtp_auth, false, "198.51.100.7"}));
    BOOST_TEST(!truth.find({Service::pppoe, false, "nobody"}));
    BOOST_TEST((truth.subjects()[4] == Subject{Service::smtp_auth, true, "198.51.100.7"}));
}

BOOST_AUTO_TEST_CASE(a_wrong_truth_is_named_with_its_line_and_no_id) {
    BOOST_TEST(truth_fault("") == "truth.csv: found an empty file, expected id,label,attack_start");
    BOOST_TEST(truth_fault("id,label\n") == "truth.csv:1: found \"id,label\", expected id,label,attack_start");
    BOOST_TEST(truth_fault(kHeader + "a,flapping,\nsecret,stolen_by_magic,\n") ==
               "truth.csv:3: found \"stolen_by_magic\", expected a label of guardctl simulate");
    BOOST_TEST(truth_fault(kHeader + "a,flapping\n") == "truth.csv:2: found 2 columns, expected id,label,attack_start");
    BOOST_TEST(truth_fault(kHeader + "\"a,flapping,\n").starts_with("truth.csv:2: found a quote"));
    BOOST_TEST(truth_fault(kHeader + "a,resale,\n") ==
               "truth.csv:2: found no attack_start, expected the time of the first misuse");
    BOOST_TEST(truth_fault(kHeader + "a,flapping,2026-03-20T12:00:00Z\n").starts_with("truth.csv:2: found an attack"));
    BOOST_TEST(truth_fault(kHeader + "a,resale,yesterday\n").starts_with("truth.csv:2: found \"yesterday\""));
    BOOST_TEST(truth_fault(kHeader + "a,guess_fast,2026-03-20T12:00:00Z\n").starts_with("truth.csv:2: found \"a\""));
    BOOST_TEST(truth_fault(kHeader + "a,flapping,\nA,two_routers,\n") ==
               "truth.csv:3: found a second row of the same ID or source, expected one for each");
    BOOST_TEST(truth_fault(kHeader + ",flapping,\n") ==
               "truth.csv:2: found an ID of 0 bytes, expected one of 1 to 253");
    BOOST_TEST(truth_fault(kHeader + std::string(200'000, 'x') + "\n").starts_with("truth.csv:2: found a line of"));
    BOOST_TEST(!Truth::load("/nonexistent/truth.csv").has_value());
}

BOOST_AUTO_TEST_CASE(a_manifest_says_how_many_and_how_long) {
    const Files files;
    files.write("manifest.json", R"({"subscribers":20000,"smtp":500,"days":20,"sources":700,"version":"1"})");
    const auto manifest = Manifest::load(files.path("manifest.json"));
    BOOST_TEST_REQUIRE(manifest.has_value());
    BOOST_TEST(manifest->subscribers == 20'000U);
    BOOST_TEST(manifest->smtp == 500U);
    BOOST_TEST(manifest->days == 20);
    BOOST_TEST(manifest->sources.value() == 700U);

    BOOST_TEST(manifest_fault("{").starts_with("manifest.json: found no JSON object"));
    BOOST_TEST(manifest_fault(R"({"subscribers":-1,"smtp":1,"days":1})").starts_with("manifest.json: found no \"sub"));
    BOOST_TEST(manifest_fault(R"({"subscribers":1,"smtp":1,"days":0})").starts_with("manifest.json: found no \"days"));
    BOOST_TEST(manifest_fault(R"({"subscribers":1,"smtp":1,"days":1,"sources":"x"})").find("sources") !=
               std::string::npos);
    BOOST_TEST(manifest_fault(R"({"subscribers":1,"smtp":1,"days":1})") == "");
}

BOOST_AUTO_TEST_CASE(a_finding_says_who_what_and_when) {
    const auto verdict = finding(R"({"action":"suspend","service":"pppoe","id":"a",)" + kTimes);
    BOOST_TEST_REQUIRE(verdict.has_value());
    BOOST_TEST((verdict->subject == Subject{Service::pppoe, false, "a"}));
    BOOST_TEST((verdict->action == Action::suspend));
    BOOST_TEST((verdict->found == at(0)));
    BOOST_TEST((verdict->decided == at(2)));
    BOOST_TEST(verdict->rule == "pppoe.jump");
    const auto source =
        finding(R"({"action":"block","service":"smtp_auth","source":"2001:db8::1:0:0:1","reason":"x",)" + kTimes);
    BOOST_TEST_REQUIRE(source.has_value());
    BOOST_TEST((source->subject == Subject{Service::smtp_auth, true, "2001:db8::/64"}));
    BOOST_TEST(source->reason == "x");
}

BOOST_AUTO_TEST_CASE(a_wrong_finding_is_named_with_its_line) {
    BOOST_TEST(finding_fault("{\"action\":\"sus") ==
               "findings.jsonl:2: found no JSON object, expected one finding a line");
    BOOST_TEST(finding_fault(R"({"action":"arrest","service":"pppoe","id":"a",)" + kTimes)
                   .starts_with("findings.jsonl:2: found \"arrest\", expected an \"action\""));
    BOOST_TEST(finding_fault(R"({"action":"record","service":"pppoe",)" + kTimes)
                   .starts_with("findings.jsonl:2: found neither"));
    BOOST_TEST(finding_fault(R"({"action":"record","service":"pppoe","id":"a","source":"192.0.2.1",)" + kTimes)
                   .starts_with("findings.jsonl:2: found an \"id\" and a \"source\""));
    BOOST_TEST(finding_fault(R"({"action":"record","service":"ftp","id":"a",)" + kTimes).find("\"ftp\"") !=
               std::string::npos);
    BOOST_TEST(finding_fault(R"({"action":"record","service":"pppoe","id":7,)" + kTimes)
                   .starts_with("findings.jsonl:2: found a \"id\" that is no text"));
    BOOST_TEST(finding_fault(R"({"action":"record","service":"pppoe","id":"a","time":"2026-03-20T12:00:00Z"})")
                   .starts_with("findings.jsonl:2: found no \"decided\""));
    BOOST_TEST(!FindingReader::open("/nonexistent").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::evaluate
