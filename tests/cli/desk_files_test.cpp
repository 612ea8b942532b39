// What the desk's subcommands read and print: the file of subscribers, tables, the completion of the command line.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "cli/rows.hpp"
#include "cli/subscriber_file.hpp"
#include "tests/support/process.hpp"

namespace guard::cli {
namespace {

struct Files {
    test::TemporaryDirectory directory{"subscribers"};
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;

    auto read(const std::string& text) {
        const auto file = directory.path() / "subscribers.csv";
        test::write_file(file, text);
        return read_subscribers(
            file, IdNormalisation{},
            {[&](const auto& named) { columns = named; }, [&](const auto& row) { rows.push_back(row); }});
    }
    std::vector<std::string> mistakes(const std::string& text) {
        const auto result = read(text);
        BOOST_TEST_REQUIRE(!result.has_value());
        std::vector<std::string> shown;
        for (const std::string& mistake : result.error())
            shown.push_back(mistake.substr(mistake.find("subscribers.csv")));
        return shown;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(subscriber_file)

BOOST_AUTO_TEST_CASE(columns_come_in_any_order_and_ids_normalised) {
    Files files;
    const auto read = files.read(
        "name,id,service,sessions,home_region,phone,postal_address\n"
        "田中 花子,Hanako@ISP.example,smtp_auth,2,JP-01,+81 3 1234 5678,\"東京都, 1-2\"\n\nx,y,pppoe,,,,\n");
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(*read == 2U);
    BOOST_TEST(files.rows[0][0] == "田中 花子");
    BOOST_TEST(files.rows[0][1] == "68616e616b6f406973702e6578616d706c65");
    BOOST_TEST(files.rows[0][6] == "東京都, 1-2");
}

BOOST_AUTO_TEST_CASE(fields_are_taken_to_the_byte) {
    Files files;
    const auto read = files.read("\xEF\xBB\xBFid,postal_address,name\r\na#1@isp,1-2 #301, x \r\n\"b,\"\"c\"\"\",,\r\n");
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(files.rows[0][0] == "61233140697370");
    BOOST_TEST(files.rows[0][1] == "1-2 #301");
    BOOST_TEST(files.rows[0][2] == " x ");
    BOOST_TEST(files.rows[1][0] == "622c226322");
    BOOST_TEST(files.mistakes("id\n\"a\n").front().find(":2: found no row of 1 columns") != std::string::npos);
    BOOST_TEST(files.mistakes("id\n\"a\"b\n").front().find(":2: found no row of 1 columns") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_service_it_is_pppoe) {
    Files files;
    BOOST_TEST(files.read("id\nA\n").has_value());
    BOOST_TEST(files.columns.back() == "service");
    BOOST_TEST(files.rows[0].back() == "pppoe");
}

BOOST_AUTO_TEST_CASE(every_mistake_is_told_and_no_id_and_no_name_repeated) {
    Files files;
    const auto mistakes = files.mistakes(
        "id,name,mail,language,sessions,home_region,phone,service\n"
        "secret-id,Secret,secret.example,fr,0,Tokyo,call me,radius\n"
        ",Secret,,,,,,pppoe\n"
        "secret-id,Secret\n"
        "secret-id,Secret,,,,,,pppoe\n"
        "SECRET-ID,Secret,,,,,,pppoe\n"
        "b,\"a\x01\",,,1001,J-1,,pppoe\n");
    std::string all;
    for (const auto& mistake : mistakes) all += mistake + '\n';
    BOOST_TEST(mistakes.size() == 12U, all);
    for (const auto* expected :
         {":2: found no address in mail", ":2: found \"fr\"", ":2: found \"0\"", ":2: found \"Tokyo\"",
          ":2: found something else than digits", ":2: found \"radius\"", ":3: found an ID of 0 bytes",
          ":4: found no row of 8 columns", ":6: found a second row", ":7: found bytes in name", ":7: found \"1001\"",
          ":7: found \"J-1\""})
        BOOST_TEST(all.find(expected) != std::string::npos, expected << " in\n" << all);
    BOOST_TEST(all.find("ecret") == std::string::npos, all);
    BOOST_TEST(files.rows.empty());  // the first mistake ends it
}

BOOST_AUTO_TEST_CASE(the_first_line_names_known_columns_once) {
    Files files;
    BOOST_TEST(files.mistakes("id,password\n").front().find("found the column \"password\"") != std::string::npos);
    BOOST_TEST(files.mistakes("id,id\n").front().find("twice") != std::string::npos);
    BOOST_TEST(files.mistakes("name\n").front().find("no column id") != std::string::npos);
    BOOST_TEST(files.mistakes("").front().find("empty file") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(list_table)

BOOST_AUTO_TEST_CASE(japanese_takes_two_columns_a_character) {
    ListTable table({"NAME", "N"}, "01");
    table.add({"田中花子", "1"});
    table.add({"Suzuki", "23"});
    BOOST_TEST(table.text() ==
               "NAME       N\n"
               "田中花子   1\n"
               "Suzuki    23\n");
}

BOOST_AUTO_TEST_CASE(what_would_drive_a_terminal_is_shown_and_not_sent) {
    ListTable table({"ID"});
    table.add({"a\x1b[2Jb"});
    BOOST_TEST(table.text() == "ID\na\\x1b[2Jb\n");
    BOOST_TEST(ListTable({"ID"}).text() == "");
}

BOOST_AUTO_TEST_CASE(times_are_shortened_and_nothing_else) {
    BOOST_TEST(short_time("2026-11-22 09:17:37.848509+00") == "2026-11-22T09:17:37Z");
    BOOST_TEST(short_time("2026-11-22 09:17:37+00") == "2026-11-22T09:17:37Z");
    BOOST_TEST(short_time("taro") == "taro");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(checking_a_configuration)

BOOST_AUTO_TEST_CASE(it_says_which_password_changes_lift_a_suspension) {
    test::TemporaryDirectory directory{"config"};
    const auto file = directory.path() / "pppoe-guard.toml";
    const auto check = [&](const std::string& text, const char* option) {
        test::write_file(file, text);
        return test::run({GUARD_BINARY_DIR "/bin/guardctl", "config", "check", file.string(), option});
    };
    const auto none = nlohmann::json::parse(check("", "--json").output);
    BOOST_TEST(none["good"].get<bool>());
    BOOST_TEST(none["notes"][0].get<std::string>().find("no password change lifts") != std::string::npos);
    const auto named = nlohmann::json::parse(
        check("[release]\ntrusted_password_roles = ['portal']\ntrusted_password_channels = ['shop']\n", "--json")
            .output);
    BOOST_TEST(named["notes"][0] ==
               "a password change lifts a suspension by these database roles: portal; through these channels: shop; by "
               "and through no other");
    const auto wrong = check("[disconnect]\nnas_file = 'nas.toml'\nrates = 1\n", "--json");
    BOOST_TEST(wrong.status == 1);
    BOOST_TEST(!nlohmann::json::parse(wrong.output)["good"].get<bool>());
    // The file with the secrets is looked at, too.
    test::write_file(directory.path() / "nas.toml", "[bras1]\naddress = 'nowhere'\nsecret = 'hidden'\n");
    std::filesystem::permissions(directory.path() / "nas.toml", std::filesystem::perms(0600));
    const auto nas = check("[disconnect]\nnas_file = 'nas.toml'\n", "--json");
    BOOST_TEST(nas.status == 1);
    BOOST_TEST(nas.output.find("bras1.address") != std::string::npos, nas.output);
    BOOST_TEST(nas.output.find("hidden") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(completion)

BOOST_AUTO_TEST_CASE(bash_completes_subcommands_and_options) {
    test::TemporaryDirectory directory{"completion"};
    const auto script = directory.path() / "guardctl.bash";
    const auto made = test::run({GUARD_BINARY_DIR "/bin/guardctl", "completion"});
    BOOST_TEST(made.status == 0);
    test::write_file(script, made.output);
    const auto complete = [&](const std::string& words) {
        return test::run({"bash", "-c",
                          "set -u; . " + script.string() + "; COMP_WORDS=(guardctl " + words +
                              "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _guardctl; echo \"${COMPREPLY[*]-}\""})
            .output;
    };
    BOOST_TEST(complete("inc") == "incidents\n");
    BOOST_TEST(complete("incidents ''") == "list show confirm ordinary dismiss\n");
    BOOST_TEST(complete("incidents --json li") == "list\n");
    BOOST_TEST(complete("incidents confirm --re") == "--reason\n");
    BOOST_TEST(complete("report transparency --mo") == "--month\n");
    BOOST_TEST(complete("nonsense ''").find("incidents") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::cli
