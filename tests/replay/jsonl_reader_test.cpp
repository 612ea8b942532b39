#include "replay/jsonl_reader.hpp"

#include <boost/test/unit_test.hpp>

#include "replay/line_reader.hpp"
#include "tests/support/process.hpp"

namespace guard::replay {
namespace {

const std::string kGood =
    R"({"time":"2026-03-01T00:01:01.169230Z","service":"pppoe","kind":"accept","id":"a@example.jp","address":"10.0.0.1"})";

struct Read {
    std::vector<LoginEvent> events;
    std::vector<MalformedLine> malformed;
    LineCounts counts;
    std::vector<MalformedLine> kept;
};

struct File {
    test::TemporaryDirectory directory{"jsonl"};
    std::filesystem::path path = directory.path() / "events.jsonl";

    [[nodiscard]] Read read(const std::string& text, IdNormalisation normalise = {}) const {
        test::write_file(path, text);
        auto reader = JsonlReader::open(path, normalise);
        if (!reader) BOOST_FAIL(reader.error());
        Read result;
        while (auto next = reader->next()) {
            if (*next) {
                result.events.push_back(std::move(**next));
            } else {
                result.malformed.push_back(std::move(next->error()));
            }
        }
        result.counts = reader->counts();
        result.kept.assign(reader->malformed().begin(), reader->malformed().end());
        BOOST_TEST(result.counts.events == result.events.size());
        BOOST_TEST(result.counts.malformed == result.malformed.size());
        BOOST_TEST(result.counts.lines == result.counts.events + result.counts.malformed + result.counts.blank);
        return result;
    }

    // The one event of one line.
    [[nodiscard]] LoginEvent event(const std::string& line, IdNormalisation normalise = {}) const {
        const Read result = read(line + '\n', normalise);
        if (!result.malformed.empty()) BOOST_FAIL(result.malformed.front().to_string());
        BOOST_REQUIRE(result.events.size() == 1U);
        return result.events.front();
    }

