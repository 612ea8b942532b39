// guardctl replay --pseudonymise: no ID in any byte that is written, and the findings are the same otherwise.
#define BOOST_TEST_DYN_LINK
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <regex>

#include "cli/replay/pseudonyms.hpp"
#include "tests/cli/replay_files.hpp"

namespace guard::test {
namespace {

struct Files : ReplayFiles {
    Files() {
        write("pools.csv", kPools);
        write("events.jsonl", theft("Tanaka@ISP.example") + "half a line of tanaka@isp.example\n");
        write("mail.jsonl", guessing("198.51.100.7"));
        write("far.toml", "[detection.pppoe]\nmin_distance_km = 5000\n");
        write("near.toml", "");
        key("replay.key", "00112233445566778899aabbccddeeff\n");
    }
    void key(const std::string& name, const std::string& text, mode_t mode = 0600) const {
        write(name, text);
        BOOST_REQUIRE(chmod(path(name).c_str(), mode) == 0);
    }
};

const std::string kReplay = "$GUARDCTL replay -p pools.csv --pseudonymise replay.key ";

// Also in other case, and as the hexadecimal digits in which keys of incidents have it.
bool has_id(const std::string& text) {
    return std::regex_search(text, std::regex("tanaka|isp\\.example|74616e616b61|box[0-9]", std::regex::icase));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_pseudonyms)

BOOST_FIXTURE_TEST_CASE(no_id_is_in_any_output, Files) {
    for (const char* outputs : {"-o - ", "--events - ", "-o out.jsonl --events all.jsonl --report text ",
                                "-o out.jsonl --events all.jsonl --report json ", "--report md ",
                                "--explain TANAKA@isp.example ", "--explain box3 "}) {
        const auto result = shell(kReplay + outputs + "events.jsonl mail.jsonl");
        BOOST_TEST(result.status == 1, result.output);
        BOOST_TEST(!has_id(result.output), outputs << result.output);
    }
    for (const char* format : {"text", "json", "md"}) {
        const auto result = shell(kReplay + "events.jsonl mail.jsonl --compare near.toml far.toml --report " + format);
        BOOST_TEST(!has_id(result.output), result.output);
        BOOST_TEST(contains(result.output, "id-"), result.output);
    }
    for (const char* file : {"out.jsonl", "all.jsonl"}) {
        const std::string text = read_file(path(file));
        BOOST_TEST(text.size() > 100U);
        BOOST_TEST(!has_id(text), text);
    }
    BOOST_TEST(has_id(read_file(path("events.jsonl"))));  // it would have been seen
}

BOOST_FIXTURE_TEST_CASE(only_the_id_is_another, Files) {
    shell(kReplay + "-o hidden.jsonl --events events.hidden events.jsonl");
    shell("$GUARDCTL replay -p pools.csv -o plain.jsonl events.jsonl");
    auto hidden = findings("hidden.jsonl").at(0), plain = findings("plain.jsonl").at(0);
    BOOST_TEST(plain.at("id") == "tanaka@isp.example");
    BOOST_TEST(std::regex_match(hidden.at("id").get<std::string>(), std::regex("id-[0-9a-f]{24}")));
    // The same in every output, and the events that were shared lead to the same findings.
    BOOST_TEST(findings("events.hidden").at(0).at("id") == hidden.at("id"));
    shell("$GUARDCTL replay -p pools.csv -o again.jsonl events.hidden");
    BOOST_TEST(findings("again.jsonl").at(0) == hidden);
    hidden.erase("id");
    plain.erase("id");
    BOOST_TEST(hidden == plain);
}

BOOST_FIXTURE_TEST_CASE(another_key_makes_another_pseudonym, Files) {
    key("other.key", "ffeeddccbbaa99887766554433221100");
    shell(kReplay +
          "-o a.jsonl events.jsonl; $GUARDCTL replay -p pools.csv --pseudonymise other.key -o b.jsonl events.jsonl");
    BOOST_TEST(findings("a.jsonl").at(0).at("id") != findings("b.jsonl").at(0).at("id"));
    const cli::Pseudonyms pseudonyms = cli::Pseudonyms::load(path("replay.key"));
    BOOST_TEST(pseudonyms.shown(Service::pppoe, "a") != pseudonyms.shown(Service::smtp_auth, "a"));
    BOOST_TEST(cli::Pseudonyms().shown(Service::pppoe, "a") == "a");
}

BOOST_FIXTURE_TEST_CASE(a_key_that_others_can_read_or_that_is_none_is_refused, Files) {
    const auto message = [this](const std::string& name) {
        const auto result =
            shell("$GUARDCTL replay -p pools.csv --pseudonymise " + name + " -o out.jsonl events.jsonl");
        BOOST_TEST(result.status == 2, name);
        BOOST_TEST(!std::filesystem::exists(path("out.jsonl")));
        return result.output;
    };
    const std::string good = "00112233445566778899aabbccddeeff";
    for (const mode_t mode : {0640U, 0604U, 0400U, 0700U}) {
        key("open.key", good, mode);
        BOOST_TEST(contains(message("open.key"), ", expected 0600: who has the key can tell whose an ID is"));
    }
    for (const std::string& text :
         {std::string(), good.substr(1), good + "0", "0x" + good.substr(2), good + "\n\n" + good, std::string(32, '0'),
          std::string(32, 'g'), " " + good.substr(1)}) {
        key("bad.key", text);
        const std::string refused = message("bad.key");
        BOOST_TEST(contains(refused, "expected 32 hexadecimal digits"), refused);
        BOOST_TEST(!contains(refused, "112233"), refused);
    }
    BOOST_TEST(contains(message("none.key"), "none.key: found No such file or directory, expected a key file"));
    BOOST_TEST(contains(message("."), "found no file, expected a key file"));
    BOOST_TEST(contains(shell(kReplay + "--into-cases events.jsonl").output, "found --into-cases with --pseudonymise"));
}

// As the manual says it.
BOOST_FIXTURE_TEST_CASE(the_documented_command_makes_a_key, Files) {
    const std::string manual = read_file(GUARD_SOURCE_DIR "/docs/man/guardctl.8");
    std::smatch command;
    BOOST_TEST_REQUIRE(std::regex_search(manual, command, std::regex("\n(\\(umask 077; [^\n]+replay\\.key\\))\n")));
    std::filesystem::remove(path("replay.key"));
    const std::string typed = std::regex_replace(command[1].str(), std::regex(R"(\\e)"), R"(\)");  // as man shows it
    BOOST_TEST(shell(typed).status == 0);
    BOOST_TEST(shell(kReplay + "-o out.jsonl events.jsonl").status == 1);
    BOOST_TEST(findings().at(0).at("id").get<std::string>().starts_with("id-"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