    // What is wrong with one line.
    [[nodiscard]] std::string fault(const std::string& line) const {
        const Read result = read(line + '\n');
        BOOST_REQUIRE_MESSAGE(result.malformed.size() == 1, "no fault was seen in " << line);
        const MalformedLine& malformed = result.malformed.front();
        BOOST_TEST(malformed.file == path.string());
        BOOST_TEST(malformed.line == 1U);
        return "found " + malformed.found + ", expected " + malformed.expected;
    }
};

// kGood with the value of one key replaced by other JSON, or with the key left out.
std::string with(const std::string& key, const std::string& json) {
    const auto begin = kGood.find('"' + key + '"'), end = std::min(kGood.find(",\"", begin), kGood.size() - 1);
    return kGood.substr(0, begin) + '"' + key + "\":" + json + kGood.substr(end);
}
std::string without(const std::string& key) {
    return with(key, "0").replace(kGood.find('"' + key + '"'), key.size() + 2, "\"x\"");
}

std::vector<std::string> texts(const Addresses& addresses) {
    std::vector<std::string> result;
    for (const IpAddress& address : addresses) result.push_back(address.to_string());
    return result;
}

BOOST_FIXTURE_TEST_SUITE(jsonl_reader, File)

BOOST_AUTO_TEST_CASE(one_event) {
    const LoginEvent read = event(kGood);
    BOOST_TEST((read.service == Service::pppoe));
    BOOST_TEST((read.kind == Kind::accept));
    BOOST_TEST(read.id == "a@example.jp");
    BOOST_TEST(texts(read.addresses) == std::vector<std::string>{"10.0.0.1"}, boost::test_tools::per_element());
    BOOST_TEST(format_rfc3339(read.time) == "2026-03-01T00:01:01.169230Z");
}

BOOST_AUTO_TEST_CASE(every_kind_and_service) {
    for (const char* kind : {"accept", "assign", "alive", "release"})
        BOOST_TEST(to_string(event(with("kind", '"' + std::string(kind) + '"')).kind) == kind);
    BOOST_TEST((event(R"({"time":"2026-03-01T09:01:01+09:00","service":"pppoe","kind":"reject","id":"a"})").kind ==
                Kind::reject));
    const LoginEvent smtp = event(
        R"({"time":"2026-03-01T00:01:01Z","service":"smtp_auth","kind":"reject","id":"a","address":"2001:db8::25"})");
    BOOST_TEST((smtp.service == Service::smtp_auth));
    BOOST_TEST((smtp.kind == Kind::reject));
}

BOOST_AUTO_TEST_CASE(addresses) {
    const auto read = [&](const std::string& json) { return texts(event(with("address", json)).addresses); };
    using Texts = std::vector<std::string>;
    BOOST_TEST(read(R"(["10.0.0.1","2001:db8::/64","2001:db8:1::/56","2001:db8::1"])") ==
                   (Texts{"10.0.0.1", "2001:db8::/64", "2001:db8:1::/56", "2001:db8::1"}),
               boost::test_tools::per_element());
    BOOST_TEST(read(R"("::ffff:10.0.0.1")") == Texts{"10.0.0.1"}, boost::test_tools::per_element());
    BOOST_TEST(read("[]").empty());
    BOOST_TEST(read("null").empty());
    BOOST_TEST(event(without("address")).addresses.empty());
    // RFC 2865 section 5.8: the NAS, or the subscriber, shall choose.
    BOOST_TEST(read(R"("255.255.255.254")").empty());
    BOOST_TEST(read(R"(["255.255.255.255","2001:db8::/64"])") == Texts{"2001:db8::/64"},
               boost::test_tools::per_element());
    BOOST_TEST(read(R"("255.255.255.253")").size() == 1U);
}

BOOST_AUTO_TEST_CASE(further_keys_and_any_order) {
    const LoginEvent read =
        event(R"( { "nas" : {"a":[1,2,{"id":"not this"}]}, "address":"10.0.0.1","id":"b" , "kind":"alive","x":null,)"
              R"("service":"pppoe",)"
              R"("time":"2026-03-01T00:01:01Z", "file":"x.log","line":7} )");
    BOOST_TEST(read.id == "b");
    BOOST_TEST((read.kind == Kind::alive));
}

BOOST_AUTO_TEST_CASE(ids_are_bytes_and_are_normalised) {
    using Realm = IdNormalisation::Realm;
    BOOST_TEST(event(with("id", R"("User@Example.JP")")).id == "user@example.jp");
    BOOST_TEST(event(with("id", R"("User@Example.JP")"), {IdNormalisation::Case::keep, Realm::strip}).id == "User");
    BOOST_TEST(event(with("id", R"("山田\u0041\n\u0000\"\ud83d\uddfe")")).id == std::string("山田a\n\0\"🗾", 14));
    BOOST_TEST(event(with("id", '"' + std::string(253, 'x') + '"')).id.size() == 253U);
    BOOST_TEST(fault(with("id", '"' + std::string(254, 'x') + '"')) ==
               "found an ID of 254 bytes (v1,case=lower,realm=keep), expected an \"id\" of 1 to 253 bytes");
    BOOST_TEST(fault(with("id", R"("")")).starts_with("found an ID of 0 bytes"));
    const Read stripped = read(with("id", R"("@example.jp")"), {IdNormalisation::Case::lower, Realm::strip});
    BOOST_TEST(stripped.malformed.size() == 1U);
}

BOOST_AUTO_TEST_CASE(missing_keys) {
    for (const char* key : {"time", "service", "kind", "id"})
        BOOST_TEST(fault(without(key)).starts_with("found no \"" + std::string(key) + "\", expected a"), key);
}

BOOST_AUTO_TEST_CASE(values_of_another_type) {
    for (const char* key : {"time", "service", "kind", "id"}) {
        BOOST_TEST(fault(with(key, "1772323261")).starts_with("found a number, expected a"));
        BOOST_TEST(fault(with(key, "1.5")).starts_with("found a number, expected a"));
        BOOST_TEST(fault(with(key, "null")).starts_with("found null, expected a"));
        BOOST_TEST(fault(with(key, "true")).starts_with("found a truth value, expected a"));
        BOOST_TEST(fault(with(key, "[\"x\"]")).starts_with("found a list, expected a"));
        BOOST_TEST(fault(with(key, "{}")).starts_with("found an object, expected a"));
    }
    BOOST_TEST(fault(with("address", "7")) == "found a number, expected an IPv4 or IPv6 address or prefix");
    BOOST_TEST(fault(with("address", "[[]]")) == "found a list, expected an IPv4 or IPv6 address or prefix");
    BOOST_TEST(fault(with("address", "[null]")) == "found null, expected an IPv4 or IPv6 address or prefix");
}

BOOST_AUTO_TEST_CASE(wrong_values) {
    BOOST_TEST(fault(with("time", R"("2026-03-01T00:01:01")")) ==
               "found \"2026-03-01T00:01:01\", expected a \"time\" of RFC 3339 with its zone");
    BOOST_TEST(fault(with("time", R"("\u001b[2J")")) ==
               "found \"\\x1b[2J\", expected a \"time\" of RFC 3339 with its zone");
    BOOST_TEST(fault(with("service", R"("PPPoE")")) ==
               "found \"PPPoE\", expected a \"service\", \"pppoe\" or \"smtp_auth\"");
    BOOST_TEST(fault(with("kind", R"("start")")) ==
               "found \"start\", expected a \"kind\", \"accept\", \"reject\", \"assign\", \"alive\" or \"release\"");
    BOOST_TEST(fault(with("address", R"("10.0.0.256")")) ==
               "found \"10.0.0.256\", expected an IPv4 or IPv6 address or prefix");
    BOOST_TEST(
        fault(with("address", R"("10.0.0.1\u0000x")")).starts_with("found \"10.0.0.1\\x00x\", expected an IPv4"));
    BOOST_TEST(fault(with("address", R"(["10.0.0.1","10.0.0.2","10.0.0.3","10.0.0.4","10.0.0.5"])")) ==
               "found a list of 5, expected at most 4 addresses");
    BOOST_TEST(fault(with("address", R"(["10.0.0.1","home"])")).starts_with("found \"home\", expected an IPv4"));
}

BOOST_AUTO_TEST_CASE(what_no_such_event_can_be) {
    const auto smtp = [](const std::string& kind, const std::string& rest) {
        return R"({"time":"2026-03-01T00:01:01Z","service":"smtp_auth","id":"a","kind":")" + kind + '"' + rest + '}';
    };
    const std::string one_address = "the one address of the client, since the service is smtp_auth";
    BOOST_TEST(fault(smtp("accept", "")).ends_with(one_address));
    BOOST_TEST(fault(smtp("accept", R"(,"address":[])")).ends_with(one_address));
    BOOST_TEST(fault(smtp("reject", R"(,"address":["192.0.2.1","192.0.2.2"])")).ends_with(one_address));
    BOOST_TEST(fault(smtp("reject", R"(,"address":"192.0.2.0/24")")).ends_with(one_address));
    for (const char* kind : {"assign", "alive", "release"})
        BOOST_TEST(fault(smtp(kind, R"(,"address":"192.0.2.1")")) ==
                   "found \"" + std::string(kind) + "\", expected \"accept\" or \"reject\": SMTP-AUTH has no sessions");
    BOOST_TEST(fault(with("kind", R"("reject")")) ==
               "found an address of a reject, expected none: an Access-Reject assigns no address");
}

BOOST_AUTO_TEST_CASE(what_is_no_json) {
    for (const char* line : {"{", "}", "time", "{\"time\"}", "{'id':'a'}", "[1,2", "\"", "{}{}", "{} x", "nul",
                             "{\"a\":tru}", "{\"a\":01}", "{\"a\":\"\t\"}", "{\"a\":1,}", "{\"a\":\"\\ud800\"}"})
        BOOST_TEST(fault(line).ends_with(", expected one JSON object in UTF-8"), line);
    BOOST_TEST(fault("[1,2]") == "found a list, expected one JSON object in UTF-8");
    BOOST_TEST(fault("7") == "found a number, expected one JSON object in UTF-8");
    BOOST_TEST(fault("null") == "found null, expected one JSON object in UTF-8");
    BOOST_TEST(fault(kGood + kGood).ends_with("expected one JSON object in UTF-8"));
    // A fault behind all that is needed is one too.
    BOOST_TEST(fault(kGood.substr(0, kGood.size() - 1) + ",\"x\":tru}").ends_with("expected one JSON object in UTF-8"));
    std::string deep(50'000, '[');
    BOOST_TEST(fault(deep).ends_with("expected one JSON object in UTF-8"));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8) {
    BOOST_TEST(fault(with("id", "\"a\xFF\"")).ends_with("expected one JSON object in UTF-8"));
    BOOST_TEST(fault(with("id", "\"\xC0\xAF\"")).ends_with("expected one JSON object in UTF-8"));
    BOOST_TEST(fault("\xFF").ends_with("expected one JSON object in UTF-8"));
}

// Wherever the line is cut, nothing is made of it.
BOOST_AUTO_TEST_CASE(a_line_cut_in_half) {
    std::string text;
    for (std::size_t length = 1; length < kGood.size(); ++length) text += kGood.substr(0, length) + '\n';
    const Read result = read(text);
    BOOST_TEST(result.events.empty());
    BOOST_TEST(result.counts.malformed == kGood.size() - 1);
}

BOOST_AUTO_TEST_CASE(a_repeated_key) {
    for (const char* key : {"time", "service", "kind", "id", "address"})
        BOOST_TEST(fault(kGood.substr(0, kGood.size() - 1) + ",\"" + key + "\":\"x\"}") ==
                   "found two \"" + std::string(key) + "\", expected each key once");
    // One that nobody reads may stand there as often as it likes.
    BOOST_TEST(read(kGood.substr(0, kGood.size() - 1) + R"(,"nas":"x","nas":"y"})").events.size() == 1U);
}

BOOST_AUTO_TEST_CASE(every_line_is_accounted_for) {
    const Read result = read("\n" + kGood + "\n \t\r\nnonsense\n\r\n" + kGood + "\r\n" + kGood);
    BOOST_TEST(result.counts.lines == 7U);
    BOOST_TEST(result.counts.events == 3U);
    BOOST_TEST(result.counts.blank == 3U);
    BOOST_TEST(result.counts.malformed == 1U);
    BOOST_TEST(result.malformed.front().line == 4U);
    BOOST_TEST(result.malformed.front().to_string().starts_with(path.string() + ":4: found no JSON: "));
    BOOST_TEST(read("").counts.lines == 0U);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark) {
    BOOST_TEST(read("\xEF\xBB\xBF" + kGood + '\n').events.size() == 1U);
    BOOST_TEST(read(kGood + "\n\xEF\xBB\xBF" + kGood).counts.malformed == 1U);
}

BOOST_AUTO_TEST_CASE(the_first_twenty_faults_are_kept_and_all_are_counted) {
    std::string text;
    for (int i = 0; i < 50; ++i) text += "nonsense\n" + kGood + '\n';
    const Read result = read(text);
    BOOST_TEST(result.counts.malformed == 50U);
    BOOST_TEST(result.counts.events == 50U);
    BOOST_REQUIRE(result.kept.size() == JsonlReader::kKept);
    for (std::size_t i = 0; i < result.kept.size(); ++i) BOOST_TEST(result.kept[i].line == 2 * i + 1);
}

BOOST_AUTO_TEST_CASE(a_line_that_is_too_long_does_not_take_the_next_with_it) {
    const Read result = read('{' + std::string(2 * kLongestLine, ' ') + "}\n" + kGood + '\n');
    BOOST_TEST(result.counts.events == 1U);
    BOOST_REQUIRE(result.malformed.size() == 1U);
    BOOST_TEST(result.malformed.front().found == "a line of more than 131072 bytes");
    // Just short enough, with a key that nobody reads.
    const std::string head = kGood.substr(0, kGood.size() - 1) + ",\"x\":\"";
    BOOST_TEST(read(head + std::string(kLongestLine - head.size() - 2, 'x') + "\"}").counts.events == 1U);
}

// Faults go to logs and reports, where no ID belongs.
BOOST_AUTO_TEST_CASE(no_fault_repeats_an_id) {
    const std::string secret = "victim-4711@example.jp";
    std::string text;
    for (const std::string& line :
         {with("time", "\"now\""), with("kind", "\"start\""), with("address", "\"home\""), kGood.substr(0, 90),
          with("id", "[\"" + secret + "\"]"), kGood + "x", with("kind", "\"reject\"")}) {
        std::string named = line;
        if (const auto at = named.find("a@example.jp"); at != std::string::npos) named.replace(at, 12, secret);
        text += named + '\n';
    }
    const std::string too_long = with("id", '"' + secret + std::string(300, 'x') + '"');
    const Read result = read(text + too_long + '\n');
    BOOST_TEST(result.counts.malformed == 8U);
    for (const MalformedLine& malformed : result.malformed)
        BOOST_TEST(malformed.to_string().find("4711") == std::string::npos, malformed.to_string());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read) {
    BOOST_TEST(JsonlReader::open(directory.path() / "none", {}).error().find("No such file") != std::string::npos);
    BOOST_TEST(JsonlReader::open(directory.path(), {}).error().find("a directory") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::replay
